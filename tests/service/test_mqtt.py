"""MQTT both ways, over a real mosquitto on loopback."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from tests.ports import free_port
from tests.service.broker import broker, listener
from tests.service.desk import alert_entries, node_with, standing, until
from tests.service.fakes import FakePipeline, tracks_picture
from tests.service.harness import SITE, first_track, service

from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.service.feeds import Feeds

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quick")]
PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "mqtt.md").read_text()


@pytest.fixture
def anyio_backend():
    return "asyncio"


def test_a_warning_and_its_end_reach_who_subscribes_once_each(run, tmp_path):
    with broker(tmp_path) as port, listener(port, "site/#") as heard:
        to = f"mqtt://127.0.0.1:{port}/site/warnings"
        made = run(node_with(to, 'kind = "mqtt"'), alert_entries("released", "cleared"))
        until(lambda: standing(made).delivered == 2, 60.0)
        until(lambda: len(heard) == 2, 60.0)
    assert {(topic, qos) for topic, _, qos in heard} == {("site/warnings", 1)}
    warning, end = (json.loads(payload) for _, payload, _ in heard)
    assert (warning["what"], end["what"]) == ("take shelter", "all clear")
    assert end["ends"] == warning["id"]


def test_a_broker_that_is_down_gets_it_when_it_is_up(run, tmp_path):
    port = free_port()
    to = f"mqtt://127.0.0.1:{port}/site/warnings"
    made = run(node_with(to, 'kind = "mqtt"'), alert_entries("released"))
    until(lambda: standing(made).last_error != "", 60.0)
    assert standing(made).delivered == 0
    with broker(tmp_path, port=port), listener(port, "site/#") as heard:
        until(lambda: standing(made).delivered == 1, 60.0)
        # It may have come before we subscribed; what counts is the acknowledgement.
        assert len(heard) <= 1


def test_a_broker_that_refuses_us_is_said(run, tmp_path):
    with broker(tmp_path, password="abcdefgh") as port:
        to = f"mqtt://tocsin@127.0.0.1:{port}/site/warnings"
        made = run(node_with(to, 'kind = "mqtt"'), alert_entries("released"))
        until(lambda: "the broker refuses" in standing(made).last_error, 60.0)
        with listener(port, "site/#", user="tocsin", password="abcdefgh") as heard:
            made.tokens["desk"] = "abcdefgh"
            until(lambda: standing(made).delivered == 1, 60.0)
            until(lambda: len(heard) == 1, 60.0)


def test_the_picture_is_published_as_geojson(tmp_path):
    with broker(tmp_path) as port, listener(port, "site/picture") as heard:
        blocks = re.findall(r"```toml\n(\[\[channel\]\].*?)```", PAGE, re.DOTALL)
        (text,) = [b for b in blocks if "geojson" in b]
        text = re.sub(r"mqtts?://[^/]*/", f"mqtt://127.0.0.1:{port}/", text)
        text = re.sub(r"(?m)^(secret|tls_authority).*$", "", text)
        feeds = Feeds(read_site((SITE + text).encode(), "site.toml"), tmp_path)
        feeds.start()
        feeds.offer(tracks_picture(1.8e9, [17]), 1)
        feeds.committed(1)
        until(lambda: len(heard) == 1, 60.0)
        feeds.stop()
        assert feeds.status()[0].delivered == 1
    (feature,) = json.loads(heard[0][1])["features"]
    assert feature["id"] == "17"


class Keeping(FakePipeline):
    """Keeps the bodies that came."""

    def __init__(self):
        self.seen = []

    def step(self, state, batch):
        self.seen += [frame.payload for frame in batch.frames]
        return super().step(state, batch)


def site_of(port, more=""):
    return SITE.replace(
        'listen = "http"',
        f'listen = ["http", "mqtt://127.0.0.1:{port}/sensors/camera"]\n{more}',
    )


def speaker(port):
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    client = Client(CallbackAPIVersion.VERSION2, client_id="speaker")
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


async def test_what_a_sensor_publishes_is_journalled_then_acknowledged(tmp_path):
    from tocsin.service.journal import read_batches

    with broker(tmp_path) as port:
        keeping = Keeping()
        async with service(tmp_path / "a", pipeline=keeping, site=site_of(port)) as running:
            text = f"mqtt://127.0.0.1:{port}/sensors/camera"
            await running.until(
                lambda: running.hall.listening.states()[text] == "connected", 60.0
            )
            client = speaker(port)
            bodies = [json.dumps({"time_s": 1.8e9 + k, "azimuth_deg": k}) for k in range(50)]
            for body in bodies:
                client.publish("sensors/camera", body, qos=1)
            await running.until(lambda: len(keeping.seen) >= 50, 60.0)
            client.disconnect()
            client.loop_stop()
            status = running.hall.status()
            assert status.frames["camera"] == 50
            # All acknowledged: more than the 20 that a broker lets be under way.
            data = running.hall.data
        stored = [f.payload for batch in read_batches(data / "journal") for f in batch.frames]
        assert [json.loads(b) for b in stored] == [json.loads(b) for b in bodies]


RID = """
[[sensor]]
id = "rid"
kind = "remote_id"
format = "remote-id"
listen = "mqtt://127.0.0.1:PORT/dronescout/+/+"
"""


async def test_remote_id_of_a_receiver_is_heard_and_no_serial_number_is_stored(tmp_path):
    from tests.codec.remoteid.test_dronescout import block, publication

    from tocsin.service.journal import read_batches

    with broker(tmp_path) as port:
        keeping = Keeping()
        text = f"mqtt://127.0.0.1:{port}/dronescout/+/+"
        site = SITE + RID.replace("PORT", str(port))
        async with service(tmp_path / "a", pipeline=keeping, site=site) as running:
            await running.until(
                lambda: running.hall.listening.states()[text] == "connected", 60.0
            )
            client = speaker(port)
            client.publish("dronescout/ds-1/data", publication(block()), qos=1)
            client.publish("dronescout/ds-1/status", b'{"status": {}}', qos=1)
            await running.until(
                lambda: running.hall.listening.forgotten() == {"rid": {"not Remote ID": 1}},
                60.0,
            )
            await running.until(lambda: len(keeping.seen) >= 2, 60.0)
            client.disconnect()
            client.loop_stop()
            data = running.hall.data
        stored = [f.payload for batch in read_batches(data / "journal") for f in batch.frames]
    heard = [frame for frame in stored if b"X-TK" in frame]
    assert len(heard) == 1
    assert not any(b"1596F350457791151D" in frame for frame in stored)
    assert not any(b"FIN87astrdge12k8" in frame for frame in stored)


def test_only_what_is_on_disk_or_never_will_be_is_acknowledged():
    from concurrent.futures import Future

    from tocsin.service.engine import PutAsideError
    from tocsin.service.inbox import Receipt
    from tocsin.service.journal import NoRoomError
    from tocsin.service.mqtt import MqttReader

    class Client:
        def __init__(self):
            self.acked = []

        def ack(self, mid, qos):
            self.acked.append((mid, qos))

    client = Client()
    for mid, ends in enumerate([Receipt(1), NoRoomError("full"), PutAsideError("poison")]):
        reply = Future()
        if isinstance(ends, Exception):
            reply.set_exception(ends)
        else:
            reply.set_result(ends)
        MqttReader._answer(client, mid, 1, reply)
    assert client.acked == [(0, 1), (2, 1)]


async def test_a_published_detection_makes_a_track(tmp_path):
    """Ten lines of a sensor, from the page, through the real pipeline."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (sensor,) = [
        b for b in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "[[sensor]]" in b
    ]
    with broker(tmp_path) as port:
        sensor = re.sub(r"mqtts?://[^/]*/", f"mqtt://127.0.0.1:{port}/", sensor)
        sensor = re.sub(r"(?m)^secret.*$", "", sensor)
        async with service(tmp_path / "a", site=SITE + sensor) as running:
            code = code.replace("192.0.2.20", "127.0.0.1").replace("1883", str(port))
            process = await asyncio.create_subprocess_exec("python3", "-c", _here(code))
            try:
                shown = await first_track(running)
            finally:
                process.kill()
                await process.wait()
    assert shown["known_by"] == "measured"


def _here(code):
    import paho.mqtt

    root = Path(paho.mqtt.__file__).parents[2]
    return f"import sys; sys.path.append({str(root)!r})\n{code}"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("/sensors/camera", "", "write mqtt://HOST:PORT/TOPIC"),
        ("127.0.0.1:PORT", "user:word@127.0.0.1:PORT", "the password by `secret`"),
        ("127.0.0.1", "192.0.2.1", "write mqtts://"),
        ('format = "detections"', 'format = "beast"', "a broker brings detections"),
    ],
)
def test_what_is_wrong_with_a_brokers_address_is_said(old, new, words):
    text = site_of("PORT", 'secret = "cam"').replace(old, new).replace("PORT", "1883", 1)
    text = text.replace('["http", ', "[").replace("PORT", "1883")
    if "Write" in words or new.startswith("user") or not new:
        text = text.replace("HOST:1883", "HOST:PORT")
    with pytest.raises(SiteError) as caught:
        read_site(text.encode(), "site.toml")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "to", ["mqtt://127.0.0.1:1883", "mqtt://127.0.0.1/a/#", "mqtt://h/$SYS/a"]
)
def test_a_topic_is_one_to_which_can_be_published(to):
    with pytest.raises(SiteError, match="mqtt://HOST:PORT/TOPIC"):
        node_with(to, 'kind = "mqtt"')
