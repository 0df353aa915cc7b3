"""The demo as an officer meets it: one command, a link, a browser, the first raid."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
from playwright.sync_api import expect, sync_playwright

from tocsin.record import append_into, open_chain
from tocsin.service.journal import read_entries

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.jit, pytest.mark.realtime]
SPEED = 10.0


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Start the demo; give its link, its data folder and the process."""
    data = tmp_path_factory.mktemp("demo")
    log = data / "log"
    words = ["demo", "--speed", str(SPEED), "--port", str(free_port()), "--data", str(data)]
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "tocsin", *words, "--seed", "1"],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        until = time.monotonic() + 90
        while not (link := re.search(r"http://\S+token=\S+", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        yield link[0], data, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


@pytest.fixture(scope="module")
def page(demo, chromium):
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 1600, "height": 900})
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(demo[0])
        yield page
        browser.close()


def test_the_link_signs_in_and_both_bases_are_on_the_map(page):
    expect(page.locator('[data-pane="al-asad"]')).to_be_visible(timeout=15_000)
    expect(page.locator('[data-pane="al-harir"]')).to_be_visible()
    expect(page.locator('.frame[data-mode="simulated"]')).to_be_visible()
    expect(page.locator("footer [data-sensor]")).to_have_count(7)


def test_tracks_are_listed_and_drawn(page):
    expect(page.locator("[data-track]").first).to_be_visible(timeout=30_000)
    page.wait_for_function("() => window.__tocsin.stats().tracks > 0", timeout=20_000)


def test_an_alarm_is_acknowledged_and_decided(page):
    about_tracks = '[data-alarm][data-state="unacknowledged"]:not([data-step="NOT WATCHING"])'
    alarm = page.locator(about_tracks).first
    expect(alarm).to_be_visible(timeout=60_000)
    name = alarm.get_attribute("data-alarm")
    card = page.locator(f'[data-alarm="{name}"]')
    card.locator('[data-act="acknowledge"]').click()
    expect(card).to_have_attribute("data-state", re.compile("acknowledged$|closed"))
    card.locator('[data-act="decide"]').click()
    dialog = page.locator("dialog[open]")
    dialog.locator("textarea, input[type=text]").last.fill("Tower told by telephone")
    dialog.get_by_role("button", name="Record decision").click()
    expect(card.locator(".decision")).to_contain_text("Tower told by telephone", timeout=10_000)


def test_take_shelter_is_released_by_a_person(page):
    proposed = page.locator('[data-zone]:has([data-act="release"])').first
    expect(proposed).to_be_visible(timeout=90_000)
    name = proposed.get_attribute("data-zone")
    assert "al-asad" in name
    zone = page.locator(f'[data-zone="{name}"]')
    zone.locator('[data-act="release"]').click()
    expect(zone).to_have_attribute("data-step", "TAKE SHELTER", timeout=5_000)
    expect(zone).to_contain_text("Released by", timeout=8_000)
    expect(zone).not_to_contain_text("automatic")


def test_every_zone_of_the_first_base_shelters_and_the_other_base_has_no_alarm(page):
    for zone in page.locator('[data-zone^="al-asad"]').all():
        expect(zone).to_have_attribute("data-step", "TAKE SHELTER", timeout=90_000)
    for zone in page.locator('[data-zone^="al-harir"]').all():
        assert zone.get_attribute("data-step") in ("QUIET", "MONITOR")
    texts = page.locator("[data-alarm]").all_inner_texts()
    assert any("Asad" in text for text in texts)
    assert not any("Harir" in text for text in texts)


def test_the_page_threw_nothing(page):
    assert page.faults == []


def test_the_journal_of_the_demo_replays_to_its_digest(demo, page):
    """Last, since it ends the demo."""
    _, data, process = demo
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    journal = next(path.parent for path in data.rglob("journal-*.sqlite"))
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "replay", str(journal), "--json"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    replayed = json.loads(done.stdout.splitlines()[-1])
    entries, after = [], -1
    while part := read_entries(journal, after=after, limit=1000):
        entries += part
        after = part[-1].number
    chain, _ = open_chain("another mode", entries[0].recorded_s, {})
    for entry in entries[1:]:
        append_into(chain, entry.kind, entry.recorded_s, json.loads(entry.body))
    assert replayed["outcome_digest"] == chain.outcome.hex()
    assert len(entries) > 50
