"""The record's pages in a real browser, on the real service, with the two-bases day in it."""

import json
import re

import pytest
from playwright.sync_api import expect
from tests.record.desk import enter_day, enter_later
from tests.web.record_service import cookies_of, record_service

pytestmark = [pytest.mark.browser, pytest.mark.jit, pytest.mark.slow]


@pytest.fixture(scope="module")
def service(tmp_path_factory, built_page):
    """Return a service that holds the day as it was first reported, and the later reports."""
    with record_service(tmp_path_factory.mktemp("record")) as running:
        enter_day(running.desk)
        enter_later(running.desk)
        yield running


@pytest.fixture
def open_at(service, chromium):
    """Return a function that opens an address of the app as a person; nothing may be thrown."""
    contexts, errors = [], []

    def open_page(address, client=None, *, width=1280, height=800, **options):
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.add_cookies(cookies_of(client or service.client, service.url))
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{service.url}/{address}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def rows_of(service, incident, kind):
    return service.desk.get(f"/api/v1/incidents/{incident}")[kind]


def test_the_list_leads_to_both_incidents_with_the_time_as_it_was_said(open_at):
    page = open_at("#/watch")
    page.wait_for_function("() => window.__tocsin?.stats().connection === 'open'")
    page.keyboard.press("e")
    expect(page.locator("[data-incident]")).to_have_count(2)
    first = page.locator('[data-incident="first"]')
    expect(first).to_contain_text("“Wednesday”, not resolved: the page gives no date")
    first.click()
    expect(page.locator('[data-incident-page="first"]')).to_be_visible()
    assert page.url.endswith("#/incident/first")
    page.go_back()
    expect(page.get_by_role("heading", name="Incidents")).to_be_visible()


def test_rival_claims_stand_side_by_side_with_who_cites_whom_and_nothing_is_attributed(open_at):
    page = open_at("#/incident/second")
    claims = page.locator('[data-section="claims"]')
    expect(claims.locator(".side article")).to_have_count(4)
    expect(claims.locator("[data-official]")).to_have_text(
        "second: official attribution: none stated."
    )
    expect(claims.locator('[data-row="claim-taw"] .what')).to_have_text(
        "Claimed by Tashkil al-Waritheen according to the carrying page, which cited The "
        "Western Journal, which cited Reuters"
    )
    boxes = [box.bounding_box() for box in claims.locator(".side article").all()[:2]]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]


def test_contradictions_stand_side_by_side_and_silence_is_no_zero(open_at):
    page = open_at("#/incident/first")
    against = page.locator('[data-section="contradictions"] article', has_text="injuries")
    expect(against.first.locator(".against")).to_have_count(3)
    expect(against.first).to_contain_text("injuries: none reported")
    expect(against.first).to_contain_text("injuries: minor")
    hurt = page.locator('[data-people="site"] [data-counted="hurt"]')
    expect(hurt).to_contain_text("none reported")
    expect(page.locator('[data-people="site"] [data-counted="missing"]')).to_contain_text(
        "not stated"
    )


def test_an_anonymous_source_and_one_known_by_position_are_marked(open_at):
    page = open_at("#/incident/first")
    target = page.locator('[data-row="first-target"]')
    expect(target).to_contain_text("Reuters by position only")
    expect(target).to_contain_text("on condition of anonymity")
    expect(page.locator('[data-row="no-injuries"]')).to_contain_text("no source but the writer")


def test_the_timeline_has_two_orders(open_at):
    page = open_at("#/incident/first")
    rows = page.locator('[data-section="timeline"] li')
    expect(rows.first).to_be_visible()
    page.keyboard.press("y")
    expect(page.locator('[data-order="recorded"]')).to_be_visible()
    entries = [int(re.search(r"entry (\d+)", t)[1]) for t in rows.all_inner_texts()]
    assert entries == sorted(entries)


def test_questions_are_answered_with_the_entries_that_they_rest_on(open_at):
    page = open_at("#/incident/second")
    expect(page.locator("#ask-what")).to_be_visible()
    page.keyboard.press("q")
    page.locator("#ask-what").select_option("anonymous")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    answer = page.locator('[data-answer="anonymous"]')
    expect(answer).to_be_visible()
    expect(page.locator(".ask .covers")).to_contain_text("This register covers")
    page.locator("#ask-what").select_option("claims")
    page.get_by_role("button", name="Ask ⏎").click()
    expect(page.locator('[data-answer="claims"] li')).to_have_count(5)
    expect(page.locator('[data-answer="claims"] .entries').first).to_contain_text("entry")


def test_a_claim_with_a_new_source_is_entered_by_keyboard_alone(service, open_at):
    before = len(rows_of(service, "first", "claims"))
    page = open_at("#/incident/first")
    expect(page.locator('[data-incident-page="first"]')).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("2")
    form = page.locator('[data-form="claim"]')
    expect(form.locator("#f-claimant option")).to_have_count(5)
    expect(form.locator("#f-claimant")).to_be_focused()
    page.keyboard.type("Tashkil")
    form.locator("#f-verbatim").focus()
    page.keyboard.type("said it was behind both")
    form.get_by_role("button", name="New source").focus()
    page.keyboard.press("Enter")
    source = page.locator('[data-form="add_source"]')
    expect(source).to_contain_text("Claim of responsibility ›")
    source.locator("#f-name").fill("Example Wire")
    source.locator("#f-kind").select_option("agency")
    page.keyboard.press("Control+Enter")
    expect(form.locator('[data-step="0"]')).not_to_have_value("")
    expect(form.locator("#f-verbatim")).to_have_value("said it was behind both")
    page.keyboard.press("Control+Enter")
    expect(form).to_have_count(0)
    claims = rows_of(service, "first", "claims")
    assert len(claims) == before + 1
    assert claims[-1]["words"] == "claimed by Tashkil al-Waritheen"
    assert claims[-1]["according_to"] == "Example Wire"
    expect(page.locator(f'[data-row="{claims[-1]["id"]}"]')).to_contain_text(
        "according to Example Wire"
    )


def test_what_is_missing_and_what_the_service_refuses_stands_beside_its_field(open_at):
    page = open_at("#/incident/first")
    expect(page.locator('[data-incident-page="first"]')).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("1")
    form = page.locator('[data-form="assert"]')
    page.keyboard.press("Control+Enter")
    expect(form.locator('[data-fault="quantity"]')).to_contain_text("Say what is spoken of")
    expect(form.locator("#f-quantity")).to_be_focused()
    form.locator("#f-quantity").fill("injuries")
    form.locator("#f-value").fill("0")
    form.locator("#f-verbatim").fill("No injuries were reported")
    form.locator('[data-step="0"]').select_option("reuters")
    page.keyboard.press("Control+Enter")
    expect(form.locator("[data-sentence]")).to_contain_text("is no zero")
    expect(form.locator('[data-fault="state"]')).to_contain_text("is no zero")
    form.locator("#f-state").select_option("none reported")
    expect(form.locator("#f-value")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(form).to_have_count(0)


def test_a_correction_keeps_what_was_wrong_struck_through_with_its_date(service, open_at):
    page = open_at("#/incident/second")
    row = page.locator('[data-row="foiled"]')
    row.get_by_role("button", name="Correct foiled").click()
    form = page.locator('[data-form="correct"]')
    form.locator("#f-wrong").fill("It was not foiled: it hit a shed.")
    form.locator("#f-right").fill("A shed was hit.")
    page.keyboard.press("Control+Enter")
    expect(form.locator('[data-fault="changes"]')).to_contain_text("Nothing is changed")
    form.locator("#f-value").fill("hit a shed")
    page.keyboard.press("Control+Enter")
    expect(form).to_have_count(0)
    expect(row.locator("b").first).to_have_text("outcome: hit a shed")
    expect(row.locator(".was s")).to_have_text("value: foiled")
    struck = row.locator(".was s").evaluate("e => getComputedStyle(e).textDecorationLine")
    assert struck == "line-through"
    expect(row.locator(".was")).to_contain_text(re.compile(r"corrected 20\d\d-\d\d-\d\d"))
    told = page.locator('[data-section="corrections"] article').first
    expect(told).to_contain_text("It was not foiled: it hit a shed.")
    assert rows_of(service, "second", "corrections")[0]["was"] == {"value": "foiled"}


def test_words_that_stand_in_a_document_are_marked_there(service, open_at):
    page = open_at("#/incident/second")
    page.get_by_role("button", name="Add a statement").click()
    form = page.locator('[data-form="assert"]')
    expect(form.locator('#f-document option[value="article"]')).to_have_count(1)
    form.locator("#f-quantity").fill("order")
    form.locator("#f-value").fill("second")
    form.locator("#f-verbatim").fill("Hours later a second base was attacked")
    form.locator("#f-document").select_option("article")
    form.locator('[data-step="0"]').select_option("western-journal")
    page.keyboard.press("Control+Enter")
    expect(form).to_have_count(0)
    span = rows_of(service, "second", "assertions")[-1]["noun"]["span"]
    assert span == {"document": "article", "block": 1, "start": 0, "end": 38}


def test_two_people_approve_the_same_entry_and_one_alone_is_not_enough(service, open_at):
    service.desk.act("open_incident", id="quiet", site="north", kind="drones")
    page = open_at("#/incident/quiet")
    publication = page.locator('[data-section="publication"]')
    publication.locator('[data-act="approve"]').click()
    expect(publication.locator("[data-sentence]")).to_contain_text("by 1 of 2")
    as_of = service.desk.get("/api/v1/incidents/quiet")["approvals"][0]["as_of"]
    second = service.person("second officer")
    other = open_at("#/incident/quiet", second)
    same = other.locator('[data-act="approve-same"]')
    expect(same).to_have_text(f"Approve the same state, entry {as_of}")
    same.click()
    expect(other.locator(f'[data-out="{as_of}"]')).to_be_visible()
    # The first person's page is told of it by the live socket.
    expect(page.locator(f'[data-out="{as_of}"]')).to_be_visible()


def test_an_account_is_written_approved_by_two_and_taken_out_step_by_step(service, open_at):
    service.desk.act("open_incident", id="told", site="north", kind="drones")
    service.desk.act("assert", id="told-two", about=["told"], quantity="drones", value=2,
                     verbatim="two drones", chain=[{"source": "ap"}])  # fmt: skip
    page = open_at("#/incident/told")
    publication = page.locator('[data-section="publication"]')
    publication.get_by_text("Write the text").click()
    publication.get_by_label("Headline").fill("Two drones at north")
    publication.get_by_label("Sentences").fill("Officials spoke of two drones. [told-two]")
    publication.locator('[data-act="draft"]').click()
    said = publication.locator("[data-step-sentence]")
    expect(said).to_contain_text("draft as of entry")
    publication.locator("[data-next]").select_option("published")
    publication.locator('[data-act="step"]').click()
    expect(said).to_contain_text("two people let a page out")

    second = service.person("another officer")

    def let_out():
        _, sentence, _ = service.desk.post("approve", {"incident": "told"})
        as_of = int(re.search(r"as_of = (\d+)", sentence)[1])
        answer = second.post("/api/v1/record", json={
            "verb": "approve", "key": f"told-{as_of}",
            "body": {"incident": "told", "as_of": as_of},
        })  # fmt: skip
        assert answer.json()["accepted"], answer.text

    let_out()
    publication.locator('[data-act="step"]').click()
    expect(said).to_contain_text("it says “Officials” and rests on one source")
    publication.get_by_label("Sentences").fill("AP spoke of two drones at north. [told-two]")
    publication.locator('[data-act="draft"]').click()
    expect(said).to_contain_text("draft as of entry")
    let_out()
    publication.locator("[data-next]").select_option("published")
    publication.locator('[data-act="step"]').click()
    expect(publication.locator('[data-standing="published"]')).to_be_visible()
    service.desk.act("correct", of="told-two", wrong="two", right="three", changes={"value": 3})
    let_out()
    publication.locator("[data-next]").select_option("corrected")
    publication.locator("[data-wrong]").fill("It said two")
    publication.locator("[data-right]").fill("There were three")
    publication.locator('[data-act="step"]').click()
    expect(publication.locator('[data-standing="corrected"]')).to_be_visible()
    expect(publication).to_contain_text("Wrong was: It said two. Right is: There were three")


def test_a_viewer_is_told_in_words_that_writing_needs_another_role(service, open_at):
    answer = service.client.post(
        "/api/v1/users", json={"name": "visitor", "roles": ["viewer"]}
    ).json()
    page = open_at(answer["path"].lstrip("/"))
    page.wait_for_function("() => window.__tocsin?.stats().connection === 'open'")
    page.goto(f"{service.url}/#/incident/first")
    expect(page.locator('[data-incident-page="first"]')).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("3")
    form = page.locator('[data-form="add_source"]')
    form.locator("#f-name").fill("Example")
    form.locator("#f-kind").select_option("outlet")
    page.keyboard.press("Control+Enter")
    expect(form.locator("[data-sentence]")).to_contain_text("incident officer")


def test_hostile_words_are_shown_and_never_run(service, open_at):
    hostile = '<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>'
    service.desk.act("add_document", id="bad", headline=hostile, url="javascript:window.hurt=1",
                     blocks=[{"kind": "paragraph", "text": hostile}])  # fmt: skip
    service.desk.act("assert", id="bad-words", about=["second"], quantity="note",
                     value=hostile, verbatim=hostile, document="bad",
                     chain=[{"source": "ap"}])  # fmt: skip
    page = open_at("#/incident/second")
    expect(page.locator('[data-row="bad-words"] blockquote')).to_have_text(hostile)
    assert page.evaluate("window.hurt") is None
    assert page.locator('a[href^="javascript"]').count() == 0


def test_the_page_comes_apart_from_the_watch(open_at):
    page = open_at("#/watch")
    page.wait_for_function("() => window.__tocsin?.stats().connection === 'open'")
    loaded = "performance.getEntriesByType('resource').map(r => r.name).join(' ')"
    assert "RecordPage" not in page.evaluate(loaded)
    page.keyboard.press("e")
    expect(page.get_by_role("heading", name="Incidents")).to_be_visible()
    assert "RecordPage" in page.evaluate(loaded)


@pytest.mark.parametrize("theme", ["night", "day", "contrast"])
def test_axe_finds_nothing_on_the_record_pages(open_at, axe, theme):
    page = open_at(f"#/incidents?theme={theme}", reduced_motion="reduce")
    expect(page.locator("[data-incident]").first).to_be_visible()
    page.evaluate(axe)
    assert violations(page) == []
    page.locator('[data-incident="first"]').click()
    expect(page.locator('[data-incident-page="first"]')).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("a")
    expect(page.locator("[data-chooser]")).to_be_visible()
    assert violations(page) == []
    for key, form in (("1", "assert"), ("4", "add_document")):
        page.keyboard.press(key)
        expect(page.locator(f'[data-form="{form}"]')).to_be_visible()
        page.locator("summary").first.click()
        assert violations(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.keyboard.press("a")


def violations(page):
    tags = json.dumps(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
    return page.evaluate(
        f"axe.run({{runOnly: {tags}}}).then(r => r.violations.map(v =>"
        " [v.id, v.nodes.map(n => [n.target.join(' '), n.any.map(a => a.message)])]))"
    )


def test_a_phone_shows_the_page_without_sideways_scrolling(open_at):
    page = open_at("#/incident/second", width=390, height=844)
    expect(page.locator('[data-incident-page="second"]')).to_be_visible()
    wide = page.evaluate(
        "[document.documentElement.scrollWidth,"
        " document.querySelector('.record main').scrollWidth]"
    )
    assert max(wide) <= 390
