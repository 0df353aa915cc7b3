"""Heartbeats of the siren path, over real sockets: heard while it answers, unheard when not."""

import asyncio
import json
import re
import time

import pytest
from tests.ports import free_port
from tests.service.broker import broker, listener
from tests.service.desk import alert_entries, node_with, standing, until
from tests.service.harness import SITE, service

from tocsin.codec.cap import read_cap
from tocsin.codec.outgoing_heartbeats import HEARTBEATS, Beat
from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.model import Channel
from tocsin.record import Chain
from tocsin.service import sirens
from tocsin.service.api_structs import SirenPulse
from tocsin.service.inbox import Inbox
from tocsin.service.sirens import PathState, news_of, siren_pulses

pytestmark = pytest.mark.usefixtures("quick")


def path(made):
    (found,) = made.sirens()
    return found


@pytest.mark.parametrize("kind", ["cap", "webhook"])
def test_a_server_that_answers_is_heard_and_one_that_does_not_is_unheard(run, receiver, kind):
    receiver.answers = [200] * 1000
    node = node_with(receiver.url, f'kind = "{kind}"\nheartbeat_s = 1')
    made = run(node, [])
    until(lambda: standing(made).heard_s is not None, 60.0)
    assert path(made).age_s is not None
    _, _, body = receiver.calls[0]
    if kind == "cap":
        said = read_cap(body)
        assert (said.status, said.infos) == ("System", ())
    else:
        assert json.loads(body)["schema"] == "tocsin-heartbeat-1"
    receiver.answers = [500] * 1000
    until(lambda: "answered 500" in standing(made).heartbeat_error, 60.0)
    until(lambda: (path(made).age_s or 0.0) > 2.0, 60.0)
    receiver.answers = [200] * 1000
    until(lambda: standing(made).heartbeat_error == "", 60.0)
    assert standing(made).delivered == 0  # a heartbeat is no warning


def test_a_broker_acknowledges_them_on_a_topic_of_their_own(run, tmp_path):
    with broker(tmp_path) as port, listener(port, "site/#") as heard:
        to = f"mqtt://127.0.0.1:{port}/site/warnings"
        made = run(node_with(to, 'kind = "mqtt"\nheartbeat_s = 1'), [])
        until(lambda: standing(made).heard_s is not None, 60.0)
        until(lambda: len(heard) >= 1, 60.0)
    topic, payload, qos = heard[0]
    assert (topic, qos) == ("site/warnings/heartbeat", 1)
    assert json.loads(payload)["channel"] == "desk"


def test_where_nothing_listens_it_was_never_heard_and_grows_old(run):
    to = f"http://127.0.0.1:{free_port()}/x"
    made = run(node_with(to, "heartbeat_s = 1"), [])
    until(lambda: standing(made).heartbeat_error != "", 60.0)
    assert standing(made).heard_s is None
    until(lambda: (path(made).age_s or 0.0) > 1.0, 60.0)


def test_without_a_heartbeat_nothing_is_known(run, receiver):
    made = run(node_with(receiver.url, 'kind = "webhook"'), [])
    assert path(made).age_s is None
    assert standing(made).heard_s is None
    assert not receiver.calls


def test_a_siren_that_answers_heartbeats_and_refuses_the_warning_is_unheard(run, receiver):
    receiver.refuses = lambda body: (
        400 if b"<msgType>Alert" in body and b"<info>" in body else 0
    )
    made = run(node_with(receiver.url, "heartbeat_s = 1"), [])
    until(lambda: standing(made).heard_s is not None)
    chain = Chain()
    made.take(alert_entries("released", chain=chain))
    until(lambda: standing(made).failed == 1)
    until(lambda: path(made).age_s > 2.5)
    assert standing(made).heard_s < 2.5
    made.take(alert_entries("cleared", chain=chain))
    until(lambda: path(made).age_s < 2.5)


def test_a_message_that_begins_to_wait_is_no_sign_of_life_of_a_siren_that_is_lost():
    node = read_site(SITE.encode(), "site.toml")
    siren, mail = Channel("siren", "cap", "http://a"), Channel("mail", "mail", "smtp://b")
    waits = PathState(mail, 0.5, beats=False)
    (found,) = siren_pulses(node, [PathState(siren, 12.0, "no route"), waits])
    assert (found.age_s, found.words) == (12.0, "siren: no route")
    (found,) = siren_pulses(node, [waits])
    assert found.age_s == 0.5, "where nothing has a heartbeat it is all that is known"


def test_a_site_is_heard_as_long_as_one_of_its_channels_is():
    node = read_site(SITE.encode(), "site.toml")
    one, two = Channel("one", "cap", "http://a"), Channel("two", "mqtt", "mqtt://b/x")
    (found,) = siren_pulses(node, [PathState(one, 30.0, "refused"), PathState(two, 0.5)])
    assert (found.age_s, found.words) == (0.5, "one: refused")
    (found,) = siren_pulses(node, [PathState(one, 30.0), PathState(two, 12.0, "no broker")])
    assert (found.age_s, found.words) == (12.0, "one: unheard; two: no broker")
    other = Channel("other", "cap", "http://a", sites=("elsewhere",))
    assert siren_pulses(node, [PathState(other, 1.0)]) == []


@pytest.mark.parametrize(
    ("to", "kind", "value"),
    [("file:out", "cap", 3), ("http://127.0.0.1:1/x", "cap", 0.1),
     ("http://127.0.0.1:1/x", "cap", 9), ("udp://127.0.0.1:9000", "cot", 3)],
)  # fmt: skip
def test_a_heartbeat_that_cannot_be_is_refused(to, kind, value):
    with pytest.raises(SiteError, match="heartbeat_s"):
        node_with(to, f'kind = "{kind}"\nheartbeat_s = {value}')


def test_a_heartbeat_asks_nobody_for_anything():
    """It says nothing of zones, tracks or people, and no word of what to do."""
    beat = Beat("tocsin-beat-1", "tocsin.north.1", time.time(), 3.0)
    for kind, make in HEARTBEATS.items():
        text = make(beat, Channel("desk", kind, "http://a")).body.decode()
        assert not re.search(
            r"shelter|clear|zone|track|officer|alert>",
            text.lower().replace("<msgtype>alert", "").replace("</alert>", ""),
        )


def test_a_path_that_is_lost_is_told_once_and_again_when_it_is_found():
    node = read_site(SITE.encode(), "site.toml")
    told = {}

    def news(age_s):
        pulses = [SirenPulse("north", "North", age_s, "one: refused")]
        found = news_of(node, pulses, told)
        told.update({n.site: n.is_heard for n in found})
        return [(n.is_heard, n.words) for n in found]

    assert news(0.5) == []  # what was never told is heard
    assert news(8.9) == []
    assert news(9.1) == [(False, "one: refused")]
    assert news(20.0) == []
    assert news(None) == [(True, "")]  # its warning was taken, and it has no heartbeat


def test_what_stood_before_a_restart_ends_with_the_first_picture():
    """The alarm stands, and the path is heard: that is told once, and only once."""
    node = read_site((SITE + '[[channel]]\nid = "s"\nto = "http://a"\n').encode(), "site.toml")
    inbox, looks = Inbox(), [None, None, ("north",), ("north",)]

    def standing():
        return looks.pop(0) if looks else ("north",)

    async def run():
        heard = [SirenPulse("north", "North", 0.1, "")]
        task = asyncio.ensure_future(
            sirens.tell_sirens(node, lambda: heard, standing, inbox, lambda: 5.0)
        )
        taken = []
        end = time.monotonic() + 60.0
        while not taken:
            assert time.monotonic() < end
            await asyncio.sleep(0.05)
            taken += inbox.take(0.0, linger_s=0.0)
        assert len(looks) == 1  # it has waited for the first picture
        task.cancel()
        return taken

    (arrival,) = asyncio.run(run())
    assert json.loads(arrival.payload) == {"heard": True, "site": "north", "words": ""}


def test_a_watch_raises_the_alarm_when_nobody_answers_its_heartbeats(tmp_path, monkeypatch):
    """A real pipeline behind a real service; the receiver is not there."""
    monkeypatch.setattr(sirens, "ALARM_S", 1.0)
    channel = f'[[channel]]\nid = "siren"\nto = "http://127.0.0.1:{free_port()}/x"\n'

    async def run():
        async with service(tmp_path, site=SITE + channel + "heartbeat_s = 1\n") as running:

            def stands():
                scene = running.hall.hub.scene
                return scene is not None and b'"NOT HEARD"' in scene.standing.get("alarms", b"")

            await running.until(stands, 120.0)
            end = time.monotonic() + 60.0
            while not (lost := await told_of(running)):  # the picture precedes the commit
                assert time.monotonic() < end
                await asyncio.sleep(0.1)
            assert len(lost) == 1
            assert "ConnectionRefusedError" in lost[0]["text"]

    asyncio.run(run())


async def told_of(running):
    """Return what the ledger says of siren paths that were lost."""
    page = (await running.client.get("/api/v1/ledger", params={"limit": 1000})).json()
    bodies = [e["body"] for e in page["entries"]]
    return [b for b in bodies if b.get("what") == "siren lost"]
