"""What a person chose or wrote stays so until that person changes it, and no page says of
something that was not answered that it was done; in a real browser on the real service.
"""

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.web.record_service import cookies_of, hold, record_service

pytestmark = [pytest.mark.browser, pytest.mark.jit, pytest.mark.slow]

ARTICLE = Path(__file__).parents[1].joinpath("record", "article.html").read_text()


@pytest.fixture(scope="module")
def service(tmp_path_factory, built_page):
    del built_page
    with record_service(tmp_path_factory.mktemp("kept")) as running:
        yield running


@pytest.fixture
def open_at(service, chromium):
    """Return a function that opens an address of the app; nothing may be thrown."""
    contexts, faults = [], []

    def open_page(address, *, signed_in=True):
        context = chromium.new_context(
            viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
        )
        contexts.append(context)
        if signed_in:
            context.add_cookies(cookies_of(service.client, service.url))
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{service.url}/{address}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []


def live(page):
    page.wait_for_function("() => window.__tocsin?.stats().connection === 'open'")


def look_at_the_watch(page):
    """Go to the watch and come back, within the page."""
    before = page.evaluate("location.hash")
    page.evaluate("location.hash = '#/watch'")
    expect(page.locator("main.watch")).to_be_visible()
    page.evaluate("hash => { location.hash = hash }", before)


def roles_of(service, name):
    accounts = service.client.get("/api/v1/users").json()["accounts"]
    return next(a["roles"] for a in accounts if a["name"] == name)


def test_a_step_is_not_taken_over_one_that_somebody_else_took(service, open_at):
    desk, second = service.desk, service.person("second editor")
    desk.act("open_incident", id="held", site="north", kind="drones")
    _, sentence, _ = desk.post("approve", {"incident": "held"})
    as_of = int(re.search(r"as_of = (\d+)", sentence)[1])
    body = {"incident": "held", "as_of": as_of}
    row = {"verb": "approve", "key": "held", "body": body}
    assert second.post("/api/v1/record", json=row).json()["accepted"]

    page = open_at("#/incident/held")
    publication = page.locator('[data-section="publication"]')
    expect(publication.locator(f'[data-out="{as_of}"]')).to_be_visible()
    step, press = publication.locator("[data-next]"), publication.locator('[data-act="step"]')
    expect(step).to_have_value("")
    expect(press).to_be_disabled()
    step.select_option("published")
    desk.act("publish", incident="held", state="embargoed", not_before_s=time.time() + 9000)
    press.click()
    said = publication.locator("[data-step-sentence]")
    expect(said).to_contain_text("another step was taken meanwhile")
    expect(publication.locator('[data-standing="embargoed"]')).to_be_visible()
    standing = desk.get("/api/v1/incidents/held")["publications"]["public"]
    assert [one["state"] for one in standing["steps"]] == ["embargoed"]
    press.click()  # who has seen it may go on
    expect(publication.locator('[data-standing="published"]')).to_be_visible()
    expect(step).to_have_value("")


def test_a_draft_for_readers_and_a_correction_are_there_after_a_look_at_the_watch(
    service, open_at
):
    service.desk.act("open_incident", id="typed", site="north", kind="drones")
    page = open_at("#/incident/typed")
    publication = page.locator('[data-section="publication"]')
    publication.get_by_text("Write the text").click()
    sentences = publication.get_by_label("Sentences")
    sentences.fill("A long text of the press officer. [typed]")
    publication.get_by_label("for partners").check()
    expect(sentences).to_have_value("")
    publication.get_by_label("for the public").check()
    expect(sentences).to_have_value("A long text of the press officer. [typed]")
    page.locator('[data-act="correct"][data-of="typed"]').click()
    page.locator("#f-wrong").fill("It was at the other base")
    page.locator('[data-section="statements"]').get_by_text("Add a statement").click()
    page.locator('[data-act="correct"][data-of="typed"]').click()
    expect(page.locator("#f-wrong")).to_have_value("It was at the other base")
    look_at_the_watch(page)
    expect(sentences).to_be_visible()
    expect(sentences).to_have_value("A long text of the press officer. [typed]")


def test_a_sighting_goes_out_from_where_it_was_chosen_though_the_line_broke(open_at):
    page = open_at("#/watch")
    lines = []

    def through(socket):
        socket.connect_to_server()
        lines.append(socket)

    page.route_web_socket("**/api/v1/live", through)
    page.reload()
    live(page)
    page.keyboard.press("u")
    where = page.locator("dialog[open] [data-field=where]")
    where.select_option("zone:apron")
    lines[-1].close()
    page.wait_for_function("() => window.__tocsin.stats().connection !== 'open'")
    live(page)
    page.wait_for_timeout(500)
    expect(where).to_have_value("zone:apron")


def test_a_key_that_is_held_records_one_item_of_an_article(service, open_at):
    page = open_at("#/import")
    page.locator("#article").fill(ARTICLE)
    look_at_the_watch(page)
    expect(page.locator("#article")).to_have_value(ARTICLE.replace("\r\n", "\n"))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator('[data-section="article"]')).to_be_visible()
    name = page.url.rsplit("/", 1)[1]
    second = page.locator(f'[data-item="{name}-a2"]')
    for _ in range(3):
        page.keyboard.down("c")
    expect(second).to_have_attribute("aria-current", "true")
    for _ in range(8):
        page.keyboard.down("c")
        page.wait_for_timeout(60)
    page.keyboard.up("c")
    expect(page.locator("[data-left]")).to_contain_text("17 items of 18")
    page.wait_for_timeout(500)
    assert page.locator('[data-state="recorded"]').count() == 1
    page.keyboard.press("c")  # pressed anew it counts
    expect(second).to_have_attribute("data-state", "recorded")
    page.goto(f"{service.url}/#/import")
    expect(page.locator("#article")).to_have_value("")


def test_a_draft_of_the_site_file_is_judged_as_it_is_and_kept(open_at):
    page = open_at("#/site")
    page.locator('[data-pick="zones/apron"]').click()
    page.locator('[data-field="name"]').fill("Main apron")
    page.locator('[data-field="name"]').press("Tab")
    verdict, download = page.locator("[data-verdict]"), page.locator('[data-act="download"]')
    expect(verdict).to_contain_text("It can be read")
    page.route("**/api/v1/site-file/try", lambda route: route.fulfill(status=500, body="{}"))
    page.locator('[data-field="ceiling_m"]').fill("650")
    page.locator('[data-field="ceiling_m"]').press("Tab")
    expect(download).to_be_disabled()
    expect(verdict).to_contain_text("It was not checked: The service answered 500.")
    page.unroute("**/api/v1/site-file/try")
    page.locator('[data-act="check"]').click()
    expect(verdict).to_contain_text("It can be read")
    look_at_the_watch(page)
    expect(verdict).to_contain_text("It can be read")
    page.locator('[data-pick="zones/apron"]').click()
    expect(page.locator('[data-field="name"]')).to_have_value("Main apron")
    with page.expect_download() as told:
        download.click()
    assert b"650" in told.value.path().read_bytes()
    page.locator('[data-pick="sensors/camera"]').click()
    height = page.locator('[data-field="height_m"]')
    before = height.input_value()
    height.fill("33,9")
    height.press("Tab")
    expect(verdict).to_contain_text("“33,9” is no number")
    expect(height).to_have_value(before)
    held = hold(page, "**/api/v1/site-file", "POST")
    page.locator('[data-act="undo"]').click()
    expect(verdict).to_contain_text("It can be read")
    page.locator('[data-act="save"]').click()
    expect(verdict).to_have_text("Saving…")
    for route in held:
        route.continue_()
    expect(verdict).to_contain_text("start the watch again")


def test_a_stale_tab_gives_no_role_back_and_one_press_is_one_link(service, open_at):
    service.person("anna")
    page = open_at("#/accounts")
    page.locator('[data-account="anna"] .link').click()
    detail = page.locator('[data-account-detail="anna"]')
    save, said = detail.locator('[data-act="save"]'), detail.locator("[data-account-said]")
    taken = {"name": "anna", "roles": ["viewer"]}
    assert service.client.post("/api/v1/users", json=taken).status_code == 200
    save.click()
    expect(said).to_contain_text("anna is viewer by now")
    expect(detail.locator("[data-once]")).to_have_count(0)
    assert roles_of(service, "anna") == ["viewer"]
    expect(detail.get_by_label("viewer")).to_be_checked()
    expect(detail.get_by_label("incident officer")).not_to_be_checked()

    held = hold(page, "**/api/v1/users", "POST")
    save.click()
    expect(said).to_have_text("Sending…")
    expect(save).to_be_disabled()
    for route in held:
        route.continue_()
    expect(detail.locator("[data-once]")).to_be_visible()
    assert len(held) == 1
    page.unroute("**/api/v1/users")


def test_nobody_is_said_to_be_signed_out_before_the_service_says_so(service, open_at):
    service.person("eve")
    page = open_at("#/accounts")
    held = hold(page, "**/api/v1/users/sessions?*")
    page.locator('[data-account="eve"] .link').click()
    detail = page.locator('[data-account-detail="eve"]')
    expect(detail).to_contain_text("Asking who is signed in.")
    for route in held:
        route.fulfill(status=500, body="{}")
    expect(detail.locator("[data-sessions-unknown]")).to_contain_text("answered 500")
    expect(detail).not_to_contain_text("None is signed in.")
    page.unroute("**/api/v1/users/sessions?*")
    page.locator('[data-account="eve"] .link').click()
    page.locator('[data-account="eve"] .link').click()
    expect(detail.locator("[data-session]")).to_have_count(1)


def test_a_note_and_a_shift_begun_by_name_outlive_a_look_at_the_watch(open_at):
    page = open_at("#/shift")
    live(page)
    page.locator('[data-act="begin-shift"]').click()
    expect(page.locator('[data-shift-state="begun"]')).to_be_visible()
    note = page.locator("[data-shift-page] textarea")
    note.fill("Radar 2 flickers when it rains.")
    look_at_the_watch(page)
    expect(note).to_have_value("Radar 2 flickers when it rains.")
    expect(page.locator('[data-shift-state="begun"]')).to_be_visible()
    page.locator('[data-act="end-shift"]').click()
    expect(note).to_have_value("")
    expect(page.locator('[data-shift-state="none"]')).to_be_visible()


def test_figures_are_those_of_the_span_that_is_chosen(open_at):
    page = open_at("#/performance")
    head = page.locator("thead th").first
    expect(head).to_contain_text(re.compile(r"from \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ to \d{4}-"))
    late = hold(page, "**/api/v1/performance?hours=168")
    page.locator("[data-hours]").select_option("168")
    expect(page.locator("[data-figure]")).to_have_count(0)
    page.locator("[data-hours]").select_option("1")
    expect(head).to_be_visible()
    before = head.inner_text()
    with page.expect_response("**/api/v1/performance?hours=168"):
        for route in late:
            route.continue_()
    page.wait_for_timeout(300)
    assert head.inner_text() == before


def test_a_time_that_no_calendar_has_leaves_the_page_whole(service, open_at):
    page = open_at("#/replay?at=1e30")
    expect(page.locator("[data-replay-page]")).to_be_visible()
    page.evaluate("location.hash = '#/sensors'")
    expect(page.locator("[data-sensors-page]")).to_be_visible()


def test_who_is_not_signed_in_is_told_so_and_not_that_nothing_is_there(open_at):
    page = open_at("#/sensors", signed_in=False)
    expect(page.locator("[data-sensors-page] h1")).to_contain_text(
        "not told to who is not signed in"
    )
    page.evaluate("location.hash = '#/shift'")
    expect(page.locator("[data-shift-page]")).to_contain_text("Nobody is signed in here")


def test_an_incident_that_could_not_be_had_says_so_beside_an_open_form(service, open_at):
    service.desk.act("open_incident", id="away", site="north", kind="drones")
    page = open_at("#/incidents")
    expect(page.locator('[data-incident="away"]')).to_be_visible()
    page.route("**/api/v1/incidents/away", lambda route: route.fulfill(status=500, body="{}"))
    page.locator('[data-incident="away"]').click()
    expect(page.locator(".problem")).to_contain_text("answered 500")
    with page.expect_response("**/api/v1/record/rows?kind=evidence"):
        page.keyboard.press("a")
        page.locator('[data-add="add_source"]').click()
    expect(page.locator('[data-form="add_source"]')).to_be_visible()
    page.wait_for_timeout(300)
    expect(page.locator(".problem")).to_contain_text("answered 500")
