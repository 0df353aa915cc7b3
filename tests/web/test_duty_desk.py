"""A duty position in a real browser on a real watch: PINs, shifts, notes; one page after the
other, as two officers would meet them on one evening.
"""

import json
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.web.record_service import cookies_of, record_service

pytestmark = [pytest.mark.browser, pytest.mark.jit, pytest.mark.slow]

PICTURES = Path(__file__).parents[2] / "docs" / "operating" / "img"
TAGS = json.dumps(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
PINS = {"ada": "271828", "bob": "314159"}
DESK = "North desk"


@pytest.fixture(scope="module")
def service(tmp_path_factory, built_page):
    """Return a watch with two officers who have PINs."""
    del built_page
    with record_service(tmp_path_factory.mktemp("desk")) as running:
        for name, pin in PINS.items():
            answer = running.person(name).post("/api/v1/pin", json={"pin": pin})
            assert answer.status_code == 200, answer.text
        yield running


@pytest.fixture(scope="module")
def page(service, chromium):
    """Return the screen of the position; nobody has begun a shift."""
    body = {"name": DESK, "roles": ["watch officer"], "position": True}
    made = service.client.post("/api/v1/users", json=body)
    assert made.status_code == 200, made.text
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(service.url + made.json()["path"])
    page.wait_for_selector('[data-zone="north/apron"]')
    expect(page.locator("[data-duty]")).to_contain_text(DESK)
    yield page
    context.close()
    assert faults == []


def prompt(page):
    shown = page.locator("[data-pin-prompt]")
    expect(shown).to_be_visible()
    return shown


def violations(page, axe):
    page.evaluate(axe)
    told = "r => r.violations.map(v => [v.id, v.nodes[0].html])"
    return page.evaluate(f"axe.run({{runOnly: {TAGS}}}).then({told})")


def picture(page, name):
    if os.environ.get("TOCSIN_PICTURES"):  # writes into the source tree: only when asked
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / name, type="jpeg", quality=72)


def test_without_a_shift_the_page_says_so_and_still_warns_without_a_pin(page):
    expect(page.locator('[data-banner="over"]')).to_contain_text("NO SHIFT")
    expect(page.locator('[data-duty="over"]')).to_contain_text("no shift")
    page.keyboard.press("w")
    page.keyboard.press("1")
    page.keyboard.press("c")
    page.wait_for_selector('[data-zone="north/apron"][data-step="CAUTION"]')
    expect(page.locator("[data-pin-prompt]")).to_have_count(0)


def test_lowering_without_a_shift_is_refused_in_a_sentence(page):
    page.locator('[data-zone="north/apron"] [data-act="lower"]').click()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator('[data-banner="notice"]')).to_contain_text("no shift runs")
    expect(page.locator("[data-pin-prompt]")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_a_shift_begins_with_name_and_pin_and_the_sound_armed(page):
    page.locator('[data-banner="over"] a').click()
    page.locator('[data-act="begin-shift"]').click()
    shown = prompt(page)
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("ada")
    page.keyboard.press("Enter")  # to the next field, as from the name of a form
    expect(page.get_by_label("PIN", exact=True)).to_be_focused()
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.locator("[data-pin-sentence]")).to_contain_text("do not fit together")
    expect(page.get_by_label("PIN", exact=True)).to_be_focused()
    expect(page.get_by_label("PIN", exact=True)).to_have_value("")
    picture(page, "pin.jpg")
    page.keyboard.type(PINS["ada"])
    page.keyboard.press("Enter")
    expect(shown).to_have_count(0)
    expect(page.locator("[data-shift-said]")).to_contain_text("did you hear the tone")
    expect(page.locator("[data-shift-state]")).to_contain_text("Shift of ada")
    expect(page.locator('[data-banner="sound"]')).to_have_count(0)
    expect(page.locator('[data-duty="on"]')).to_contain_text("ada until")


def ask_to_lower(page):
    page.goto(page.url.split("#")[0] + "#/watch")
    page.locator('[data-zone="north/apron"] [data-act="lower"]').click()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    return prompt(page)


def test_who_gives_up_has_lowered_nothing(page):
    shown = ask_to_lower(page)
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)
    expect(page.locator('[data-banner="notice"]')).to_contain_text("nobody has said who it is")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator('[data-zone="north/apron"]')).to_have_attribute("data-step", "CAUTION")


def test_a_warning_goes_out_from_the_prompt_itself(page):
    shown = ask_to_lower(page)
    page.keyboard.press("w")  # in the field of the PIN
    page.wait_for_selector("dialog[open] .raise")
    page.keyboard.press("1")
    with page.expect_response("**/api/v1/acts") as answered:
        page.keyboard.press("c")
    sent = json.loads(answered.value.request.post_data)
    assert (sent["verb"], sent["step"], "pin" in sent) == ("raise", "CAUTION", False)
    assert answered.value.json()["accepted"]
    expect(shown).to_be_visible()  # the act that it asks about still waits
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)


def test_who_holds_the_shift_types_the_pin_alone_and_the_act_goes_through(page):
    ask_to_lower(page)
    expect(page.get_by_label("Name", exact=True)).to_have_value("ada")
    expect(page.get_by_label("PIN", exact=True)).to_be_focused()
    page.keyboard.type(PINS["ada"])
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator('[data-zone="north/apron"]')).not_to_have_attribute(
        "data-step", "CAUTION"
    )


def test_a_standing_rule_is_accepted_in_a_name_and_ends_with_the_shift(service, page):
    page.goto(f"{service.url}/#/shift")
    rule = page.locator('[data-rule="north/birds"]')
    expect(rule).to_have_attribute("data-accepted", "false")
    rule.get_by_role("button").click()
    prompt(page)
    page.keyboard.type(PINS["ada"])
    page.keyboard.press("Enter")
    expect(rule).to_have_attribute("data-accepted", "true")
    expect(rule).to_contain_text("accepted by ada")
    expect(rule).to_contain_text("0 tracks let pass")
    picture(page, "shift-rules.jpg")
    # To be asked again takes no PIN: it raises protection.
    rule.get_by_role("button").click()
    expect(rule).to_have_attribute("data-accepted", "false")
    expect(page.locator("[data-pin-prompt]")).to_have_count(0)
    rule.get_by_role("button").click()
    prompt(page)
    page.keyboard.type(PINS["ada"])
    page.keyboard.press("Enter")
    expect(rule).to_have_attribute("data-accepted", "true")


def test_a_note_waits_for_the_next_shift_and_is_read_before_it_begins(service, page):
    page.goto(f"{service.url}/#/shift")
    note = page.get_by_label("Your note to the next shift")
    page.get_by_role("button", name="Put in what stands").click()
    expect(note).to_have_value(re.compile("Sensor camera: never heard"))
    note.fill("Crane at the east gate until noon.\nSensor camera: never heard")
    picture(page, "handover.jpg")
    page.locator('[data-act="end-shift"]').click()
    prompt(page)
    page.keyboard.type(PINS["ada"])
    page.keyboard.press("Enter")
    expect(page.locator("[data-shift-said]")).to_contain_text("waits for the next shift")
    expect(page.locator("[data-shift-state]")).to_contain_text("No shift runs here")
    expect(page.locator('[data-rule="north/birds"]')).to_have_attribute(
        "data-accepted", "false"
    )
    # The next officer: an unread note is not passed by.
    expect(page.locator('[data-note][data-read="no"]')).to_contain_text("Crane at the east")
    page.locator('[data-act="begin-shift"]').click()
    expect(page.locator("[data-shift-said]")).to_contain_text("Read the note")
    expect(page.locator("[data-pin-prompt]")).to_have_count(0)
    page.get_by_label("I have read this").check()
    picture(page, "take-over.jpg")
    page.locator('[data-act="begin-shift"]').click()
    prompt(page)
    page.get_by_label("Name", exact=True).fill("bob")
    page.get_by_label("PIN", exact=True).fill(PINS["bob"])
    page.keyboard.press("Enter")
    expect(page.locator("[data-shift-state]")).to_contain_text("Shift of bob")
    page.locator("[data-earlier] summary").click()
    expect(page.locator('[data-note][data-read="yes"]')).to_contain_text("read by bob")


def test_the_shift_report_tells_the_note_and_who_read_it_by_name(service, page):
    told = page.request.get(f"{service.url}/api/v1/shift-report.html?hours=1").text()
    left = told[told.index("<h2>Handover") : told.index("<h2>Alarms")]
    for words in (
        "Crane at the east gate until noon.",
        "by ada",
        "read what ada left",
        "by bob",
    ):
        assert words in left


def test_a_person_sets_an_own_pin(service, chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies(cookies_of(service.person("eve"), service.url))
    page = context.new_page()
    page.goto(f"{service.url}/#/shift")
    form = page.locator("[data-pin-form]")
    expect(form).to_contain_text("You have none yet")
    for pin, said in (("123456", "guessed first"), ("860417", "your PIN is set")):
        form.get_by_label("New PIN").fill(pin)
        form.get_by_label("Again").fill(pin)
        form.get_by_role("button", name="Set").click()
        expect(page.locator("[data-pin-said]")).to_contain_text(said)
    expect(form).to_contain_text("a new one takes its place")
    context.close()


@pytest.mark.parametrize("theme", ["night", "day", "contrast"])
def test_axe_finds_nothing_on_the_shift_and_at_the_prompt(service, page, axe, theme):
    page.goto(f"{service.url}/#/shift?theme={theme}")
    expect(page.locator("[data-shift-state]")).to_be_visible()
    assert violations(page, axe) == []
    page.locator('[data-act="begin-shift"]').click()
    prompt(page)
    assert violations(page, axe) == []
    page.keyboard.press("Escape")
    expect(page.locator("[data-pin-prompt]")).to_have_count(0)
