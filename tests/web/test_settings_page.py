"""Settings of a seat: units, clock, theme kept over a reload; sound checked by ear."""

import json

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TAGS = json.dumps(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])


@pytest.fixture
def page(serve, open_page):
    return open_page(serve().url)


def settings(page):
    page.keyboard.press("Control+k")
    page.keyboard.type("settings")
    page.keyboard.press("Enter")
    shown = page.locator("[data-settings-page]")
    expect(shown).to_be_visible()
    return shown


def test_units_clock_and_theme_are_kept_by_the_browser(page):
    shown = settings(page)
    expect(shown.locator("[data-example]")).to_contain_text("310 m, 41 m/s")
    shown.get_by_label("nautical").check()
    expect(shown.locator("[data-example]")).to_contain_text("0.67 NM, 1000 ft, 80 kt")
    shown.get_by_label("local first").check()
    shown.get_by_label("Day", exact=True).check()
    page.goto(page.url.split("#")[0])
    page.wait_for_function("() => window.__tocsin?.stats().updates > 0")
    assert page.evaluate("document.documentElement.dataset.theme") == "day"
    expect(page.locator("header time b")).to_contain_text("local")
    expect(page.locator("section.tracks thead")).to_contain_text("kt")
    expect(page.locator("tbody tr td.num").first).to_contain_text("ft")


def test_the_sound_is_checked_by_ear_step_by_step(page):
    shown = settings(page)
    shown.locator('[data-check="TAKE SHELTER"]').click()
    expect(shown.locator('[data-played="TAKE SHELTER"]')).to_be_visible()
    shown.get_by_role("button", name="I heard nothing").click()
    expect(shown).to_contain_text("look at the speakers")
    shown.locator('[data-check="CAUTION"]').click()
    shown.get_by_role("button", name="I heard it").click()
    expect(shown).to_contain_text("heard at")
    expect(page.locator("header")).to_contain_text("♪ on")


@pytest.mark.parametrize("theme", ["night", "day", "contrast"])
def test_axe_finds_nothing_on_the_settings(page, axe, theme):
    page.goto(f"{page.url.split('#')[0]}#/settings?theme={theme}")
    expect(page.locator("[data-settings-page]")).to_be_visible()
    page.evaluate(axe)
    told = "r => r.violations.map(v => [v.id, v.nodes[0].html])"
    assert page.evaluate(f"axe.run({{runOnly: {TAGS}}}).then({told})") == []


def test_no_page_is_wider_than_a_phone(page):
    """Nor does what is for screen readers alone make a phone zoom out."""
    page.set_viewport_size({"width": 390, "height": 844})
    sensors = page.locator("footer [data-sensor]")
    expect(sensors).not_to_have_count(0)
    for name in ("watch", "shift", "settings", "sensors", "performance", "site", "replay"):
        page.evaluate("hash => { location.hash = hash }", f"#/{name}")
        page.wait_for_function(
            "name => location.hash.startsWith(`#/${name}`)"
            " && document.documentElement.scrollWidth <= innerWidth",
            arg=name,
        )
