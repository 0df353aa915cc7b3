"""The watch screen in a real browser, against a service that is written from the contract."""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.realtime]

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "operating" / "img"
TOLD_MS = 15_000  # it must take 5 s at most, which `python -m bench screen` measures


def acts_of(served):
    return json.loads(served.ask("/mock/acts"))


def wait_for_acts(page, served, n):
    for _ in range(1200):
        acts = acts_of(served)
        if len(acts) >= n:
            return acts
        page.wait_for_timeout(50)
    raise AssertionError(f"only {acts_of(served)} arrived")


def test_both_sites_their_tracks_and_what_is_simulated_are_on_the_screen(serve, open_page):
    page = open_page(serve().url)
    expect(page.locator('[data-pane="al-asad"]')).to_be_visible()
    expect(page.locator('[data-pane="al-harir"]')).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(12)
    expect(page.locator('.mode[data-mode="simulated"]')).to_have_text("SIMULATED")
    expect(page.locator('[data-banner="sound"]')).to_be_visible()
    expect(page.locator('[data-sensor="harir-adsb"]')).to_contain_text("late")
    page.wait_for_function("""() => {
      const s = window.__tocsin.stats();
      return s.fresh === "live" && s.stored === 12 && s.tracks >= 12 && s.labels >= 4;
    }""")
    stats = page.evaluate("window.__tocsin.stats()")
    assert stats["problems"] == {}


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


def test_a_release_can_be_cancelled_with_one_key(serve, open_page):
    served = serve()
    page = open_page(served.url)
    page.wait_for_selector('[data-act="release"]')
    page.keyboard.press("r")
    page.wait_for_selector('[data-banner="cancel"]')
    page.keyboard.press("Escape")
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
    page.wait_for_selector('text="Two tracks still threaten this zone; it cannot be cleared."')


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


def test_a_stopped_service_is_told_and_the_page_recovers(serve, open_page):
    served = serve()
    page = open_page(served.url)
    served.stop()
    page.wait_for_selector('[data-banner="not-live"] >> text=PICTURE NOT LIVE', timeout=TOLD_MS)
    served.start()
    page.wait_for_selector('[data-banner="not-live"]', state="detached")
    page.wait_for_function("() => window.__tocsin.stats().fresh === 'live'")
    expect(page.locator("[data-alarm]")).to_have_count(1)


def test_the_map_is_where_it_was_left_after_a_look_at_the_record(serve, open_page):
    page = open_page(serve().url)
    page.keyboard.press("1")
    page.wait_for_selector('.slot.main [data-pane="al-asad"] .title')
    for key in ("-", "-", "ArrowLeft"):
        page.keyboard.press(key)
    looks = []
    for _ in range(2):
        page.keyboard.press("e")
        page.wait_for_selector(".bar")
        looks.append(page.evaluate("window.__tocsin.stats().looks['main al-asad']"))
        page.keyboard.press("e")
        page.wait_for_selector('.slot.main [data-pane="al-asad"] .title')
    assert looks[0]["resolution"] > 0
    assert looks[1] == looks[0]


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
    page.keyboard.press("r")
    page.wait_for_selector('[data-banner="cancel"]')
    page.keyboard.press("Escape")
    assert [act["verb"] for act in wait_for_acts(page, served, 3)][1:] == ["release", "cancel"]
    served.stop()
    page.wait_for_selector('[data-banner="not-live"]')


def test_an_open_socket_that_says_nothing_is_told_as_well(serve, open_page):
    served = serve()
    page = open_page(served.url)
    served.ask("/mock/silence", post=True)
    page.wait_for_selector('[data-fresh="delayed"]', timeout=TOLD_MS)
    page.wait_for_selector('[data-banner="not-live"]', timeout=TOLD_MS)


def test_the_age_is_in_wall_seconds_at_twenty_times_the_speed(serve, open_page):
    page = open_page(serve("--rate", "20", "--mode", "replay").url)
    page.wait_for_timeout(1_500)
    stats = "window.__tocsin.stats()"
    page.wait_for_function(f"() => {stats}.fresh === 'live' && {stats}.ageS < 1")
    assert page.locator('.mode[data-mode="replay"]').inner_text().startswith("REPLAY")


def test_an_empty_sky_says_how_many_sensors_report(serve, chromium, built_page):
    page = chromium.new_page()
    page.goto(serve("--quiet").url)
    page.wait_for_selector(".none")
    words = page.locator('[data-pane="al-harir"] .none')
    page.wait_for_function("() => document.querySelector('.none').innerText.includes('3 of 3')")
    expect(words).to_have_text("No tracks. 1 of 2 sensors reporting")
    page.close()


def test_keys_fly_to_a_site_and_the_address_keeps_the_view(serve, open_page):
    served = serve()
    page = open_page(served.url)
    page.keyboard.press("2")
    page.wait_for_selector('.slot.main [data-pane="al-harir"]')
    expect(page.locator('.slot.inset [data-pane="al-asad"]')).to_be_visible()
    page.keyboard.press("v")
    page.keyboard.press("b")
    page.wait_for_function("() => location.hash.includes('theme=day')")
    again = open_page(page.url)
    expect(again.locator('.slot.main [data-pane="al-harir"]')).to_be_visible()
    assert "v=120" in again.url


def test_two_thousand_tracks_are_drawn_and_go_on_being_updated(serve, open_page):
    """How fast is a matter of the machine; that it neither stops nor drops any is not."""
    page = open_page(serve("--crowd", "2000").url, width=1920, height=1080)
    page.wait_for_function("() => window.__tocsin.stats().tracks >= 2000")
    before = page.evaluate("window.__tocsin.stats()")["updates"]
    page.wait_for_function(f"() => window.__tocsin.stats().updates >= {before + 10}")
    page.wait_for_function("() => window.__tocsin.stats().fresh === 'live'")


@pytest.mark.parametrize("theme", ["night", "day", "contrast"])
def test_axe_finds_nothing(serve, open_page, axe, theme):
    page = open_page(f"{serve().url}/#/watch?theme={theme}", reduced_motion="reduce")
    page.wait_for_selector('[data-act="release"]')
    page.click('[data-track="T1-01"]')
    page.wait_for_selector("#detail-head")
    page.evaluate(axe)
    tags = "['wcag2a','wcag2aa','wcag21aa','wcag22aa']"
    for key in (None, "d", "?"):
        if key:
            page.keyboard.press("Escape")
            page.keyboard.press(key)
            page.wait_for_selector("dialog[open]")
        found = page.evaluate(
            f"axe.run({{runOnly: {tags}}}).then(r => r.violations.map(v =>"
            " [v.id, v.nodes.map(n => [n.target.join(' '), n.any.map(a => a.message)])]))"
        )
        assert found == []


def test_pictures_for_the_manual(serve, open_page, tmp_path):
    page = open_page(serve().url, width=1440, height=900)
    page.wait_for_timeout(12_000)
    page.keyboard.press("j")
    page.wait_for_timeout(600)
    page.screenshot(path=tmp_path / "watch.png")
    assert (tmp_path / "watch.png").stat().st_size > 50_000
    if os.environ.get("TOCSIN_PICTURES"):  # writes into the source tree: only when asked
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / "watch.jpg", type="jpeg", quality=78)
        page.keyboard.press("1")
        page.wait_for_timeout(900)
        page.screenshot(path=PICTURES / "one-site.jpg", type="jpeg", quality=78)
