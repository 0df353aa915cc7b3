"""A drill beside the real watch in a real browser: unmistakable, and ended by what is real."""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.service.harness import SITE
from tests.web.record_service import RecordService, cookies_of

pytestmark = [pytest.mark.browser, pytest.mark.jit, pytest.mark.slow]

PICTURES = Path(__file__).parents[2] / "docs" / "operating" / "img"
TAGS = json.dumps(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
EXERCISE = SITE.replace('format = "detections"', 'format = "detections"\nnature = "exercise"')
# A busy machine may answer late; that a silent watch ends a drill is tested without a browser.
PATIENT = (
    "import runpy, tocsin.service.drill as drill; drill.GONE_S = 600.0; "
    "runpy.run_module('tocsin', run_name='__main__')"
)


@pytest.fixture(scope="module")
def watches(tmp_path_factory, built_page):
    """Return the real watch and the drill beside it."""
    del built_page
    folder = tmp_path_factory.mktemp("drill")
    with RecordService(folder / "real", SITE + '[[sentinel]]\nid = "drill"\n') as real:
        secrets = folder / "drill" / "data" / "secrets"
        secrets.mkdir(parents=True)
        word = (folder / "real" / "data" / "secrets" / "sentinel-drill").read_text()
        (secrets / "drill").write_text(word)
        options = ("--drill-of", real.url)
        with RecordService(folder / "drill", EXERCISE, options, ("-c", PATIENT)) as drill:
            yield real, drill


@pytest.fixture(scope="module")
def page(watches, chromium):
    _, drill = watches
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )
    context.add_cookies(cookies_of(drill.client, drill.url))
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(drill.url)
    page.wait_for_selector('[data-zone="north/apron"]')
    yield page
    context.close()
    assert faults == []


def violations(page, axe):
    page.evaluate(axe)
    told = "r => r.violations.map(v => [v.id, v.nodes[0].html])"
    return page.evaluate(f"axe.run({{runOnly: {TAGS}}}).then({told})")


def picture(page, name):
    if os.environ.get("TOCSIN_PICTURES"):  # writes into the source tree: only when asked
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / name, type="jpeg", quality=72)


def raised(client, key):
    body = {"verb": "raise", "key": key, "site": "north", "step": "CAUTION", "text": "gate"}
    answer = client.post("/api/v1/acts", json=body)
    assert answer.json()["accepted"], answer.text


def test_every_part_of_a_drill_says_exercise_and_its_alarms_end_nothing(watches, page, axe):
    _, drill = watches
    expect(page.locator(".frame")).to_have_attribute("data-mode", "exercise")
    expect(page.locator("header .mode")).to_have_text("EXERCISE")
    raised(drill.client, "a")
    card = page.locator(".card").first
    expect(card).to_contain_text("EXERCISE")
    expect(page.locator('[data-zone="north/apron"]')).to_have_attribute("data-step", "CAUTION")
    for name in ("shift", "sensors"):
        page.evaluate(f"location.hash = '#/{name}'")
        expect(page.locator(f"[data-{name}-page]")).to_be_visible()
        expect(page.locator(".frame")).to_have_attribute("data-mode", "exercise")
    page.evaluate("location.hash = '#/watch'")
    expect(card).to_be_visible()
    expect(page.locator('[data-banner="real"]')).to_have_count(0)
    assert violations(page, axe) == []
    picture(page, "drill.jpg")


def test_a_real_caution_covers_the_drill_whatever_is_open(watches, page, axe):
    real, drill = watches
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    raised(real.client, "b")
    banner = page.locator('[data-banner="real"]')
    expect(banner).to_contain_text("REAL WORLD")
    expect(banner).to_contain_text("CAUTION stands at the real watch")
    # Nothing lies over it, a dialog that was open neither.
    drawn = page.evaluate(
        "() => document.elementFromPoint(640, 400)?.closest('[data-banner]')?.dataset.banner"
    )
    assert drawn == "real"
    assert violations(page, axe) == []
    picture(page, "real-world.jpg")
    drill.process.wait(60)
    # The page of a drill that has ended goes on saying so, and never shows it as live again.
    page.wait_for_function("() => window.__tocsin.stats().connection !== 'open'")
    expect(banner).to_be_visible()
