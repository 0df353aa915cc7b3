"""Warning by hand, a sighting, advice, notices and a headcount, in a real browser on a real
watch: one page after the other, as an officer would meet them.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.jit, pytest.mark.slow]

SITE = """
[node]
name = "Two fields"
[[site]]
id = "north"
name = "North"
lat = 48.0
lon = 11.0
elevation_m = 500
geoid_m = 45
clear_criteria = ["Area searched"]
[site.rules]
clear_s = 0.1
[[site.zone]]
id = "apron"
name = "Apron"
radius_m = 900
ceiling_m = 600
shelter_s = 60
[[site.zone]]
id = "hangar"
name = "Hangar"
center_offset_m = [2000, 0]
radius_m = 300
ceiling_m = 600
shelter_s = 60
[[site]]
id = "south"
name = "South"
lat = 47.0
lon = 11.0
elevation_m = 500
geoid_m = 45
[[site.zone]]
id = "apron"
name = "Apron"
radius_m = 900
ceiling_m = 600
shelter_s = 60
[[sensor]]
id = "receiver"
kind = "adsb"
format = "beast"
listen = "udp://127.0.0.1:{port}"
sites = ["north", "south"]
[[sensor]]
id = "tower"
kind = "person"
format = "sightings"
sites = ["north"]
lat = 48.002
lon = 11.001
height_m = 20
[[playbook]]
id = "call-back"
when = "CAUTION"
threats = ["sighting"]
words = "Call back whoever reported it"
tell = [{{ post = "Guard commander", telephone = "ext. 120" }}]
[[playbook]]
id = "count"
when = "TAKE SHELTER"
words = "Count people"
tell = [{{ post = "Wardens", telephone = "ext. 150" }}]
"""


def _is_ready(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def link(tmp_path_factory):
    folder = tmp_path_factory.mktemp("watch")
    site, log = folder / "site.toml", folder / "log"
    site.write_text(SITE.format(port=free_port(socket.SOCK_DGRAM)))
    words = ["watch", str(site), "--data", str(folder / "data"), "--port", str(free_port())]
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "tocsin", *words, "--link"],
            stdout=out, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    try:
        until = time.monotonic() + 900  # kernels may have to be compiled
        while not (found := re.search(r"http://\S+token=\S+", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        ready = found[0].partition("/enter")[0] + "/readyz"
        while not _is_ready(ready):
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.5)
        yield found[0]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@pytest.fixture(scope="module")
def page(link, chromium, built_page):
    del built_page
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.set_default_timeout(60_000)
    page.goto(link)
    page.wait_for_selector('[data-zone="north/apron"]')
    yield page
    context.close()


def zone(page, name, step):
    return page.wait_for_selector(f'[data-zone="{name}"][data-step="{step}"]')


def test_three_keys_warn_a_whole_site_from_anywhere(page):
    page.keyboard.press("?")  # even with a dialog open
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("w")
    page.wait_for_selector("dialog[open] .raise")
    page.keyboard.press("1")
    page.keyboard.press("c")
    zone(page, "north/apron", "CAUTION")
    zone(page, "north/hangar", "CAUTION")
    assert page.locator("dialog[open]").count() == 0
    assert page.locator('[data-zone="south/apron"]').get_attribute("data-step") != "CAUTION"


def test_the_other_site_is_told_and_can_raise_its_readiness(page):
    notice = page.locator('[data-notice$="-south"]').first
    notice.wait_for()
    assert "CAUTION at North" in notice.inner_text()
    notice.locator('[data-ready="4"]').click()
    page.wait_for_selector('[data-zone="south/apron"] >> text=/ready for (3:59|4:00)/')
    notice.locator('[data-act="see-notice"]').click()
    page.wait_for_selector('[data-notice$="-south"] >> text=seen by')


def test_nobody_looking_is_said_with_what_is_missing(page):
    """The receiver was never heard: readiness does not hide it."""
    row = zone(page, "south/apron", "NOT WATCHING")
    assert "receiver has never been heard" in row.inner_text()


def test_what_was_raised_by_hand_is_lowered_with_a_reason(page):
    row = page.locator('[data-zone="north/hangar"]')
    row.locator('[data-act="lower"]').click()
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    zone(page, "north/hangar", "NOT WATCHING")
    zone(page, "north/apron", "CAUTION")
    page.wait_for_timeout(700)  # for a moment after a dialog keys are ignored


def test_a_sighting_is_reported_by_keyboard_and_stands_beside_what_sensors_covered(page):
    page.keyboard.press("u")
    page.wait_for_selector("dialog[open] form")
    page.keyboard.press("2")  # north-east
    page.locator("dialog textarea").fill("low, two lights")
    page.keyboard.press("Enter")
    card = page.locator('[data-alarm]:has([data-sighting="S-1-1"])')
    card.wait_for()
    text = card.inner_text()
    assert "towards 045" in text
    assert "low, two lights" in text
    assert "no sensor covers this place" in text
    assert card.get_attribute("data-step") == "CAUTION"
    assert zone(page, "north/hangar", "NOT WATCHING"), "a sighting moves no zone"


def test_the_playbook_says_whom_to_call_and_following_it_is_recorded(page):
    card = page.locator('[data-alarm]:has([data-sighting="S-1-1"])')
    card.locator(".pick").click()
    line = card.locator('[data-advice="call-back"]')
    line.wait_for()
    assert "ext. 120" in line.inner_text()
    line.locator('[data-act="follow"]').click()
    page.wait_for_selector('[data-advice="call-back"].followed')
    card.locator(".decision >> text=Call back whoever reported it").wait_for()


def test_a_headcount_keeps_what_was_not_said_unknown(page):
    page.keyboard.press("w")
    page.wait_for_selector("dialog[open] .raise")
    page.keyboard.press("1")
    page.locator('dialog input[value="hangar"]').uncheck()
    page.locator('dialog [data-raise="TAKE SHELTER"]').click()
    zone(page, "north/apron", "TAKE SHELTER")
    row = page.locator('[data-zone="north/apron"]')
    row.locator('[data-act="account"]').click()
    page.locator('dialog input[name="accounted"]').fill("34")
    page.locator('dialog button[type="submit"]').click()
    row.locator("text=34 accounted for, ? missing, ? hurt").wait_for()


def test_all_clear_needs_the_sites_criteria(page):
    row = page.locator('[data-zone="north/apron"]')
    row.locator('[data-act="clear"]').click()
    page.locator("dialog label", has_text="False alarm").click()
    page.locator('dialog button[type="submit"]').click()
    page.wait_for_selector("text=/North gives ALL CLEAR only when.*Area searched/")
    page.locator("dialog label", has_text="Area searched").click()
    page.locator('dialog button[type="submit"]').click()
    zone(page, "north/apron", "ALL CLEAR")


def test_a_telephone_opens_the_form_by_its_link(page, link):
    other = page.context.new_page()
    other.set_viewport_size({"width": 390, "height": 780})
    other.goto(link.partition("/enter")[0] + "/#/sighting")
    form = other.wait_for_selector("dialog[open] form")
    box = form.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    other.locator('[data-way="N"]').click()
    assert other.locator('[data-way="N"]').get_attribute("aria-pressed") == "true"
    assert other.locator('[data-field="where"]').input_value() == "post:tower"
    if folder := os.environ.get("TOCSIN_SHOTS"):
        other.screenshot(path=f"{folder}/phone.png")
        page.screenshot(path=f"{folder}/watch.png")
    other.locator('dialog button[type="submit"]').click()
    other.wait_for_selector("dialog[open]", state="detached")
    page.wait_for_selector('[data-sighting="S-1-2"]')
    other.close()


def test_the_page_threw_nothing(page):
    assert page.faults == []
