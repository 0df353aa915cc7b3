"""The page that draws the site file: mouse, keys, numbers; checked, saved, or refused."""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.web.record_service import cookies_of, hold, record_service

from tocsin.codec.site_toml import read_site

pytestmark = [pytest.mark.browser, pytest.mark.jit, pytest.mark.slow]
PICTURES = Path(__file__).parents[2] / "docs" / "operating" / "img"
TAGS = json.dumps(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])


@pytest.fixture(scope="module")
def service(tmp_path_factory, built_page):
    with record_service(tmp_path_factory.mktemp("drawn"), "# a remark that stays\n") as running:
        yield running


@pytest.fixture
def page(service, chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies(cookies_of(service.client, service.url))
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{service.url}/#/site")
    expect(page.locator("[data-site-page] svg")).to_be_visible()
    yield page
    context.close()
    assert faults == []


def violations(page, axe):
    page.evaluate(axe)
    told = "r => r.violations.map(v => [v.id, v.nodes[0].html])"
    return page.evaluate(f"axe.run({{runOnly: {TAGS}}}).then({told})")


def node(service):
    """Return what the newest version says, the file where there is none."""
    return read_site(newest(service).read_bytes(), "site.toml")


def newest(service):
    return max(
        (service.site.parent / "data" / "site-files").glob("[0-9]*.toml"), default=service.site
    )


def test_a_zone_is_drawn_by_keys_numbers_and_mouse_and_saved_as_a_version(service, page, axe):
    page.locator('[data-pick="zones/apron"]').click()
    page.get_by_role("button", name="Make it a polygon").click()
    expect(page.locator("[data-handle]")).to_have_count(12)
    expect(page.locator("[data-verdict=good]")).to_contain_text("It can be read")
    handle = page.locator('[data-handle="0"]')
    before = handle.get_attribute("aria-label")
    handle.focus()
    page.keyboard.press("ArrowRight")
    expect(handle).not_to_have_attribute("aria-label", before)
    page.keyboard.press("+")
    expect(page.locator("[data-handle]")).to_have_count(13)
    page.keyboard.press("Delete")
    expect(page.locator("[data-handle]")).to_have_count(12)

    third = page.locator('[data-handle="3"]')
    was, box = third.get_attribute("aria-label"), third.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 20, middle[1] - 40, steps=4)
    page.mouse.up()
    expect(third).not_to_have_attribute("aria-label", was)
    page.locator('[data-act="undo"]').click()  # a drag is one step back
    expect(third).to_have_attribute("aria-label", was)

    page.locator('[data-field="name"]').fill("Main apron")
    page.locator('[data-field="ceiling_m"]').fill("-5")
    page.locator('[data-field="ceiling_m"]').press("Tab")
    expect(page.locator("[data-verdict=bad]")).to_contain_text("ceiling_m")
    expect(page.locator('[data-act="save"]')).to_be_disabled()
    page.locator('[data-field="ceiling_m"]').fill("650")
    page.locator('[data-field="ceiling_m"]').press("Tab")
    expect(page.locator("[data-verdict=good]")).to_contain_text("It can be read")
    assert violations(page, axe) == []
    if os.environ.get("TOCSIN_PICTURES"):  # writes into the source tree: only when asked
        page.set_viewport_size({"width": 1280, "height": 1180})
        page.locator("[data-site-page]").evaluate("e => e.scrollTo(0, 0)")
        page.screenshot(path=PICTURES / "site.jpg", type="jpeg", quality=72)
    with page.expect_download() as told:
        page.locator('[data-act="download"]').click()
    assert b"Main apron" in told.value.path().read_bytes()
    assert b"Main apron" not in service.site.read_bytes()

    page.locator('[data-act="save"]').click()
    expect(page.locator("[data-verdict]")).to_contain_text("start the watch again")
    expect(page.locator("[data-newer]")).to_be_visible()
    (zone,) = node(service).sites[0].zones
    assert (zone.name, zone.ceiling_m, len(zone.outline_m)) == ("Main apron", 650, 12)
    assert "# a remark that stays" in newest(service).read_text()
    assert "Main apron" not in service.site.read_text()  # it stays as it is
    next_start = page.locator("[data-next]")
    expect(next_start).to_contain_text("The next start changes nothing")
    page.locator('[data-act="choose"]').click()
    expect(next_start).to_contain_text("The next start changes: zone apron of north moved")
    expect(next_start).to_contain_text("tracks begin anew")
    assert violations(page, axe) == []
    page.locator('[data-act="unchoose"]').click()
    expect(next_start).to_contain_text("The next start changes nothing")
    entries = service.client.get("/api/v1/service-ledger?limit=1000").json()["entries"]
    (noted,) = [e for e in entries if e["kind"] == "site file"]
    assert noted["body"]["version"] == 2
    assert any("ceiling_m 600 → 650" in line for line in noted["body"]["changes"])


def test_a_volume_is_added_and_who_draws_on_an_old_file_is_told_so(service, page):
    page.locator('[data-add="volumes"]').click()
    expect(page.locator("[data-handle]")).to_have_count(2)
    page.locator('[data-field="name"]').fill("Final 26")
    page.locator('[data-field="name"]').press("Tab")
    expect(page.locator("[data-verdict=good]")).to_contain_text("It can be read")
    service.site.write_text(service.site.read_text() + "# somebody else was here\n")
    page.locator('[data-act="save"]').click()
    expect(page.locator("[data-verdict]")).to_contain_text("was changed meanwhile")
    assert node(service).sites[0].volumes == ()
    # It goes on from what was written there, and keeps that as a version too.
    page.locator('[data-act="anew"]').click()
    page.locator('[data-add="volumes"]').click()
    expect(page.locator("[data-verdict=good]")).to_contain_text("It can be read")
    page.locator('[data-act="save"]').click()
    expect(page.locator("[data-verdict]")).to_contain_text("start the watch again")
    assert [v.kind for v in node(service).sites[0].volumes] == ["approach"]


def test_what_is_drawn_while_the_file_is_fetched_anew_is_not_lost(service, page):
    page.locator('[data-add="zones"]').click()
    late = hold(page, "**/api/v1/site-file")
    page.locator('[data-act="anew"]').click()
    expect(page.locator("[data-verdict]")).to_contain_text("Fetching the file")
    assert page.locator("[inert] [data-add=volumes]").count() == 1, "it would go with the rest"
    for route in late:
        route.continue_()
    expect(page.locator("[data-verdict]")).to_contain_text("Nothing is changed")
    expect(page.locator("[inert]")).to_have_count(0)


def test_a_sensor_is_moved_by_numbers(service, page):
    page.locator('[data-pick="sensors/camera"]').click()
    page.locator('[data-field="height_m"]').fill("25")
    page.locator('[data-field="height_m"]').press("Tab")
    expect(page.locator("[data-verdict=good]")).to_contain_text("1 change")
    page.locator('[data-act="undo"]').click()
    expect(page.locator('[data-act="undo"]')).to_be_disabled()


def test_who_may_not_change_it_gets_a_sentence_and_no_map(service, chromium):
    context = chromium.new_context()
    officer = service.person("lookout")
    context.add_cookies(cookies_of(officer, service.url))
    page = context.new_page()
    page.goto(f"{service.url}/#/site")
    expect(page.locator("[data-site-page] [role=alert]")).to_contain_text(
        "takes the role planner or administrator"
    )
    context.close()


@pytest.mark.parametrize("theme", ["day", "contrast"])
def test_axe_finds_nothing_in_the_other_themes(service, page, axe, theme):
    page.goto(f"{service.url}/#/site?theme={theme}")
    page.locator('[data-pick="zones/apron"]').click()
    expect(page.locator("[data-handle]").first).to_be_visible()
    assert violations(page, axe) == []


SCALE = """() => {
    const bar = document.querySelector('.foot .bar');
    const [, size, unit] = /([0-9.]+) (km|m)/.exec(bar.parentElement.textContent);
    const metres = Number(size) * (unit === 'km' ? 1000 : 1);
    return bar.getBoundingClientRect().width / (metres * svgScale());
    function svgScale() {
        return document.querySelector('[data-site-page] svg').getScreenCTM().a;
    }
}"""


@pytest.mark.parametrize("size", [(1440, 900), (390, 844), (700, 320)])
def test_the_scale_bar_is_true_and_names_can_be_read_on_a_screen_of_any_shape(page, size):
    """The bar is as long as the map draws its metres, and 12 px letters are 12 px high."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.wait_for_function(f"() => Math.abs(({SCALE})() - 1) < 0.05")
    names = page.locator("[data-site-page] svg text")
    expect(names.filter(has_text="camera")).to_have_count(1)
    heights = names.evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
    assert min(heights) > 11, heights
