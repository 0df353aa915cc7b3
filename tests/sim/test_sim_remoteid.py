"""The simulated Remote ID receiver: what it sends is read back as what is really there."""

import itertools
import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from tocsin import codec, geo
from tocsin.codec.capture import LinkType, Packet, read_capture
from tocsin.codec.remoteid import IdType, find_broadcast
from tocsin.model import DetectionBatch, Ladder, Report
from tocsin.sim import Draws, batches, frames, open_world, remoteid, streams
from tocsin.sim.play import play

DAY_S = 1_790_000_000.0
UNTIL_S = 640.0
RID = "asad-rid"


@pytest.fixture(scope="module")
def receiver(node):
    """The node with that receiver alone."""
    return replace(node, sensors=tuple(s for s in node.sensors if s.id == RID))


@pytest.fixture(scope="module")
def read(day, receiver):
    session = codec.open_session(receiver, live=True)
    heard = frames(day, receiver, Draws(day.seed), day_s=DAY_S, until_s=UNTIL_S)
    parts, records = [], {}
    for batch in batches(heard, start_s=DAY_S, end_s=DAY_S + UNTIL_S):
        decoded = codec.decode_into(session, receiver, batch)
        assert decoded.rejected == ()
        parts.append(decoded.detections)
        for kind, n in decoded.records.items():
            records[kind] = records.get(kind, 0) + n
    return DetectionBatch.join(parts), records


def test_the_drone_is_heard_where_it_is_and_its_words_hold_together(read, world):
    rows, records = read
    row = world.row("survey")
    assert set(rows.declared_id.tolist()) == {b"EXAM6SURV01"}
    assert set(rows.report.tolist()) == {Report.DECLARED}
    assert records["RID-LOCATION"] >= len(rows) > 300
    assert not rows.flags.any() & (DetectionBatch.IMPLAUSIBLE | DetectionBatch.TWO_PLACES)
    truth, velocity, _ = world.at(rows.time_s - DAY_S, np.full(len(rows), row))
    said = geo.geodetic_rows(rows.lat_deg, rows.lon_deg, truth[:, 2])
    off_m = geo.distance_m(truth, said)
    # 8 m in each axis: 95 % within 2.45 sigma; a tenth of a second at 11 m/s adds 1 m.
    assert 4.0 < np.percentile(off_m, 50) < 16.0
    assert np.percentile(off_m, 95) < 28.0
    assert np.abs(rows.alt_m - truth[:, 2]).max() < 1.0
    wrong = np.hypot(rows.vel_east_mps - velocity[:, 0], rows.vel_north_mps - velocity[:, 1])
    assert np.percentile(wrong, 95) < 0.5


def test_it_is_heard_as_often_as_the_law_says(read, day, world, receiver):
    rows, _ = read
    sensor = receiver.sensors[0]
    frame = geo.frame_at(sensor.lat, sensor.lon, sensor.alt_m)
    seconds = np.arange(60.0, 600.0)
    places, _, _ = world.at(seconds, np.full(len(seconds), world.row("survey")))
    range_m = np.sqrt((geo.to_frame(places, frame) ** 2).sum(1))
    r50_m = next(r.r50_m for r in day.receiver if r.sensor == RID)
    expected = np.exp(-math.log(2.0) * (range_m / r50_m) ** 4).sum()
    heard = ((rows.time_s >= DAY_S + 60.0) & (rows.time_s < DAY_S + 600.0)).sum()
    # Four standard deviations of a sum of 540 chances are at most 2 sqrt(540).
    assert heard == pytest.approx(expected, abs=47)
    assert 100 < expected < 500


def test_the_stream_is_one_capture_of_real_beacons(day, receiver, world):
    stream = streams(day, receiver, world, Draws(1), day_s=DAY_S, from_s=60.0)[RID]
    sent = list(itertools.takewhile(lambda s: s.time_s < 120.0, stream))
    whole = remoteid.HEAD + b"".join(s.payload.removeprefix(remoteid.HEAD) for s in sent)
    packets = list(read_capture(whole))
    assert len(packets) == len(sent)
    assert all(p.link_type == LinkType.IEEE_802_11 and p.data[0] == 0x80 for p in packets)
    found = [find_broadcast(packet) for packet in packets]
    drones = [b for b, refused in found if b is not None and not refused]
    others = [b for b, refused in found if b is None and not refused]
    assert len(drones) > 30
    assert len(others) == 15  # the base's own network, every 4 s
    assert len(drones) + len(others) == len(packets)
    assert {b.transport for b in drones} == {"wifi-beacon"}
    kinds = [type(m).__name__ for m in drones[0].messages]
    assert kinds == ["BasicId", "Location", "SelfId", "System", "OperatorId"]
    assert drones[0].messages[0].id_type == IdType.SERIAL


def test_of_the_base_s_own_network_nothing_is_stored(day, receiver):
    for _, frame in frames(day, receiver, Draws(1), day_s=DAY_S, until_s=60.0):
        assert b"simulated gate" not in frame.payload
        for packet in read_capture(frame.payload):
            assert isinstance(packet, Packet)
            assert find_broadcast(packet)[0] is not None


def test_a_drone_more_changes_no_byte_of_any_other_sensor(day, node):
    without = msgspec.structs.replace(day, route=[r for r in day.route if r.id != "survey"])
    others = replace(node, sensors=tuple(s for s in node.sensors if s.id != RID))
    with_it, before = (
        [f.payload for _, f in frames(scenario, others, Draws(1), day_s=DAY_S, until_s=40.0)]
        for scenario in (day, without)
    )
    assert with_it == before
    assert len(with_it) > 500


def test_a_receiver_in_a_sky_without_drones_goes_on(day, receiver):
    quiet = msgspec.structs.replace(day, route=[], approach=[], wander=[])
    world = open_world(quiet, receiver, Draws(1))
    stream = streams(quiet, receiver, world, Draws(1), day_s=DAY_S)[RID]
    assert [s.time_s for s in itertools.islice(stream, 4)] == [0.0, 4.0, 8.0, 12.0]


@pytest.mark.jit
def test_the_civil_drone_is_shown_and_nobody_is_warned_of_it(day, receiver):
    alone = msgspec.structs.replace(
        day, route=[r for r in day.route if r.id == "survey"], approach=[], wander=[]
    )
    shown = set()
    for _, outcome in play(alone, receiver, Draws(day.seed), day_s=DAY_S, until_s=UNTIL_S):
        assert not outcome.track_events
        for event in outcome.alert_events:
            # A receiver alone does not watch a base, and that is said; of no track is anything.
            assert event.step not in (Ladder.MONITOR, Ladder.CAUTION, Ladder.TAKE_SHELTER)
            assert event.tracks == ()
        if outcome.picture is not None:
            shown |= set(outcome.picture.tracks.declared.tolist())
    assert shown == {b"EXAM6SURV01"}
