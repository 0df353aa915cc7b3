"""An airport's watch: a drone over the runway, the phrase, suspend, resume, evidence sheet."""

import contextlib
import json
import os
import re
import threading
import time
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect
from tests.web.record_service import cookies_of, record_service

pytestmark = [pytest.mark.browser, pytest.mark.jit, pytest.mark.slow]
PICTURES = Path(__file__).parents[2] / "docs" / "operating" / "img"
TAGS = json.dumps(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
VOLUMES = """
[[site.volume]]
id = "runway"
name = "Runway 26"
kind = "runway"
polygon = [[10.98, 47.995], [11.02, 47.995], [11.02, 48.005], [10.98, 48.005]]
ceiling_m = 300
[[site.volume]]
id = "final"
name = "final runway 26"
kind = "approach"
line = [[11.02, 48.0], [11.15, 48.01]]
width_m = 900
ceiling_m = 150
far_floor_m = 250
far_ceiling_m = 700
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory, built_page):
    with record_service(tmp_path_factory.mktemp("airport"), VOLUMES, "airport") as running:
        yield running


@pytest.fixture
def page(service, chromium):
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    )
    context.add_cookies(cookies_of(service.client, service.url))
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{service.url}/#/watch")
    page.wait_for_function("() => window.__tocsin?.stats().connection === 'open'")
    yield page
    context.close()
    assert faults == []


@contextlib.contextmanager
def hovering(service):
    """Let the camera see something over the runway all the while, in a thread of its own."""
    gone, failed = threading.Event(), []

    def post():
        with httpx.Client(base_url=service.url, timeout=60) as client:
            while not gone.wait(0.5):
                try:
                    seen(service, client)
                except Exception as error:
                    failed.append(error)

    thread = threading.Thread(target=post)
    thread.start()
    try:
        yield
    finally:
        gone.set()
        thread.join(90)
    assert failed == []


def seen(service, client):
    """Post what the camera sees now: something that hovers over the runway, 600 m west."""
    token = (service.site.parent / "data" / "secrets" / "camera").read_text().strip()
    detection = {
        "time_s": time.time(), "azimuth_deg": 262.0, "elevation_deg": 6.0, "range_m": 600.0,
        "class_scores": {"drone_multirotor": 0.95},
    }  # fmt: skip
    reply = client.post(
        "/api/v1/detections", json={"sensor": "camera", "detections": [detection]},
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    assert reply.status_code == 200, reply.text


def violations(page, axe):
    page.evaluate(axe)
    told = "r => r.violations.map(v => [v.id, v.nodes[0].html])"
    return page.evaluate(f"axe.run({{runOnly: {TAGS}}}).then({told})")


def test_from_a_drone_over_the_runway_to_the_evidence_sheet(service, page, axe):
    row = page.locator('[data-operations="north"]')
    expect(row).to_contain_text("Runway operations")
    runway = page.locator('[data-volume="runway"]')
    dialog = page.locator("dialog")
    with hovering(service):
        suspend_while_it_is_there(page, row, runway, dialog, axe)
    resume_when_it_is_gone(page, row, runway, dialog, axe)
    sheet = page.request.get(
        service.url + row.locator("[data-evidence]").get_attribute("href")
    ).text()
    for words in ("volume entered, Runway 26", "said to be met: Protected volumes searched",
                  "Patrol found nothing", "no reason was given", "by officer"):  # fmt: skip
        assert words in sheet
    gone = page.request.get(f"{service.url}/api/v1/evidence.html?suspension=S-9-9")
    assert gone.status == 404


def suspend_while_it_is_there(page, row, runway, dialog, axe):
    expect(runway).to_have_attribute("data-state", "occupied", timeout=120_000)
    expect(row.locator("[data-phrase]").first).to_contain_text("now in Runway 26")
    expect(row.locator("[data-phrase]").first).to_contain_text("Read to Tower")
    alarm = page.locator("[data-alarm]").first
    expect(alarm).to_contain_text("Runway 26")
    assert violations(page, axe) == []

    row.locator('[data-act="suspend"]').click()
    expect(dialog).to_contain_text("Runway operations: suspend")
    assert violations(page, axe) == []
    dialog.get_by_label("Runway 26", exact=True).check()
    dialog.get_by_role("button", name="Record: suspended").click()  # no reason is needed
    expect(row).to_have_attribute("data-suspended", "true")
    expect(row).to_contain_text("SUSPENDED")
    expect(dialog).to_have_count(0)
    if os.environ.get("TOCSIN_PICTURES"):  # writes into the source tree: only when asked
        page.screenshot(path=PICTURES / "airport.jpg", type="jpeg", quality=72)

    row.locator('[data-act="resume"]').click()
    for box in dialog.locator('input[name="criterion"]').all():
        box.check()
    dialog.get_by_label("In your own words").fill("searched")
    dialog.get_by_role("button", name="Record: resumed").click()
    expect(dialog).to_contain_text("It was not accepted")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(row).to_have_attribute("data-suspended", "true")


def resume_when_it_is_gone(page, row, runway, dialog, axe):
    expect(runway).to_have_attribute("data-state", "free", timeout=120_000)
    row.locator('[data-act="resume"]').click()
    boxes = dialog.locator('input[name="criterion"]')
    expect(boxes).to_have_count(3)
    for box in boxes.all():
        box.check()
    dialog.get_by_label("In your own words").fill("Patrol found nothing")
    assert violations(page, axe) == []
    dialog.get_by_role("button", name="Record: resumed").click()
    expect(row).to_have_attribute("data-suspended", "false")
    expect(row).to_contain_text("Patrol found nothing")


@pytest.mark.parametrize("theme", ["night", "day", "contrast"])
def test_axe_finds_nothing_on_an_airports_watch(service, page, axe, theme):
    page.goto(f"{service.url}/#/watch?theme={theme}")
    expect(page.locator('[data-volume="final"]')).to_be_visible()
    assert violations(page, axe) == []


def test_operations_fit_a_telephone(service, page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("() => document.documentElement.scrollWidth <= 390")
    button = page.locator('[data-operations="north"] [data-act="suspend"]')
    button.click()
    expect(page.locator("dialog")).to_contain_text("Runway operations: suspend")
    box = page.locator("dialog").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def test_any_command_finds_suspend_and_the_shift_report_bears_the_profiles_title(service, page):
    page.keyboard.press("Control+k")
    page.keyboard.type("suspend")
    # The command is there once the site's operations are.
    chosen = page.locator('[role="option"][aria-selected="true"]')
    expect(chosen).to_contain_text(re.compile("suspend", re.IGNORECASE))
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_contain_text("Runway operations: suspend")
    report = page.request.get(f"{service.url}/api/v1/shift-report.html").text()
    assert "Airport shift report: North field" in report
    assert "<h2>Runway operations</h2>" in report
