"""The page of an import in a real browser, on the real service: gone through by key."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.web.record_service import cookies_of, record_service

pytestmark = [pytest.mark.browser, pytest.mark.jit, pytest.mark.slow]

ARTICLE = Path(__file__).parents[1].joinpath("record", "article.html").read_text()
HOSTILE = """<p>Two drones came, a spokesman said.</p><img src=x onerror="window.hurt=1">
<p>&lt;img src=x onerror="window.hurt=1"&gt; was hit.</p><script>window.hurt=1</script>"""


@pytest.fixture(scope="module")
def service(tmp_path_factory, built_page):
    with record_service(tmp_path_factory.mktemp("imports")) as running:
        running.desk.act("add_source", id="mw", kind="agency", name="Meridian Wire")
        yield running


@pytest.fixture
def page(service, chromium):
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies(cookies_of(service.client, service.url))
    made, errors = context.new_page(), []
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.goto(f"{service.url}/#/import")
    yield made
    context.close()
    assert errors == []


def paste(page, text):
    page.locator("#article").fill(text)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator('[data-section="article"]')).to_be_visible()


def state_of(page, name):
    return page.locator(f'[data-item="{name}"]').get_attribute("data-state")


def test_an_article_is_confirmed_rejected_split_and_merged_by_key(service, page, axe):
    paste(page, ARTICLE)
    name = page.url.rsplit("/", 1)[1]
    current = page.locator('[aria-current="true"]')
    expect(current).to_have_attribute("data-item", f"{name}-a1")
    expect(page.locator("mark.current")).to_contain_text("Two drones were intercepted")
    assert service.desk.get("/api/v1/record/rows", kind="document")["rows"] == []

    page.keyboard.press("c")  # confirm: the sources, the document and the incident come first
    expect(page.locator(f'[data-item="{name}-a1"]')).to_have_attribute("data-state", "recorded")
    told = service.desk.get(f"/api/v1/incidents/{name}-i1")["assertions"]
    assert [row["words"] for row in told] == ["outcome: intercepted"]
    assert told[0]["noun"]["chain"][1]["source"] == "mw"  # of an equal name
    expect(current).to_have_attribute("data-item", f"{name}-a2")
    page.keyboard.press("ArrowDown")
    expect(current).to_have_attribute("data-item", f"{name}-a3")
    page.keyboard.press("o")
    expect(page.locator(f'[data-item="{name}-a3"]')).to_have_attribute("data-state", "rejected")

    claim = page.locator(f'[data-item="{name}-c2"]')
    claim.get_by_role("button").first.click()
    page.keyboard.press("t")
    expect(page.locator(f'[data-item="{name}-c2b"]')).to_be_visible()
    expect(page.locator("mark.current")).to_have_text("The Karvelian Resistance Coalition")
    page.keyboard.press("g")
    expect(page.locator(f'[data-item="{name}-c2b"]')).to_have_count(0)
    expect(page.locator("mark.current")).to_contain_text("according to Meridian Wire.")
    page.keyboard.press("c")
    expect(claim).to_have_attribute("data-state", "recorded")
    for theme in ("night", "day", "contrast"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        if not page.evaluate("() => Boolean(window.axe)"):
            page.evaluate(axe)
        found = page.evaluate("() => axe.run('.import')")
        assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []

    page.reload()
    expect(page.locator(f'[data-item="{name}-c2"]')).to_have_attribute("data-state", "recorded")
    assert state_of(page, f"{name}-a3") == "rejected"
    expect(page.locator("[data-left]")).to_contain_text("15 items of 18")


def test_an_item_is_put_right_in_its_form_before_it_is_recorded(service, page):
    paste(page, "Four drones were seen near the base, a spokesman said on Monday.")
    name = page.url.rsplit("/", 1)[1]
    late, sent = [], []

    def hold(route):
        (route.continue_ if sent else lambda: late.append(route))()

    page.route("**/api/v1/record/rows?kind=document*", hold)
    page.keyboard.press("f")
    form = page.locator('[data-form="assert"]')
    expect(form.locator("#f-value")).to_have_value("4")
    form.locator("#f-value").fill("5")
    page.keyboard.press("Control+Enter")
    sent.append(True)
    assert late  # who is quicker than the page's rows loses nothing
    for route in late:
        route.continue_()
    expect(form).to_have_count(0)
    expect(page.locator('[data-state="recorded"]')).to_have_count(1)
    (row,) = service.desk.get(f"/api/v1/incidents/{name}-i1")["assertions"]
    assert row["noun"]["value"] == 5
    assert row["noun"]["span"]["end"] == 64


def test_what_two_people_change_at_once_is_told_to_the_second(service, page):
    paste(page, "Six drones were seen, a resident told Example News.")
    name = page.url.rsplit("/", 1)[1]
    # The page asks again once it has its address: the other must not change it before that.
    with page.expect_response(lambda answer: answer.url.endswith(f"/api/v1/imports/{name}")):
        page.reload()
    expect(page.locator(f'[data-item="{name}-a1"]')).to_have_attribute("data-state", "open")
    done = service.client.post(
        f"/api/v1/imports/{name}", json={"act": "reject", "item": f"{name}-a1", "revision": 0}
    )
    assert done.status_code == 200
    page.keyboard.press("o")
    expect(page.locator(".problem")).to_contain_text("somebody else has changed this proposal")
    expect(page.locator(f'[data-item="{name}-a1"]')).to_have_attribute("data-state", "rejected")


def test_hostile_markup_is_shown_as_words_and_never_runs(page):
    paste(page, HOSTILE)
    expect(page.locator('[data-section="article"]')).to_contain_text("<img src=x")
    page.wait_for_timeout(300)
    assert page.evaluate("() => window.hurt") is None
