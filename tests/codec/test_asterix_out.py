"""Tracks as CAT062, CAT063 and CAT065: read back by libasterix and by our own decoder."""

import math
from dataclasses import replace

import asterix.base as peer
import asterix.generated as peer_tables
from hypothesis import given
from hypothesis import strategies as st
from tests.codec.shown import tracks

from tocsin import codec
from tocsin.codec.asterix.outgoing import (
    MOST_TRACKS,
    Numbers,
    numbers_into,
    payloads,
    system_record,
)
from tocsin.codec.shown_tracks import ShownTrack
from tocsin.model import AltRef, Batch, DetectionBatch, Frame, Nature, Node, Report, Sensor

PEER = {
    62: peer_tables.Cat_062_1_20,
    63: peer_tables.Cat_063_1_6,
    65: peer_tables.Cat_065_1_5,
}
T0 = 1_800_000_000.0
numbered = st.tuples(
    tracks.map(lambda t: replace(t, time_s=T0 - t.time_s % 20.0)),
    st.integers(1, MOST_TRACKS),
    st.booleans(),
)
SENSORS = [
    (Sensor(id="a", kind="radar", format="asterix", sac=1, sic=2), "ok"),
    (Sensor(id="b", kind="radar", format="asterix", sac=1, sic=3), "silent"),
    (Sensor(id="c", kind="radar", format="asterix", sac=1, sic=4), "late"),
    (Sensor(id="d", kind="camera", format="detections"), "ok"),
]


def peers_records(data):
    """Return (category, record) of every record, as libasterix parses them."""
    found, parsed = [], peer.RawDatablock.parse(peer.Bits.from_bytes(data))
    assert not isinstance(parsed, ValueError), parsed
    for block in parsed:
        records = PEER[block.get_category()].cv_uap.parse(block.get_raw_records())
        assert not isinstance(records, ValueError), records
        found += [(block.get_category(), record) for record in records]
    return found


def quantity(record, item, name, unit=None):
    field = record.get_item(item).variation.get_item(name)
    return field.variation.content.as_quantity(unit)


@given(st.lists(numbered, max_size=8), st.integers(0, 1000))
def test_libasterix_reads_what_is_written(shown, batch):
    sent, refused = payloads(shown, SENSORS, T0, sac=25, sic=201, batch=batch)
    assert refused == 0
    read = [one for payload in sent for one in peers_records(payload)]
    tracks_read = [record for category, record in read if category == 62]
    assert len(tracks_read) == len(shown)
    for record, (track, number, _) in zip(tracks_read, shown, strict=True):
        assert record.get_item("040").as_uint() == number
        assert record.get_item("010").as_uint() == 25 << 8 | 201
        assert math.isclose(quantity(record, "105", "LAT", "°"), track.lat_deg, abs_tol=2.7e-6)
        assert math.isclose(quantity(record, "105", "LON", "°"), track.lon_deg, abs_tol=2.7e-6)
        if not math.isnan(track.speed_mps):
            assert abs(quantity(record, "185", "VX", "m/s") - track.vel_east_mps) <= 0.1251
            assert abs(quantity(record, "185", "VY", "m/s") - track.vel_north_mps) <= 0.1251
        assert (record.get_item("130") is None) == math.isnan(track.alt_m)
    sensors = [record for category, record in read if category == 63]
    assert [r.get_item("050").as_uint() for r in sensors] == [258, 259, 260]
    ours = [record for category, record in read if category == 65]
    assert [r.get_item("000").as_uint() for r in ours] == [1, 2]
    assert ours[1].get_item("020").as_uint() == batch % 256


@given(st.lists(numbered, max_size=8, unique_by=lambda one: one[1]))
def test_our_own_decoder_makes_the_same_tracks_of_it(shown):
    """The law of the round trip, within the steps of the items."""
    sent, _ = payloads(shown, SENSORS, T0, sac=25, sic=201, batch=1)
    node = Node(
        sensors=(Sensor(id="peer", kind="system", format="asterix", listen=("udp://h:1",),
                        sac=25, sic=201),)
    )  # fmt: skip
    session = codec.open_session(node, live=False)
    frames = tuple(
        Frame("peer", k, T0 + 0.1, payload, "udp://h:1") for k, payload in enumerate(sent)
    )
    decoded = codec.decode_into(session, node, Batch(T0 + 0.1, frames))
    assert not decoded.rejected
    rows = decoded.detections
    goes_on = [(t, n) for t, n, ended in shown if not ended]
    ends = rows.flags & DetectionBatch.TRACK_END != 0
    kept = rows.take(~ends)
    assert len(kept) == len(goes_on)
    for row, (track, number) in enumerate(goes_on):
        assert kept.report[row] == Report.TRACK
        assert kept.sensor_track_id[row] == b"%d" % number
        assert abs(kept.time_s[row] - track.time_s) <= 1.01 / 256
        assert abs(kept.lat_deg[row] - track.lat_deg) <= 2.7e-6
        assert abs(kept.lon_deg[row] - track.lon_deg) <= 2.7e-6
        simulated = bool(kept.flags[row] & DetectionBatch.SIMULATED_TARGET)
        assert simulated == (track.nature != Nature.LIVE)
        for name, step in (
            ("vel_east_mps", 0.1251), ("vel_north_mps", 0.1251), ("vel_up_mps", 0.0159),
        ):  # fmt: skip
            said, mine = getattr(kept, name)[row], getattr(track, name)
            if name != "vel_up_mps" and math.isnan(track.speed_mps):
                assert math.isnan(said)
            else:
                assert math.isnan(said) == math.isnan(mine)
                assert math.isnan(mine) or abs(said - mine) <= step
        if math.isnan(track.alt_m):
            assert kept.alt_ref[row] == AltRef.NONE
        else:  # over the sea on the wire; this node has no site and so no geoid of its own
            assert abs(kept.alt_m[row] - (track.alt_m - track.geoid_m)) <= 0.96
        if not math.isnan(track.sigma_position_m):
            wanted = max(0.5, track.sigma_position_m)
            assert abs(kept.sigma_position_m[row] - wanted) <= 0.26


def test_datagrams_stay_below_the_size_of_a_frame():
    track = ShownTrack(
        "5", "measured", "drone", "live", "north", T0, T0, 48.1, 11.2, 600.0, 1.0, -2.0, 0.5,
        10.0, 20.0, 1.0, 45.6, declared="a1b2c3", callsign="ABC 12", coasted=True,
    )  # fmt: skip
    sent, _ = payloads(
        [(track, k, False) for k in range(1, 1001)], SENSORS, T0, sac=1, sic=2, batch=0
    )
    assert all(len(payload) <= 1400 for payload in sent)
    assert len(sent) < 60
    assert sum(len(peers_records(p)) for p in sent) == 1000 + 3 + 2


def test_a_track_that_ends_says_so_and_one_without_a_place_is_refused():
    track = ShownTrack("5", "measured", "bird", "live", "", T0, T0, 48.1, 180.0)
    ((_, record),) = peers_records(
        payloads([(track, 9, True)], [], T0, sac=1, sic=2, batch=0)[0][0]
    )
    assert record.get_item("080") is not None
    raw = system_record(track, 9, 1, 2, ended=True)
    assert quantity(record, "105", "LON", "°") == -180.0
    assert raw == record.unparse().to_bytes()
    lost = replace(track, lat_deg=math.nan)
    assert payloads([(lost, 9, False)], [], T0, sac=1, sic=2, batch=0)[1] == 1


def test_a_track_number_comes_back_as_late_as_can_be():
    numbers = Numbers()
    assert numbers_into(numbers, ["a", "b"]) == []
    assert numbers.ids == {"a": 1, "b": 2}
    del numbers.ids["b"]
    numbers_into(numbers, ["c"])
    assert numbers.ids == {"a": 1, "c": 3}
    numbers.last = MOST_TRACKS
    numbers_into(numbers, ["d"])
    assert numbers.ids["d"] == 2  # 1 is taken
    full = Numbers({str(k): k for k in range(1, MOST_TRACKS + 1)})
    assert numbers_into(full, ["new"]) == ["new"]
