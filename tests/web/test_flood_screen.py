"""More alarms than a list can hold: the watch screen groups them by site."""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.web.mock_service import NEAR

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PICTURES = Path(__file__).parents[2] / "docs" / "operating" / "img"
TAGS = json.dumps(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])


def test_a_flood_is_grouped_and_the_keyboard_still_leads_through_it(serve, open_page):
    page = open_page(serve("--flood", "14").url, width=1440, height=900)
    expect(page.locator('[data-banner="flood"]')).to_contain_text("in ten minutes")
    expect(page.locator("[data-flood-site]")).to_have_count(2)
    # Few cards stand open, the rest is folded and none is lost.
    expect(page.locator("[data-flood-site] > ul > .card").first).to_be_visible()
    page.wait_for_function(
        """() => {
            const all = (what) => document.querySelectorAll(`[data-flood-site] ${what}`);
            const open = all('> ul > .card').length;
            return open <= 9 && open + all('details .card').length >= 14;
        }"""
    )
    expect(page.locator(".card.current")).to_have_count(1)
    first = page.locator(".card.current").get_attribute("data-alarm")
    page.keyboard.press("j")
    expect(page.locator(".card.current")).not_to_have_attribute("data-alarm", first)
    expect(page.locator(".card.current")).to_be_visible()
    if os.environ.get("TOCSIN_PICTURES"):  # writes into the source tree: only when asked
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / "flood.jpg", type="jpeg", quality=72)


def test_ten_alarms_are_still_a_list(serve, open_page):
    page = open_page(serve("--flood", "8").url)
    expect(page.locator(".card").first).to_be_visible()
    expect(page.locator("[data-flood-site]")).to_have_count(0)
    page.wait_for_function("() => document.querySelectorAll('.card').length >= 8")
    # What stays near and comes to no zone says so on its card; the others say nothing more.
    assert page.locator('.card[data-step="CAUTION"] [data-remark]').count() == 0
    for card in page.locator('.card[data-alarm^="A-9-"][data-step="MONITOR"]').all():
        expect(card.locator("[data-remark]")).to_have_text(NEAR)


@pytest.mark.parametrize("theme", ["night", "day", "contrast"])
def test_axe_finds_nothing_in_a_flood(serve, open_page, axe, theme):
    url = f"{serve('--flood', '14').url}/#/watch?theme={theme}"
    page = open_page(url, reduced_motion="reduce")
    expect(page.locator("[data-flood-site]")).to_have_count(2)
    page.locator("[data-flood-site] summary").first.click()
    page.evaluate(axe)
    told = "r => r.violations.map(v => [v.id, v.nodes[0].html])"
    assert page.evaluate(f"axe.run({{runOnly: {TAGS}}}).then({told})") == []
