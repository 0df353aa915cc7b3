"""The pulse, and a real sentinel that watches a real service over a real socket."""

import asyncio
import json
import subprocess
import sys
import time

import httpx
import websockets
from tests.service.fakes import FakePipeline
from tests.service.harness import SITE, service

from tocsin.service.socket import beat_of

GUARDED = SITE + '[[sentinel]]\nid = "gate"\n'


def token_of(running):
    return (running.hall.data / "secrets" / "sentinel-gate").read_text().strip()


async def ask(running, token=None, **params):
    headers = {"Authorization": f"Bearer {token or token_of(running)}"}
    async with httpx.AsyncClient(base_url=running.url, timeout=20) as client:
        return await client.get("/api/v1/pulse", headers=headers, params=params)


def test_the_pulse_rises_with_the_commits_and_answers_what_was_asked(tmp_path):
    async def run():
        async with service(tmp_path, site=GUARDED, pipeline=FakePipeline()) as running:
            first = (await ask(running, nonce="abc")).json()
            assert first["nonce"] == "abc"
            assert first["armed_age_s"] is None
            await running.until(
                lambda: running.hall.engine.counters.journal_batch > first["batch"], 60
            )
            second = (await ask(running)).json()
            assert second["batch"] > first["batch"]
            assert second["run"] == first["run"]
            (seen,) = (await running.client.get("/api/v1/status")).json()["sentinels"]
            assert seen["id"] == "gate"
            assert seen["age_s"] is not None

    asyncio.run(run())


def test_a_token_opens_the_pulse_and_nothing_else(tmp_path):
    async def run():
        async with service(tmp_path, site=GUARDED, pipeline=FakePipeline()) as running:
            assert (await ask(running, "wrong")).status_code == 401
            assert (await ask(running, running.token)).status_code == 401  # a sensor's
            assert (await ask(running)).status_code == 200
            headers = {"Authorization": f"Bearer {token_of(running)}"}
            async with httpx.AsyncClient(base_url=running.url, timeout=20) as client:
                for path in ("node", "status", "ledger", "tracks.geojson"):
                    answer = await client.get(f"/api/v1/{path}", headers=headers)
                    assert answer.status_code == 401, path

    asyncio.run(run())


def test_a_page_counts_as_armed_while_it_says_that_its_sound_runs(tmp_path):
    async def run():
        async with service(tmp_path, site=GUARDED, pipeline=FakePipeline()) as running:
            url = running.url.replace("http", "ws") + "/api/v1/live"
            headers = {"Cookie": running.cookie()}
            hub = running.hall.hub
            async with websockets.connect(url, additional_headers=headers) as page:
                end = time.monotonic() + 60.0
                armed = 0
                while armed != 1:  # said again and again, as a page does
                    assert time.monotonic() < end
                    await page.send('{"sound": true}')
                    armed = (await ask(running)).json()["armed"]
                await page.send("no beat")
                await page.send('{"sound": false}')
                await running.until(lambda: hub.odd_words == 1, 60)
                refused = running.hall.status().rejected
                assert refused["viewers"] == {"a message that is no beat": 1}
                await running.until(lambda: hub.armed(time.monotonic()) == 0, 60)
            pulse = (await ask(running)).json()
            assert pulse["armed"] == 0
            assert pulse["armed_age_s"] >= 0.0  # when one was heard last is kept

    asyncio.run(run())


def test_what_is_no_beat_is_none():
    assert beat_of('{"sound":true}').sound
    for text in (
        None,
        "",
        "{",
        "[]",
        '{"sound":1}',
        '{"sound":true,"x":1}',
        "[" * 60,
        "x" * 65,
    ):
        assert beat_of(text) is None


def sentinel_file(folder, running, gone_s=3, **more):
    folder.mkdir()
    (folder / "word").write_text(token_of(running))
    lines = [f'server = "{running.url}"', 'secret = "word"', f"gone_s = {gone_s}"]
    lines += [f"{name} = {json.dumps(value)}" for name, value in more.items()]
    (folder / "s.toml").write_text("\n".join(lines) + "\n")
    return [sys.executable, "-m", "tocsin", "sentinel", str(folder / "s.toml")]


def checked(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


async def until_checked(command, state):
    """Check until it says so: a busy machine may be late once."""
    end = time.monotonic() + 120.0
    while True:
        status, said = await asyncio.to_thread(checked, command)
        if said["state"] == state:
            return status, said
        assert time.monotonic() < end, said


def test_the_verb_checks_a_watch_and_says_what_is_gone(tmp_path):
    async def run():
        async with service(tmp_path, site=GUARDED, pipeline=FakePipeline()) as running:
            command = [*sentinel_file(tmp_path / "s", running), "--check", "--json"]
            status, said = await until_checked(command, "gone")
            assert status == 1
            assert said["gone"][0]["what"] in ("pages", "server")
            (tmp_path / "s" / "word").write_text("another-token-than-that")
            status, said = await until_checked(command, "blind")
            assert status == 1
            assert "token" in said["gone"][0]["sentence"]

    asyncio.run(run())


def test_the_verb_finds_a_watch_well_as_soon_as_it_has_heard_all(tmp_path):
    async def run():
        async with service(tmp_path, site=GUARDED, pipeline=FakePipeline()) as running:
            command = [*sentinel_file(tmp_path / "s", running, gone_s=100), "--check", "--json"]
            hub = running.hall.hub
            viewer = hub.join()
            hub.beat(viewer, sound=True)
            status, said = await until_checked(command, "well")
            assert (status, said["gone"]) == (0, [])
            assert said["batch"] > 0
            hub.leave(viewer)

    asyncio.run(run())


def test_a_sentinel_sounds_when_the_commits_stop_and_is_quiet_when_they_go_on(tmp_path):
    """The service goes on answering; only its disk takes nothing any more."""

    async def run():
        async with service(tmp_path, site=GUARDED, pipeline=FakePipeline()) as running:
            command = sentinel_file(tmp_path / "s", running, what=["server"], log="log")
            log = tmp_path / "s" / "log"
            log.touch()
            engine = running.hall.engine
            append = engine._journal.append
            child = await asyncio.to_thread(
                subprocess.Popen, command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            try:
                await running.until(lambda: "the watch is heard" in log.read_text(), 60)

                def full(*_, **__):
                    from tocsin.service.journal import NoRoomError

                    raise NoRoomError("no room")

                engine._journal.append = full
                words = "answers, but has written nothing for"
                await running.until(lambda: words in log.read_text(), 120)
                assert "GONE" in log.read_text()
                engine._journal.append = append
                await running.until(lambda: "BACK" in log.read_text(), 60)
            finally:
                engine._journal.append = append
                child.terminate()
                _, bells = await asyncio.to_thread(child.communicate, timeout=60)
            assert b"\a" in bells
            assert child.returncode == 0
            assert "nobody watches the watch" in log.read_text()

    asyncio.run(run())


def test_the_sentinel_is_small_and_loads_the_standard_library_alone():
    code = (
        "import sys, tocsin.sentinel.__main__\n"
        "bad = {m.split('.')[0] for m in sys.modules} & {'numpy', 'msgspec', 'litestar',"
        " 'cyclopts', 'structlog', 'scipy', 'numba', 'asyncio', 'smtplib'}\n"
        "status = open('/proc/self/status').read()\n"
        "print(sorted(bad), status.split('VmHWM:')[1].split()[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    bad, kib = done.stdout.rsplit(" ", 1)
    assert bad == "[]"
    assert int(kib) < 40 * 1024
