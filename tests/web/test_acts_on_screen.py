"""What an officer does on the watch screen, in a real browser: acts, and what must be asked."""

import json

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def acts_of(served):
    return json.loads(served.ask("/mock/acts"))


def wait_for_acts(page, served, n):
    for _ in range(1200):
        acts = acts_of(served)
        if len(acts) >= n:
            return acts
        page.wait_for_timeout(50)
    raise AssertionError(f"only {acts_of(served)} arrived")


def escape_on_sight(page, selector):
    """Press Escape in the page once the selector is there, however slow the machine is."""
    page.evaluate(
        """selector => {
          const eye = new MutationObserver(() => {
            if (!document.querySelector(selector)) return;
            eye.disconnect();
            const key = { key: "Escape", code: "Escape", bubbles: true, cancelable: true };
            document.body.dispatchEvent(new KeyboardEvent("keydown", key));
          });
          eye.observe(document.body, { childList: true, subtree: true, attributes: true });
        }""",
        selector,
    )


def test_an_officer_acknowledges_releases_and_decides_by_keyboard_alone(serve, open_page):
    served = serve()
    page = open_page(served.url)
    page.wait_for_selector('[data-alarm][data-state="unacknowledged"]')
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-alarm][data-state="acknowledged"]')
    page.wait_for_selector('[data-act="release"]')
    page.keyboard.press("r")
    page.wait_for_selector('[data-zone="al-asad/flight-line"][data-step="TAKE SHELTER"]')
    page.keyboard.press("d")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("1")
    page.keyboard.press("Tab")
    page.keyboard.type("tower told at once")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]", state="detached")
    page.wait_for_selector(".decision")
    acts = wait_for_acts(page, served, 3)
    assert [act["verb"] for act in acts] == ["acknowledge", "release", "decide"]
    assert sorted(acts[1]["zones"]) == ["flight-line", "living-area"]
    assert acts[2]["text"].endswith("tower told at once")
    assert len({act["key"] for act in acts}) == 3


def test_enter_means_acknowledge_after_the_mouse_and_a_dialog(serve, open_page):
    served = serve()
    page = open_page(served.url)
    page.wait_for_selector('[data-alarm][data-state="unacknowledged"]')
    page.locator('[data-act="decide"]').first.click()
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    page.wait_for_timeout(700)  # what bounces from a dialog is ignored
    page.keyboard.press("Enter")
    assert wait_for_acts(page, served, 1)[0]["verb"] == "acknowledge"
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_what_lowers_protection_names_the_site(serve, open_page):
    """Both sites have a flight line: the zone alone does not say where."""
    page = open_page(serve().url)
    page.wait_for_selector('[data-act="refuse"]')
    page.keyboard.press("x")
    expect(page.locator("dialog[open]")).to_contain_text("Al Asad Air Base: Flight line")
    page.keyboard.press("Escape")
    expect(page.locator('[data-act="release-all"]')).to_have_text("Release 2 zones R")
    page.locator('[data-act="release"]').first.click()
    expect(page.locator('[data-act="release-all"]')).to_have_text("Release 1 zone R")
    banner = page.locator('[data-banner="cancel"]')
    expect(banner).to_contain_text("Al Asad Air Base: Flight line")
    released = page.locator('.log [data-kind="released"]').first
    expect(released.locator("kbd")).to_have_attribute("title", "Al Asad Air Base")


def test_a_zone_says_when_all_clear_waits_for_a_person(serve, open_page):
    page = open_page(serve("--over").url)
    zone = page.locator('[data-zone="al-harir/living-area"]')
    expect(zone.locator("[data-clear-waits]")).to_contain_text(
        "ALL CLEAR waits for you, for 1:"
    )
    sheltered = page.locator('[data-zone="al-asad/flight-line"]')
    expect(sheltered.locator("[data-clear-waits]")).to_have_count(0)


def test_a_sighting_goes_out_by_keys_alone_with_the_way_that_was_chosen(serve, open_page):
    served = serve()
    page = open_page(served.url)
    page.keyboard.press("u")
    page.wait_for_selector('[data-way="N"]:focus')
    for key in ("3", "Enter"):
        page.keyboard.press(key)
    act = wait_for_acts(page, served, 1)[0]
    assert (act["verb"], act["sighting"]["azimuth_deg"]) == ("sighting", 90)


def test_the_help_shows_no_word_as_if_it_were_a_key(serve, open_page):
    page = open_page(serve().url)
    page.keyboard.press("?")
    operations = page.locator("dialog dl > div").filter(has_text="suspend or resume operations")
    expect(operations).to_be_visible()
    expect(operations.locator("kbd")).to_have_count(0)


def test_on_a_telephone_a_proposal_stands_first_and_is_released_there(serve, open_page):
    served = serve()
    page = open_page(served.url, width=390, height=844)
    proposed = page.locator('.first [data-proposed="al-asad"]')
    expect(proposed).to_contain_text("Al Asad Air Base")
    box = proposed.bounding_box()
    assert box["y"] + box["height"] < 400, "without scrolling"
    zones, tracks = page.locator(".strip"), page.locator(".tracks")
    assert zones.bounding_box()["y"] < tracks.bounding_box()["y"]
    proposed.get_by_role("button").click()
    act = wait_for_acts(page, served, 1)[0]
    assert (act["verb"], act["site"]) == ("release", "al-asad")


def test_a_release_can_be_cancelled_with_one_key(serve, open_page):
    served = serve()
    page = open_page(served.url)
    page.wait_for_selector('[data-act="release"]')
    escape_on_sight(page, '[data-banner="cancel"]')  # it stands for 3 s
    page.keyboard.press("r")
    acts = wait_for_acts(page, served, 2)
    assert [act["verb"] for act in acts] == ["release", "cancel"]
    page.wait_for_selector('[data-zone="al-asad/flight-line"][data-step="CAUTION"]')
    expect(page.locator('[data-banner="cancel"]')).to_have_count(0)


def test_a_release_without_a_proposal_needs_two_presses(serve, open_page):
    served = serve()
    page = open_page(served.url)
    raise_button = page.locator('[data-zone="al-harir/flight-line"] [data-act="raise"]')
    raise_button.click()
    page.wait_for_timeout(300)
    assert acts_of(served) == []
    raise_button.click()
    acts = wait_for_acts(page, served, 1)
    assert (acts[0]["verb"], acts[0]["site"]) == ("release", "al-harir")


def test_a_refusal_needs_a_reason_and_a_refused_act_shows_the_sentence(serve, open_page):
    served = serve()
    page = open_page(served.url)
    page.wait_for_selector('[data-act="refuse"]')
    page.keyboard.press("x")
    page.wait_for_selector("dialog[open]")
    page.click('dialog button[type="submit"]')
    assert acts_of(served) == []
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    page.click('[data-act="release-all"]')
    page.click('[data-zone="al-asad/flight-line"] [data-act="clear"]')
    page.locator("dialog label", has_text="False alarm").click()
    page.click('dialog button[type="submit"]')
    sentence = "Two tracks still threaten this zone; it cannot be cleared."
    expect(page.locator("dialog [role=status]")).to_have_text(sentence)
    expect(page.locator('[data-banner="notice"]')).to_contain_text(sentence)


def test_a_track_is_selected_on_the_map_and_disposed_of_by_its_64_bit_id(serve, open_page):
    served = serve()
    page = open_page(served.url)
    page.click('[data-track="T2-09"]')
    page.wait_for_selector("#detail-head")
    page.keyboard.press("i")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    acts = wait_for_acts(page, served, 1)
    assert acts[0]["verb"] == "dispose"
    assert acts[0]["track"] == 1 << 48 | 1 << 40 | 9
    assert acts[0]["reason"] == "Bird or flock"


def test_what_was_lost_from_sight_is_named_and_said_what_became_of(serve, open_page):
    served = serve("--lost", "6")
    page = open_page(served.url)
    line = page.locator("[data-lost]")
    expect(line).to_contain_text("not seen to leave")
    expect(line).to_contain_text("and 2 more")
    line.get_by_text("T2-32").click()
    page.locator("dialog label", has_text="Brought down").click()
    page.click('dialog button[type="submit"]')
    acts = wait_for_acts(page, served, 1)
    assert (acts[0]["verb"], acts[0]["track"]) == ("dispose", 1 << 48 | 1 << 40 | 32)


def test_an_operator_stays_hidden_until_somebody_says_why(serve, open_page):
    page = open_page(serve("--quiet", "--drone").url)
    page.click("tbody tr")
    page.wait_for_selector("#detail-head")
    assert "GBR-OP" not in page.content()
    page.click('[data-act="operator"]')
    show = page.locator("form.operator button")
    assert show.is_disabled()
    page.fill("form.operator input", "it stands over the apron")
    show.click()
    told = page.locator("[data-operator]")
    told.wait_for()
    words = told.inner_text()
    assert "GBR-OP-123ABCD" in words
    assert "33.80000, 42.45000" in words
    assert "declared by the aircraft, unverified" in words


def test_alarms_and_an_old_picture_are_told_on_the_pages_of_the_record_too(serve, open_page):
    served = serve()
    page = open_page(served.url)
    page.wait_for_selector('[data-alarm][data-state="unacknowledged"]')
    page.keyboard.press("e")
    page.wait_for_selector("[data-bar-alarm].open")
    assert "#/incidents" in page.url
    page.keyboard.press("Enter")
    assert wait_for_acts(page, served, 1)[0]["verb"] == "acknowledge"
    page.wait_for_selector("[data-bar-alarm]:not(.open)")
    page.wait_for_selector(".bar .proposed")
    escape_on_sight(page, '[data-banner="cancel"]')  # it stands for 3 s
    page.keyboard.press("r")
    assert [act["verb"] for act in wait_for_acts(page, served, 3)][1:] == ["release", "cancel"]
    served.stop()
    page.wait_for_selector('[data-banner="not-live"]')
