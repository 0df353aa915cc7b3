"""Two watches over SAPIENT, each the child and the parent of the other."""

import asyncio
import time

from tests.ports import free_port
from tests.service.harness import SITE, service
from tests.service.region import CHANNEL, UNDER, named
from tests.service.test_sapient_sockets import RADAR, Sensor, site_of

from tocsin import pipeline
from tocsin.codec.sapient.child import EPOCH_S
from tocsin.codec.sapient.ids import named_ulid
from tocsin.service.clock import Clock

A, B = "55555555-5555-4555-8555-555555555555", "66666666-6666-4666-8666-666666666666"


def node_under(node_id, port, to):
    """The lines of a site file that make a node both the child and the parent of another."""
    channel = CHANNEL.format(to=f"tcp://127.0.0.1:{to}")
    return UNDER.format(port=port, node_id=node_id) + channel


def shown_by(run):
    showing, _ = run.hall.feeds.newer(0, 0.0)
    return showing.tracks if showing is not None else ()


def number_of(track):
    return named_ulid(EPOCH_S, A, track.kind, track.id)[2:]


def test_two_watches_tell_each_other_and_no_track_comes_home(tmp_path):
    """A hears a radar and tells B, which tells A what it knows: A counts that and drops it."""
    ports = free_port(), free_port(), free_port()
    clock = Clock(1_790_000_000.0, time.time(), 5.0)
    site_a = named(site_of(ports[0]), A) + node_under(B, ports[1], ports[2])
    site_b = named(SITE, B) + node_under(A, ports[2], ports[1])

    async def fly(node):
        began_s = clock.now_s()
        await node.send(node.registration(began_s) + node.status(began_s))
        while True:
            now_s = clock.now_s()
            away_m = 6000.0 - 5.0 * (now_s - began_s)
            await node.send(node.scan(now_s, away_m))
            await asyncio.sleep(0.2)

    def watch(name, site):
        return service(tmp_path / name, site=site, pipeline=pipeline, clock=clock)

    async def go():
        async with watch("a", site_a) as a:
            node = await Sensor.call(ports[0])
            flying = asyncio.ensure_future(fly(node))
            async with watch("b", site_b) as b:
                told = []

                def is_told():
                    told[:] = [t for t in shown_by(b) if t.kind == "system"]
                    return told

                await b.until(is_told)
                (source,) = told[0].sources
                assert source.sensor_id == "north-field"
                assert {origin.node_id for origin in source.origins} == {RADAR}
                refused = a.hall.engine.counters.rejected
                await a.until(
                    lambda: refused.get("north-field", {}).get("derived from our own", 0) >= 3
                )
                assert {t.kind for t in shown_by(a)} <= {"measured"}
                assert {s.sensor_id for t in shown_by(a) for s in t.sources} <= {"radar"}
                body = {"verb": "raise", "key": "w", "site": "north", "zones": ["apron"],
                        "step": "TAKE SHELTER", "text": "heard"}  # fmt: skip
                answer = await a.client.post("/api/v1/acts", json=body)
                assert answer.json()["accepted"], answer.text
                await b.until(
                    lambda: b.hall.engine.counters.records.get("SAPIENT-ALERT", 0) >= 1
                )
                await a.until(lambda: a.hall.sender.status()[0].delivered == 1)
                alarm = "north-field gives an alert: warning, active, priority high"
                await b.until(lambda: alarm in b.hall.hub.scene.standing["events"].decode())
            await a.until(lambda: a.hall.feeds.status()[0].last_error)
            async with watch("b", site_b) as b:
                await b.until(
                    lambda: b.hall.engine.counters.records.get("SAPIENT-REGISTRATION", 0) == 1
                )
                # Objects bear the ids that they had before, which follow from A's tracks.
                await b.until(
                    lambda: (
                        {s.number for t in shown_by(b) for s in t.sources}
                        & {number_of(t) for t in shown_by(a)}
                    )
                )
            flying.cancel()
            await node.end()

    asyncio.run(go())
