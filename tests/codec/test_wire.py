"""Frames of the live socket: sizes, units, limits, and what stands for "not known"."""

import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.fakes import empty_picture, tracks_picture

from tocsin.codec import wire
from tocsin.model import (
    LABELS,
    Alarm,
    DeclaredTable,
    Ladder,
    Node,
    Sensor,
    Site,
    SystemTable,
    ThreatTable,
    TrackKind,
    Zone,
    ZoneStatus,
)

ZONE = Zone("apron", "Apron", ((-1.0, -1.0), (1.0, -1.0), (0.0, 1.0)), 600.0, 60.0)
NODE = Node(
    sites=(Site("north", "North", 48.0, 11.0, 500.0, zones=(ZONE,)),),
    sensors=(Sensor("radar-1", nature="simulated"), Sensor("ear", kind="adsb")),
)


def rows(picture, wires=None):
    return wire.rows_into(wires or wire.open_wires(), picture, NODE)


def test_a_record_has_the_32_bytes_that_the_contract_names():
    assert wire.RECORD.itemsize == 32
    assert wire.HEADER.size == 16
    picture = tracks_picture(1000.0, [7])
    tracks = picture.tracks
    tracks.lat_deg[:], tracks.lon_deg[:], tracks.alt_m[:] = 33.7856, 42.4412, 188.4
    tracks.vel_north_mps[:], tracks.vel_east_mps[:], tracks.vel_up_mps[:] = 10.0, -20.5, 0.3
    tracks.covariance[:, 0, 0], tracks.covariance[:, 1, 1] = 9.0, 25.0
    tracks.updated_s[:] = 998.5
    tracks.site[:] = 0
    picture.identities.label[:] = LABELS.index("drone")
    picture.identities.probability[:, :2] = 0.4, 0.53
    found, _ = rows(picture)
    body = found.records.tobytes()
    frame = wire.binary(wire.FULL, 5, 1000.0, body)
    # Read back by the layout in the contract, not by our own dtype.
    assert struct.unpack_from("<HBBId", frame) == (0x5443, 1, 0, 5, 1_000_000.0)
    assert struct.unpack_from("<IiihhhhHHHBBBBH", frame, 16) == (
        1, 337_856_000, 424_412_000, 188, 100, -205, 3, 41, 65_535, 150, 3, 93, 0, 0, 0,
    )  # fmt: skip


@given(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(allow_nan=True, allow_infinity=True),
)
def test_no_value_wraps_around_in_its_field(value, other):
    picture = tracks_picture(1000.0, [7])
    tracks = picture.tracks
    for name in ("alt_m", "vel_north_mps", "vel_east_mps", "vel_up_mps", "updated_s"):
        getattr(tracks, name)[:] = value
    tracks.covariance[:, 0, 0] = abs(other)
    with np.errstate(all="ignore"):
        found, _ = rows(picture)
    record = found.records[0]
    limit = {"alt": (1.0, 32_767), "v_north": (10.0, 32_767), "v_up": (10.0, 32_767)}
    for name, (factor, top) in limit.items():
        wanted = 0.0 if math.isnan(value) else max(-top - 1, min(top, value * factor))
        assert record[name] == pytest.approx(wanted, abs=0.51)


def test_a_track_without_a_position_is_not_sent():
    picture = tracks_picture(1000.0, [7, 8])
    picture.tracks.lat_deg[0] = np.nan
    found, _ = rows(picture)
    assert found.keys == ((False, 8),)


def test_wire_ids_are_kept_never_used_again_and_said_to_be_gone():
    wires = wire.open_wires()
    first, gone = rows(tracks_picture(1.0, [10, 11]), wires)
    assert gone == {}
    second, gone = rows(tracks_picture(2.0, [11, 12]), wires)
    assert gone == {1: (False, 10)}
    assert first.records["wire"].tolist() == [1, 2]
    assert second.records["wire"].tolist() == [2, 3]
    third, _ = rows(tracks_picture(3.0, [10]), wires)
    assert third.records["wire"].tolist() == [4]


def flags_of(**changes):
    picture = tracks_picture(1000.0, [7])
    for name, value in changes.items():
        table = picture.identities if name == "cooperative" else picture.tracks
        getattr(table, name)[:] = value
    return int(rows(picture)[0].records["flags"][0])


def test_flags_say_what_the_contract_says():
    assert flags_of() == 0
    assert flags_of(status=2) == 1
    assert flags_of(status=0) == 32
    assert flags_of(cooperative=True) == 4
    assert flags_of(nature=2) == 8
    assert flags_of(nature=1) == 16
    assert flags_of(kind=TrackKind.DECLARED) == 64
    assert flags_of(kind=TrackKind.SYSTEM) == 256
    marked = wire.as_provisional(rows(tracks_picture(1.0, [7]))[0].records)
    assert int(marked["flags"][0]) == 128


def test_alarm_step_and_arrival_of_a_track_are_those_of_its_zones_and_threats():
    picture = tracks_picture(1000.0, [7, 8])
    picture.alarms = (
        Alarm("A-1-1", 0, "north", Ladder.CAUTION, "acknowledged", 990.0, (7,), (), "live"),
        Alarm("A-1-2", 0, "north", Ladder.CAUTION, "closed", 990.0, (8,), (), "live"),
    )
    picture.zones = (
        ZoneStatus(0, 0, "north", "apron", step=Ladder.CAUTION, tracks=(7, 8)),
        ZoneStatus(0, 1, "north", "mess", step=Ladder.TAKE_SHELTER, tracks=(7,)),
        ZoneStatus(0, 2, "north", "gate", step=Ladder.ALL_CLEAR, tracks=(8,)),
    )
    picture.threats = ThreatTable.blank(2)
    picture.threats.track_id[:] = 7
    picture.threats.arrival_median_s[:] = 1100.0, 1042.0
    records = rows(picture)[0].records
    assert records["flags"].tolist() == [2, 0]
    assert [Ladder.ALL[k] for k in records["threat"]] == [Ladder.TAKE_SHELTER, Ladder.CAUTION]
    assert records["eta"].tolist() == [420, 65_535]


def declared_picture():
    picture = empty_picture(1000.0)
    declared = DeclaredTable.blank(4)
    declared.declared_id[:] = [b"a", b"b", b"c", b"d"]
    declared.callsign[:] = [b"QTR4", b"", b"", b""]
    declared.lat_deg[:], declared.lon_deg[:], declared.time_s[:] = 48.0, 11.0, 999.0
    declared.lat_deg[1] = np.nan  # heard, but without a position
    declared.link[2], declared.verified[2] = 7, True  # the measured track stands for it
    declared.sensor[:] = [1, 1, 1, 0]
    declared.flags[3] = DeclaredTable.SPOOF
    picture.declared, picture.declared_label = declared, (5, 5, 5, 5)
    return picture


def test_what_declares_itself_is_shown_once_and_says_that_it_is_unverified():
    picture, wires = declared_picture(), wire.open_wires()
    found, _ = rows(picture, wires)
    assert [name for _, name in found.keys] == [b"a", b"d"]
    assert found.records["flags"].tolist() == [64, 64 + 8]  # the second heard by a simulation
    assert found.records["confidence"].tolist() == [0, 0]
    metas = wire.meta_rows(wires, found, picture, NODE, ["radar-1", "ear"])
    assert (metas[0].callsign, metas[0].kind, metas[0].sensors) == ("QTR4", "declared", ["ear"])
    assert metas[0].reasons[0] == "declared by the aircraft, unverified"
    assert "disagree" in metas[1].reasons[1]


def test_panels_get_ids_as_strings_and_sensors_by_name():
    big = 2**62 + 1  # more than a browser's numbers hold
    picture, wires = tracks_picture(1000.0, [big]), wire.open_wires()
    picture.tracks.sensors[:] = 0b10
    picture.identities.reasons = (("flies slowly",),)
    found, _ = rows(picture, wires)
    meta = wire.meta_rows(wires, found, picture, NODE, ["radar-1", "ear"])[0]
    frame = json.loads(wire.with_seq(wire.text("track_meta", tracks=[meta]), 3))
    assert frame["seq"] == 3
    assert frame["type"] == "track_meta"
    said = frame["tracks"][0]
    assert said["track_id"] == str(big)
    assert said["sensors"] == ["ear"]
    assert said["reasons"] == ["flies slowly"]
    assert said["site_id"] == "north"
    assert said["kind"] == "measured"


def test_nan_and_infinity_are_null_in_json():
    picture = tracks_picture(1000.0, [7])
    picture.zones = (ZoneStatus(0, 0, "north", "apron", tracks=(7,)),)
    zone = json.loads(wire.text("zones", zones=wire.zones_json(picture)))["zones"][0]
    assert zone["arrival_median_s"] is None
    assert zone["proposed_s"] is None
    assert zone["tracks"] == ["7"]
    picture.threats = ThreatTable.blank(1)
    picture.threats.arrival_late_s[:] = np.inf
    picture.threats.reasons = (("near",),)
    frame = json.loads(wire.text("threats", threats=wire.threats_json(picture, NODE)))
    assert frame["threats"][0]["arrival_late_s"] is None
    assert frame["threats"][0]["zone_id"] == "apron"


def test_closed_alarms_stay_for_ten_minutes():
    def shown(closed_s):
        picture = empty_picture(2000.0)
        picture.alarms = (
            Alarm(
                "A", 0, "n", Ladder.CAUTION, "closed", 1.0, (), (), "live", closed_s=closed_s
            ),
        )
        return len(wire.alarms_json(picture))

    assert shown(1401.0) == 1
    assert shown(1399.0) == 0


def test_hello_describes_the_record():
    fields = wire.record_fields()
    assert fields[0] == {"name": "wire", "type": "u32", "offset": 0}
    assert fields[-1] == {"name": "flags", "type": "u16", "offset": 30}


def test_another_trackers_track_is_shown_once_and_says_whose_it_is():
    picture = tracks_picture(1000.0, [7])
    table = SystemTable.blank(3)
    table.track_id[:], table.number[:] = (70, 71, 72), (b"1", b"2", b"3")
    table.sensor[:] = 1
    table.lat_deg[:], table.lon_deg[:], table.alt_m[:] = 48.5, 11.5, 9000.0
    table.time_s[:] = (998.0, 998.0, 900.0)
    table.link[:] = (7, 0, 0)
    table.callsign[:] = b"DLH123"
    picture.system = table
    wires = wire.open_wires()
    found, _ = rows(picture, wires)
    assert found.keys == ((False, 7), (False, 71))  # joined; alone; too old to be a picture
    assert found.records["flags"][1] & 256
    assert found.records["site"][1] == 255
    metas = wire.meta_rows(wires, found, picture, NODE, ["radar-1", "ear"])
    assert [m.kind for m in metas] == ["measured", "system"]
    assert metas[1].sensors == ["ear"]
    assert metas[0].callsign == metas[1].callsign == "DLH123"
