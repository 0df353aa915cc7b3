"""The demo as an officer meets it: one command, a link, a browser, the first raid."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.ports import free_port

from tocsin.record import append_into, open_chain
from tocsin.service.journal import read_entries

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.jit, pytest.mark.realtime]
SPEED = 10.0
DECISION = "Tower told by telephone"
EDITOR = "second editor"
PICTURES = Path(__file__).parents[2] / "docs" / "record" / "img"
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
WAIT_MS = 60_000  # for an answer of the service on a busy machine


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
        until = time.monotonic() + 300
        while not (link := re.search(r"http://\S+token=\S+", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        yield link[0], data, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


@pytest.fixture(scope="module")
def page(demo, chromium):
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 1600, "height": 900})
        page.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(demo[0])
        yield page
        browser.close()


def test_the_link_signs_in_and_both_bases_are_on_the_map(page):
    expect(page.locator('[data-pane="al-asad"]')).to_be_visible()
    expect(page.locator('[data-pane="al-harir"]')).to_be_visible()
    expect(page.locator('.frame[data-mode="simulated"]')).to_be_visible()
    expect(page.locator("footer [data-sensor]")).to_have_count(7)


def test_tracks_are_listed_and_drawn(page):
    expect(page.locator("[data-track]").first).to_be_visible()
    page.wait_for_function("() => window.__tocsin.stats().tracks > 0")


def test_an_alarm_is_acknowledged_and_decided(page):
    # At MONITOR a bird may be asked about; NOT WATCHING is about sensors.
    about_tracks = '[data-alarm][data-step="CAUTION"][data-state="unacknowledged"]'
    alarm = page.locator(about_tracks).first
    expect(alarm).to_be_visible(timeout=60_000)
    name = alarm.get_attribute("data-alarm")
    card = page.locator(f'[data-alarm="{name}"]')
    card.locator('[data-act="acknowledge"]').click()
    expect(card).to_have_attribute("data-state", re.compile("acknowledged$|closed"))
    card.locator('[data-act="decide"]').click()
    dialog = page.locator("dialog[open]")
    dialog.locator("textarea, input[type=text]").last.fill(DECISION)
    dialog.get_by_role("button", name="Record decision").click()
    expect(card.locator(".decision")).to_contain_text(DECISION)
    link = card.locator("[data-incident]")
    expect(link).to_contain_text("Incident INC-")
    page.incident = link.get_attribute("data-incident")


def test_take_shelter_is_released_by_a_person(page):
    proposed = page.locator('[data-zone]:has([data-act="release"])').first
    expect(proposed).to_be_visible(timeout=90_000)
    name = proposed.get_attribute("data-zone")
    assert "al-asad" in name
    zone = page.locator(f'[data-zone="{name}"]')
    zone.locator('[data-act="release"]').click()
    expect(zone).to_have_attribute("data-step", "TAKE SHELTER")
    expect(zone).to_contain_text("Released by")
    expect(zone).not_to_contain_text("automatic")


def test_every_zone_that_has_to_shelters_and_the_other_base_is_not_alarmed(page):
    """The drones come to the flight line and the living area; the fuel lies aside."""
    for name in ("flight-line", "living-area"):
        zone = page.locator(f'[data-zone="al-asad/{name}"]')
        expect(zone).to_have_attribute("data-step", "TAKE SHELTER", timeout=90_000)
    for zone in page.locator('[data-zone^="al-harir"]').all():
        expect(zone).to_have_attribute("data-step", re.compile("^(QUIET|MONITOR)$"))
    serious = page.locator('[data-alarm]:is([data-step="CAUTION"], [data-step="TAKE SHELTER"])')
    texts = serious.all_inner_texts()
    assert any("Asad" in text for text in texts)
    assert not any("Harir" in text for text in texts)


def test_the_list_of_incidents_leads_to_what_was_seen_and_decided(page):
    counted = {"verb": "account", "key": "count", "site": "al-asad", "zones": ["flight-line"]}
    counted["headcount"] = {"accounted": 41, "missing": 0, "done": True}
    origin = page.url.partition("/#")[0]
    assert page.request.post(f"{origin}/api/v1/acts", data=counted).json()["accepted"]
    page.keyboard.press("e")
    page.locator(f'.list [data-incident="{page.incident}"]').click()
    expect(page.locator(f'[data-incident-page="{page.incident}"]')).to_be_visible()
    expect(page.locator("[data-decided]").first).to_contain_text(DECISION)
    expect(page.locator("[data-told-track]").first).to_be_visible()
    expect(page.locator('[data-section="claims"]')).to_contain_text("none stated")
    count = page.locator('[data-headcount="flight-line"]')
    expect(count).to_contain_text("accounted for 41, missing 0, hurt not stated")
    # The watch goes on above the page.
    expect(page.locator("[data-alarms]")).to_be_visible()
    assert page.evaluate("window.__tocsin.stats().connection") == "open"


def test_the_map_is_moved_through_moment_by_moment_from_the_first_sight(page):
    after = page.get_by_role("button", name="The moment after")
    after.click()
    scrub = page.locator("[data-scrub]")
    expect(scrub).to_contain_text("first seen")
    shown = page.locator('[data-mark][data-seen="true"]')
    first = shown.count()
    zone = page.locator('[data-map-zone="flight-line"]')
    expect(zone).to_have_attribute("data-step", re.compile("^(QUIET)?$"))
    expect(page.locator('[data-section="timeline"] li.later').first).to_be_visible()
    for _ in range(200):
        if zone.get_attribute("data-step") == "TAKE SHELTER":
            break
        after.click()
    expect(zone).to_have_attribute("data-step", "TAKE SHELTER")
    assert shown.count() >= first
    ended = page.locator('[data-ended-by="sensors"]')
    expect(ended.first).to_be_visible()
    expect(page.locator('[data-ended-by="others"]').first).to_contain_text("not stated")
    if os.environ.get("TOCSIN_PICTURES"):  # writes into the source tree: only when asked
        page.screenshot(path=PICTURES / "scrubber.jpg", type="jpeg", quality=55)
    page.get_by_role("button", name="Show the whole").click()
    expect(page.locator('[data-section="timeline"] li.later')).to_have_count(0)


def test_a_claim_and_a_number_go_in_with_who_said_them_through_whom(page):
    page.keyboard.press("a")
    page.locator('[data-add="claim"]').click()
    form = page.locator('[data-form="claim"]')
    form.locator('[data-field="claimant"] button').click()
    fill(page, "add_actor", {"name": "Group X"})
    form.locator("#f-verbatim").fill("Group X said that it had sent three drones.")
    form.get_by_role("button", name="New source").click()
    fill(
        page,
        "add_source",
        {"descriptor": "an official"},
        {"identity": "unnamed", "kind": "official"},
    )
    form.get_by_role("button", name="Add “through …”").click()
    form.get_by_role("button", name="New source").last.click()
    fill(page, "add_source", {"name": "Example Wire"}, {"kind": "agency"})
    fill(page, "claim", {})
    claim = page.locator('[data-section="claims"] .side article')
    expect(claim.locator(".what")).to_have_text(
        "Claimed by Group X according to Example Wire, which cited an official unnamed"
    )
    page.get_by_role("button", name="Add a statement").click()
    statement = page.locator('[data-form="assert"]')
    statement.locator('[data-step="0"]').select_option(label="Example Wire")
    fill(page, "assert", {"quantity": "drones", "value": "3", "verbatim": "three drones"})
    expect(page.locator('[data-section="statements"]')).to_contain_text("drones: 3")


def test_a_correction_leaves_the_old_number_struck_through(page):
    row = page.locator('[data-section="statements"] article')
    row.get_by_role("button", name="Correct").click()
    right = {"wrong": "Not three drones.", "right": "Two drones."}
    fill(page, "correct", {**right, "value": "2", "verbatim": "two drones, not three"})
    expect(row).to_contain_text("drones: 2")
    expect(row.locator(".was s")).to_contain_text("value: 3")
    if os.environ.get("TOCSIN_PICTURES"):  # writes into the source tree: only when asked
        PICTURES.mkdir(exist_ok=True)
        page.evaluate("document.querySelector('.record main').scrollTo(0, 0)")
        page.wait_for_function("() => document.fonts.status === 'loaded'")
        page.screenshot(path=PICTURES / "incident.jpg", type="jpeg", quality=50)


def test_two_people_let_the_page_out(page):
    publication = page.locator('[data-section="publication"]')
    publication.locator('[data-act="approve"]').click()
    expect(publication.locator("[data-sentence]")).to_contain_text("1 of 2")
    origin = page.url.partition("/#")[0]
    made = page.request.post(
        f"{origin}/api/v1/users", data={"name": EDITOR, "roles": ["incident officer"]}
    )
    other = page.context.browser.new_context()
    second = other.new_page()
    second.goto(origin + made.json()["path"])
    second.goto(f"{origin}/#/incident/{page.incident}")
    second.locator('[data-act="approve-same"]').click()
    expect(publication.locator('[data-out]:not([data-out=""])')).to_contain_text(
        "Let out as of entry"
    )
    other.close()


def test_the_public_page_tells_the_claim_and_gives_nothing_away(page, tmp_path):
    origin = page.url.partition("/#")[0]
    told = page.request.get(f"{origin}/api/v1/incidents/{page.incident}").json()
    exports, out = tmp_path / "exports", tmp_path / "public"
    exports.mkdir()
    ledger = page.request.get(f"{origin}/api/v1/record/package")
    (exports / "node.zip").write_bytes(ledger.body())
    with zipfile.ZipFile(exports / "node.zip") as file:
        (exports / "keys.txt").write_bytes(file.read("keys.txt"))
    words = ["publish", str(exports), "--out", str(out), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", *words, "--base-url", "https://example.org/"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (name,) = json.loads(done.stdout.splitlines()[-1])["pages"]
    public = page.context.browser.new_page()
    public.goto((out / name).as_uri())
    shown = public.locator("main")
    expect(public.locator(".unreal")).to_have_text("SIMULATED")
    expect(shown).to_contain_text("Group X")
    expect(shown).to_contain_text("an official")
    expect(shown).to_contain_text("official attribution: none stated", ignore_case=True)
    expect(shown).to_contain_text("Drones: 2, according to Example Wire")
    expect(shown).to_contain_text("before: drones: 3")
    expect(shown).to_contain_text("Wrong was: Not three drones. Right is: Two drones.")
    public.close()
    for file in out.iterdir():
        text = file.read_text()
        assert [word for word in withheld_from(told) if word in text] == []


def test_a_look_back_shows_the_raid_as_it_was_and_the_watch_goes_on_above(page):
    origin = page.url.partition("/#")[0]
    told = page.request.get(f"{origin}/api/v1/ledger?limit=1000").json()["entries"]
    released_s = [
        e["body"]["at_s"]
        for e in told
        if e["kind"] == "alert" and e["body"]["what"] == "released"
    ]
    page.goto(f"{origin}/#/replay?at={released_s[0] - 5:.0f}")
    past = page.locator("[data-replay-page]")
    bar = past.locator("[data-replay-bar]")
    expect(bar).to_contain_text("REPLAY OF SIMULATED")
    page.keyboard.press(" ")
    expect(bar).to_have_attribute("data-playing", "false")
    sheltering = past.locator('[data-zone^="al-asad"][data-step="TAKE SHELTER"]')
    expect(past.locator('[data-zone^="al-asad"]')).to_have_count(3)
    expect(sheltering).to_have_count(0)
    expect(past.locator("[data-track]").first).to_be_visible()
    # The past offers no act; what can be done now stands above it.
    assert past.locator("[data-act]:visible").count() == 0
    expect(page.locator("[data-alarms]")).to_be_visible()
    assert page.evaluate("window.__tocsin.stats().connection") == "open"
    bar.locator('[data-replay="rate"]').select_option("10")
    expect(sheltering.first).to_be_visible()
    page.evaluate(AXE.read_text())
    ran = "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})"
    found = page.evaluate(f"{ran}.then(r => r.violations.map(v => [v.id, v.nodes[0].html]))")
    assert found == []
    page.keyboard.press("z")
    expect(past).to_have_count(0)


def test_the_page_threw_nothing(page):
    expect(page.locator('[data-pane="al-asad"]')).to_be_visible()
    assert page.faults == []


def fill(page, verb, texts, choices=None):
    """Fill the fields of an open form, send it, and wait until it has closed."""
    form = page.locator(f'[data-form="{verb}"]')
    for name, choice in (choices or {}).items():
        form.locator(f"#f-{name}").select_option(choice)
    for name, text in texts.items():
        form.locator(f"#f-{name}").fill(text)
    form.locator('button[type="submit"]').click()
    expect(form).to_have_count(0)


def withheld_from(told):
    """Return what no public page may hold of an incident: people, zones, tracks, decisions,
    and the times of the watch to the second.
    """
    words = [EDITOR, DECISION, told["summary"]["alarm"]]
    words += [word for zone in told["zones"] for word in (zone["id"], zone["name"])]
    words += [track["track"] for track in told["tracks"]]
    words += [f"{track['lat']:.4f}" for track in told["tracks"] if track["lat"] is not None]
    for row in told["timeline"]:
        if not row["row"] and row["happened_s"] is not None:
            words.append(time.strftime("%H:%M:%S", time.gmtime(row["happened_s"])))
    return words


def test_the_journal_of_the_demo_replays_to_its_digest(demo, page):
    """Last, since it ends the demo."""
    _, data, process = demo
    process.send_signal(signal.SIGTERM)
    process.wait(60)
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
