"""The two-bases day typed in by a person, with all claims, chains and contradictions; then the
later reports. Every question is answered rightly before and after, and what was known then
does not change.
"""

import json
import math
import os
import re
import time
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import expect
from tests.record.desk import Desk, enter_day, enter_later
from tests.web.browser_desk import BrowserDesk
from tests.web.record_service import cookies_of, record_service

from tocsin.record import QUESTIONS, Question, ask

pytestmark = [pytest.mark.browser, pytest.mark.jit, pytest.mark.slow]

PICTURES = Path(__file__).parents[2] / "docs" / "record" / "img"
WHEN = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ, entry \d+")


@pytest.fixture(scope="module")
def service(tmp_path_factory, built_page):
    with record_service(tmp_path_factory.mktemp("day")) as running:
        yield running


@pytest.fixture(scope="module")
def page(service, chromium):
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    context.add_cookies(cookies_of(service.client, service.url))
    made, errors = context.new_page(), []
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.goto(f"{service.url}/#/incidents")
    expect(made.get_by_role("heading", name="Incidents")).to_be_visible()
    yield made
    context.close()
    assert errors == []


@pytest.fixture(scope="module")
def plain():
    """The same facts on a ledger of the test's own: before and after the later reports."""
    before, after = Desk(), Desk()
    enter_day(before)
    enter_day(after)
    enter_later(after)
    return before, after


@pytest.fixture(scope="module")
def typed(page, plain):
    """Type in the day; answers while it was all that was known; then the later reports."""
    desk = BrowserDesk(page)
    enter_day(desk)
    open_incident(page, desk, "second")
    first = {q: asked(page, desk, q) for q in QUESTIONS}
    then_s = math.ceil(time.time())
    while time.time() <= then_s:
        time.sleep(0.05)
    enter_later(desk)
    return desk, first, then_s


def open_incident(page, desk, name):
    page.evaluate("hash => { location.hash = hash }", f"#/incident/{desk.ids[name]}")
    shown = page.locator(f'[data-incident-page="{desk.ids[name]}"]')
    expect(shown).to_be_visible()


def asked(page, desk, question):
    """Ask on the page that is open; return the sentences without their entries and times."""
    page.locator("#ask-what").select_option(question)
    with page.expect_response("**/api/v1/record/ask**"):
        page.get_by_role("button", name="Ask ⏎").click()
    lines = page.locator(f'[data-answer="{question}"] li')
    expect(lines.first).to_be_visible()
    found = lines.evaluate_all("all => all.map(e => e.firstChild.textContent.trim())")
    return [WHEN.sub("TIME", desk.named(text)) for text in found]


def answered(desk, question, incident):
    told = ask(desk.register, Question(question, incident)).sentences
    return [WHEN.sub("TIME", said.text) for said in told]


def picture(page, name, selector=None):
    """Write a picture into the documentation, only when asked."""
    if os.environ.get("TOCSIN_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        page.wait_for_function("() => document.fonts.status === 'loaded'")
        for told in page.locator('[data-banner="notice"] button').all():
            told.click()
        shown = page.locator(selector) if selector else page
        shown.screenshot(path=PICTURES / name, type="jpeg", quality=60)


def test_all_of_it_was_typed_in_as_it_was_said(typed, plain, service):
    desk, _, _ = typed
    _, after = plain
    rows = after.register.rows
    assert set(desk.ids) >= set(rows)
    for name, row in rows.items():
        wanted = json.loads(msgspec.json.encode(row.versions[-1].noun))
        assert desk.noun(service.desk.get, row.kind, name) == wanted, name


def test_every_question_was_answered_rightly_on_the_first_day(typed, plain):
    _, first, _ = typed
    for question in QUESTIONS:
        assert first[question] == answered(plain[0], question, "second"), question


@pytest.mark.parametrize("incident", ["second", "first"])
def test_every_question_is_answered_rightly_after_the_later_reports(
    typed, plain, page, incident
):
    desk, _, _ = typed
    open_incident(page, desk, incident)
    for question in QUESTIONS:
        wanted = answered(plain[1], question, incident)
        assert asked(page, desk, question) == wanted, question
    if incident == "second":
        page.locator("#ask-what").select_option("injuries")
        asked(page, desk, "injuries")
        picture(page, "ask.jpg", ".ask")


def test_as_known_then_does_not_change_when_later_reports_come(typed, page, service):
    desk, first, then_s = typed
    open_incident(page, desk, "second")
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(then_s))
    page.get_by_label("As known at (UTC)").fill(stamp)
    page.get_by_label("As known at (UTC)").dispatch_event("change")
    expect(page.get_by_text("later reports are left out")).to_be_visible()
    expect(page.locator('[data-section="contradictions"]')).to_have_count(0)
    for question in QUESTIONS:
        assert asked(page, desk, question) == first[question], question
    assert f"known={then_s}" in page.url
    page.reload()
    expect(page.get_by_text("later reports are left out")).to_be_visible()
    page.get_by_role("button", name="Show all that is known now").click()
    expect(page.locator('[data-section="contradictions"]')).to_be_visible()


def test_claims_and_contradictions_stand_side_by_side(typed, page):
    desk, _, _ = typed
    open_incident(page, desk, "second")
    claims = page.locator('[data-section="claims"]')
    expect(claims.locator(".side article")).to_have_count(4)
    against = page.locator('[data-section="contradictions"] article')
    expect(against).to_have_count(3)
    expect(against.last.locator(".against")).to_have_count(2)
    expect(against.last).to_contain_text("for first and second".replace(
        "first", desk.ids["first"]).replace("second", desk.ids["second"]))  # fmt: skip
    ended = page.locator('[data-ended-by="all"]')
    expect(ended).to_contain_text("foiled")
    expect(ended).to_contain_text("which cited Reuters")
    claims.evaluate("e => e.scrollIntoView()")
    picture(page, "claims.jpg")


def test_a_place_and_evidence_with_its_digest_are_typed_in_and_shared(typed, page, tmp_path):
    desk, _, _ = typed
    open_incident(page, desk, "second")
    desk.act("add_place", id="harir", name="al-Harir (Bashur Airfield)", kind="base",
             lat=36.5337, lon=44.3399, as_stated="in the northern Iraqi city of Erbil",
             position_source="an aerodrome chart")  # fmt: skip
    desk.fill("assert", {"quantity": "place", "value": "Erbil", "place": "harir",
                         "verbatim": "in the northern Iraqi city of Erbil",
                         "chain": [{"source": "western-journal"}]})  # fmt: skip
    picture(page, "statement.jpg")
    page.get_by_role("button", name="Record Ctrl").click()
    place = page.locator(f'[data-section="places"] [data-row="{desk.ids["harir"]}"]')
    expect(place).to_contain_text("As stated: “in the northern")
    expect(place).to_contain_text("36.5337, 44.3399, from an aerodrome chart")
    file = tmp_path / "tape.bin"
    file.write_bytes(b"abc")
    page.locator('[data-section="evidence"]').get_by_role("button", name="Add evidence").click()
    form = page.locator('[data-form="add_evidence"]')
    form.locator("#f-name").fill("radar recording")
    form.get_by_label("File to read").set_input_files(file)
    # FIPS 180-4's own example.
    expect(form.locator("#f-sha256")).to_have_value(re.compile("^ba7816bf.*f20015ad$"))
    page.get_by_role("button", name="Record Ctrl").click()
    tape = page.locator('[data-section="evidence"] article')
    expect(tape).to_contain_text("SHA-256 ba7816bf")
    tape.get_by_role("button", name="Add a step of custody").click()
    form = page.locator('[data-form="hand_on"]')
    form.locator("#f-holder").fill("duty officer")
    form.locator("summary").click()
    form.locator("#f-sha256").fill("0" * 64)
    page.get_by_role("button", name="Record Ctrl").click()
    expect(tape.locator("ol")).to_contain_text("taken, held by duty officer")
    expect(tape.locator("ol")).to_contain_text("DIGEST DIFFERS")
    page.locator('[data-act="share"]').click()
    expect(page.locator("[data-shared]")).to_be_visible()


def test_a_sealed_source_a_grade_and_a_correction_are_typed_in(typed, page, service):
    desk, _, _ = typed
    open_incident(page, desk, "second")
    name = "Example Person of the Third Office"
    desk.act("add_source", id="quiet", identity="sealed", descriptor="a person who was there",
             kind="witness", sealed=name)  # fmt: skip
    desk.act("assert", id="bang", about=["second"], quantity="damage", value="a broken fence",
             verbatim="the fence is broken", chain=[{"source": "quiet"}])  # fmt: skip
    lines = service.client.get("/api/v1/record/export").content
    assert b"a person who was there" in lines
    assert name.encode() not in lines
    assert "rests on a person who was there" in " ".join(asked(page, desk, "anonymous"))
    row = page.locator(f'[data-section="statements"] [data-row="{desk.ids["bang"]}"]')
    row.get_by_role("button", name="Grade").click()
    form = page.locator('[data-form="grade"]')
    form.locator("#f-credibility").select_option("2")
    form.locator("#f-reason").fill("seen on a picture too")
    page.get_by_role("button", name="Record Ctrl").click()
    expect(row).to_contain_text("credibility 2: seen on a picture too")
    row.get_by_role("button", name="Correct").click()
    form = page.locator('[data-form="correct"]')
    form.locator("#f-wrong").fill("not the fence")
    form.locator("#f-right").fill("the gate")
    form.locator("#f-value").fill("a broken gate")
    page.get_by_role("button", name="Record Ctrl").click()
    expect(row.locator(".was s")).to_have_text("value: a broken fence")
    expect(row).to_contain_text(re.compile(r"corrected 20\d\d-\d\d-\d\d \d\d:\d\d"))
