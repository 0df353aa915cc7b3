"""The day end to end over real sockets, nobody at the keyboard; and what a cut does to it."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from tests.busy import starved_s
from tests.ports import free_port

from tocsin import pipeline
from tocsin.codec.site_toml import read_site
from tocsin.service.journal import Journal
from tocsin.service.keyring import Keyring
from tocsin.sim import Draws, entries, open_world, scenario_named

pytestmark = pytest.mark.slow


class Demo:
    """A running `tocsin demo` and what it says."""

    def __init__(self, data, *words):
        self.port = free_port()
        self.lines = []
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "tocsin", "demo", "--port", str(self.port),
                "--data", str(data), "--json", *words,
            ],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        with self.process.stdout as out:
            self.lines.extend(line.rstrip("\n") for line in out)

    def wait_for(self, pattern, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in list(self.lines):
                if found := re.search(pattern, line):
                    return found
            time.sleep(0.05)
        raise AssertionError(f"{pattern!r} was not said in {seconds} s: {self.lines}")

    def sign_in(self):
        token = self.wait_for(r"enter\?token=(\S+)", 300)[1]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", f"/enter?token={token}")
        answer = connection.getresponse()
        answer.read()
        self.cookie = answer.getheader("Set-Cookie").split(";")[0]
        connection.close()

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers={"Cookie": self.cookie})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        assert answer.status == 200, body
        return body

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(60)
        self.reader.join()
        return self.process.returncode


def children_of(pid):
    listing = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(pid)],
        capture_output=True,
        check=False,
        text=True,
    ).stdout
    return {int(x.split(None, 1)[0]): x.split(None, 1)[1] for x in listing.splitlines()}


def watch_of(demo):
    return next(p for p, a in children_of(demo.process.pid).items() if " watch " in a)


def replayed(journal):
    words = [sys.executable, "-m", "tocsin", "replay", str(journal), "--json"]
    done = subprocess.run(words, capture_output=True, check=False, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def outcome_on_disk(journal):
    """Return the outcome in the snapshot that the watch wrote when it was stopped."""
    keys = Keyring.open(journal.parent)
    stored = Journal.resume(journal, keys)
    newest = next(iter(stored.snapshots()))
    assert newest.number == stored.number
    stored.close()
    keys.close()
    return pipeline.outcome_digest(pipeline.thaw(newest.body))


def whole_ledger(demo):
    rows, after = [], -1
    while page := demo.get(f"/api/v1/ledger?after={after}&limit=1000")["entries"]:
        rows += page
        after = page[-1]["number"]
    return rows


@pytest.mark.realtime
def test_with_nobody_at_the_keyboard_every_zone_takes_shelter_before_the_drones_come(tmp_path):
    demo = Demo(tmp_path, "--speed", "20")
    try:
        demo.sign_in()
        demo.wait_for("The day is over", 300)
        status = demo.get("/api/v1/status")
        ledger = whole_ledger(demo)
    finally:
        assert demo.end() == 0
    result = json.loads(demo.lines[-1])
    assert result["restarts"] == {}
    assert result["ready_s"] < 60.0
    assert all(s["state"] == "ok" for s in status["sensors"]), status["sensors"]
    assert not any(s["rejected"] for s in status["sensors"])

    folder = next(tmp_path.glob("day-*"))
    node = read_site((folder / "two-bases.toml").read_bytes(), "two-bases.toml")
    day = scenario_named("two-bases")
    coming = entries(open_world(day, node, Draws(day.seed)), stopped=False)
    day_s = json.loads((tmp_path / "demo.json").read_text())
    second_0 = day_s["service_s"] - day_s["position_s"]
    shelters = {}
    for entry in ledger:
        body = entry["body"]
        if entry["kind"] == "alert" and body["what"] == "released":
            assert body["by"] == "automatic"
            shelters.setdefault((body["site"], body["zone"]), body["at_s"] - second_0)
    zones = {(s.id, z.id): z for s in node.sites for z in s.zones}
    for (thing, *where), enters_s in coming.items():
        zone = zones[tuple(where)]
        assert shelters[tuple(where)] <= enters_s - zone.shelter_s, (thing, where)
    # The other base is at peace while the first is attacked, and no shelter is called before.
    for (site, zone), at_s in shelters.items():
        first_s = min(t for (_, s, _), t in coming.items() if s == site)
        assert first_s - 300.0 < at_s < first_s + 60.0, (site, zone)

    again = replayed(folder / "watch" / "journal")
    assert again["outcome_digest"] == outcome_on_disk(folder / "watch" / "journal")
    assert again["rejected"] == {}
    assert again["by_identity"]["drone_fixed_wing"] >= 3


@pytest.mark.realtime
def test_a_killed_watch_is_back_in_under_five_seconds_and_the_day_goes_on(tmp_path):
    demo = Demo(tmp_path, "--speed", "5")
    try:
        demo.wait_for("ready after", 300)
        for count in range(1, 4):
            os.kill(watch_of(demo), signal.SIGKILL)
            demo.wait_for(rf"ended by SIGKILL; starting it again \(restart {count}\)", 120)
            end = time.monotonic() + 60
            while len([x for x in demo.lines if "is back" in x]) < count:
                assert time.monotonic() < end
                time.sleep(0.05)
            back = [x for x in demo.lines if "is back" in x][-1]
            watch = watch_of(demo)
            took_s = float(re.search(r"after ([\d.]+) s", back)[1])
            assert took_s - starved_s(watch) < 5.0, back
    finally:
        assert demo.end(signal.SIGINT) == 0
    assert json.loads(demo.lines[-1])["restarts"] == {"the watch": 3}


@pytest.mark.realtime
def test_a_killed_demo_leaves_nothing_behind_and_goes_on_where_it_was(tmp_path):
    demo = Demo(tmp_path, "--speed", "10")
    demo.wait_for("ready after", 300)
    end = time.monotonic() + 60
    while not (state := json.loads((tmp_path / "demo.json").read_text()))["position_s"] > 20.0:
        assert time.monotonic() < end
        time.sleep(0.2)
    children = children_of(demo.process.pid)
    assert len(children) == 3
    demo.end(signal.SIGKILL)
    end = time.monotonic() + 60
    while any(os.path.exists(f"/proc/{pid}") for pid in children):
        assert time.monotonic() < end, "a child outlived the demo"
        time.sleep(0.1)

    second = Demo(tmp_path, "--speed", "10")
    try:
        second.wait_for("Going on with the day that was cut off", 60)
        second.wait_for("ready after", 300)
        end = time.monotonic() + 60
        while (
            not (later := json.loads((tmp_path / "demo.json").read_text()))["service_s"]
            > state["service_s"]
        ):
            assert time.monotonic() < end
            time.sleep(0.1)
    finally:
        assert second.end() == 0
    assert later["folder"] == state["folder"]
    assert later["position_s"] >= state["position_s"]

    third = Demo(tmp_path)  # a day that a person has stopped is not gone on from
    try:
        third.wait_for("ready after", 300)
        assert not any("cut off" in line for line in third.lines)
    finally:
        third.end()
    assert json.loads((tmp_path / "demo.json").read_text())["folder"] != state["folder"]


def test_a_port_in_use_and_a_second_demo_are_sentences(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", "demo", "--port", str(port),
             "--data", str(tmp_path)],
            capture_output=True, check=False, text=True, timeout=120,
        )  # fmt: skip
    assert done.returncode == 1
    assert "--port 8081" in done.stderr
    assert "Traceback" not in done.stderr
    first = Demo(tmp_path)
    try:
        first.wait_for("Starting", 60)
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", "demo", "--port", str(free_port()),
             "--data", str(tmp_path)],
            capture_output=True, check=False, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 1
        assert "another demo is using" in done.stderr
    finally:
        first.end()


@pytest.mark.parametrize("words", [["--speed", "0.5"], ["--speed", "21"], ["--port", "0"]])
def test_an_impossible_call_is_refused_with_status_2(words, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "demo", "--data", str(tmp_path), *words],
        capture_output=True, check=False, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2
    assert "give 1 to" in done.stderr
