"""A real service and a real page: whether its sound runs, and an alarm on a shelf, by keys."""

import time

import pytest
from playwright.sync_api import expect
from tests.web.record_service import cookies_of, record_service


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with record_service(tmp_path_factory.mktemp("armed")) as found:
        yield found


@pytest.fixture
def page(running, chromium, built_page):
    del built_page
    context = chromium.new_context(viewport={"width": 1360, "height": 800})
    context.add_cookies(cookies_of(running.client, running.url))
    page = context.new_page()
    page.goto(running.url)
    page.get_by_role("button", name="Arm sound").wait_for(timeout=60_000)
    yield page
    context.close()


def test_the_service_knows_of_a_page_once_its_sound_is_armed(running, page):
    def until(number):
        end = time.monotonic() + 60.0
        while (armed := running.desk.get("/api/v1/pulse")["armed"]) != number:
            assert time.monotonic() < end, f"{armed} pages are armed, not {number}"
            time.sleep(0.2)

    until(0)
    page.get_by_role("button", name="Arm sound").click(timeout=60_000)
    until(1)
    # Every clip of the voice is there and was decoded.
    page.wait_for_function("() => window.__tocsin.stats().voice === 15", timeout=60_000)
    page.get_by_role("button", name="♪ on").click(timeout=60_000)
    until(0)
    page.get_by_role("button", name="Arm sound").click(timeout=60_000)
    until(1)
    page.close()
    until(0)


def test_an_alarm_is_shelved_and_taken_off_by_keys(running, page):
    act = {"verb": "raise", "key": "shelf", "site": "north", "step": "CAUTION", "text": "gate"}
    said = running.client.post("/api/v1/acts", json=act).json()
    assert said["accepted"], said
    card = page.locator('[data-alarm][data-step="CAUTION"]')
    expect(card).to_be_visible(timeout=60_000)
    page.keyboard.press(";")
    expect(page.get_by_role("dialog")).to_be_visible(timeout=60_000)
    page.locator('[data-minutes="60"]').click()
    page.get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Shelve").last.click()
    shelf = card.locator("[data-shelf]")
    expect(shelf).to_contain_text("watched by eye", timeout=60_000)
    expect(shelf).to_contain_text("shelved by officer")
    # A key pressed while the dialog still stands is the dialog's.
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=60_000)
    page.wait_for_timeout(700)  # and for a moment after it
    page.keyboard.press(";")
    expect(shelf).to_have_count(0, timeout=60_000)
    expect(card).to_have_attribute("data-state", "unacknowledged", timeout=60_000)
