"""A drill says EXERCISE everywhere, and a real CAUTION ends it; two services, real sockets."""

import asyncio
import json

import pytest
import websockets
from tests.service.harness import SITE, service

from tocsin.codec.site_toml import read_site
from tocsin.errors import CallError
from tocsin.model import Ladder, mode_of
from tocsin.service import drill as drill_module
from tocsin.service.drill import check_drill, give_way, why_stop

REAL = SITE + '[[sentinel]]\nid = "drill"\n'
EXERCISE = SITE.replace('format = "detections"', 'format = "detections"\nnature = "exercise"')
WAIT_S = 120.0


async def until_frame(socket, kind):
    """Return the next text frame of a type."""
    while True:
        frame = await asyncio.wait_for(socket.recv(), WAIT_S)
        if isinstance(frame, str) and json.loads(frame)["type"] == kind:
            return json.loads(frame)


def act(key, step):
    return {"verb": "raise", "key": key, "site": "north", "step": step, "text": "gate"}


def test_a_real_caution_ends_the_drill_on_every_page(tmp_path, monkeypatch):
    monkeypatch.setattr(drill_module, "GONE_S", 600.0)  # a busy machine may be late

    async def run():
        async with service(tmp_path / "real", site=REAL) as real:
            word = (real.hall.data / "secrets" / "sentinel-drill").read_text()
            secrets = tmp_path / "drill" / "data" / "secrets"
            secrets.mkdir(parents=True)
            (secrets / "drill").write_text(word)
            async with service(tmp_path / "drill", site=EXERCISE, drill_of=real.url) as drill:
                url = drill.url.replace("http", "ws") + "/api/v1/live"
                headers = {"Cookie": drill.cookie()}
                async with websockets.connect(url, additional_headers=headers) as page:
                    assert (await until_frame(page, "hello"))["node"]["mode"] == "exercise"
                    assert (await until_frame(page, "clock"))["mode"] == "exercise"
                    # Its own alarms end nothing, and they say what they are.
                    answer = await drill.client.post("/api/v1/acts", json=act("a", "CAUTION"))
                    assert answer.json()["accepted"]
                    alarms = await until_frame(page, "alarms")
                    while not alarms["alarms"]:
                        alarms = await until_frame(page, "alarms")
                    assert alarms["alarms"][0]["nature"] == "exercise"
                    answer = await real.client.post("/api/v1/acts", json=act("b", "CAUTION"))
                    assert answer.json()["accepted"]
                    said = await until_frame(page, "real")
                    assert "CAUTION stands at the real watch" in said["words"]
                assert any(line.startswith("REAL WORLD") for line in drill.said)

    asyncio.run(run())


def test_a_drill_goes_on_while_nothing_live_stands_there():
    assert why_stop(None, 0.0) == ""
    assert why_stop({"step": Ladder.MONITOR}, 1.0) == ""
    assert "TAKE SHELTER" in why_stop({"step": Ladder.TAKE_SHELTER}, 1.0)
    assert "has not answered for 10 s" in why_stop({"step": Ladder.QUIET}, 10.0)


@pytest.mark.parametrize("url", ["tocsin.example.org", "http://tocsin.example.org", "ftp://a"])
def test_an_address_that_is_none_is_a_bad_call(url):
    with pytest.raises(CallError, match="--drill-of"):
        check_drill(url, read_site(EXERCISE.encode(), "site.toml"))


def test_a_site_file_with_a_live_sensor_is_no_drill():
    with pytest.raises(CallError, match="'camera' is live"):
        check_drill("https://a.org", read_site(SITE.encode(), "site.toml"))


@pytest.mark.parametrize(
    ("natures", "mode"),
    [(["live", "exercise"], "live"), (["exercise"], "exercise"),
     (["exercise", "simulated"], "exercise"), (["simulated"], "simulated")],
)  # fmt: skip
def test_a_node_is_as_real_as_its_most_real_sensor(natures, mode):
    text = SITE.split("[[sensor]]")[0]
    for k, nature in enumerate(natures):
        text += (
            f'[[sensor]]\nid = "s{k}"\nkind = "radar"\nformat = "asterix"\nsites = ["north"]\n'
            f'nature = "{nature}"\n'
        )
    assert mode_of(read_site(text.encode(), "site.toml")) == mode


def test_a_real_watch_that_is_gone_ends_the_drill(monkeypatch):
    from tests.ports import free_port

    from tocsin.service.clock import REAL as CLOCK
    from tocsin.service.live import Hub

    monkeypatch.setattr(drill_module, "GONE_S", 1.0)
    monkeypatch.setattr(drill_module, "TOLD_S", 0.0)
    stopped, said = [], []
    url = f"http://127.0.0.1:{free_port()}"
    hub = Hub(CLOCK, "exercise", "")
    asyncio.run(
        asyncio.wait_for(give_way(url, "word", hub, lambda: stopped.append(1), said.append), 60)
    )
    assert stopped == [1]
    assert "has not answered" in said[0]
