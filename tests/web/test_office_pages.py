"""Pages about sensors and alarms, and the list of all commands, on a real service."""

import json
import time

import pytest
from playwright.sync_api import expect
from tests.ports import free_port
from tests.service.harness import SITE
from tests.web.record_service import cookies_of, record_service

pytestmark = [pytest.mark.browser, pytest.mark.jit, pytest.mark.slow]
TAGS = json.dumps(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])


@pytest.fixture(scope="module")
def service(tmp_path_factory, built_page):
    """Return a service where somebody has warned by hand and nobody has heard the camera."""
    # Sensors stand before what is no sensor; this one posts.
    posting = SITE[SITE.index("[[sensor]]") :].replace('id = "camera"', 'id = "tower"')
    nobody = (
        posting + f'[[timestamp]]\nid = "state-tsa"\nto = "http://127.0.0.1:{free_port()}"\n'
    )
    folder = tmp_path_factory.mktemp("office")
    with record_service(folder, nobody) as running:
        raised = {"verb": "raise", "key": "one", "site": "north", "zones": ["apron"]}
        answer = running.client.post("/api/v1/acts", json={**raised, "step": "CAUTION"})
        assert answer.json()["accepted"], answer.text
        token = (folder / "data" / "secrets" / "tower").read_text().strip()
        plot = {"time_s": time.time(), "range_m": 3000, "azimuth_deg": 41.5, "elevation_deg": 3}
        answer = running.client.post(
            "/api/v1/detections", json=plot, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.json()["detections"] == 1, answer.text
        yield running


@pytest.fixture
def page(service, chromium):
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )
    context.add_cookies(cookies_of(service.client, service.url))
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


def violations(page, axe):
    page.evaluate(axe)
    told = "r => r.violations.map(v => [v.id, v.nodes[0].html])"
    return page.evaluate(f"axe.run({{runOnly: {TAGS}}}).then({told})")


def test_the_foot_leads_to_what_is_wrong_with_a_sensor(service, page):
    page.goto(f"{service.url}/#/watch")
    page.locator("footer a.sum").click()
    card = page.locator('[data-sensor-card="camera"]')
    expect(card).to_have_attribute("data-state", "never heard")
    expect(card).to_contain_text("does it send to the address in the site file?")
    # The alarms of now stand above this page too.
    expect(page.locator("[data-bar-alarm]")).to_contain_text("CAUTION")


def test_the_last_message_of_a_sensor_is_followed_on_its_card(service, page, axe):
    page.goto(f"{service.url}/#/sensors")
    card = page.locator('[data-sensor-card="tower"]')
    expect(card).to_contain_text("48.00100, 11.00200; reaches 12.0 km")
    card.locator("[data-followed] summary").click()
    expect(card.locator(".fate")).to_contain_text("it began track T1-", timeout=60_000)
    expect(card.locator("pre")).to_contain_text(b'{"time_s"'.hex(" "))
    expect(card).to_contain_text("azimuth_rad")
    assert violations(page, axe) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("() => document.documentElement.scrollWidth <= 390")
    expect(card.locator(".fate")).to_be_visible()


def test_an_authority_that_stamps_nothing_is_said_with_the_reason(service, page):
    page.goto(f"{service.url}/#/sensors")
    told = page.locator("[data-stamps]")
    expect(told).to_contain_text("state-tsa: no stamp yet", timeout=60_000)
    expect(told).to_contain_text("× not reached", timeout=60_000)
    expect(told).to_contain_text("signatures not checked here")


def test_a_warning_by_hand_is_counted_and_stands_in_the_shift_report(service, page):
    page.goto(f"{service.url}/#/performance")
    figure = page.locator('[data-figure="north: alarms"]')
    expect(figure).to_contain_text("1 CAUTION")
    expect(page.locator('[data-figure="north: until acknowledged"]')).to_contain_text("0:00")
    report = page.request.get(
        service.url + page.locator("[data-shift-report]").get_attribute("href")
    )
    assert "raised by hand" in report.text()
    assert "<script" not in report.text()
    refused = page.request.get(f"{service.url}/api/v1/performance?hours=-1")
    assert refused.status == 400


def test_any_command_is_found_by_its_words(service, page):
    page.goto(f"{service.url}/#/watch")
    page.wait_for_function("() => window.__tocsin?.stats().connection === 'open'")
    page.keyboard.press("Control+k")
    page.keyboard.type("page sensors")
    expect(page.locator('[role="option"][aria-selected="true"]')).to_contain_text(
        "page of the sensors"
    )
    page.keyboard.press("Enter")
    expect(page.locator("[data-sensors-page]")).to_be_visible()
    expect(page.locator("[data-palette]")).to_have_count(0)


@pytest.mark.parametrize("theme", ["night", "day", "contrast"])
def test_axe_finds_nothing_on_these_pages(service, page, axe, theme):
    page.goto(f"{service.url}/#/sensors?theme={theme}")
    expect(page.locator("[data-sensor-card]").first).to_be_visible()
    assert violations(page, axe) == []
    page.goto(f"{service.url}/#/performance?theme={theme}")
    expect(page.locator("[data-figure]").first).to_be_visible()
    assert violations(page, axe) == []
    page.keyboard.press("Control+k")
    expect(page.locator("[data-palette]")).to_be_visible()
    assert violations(page, axe) == []
