"""The watch screen in a real browser, against a service that is written from the contract."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "operating" / "img"
TOLD_MS = 60_000  # it must take 5 s at most, which `python -m bench screen` measures


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


@pytest.mark.parametrize("width", [1280, 1366, 1920])
def test_the_number_of_a_track_is_read_whole_after_a_month(serve, open_page, width):
    page = open_page(serve("--after", "48000").url, width=width)
    names = page.locator("tbody td.name span")
    expect(names.first).to_contain_text("-480")
    cut = names.evaluate_all(
        "all => all.filter(n => n.scrollWidth > n.clientWidth).map(n => n.textContent)"
    )
    assert [name for name in cut if "-480" in name] == []


def test_a_stopped_service_is_told_and_the_page_recovers(serve, open_page):
    served = serve("--mode", "live")
    page = open_page(served.url)
    expect(page.locator("header .mode")).to_be_visible()
    served.stop()
    page.wait_for_selector('[data-banner="not-live"] >> text=PICTURE NOT LIVE', timeout=TOLD_MS)
    expect(page.locator("header .mode"), "no green LIVE beside NOT LIVE").to_be_hidden()
    served.start()
    page.wait_for_selector('[data-banner="not-live"]', state="detached")
    expect(page.locator("header .mode")).to_have_text("LIVE")
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


def test_a_faster_day_says_how_fast(serve, open_page):
    page = open_page(serve("--rate", "6").url)
    expect(page.locator("header .mode")).to_have_text("SIMULATED ×6")


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
    for_print = bool(os.environ.get("TOCSIN_PICTURES"))  # what has flown leaves trails
    page = open_page(serve().url, width=1440, height=900)
    page.wait_for_timeout(12_000 if for_print else 0)
    page.wait_for_function("() => window.__tocsin.stats().tracks >= 12")
    page.keyboard.press("j")
    page.wait_for_selector("#detail-head")
    page.wait_for_timeout(600 if for_print else 0)
    page.screenshot(path=tmp_path / "watch.png")
    assert (tmp_path / "watch.png").stat().st_size > 50_000
    if for_print:  # writes into the source tree: only when asked
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / "watch.jpg", type="jpeg", quality=78)
        page.keyboard.press("1")
        page.wait_for_timeout(900)
        page.screenshot(path=PICTURES / "one-site.jpg", type="jpeg", quality=78)
