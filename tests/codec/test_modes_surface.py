"""Positions on the ground, against rs1090's decoding of a real recording and the standard."""

import gzip
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.codec.test_modes import hear

from tocsin import codec, geo
from tocsin.codec.modes import encode_squitter
from tocsin.codec.modes._cpr import decode_local
from tocsin.codec.modes._surface import read_surface
from tocsin.codec.modes.accuracy import sigma_position_m
from tocsin.codec.recordings import open_recording
from tocsin.model import Batch, DetectionBatch, Node, Sensor
from tocsin.units import KNOT_MPS

RECEIVER = Sensor("rx", kind="adsb", lat=43.63, lon=1.37, alt_m=150.0, format="modes-jsonl")


@pytest.fixture(scope="module")
def peers(data_folder):
    path = data_folder / "adsb-toulouse" / "decoded_rs1090.jsonl.gz"
    lines = map(json.loads, gzip.decompress(path.read_bytes()).splitlines())
    return [line for line in lines if line.get("bds") == "06" and "latitude" in line]


def heard(data_folder, sensor):
    path = data_folder / "adsb-toulouse" / "frames.jsonl.gz"
    recording = open_recording(path.read_bytes(), path.name)
    frames = tuple(recording.frames)
    node = Node(sensors=(sensor,))
    session = codec.open_session(node, live=False, formats=recording.formats)
    session.formats.update({frame.source: "modes-jsonl" for frame in frames})
    frames = tuple(f.__class__(sensor.id, f.sequence, f.arrival_s, f.payload) for f in frames)
    rows = codec.decode_into(session, node, Batch(frames[-1].arrival_s, frames)).detections
    on_ground = (rows.flags & DetectionBatch.ON_GROUND) > 0
    return rows.take(on_ground & np.isfinite(rows.lat_deg))


def test_aircraft_on_the_ground_stand_where_the_peer_found_them(data_folder, peers):
    rows = heard(data_folder, RECEIVER)
    theirs = {(p["icao24"], round(p["timestamp"], 3)): p for p in peers}
    compared = speeds = 0
    for i in range(len(rows)):
        key = (rows.declared_id[i].decode(), round(float(rows.time_s[i]), 3))
        peer = theirs.get(key)
        if peer is None:
            continue
        a = geo.geodetic_rows(rows.lat_deg[i], rows.lon_deg[i], 0.0)
        b = geo.geodetic_rows(peer["latitude"], peer["longitude"], 0.0)
        assert geo.distance_m(a, b)[0] < 10.0
        # Between 2 and 15 kt the peer counts quarters, with which 26 codes end at 8.5 kt.
        knots = peer.get("groundspeed", 3.0)
        if not 2.0 <= knots < 15.0 and math.isfinite(rows.vel_east_mps[i]):
            speeds += 1
            speed_mps = math.hypot(rows.vel_east_mps[i], rows.vel_north_mps[i])
            assert speed_mps == pytest.approx(knots * KNOT_MPS, abs=0.01)
        compared += 1
    # A first look at each aircraft waits for a second one.
    assert compared > 0.8 * len(peers)
    assert speeds > 10


def test_without_a_known_place_nothing_on_the_ground_is_placed(data_folder):
    nowhere = Sensor("rx", kind="adsb", format="modes-jsonl")
    assert len(heard(data_folder, nowhere)) == 0


def surface(lat_deg, lon_deg, *, is_odd, movement=13, track=32, code=7):
    """Encode by the formulae of DO-260B, A.1.7.3, with zones of 90 degrees."""
    cell = 90.0 / (60 - is_odd)
    yz = math.floor(2**17 * ((lat_deg % cell) / cell) + 0.5)
    seen = cell * (yz / 2**17 + math.floor(lat_deg / cell))
    slope = 1.0 - math.cos(math.pi / 30.0)
    zones = math.floor(
        math.tau / math.acos(1.0 - slope / math.cos(math.radians(abs(seen))) ** 2)
    )
    wide = 90.0 / max(1, zones - is_odd)
    xz = math.floor(2**17 * ((lon_deg % wide) / wide) + 0.5)
    head = code << 51 | movement << 44 | 1 << 43 | track << 36 | is_odd << 34
    return head | yz % 2**17 << 17 | xz % 2**17


@given(st.floats(-80.0, 80.0), st.floats(-179.0, 179.0), st.booleans(),
       st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))  # fmt: skip
def test_one_message_tells_the_place_near_the_receiver(lat, lon, is_odd, dlat, dlon):
    said = read_surface(surface(lat, lon, is_odd=is_odd))
    place = decode_local(
        said.lat, said.lon, is_odd=is_odd, near_lat_deg=lat + dlat,
        near_lon_deg=lon + dlon, round_deg=90.0,
    )  # fmt: skip
    assert place is not None
    gap = geo.distance_m(geo.geodetic_rows(*place, 0.0), geo.geodetic_rows(lat, lon, 0.0))[0]
    assert gap < 5.0


@pytest.mark.parametrize(
    ("movement", "knots"),
    [(1, 0.0), (2, 0.125), (8, 0.875), (9, 1.0), (13, 2.0), (39, 15.0), (94, 70.0),
     (109, 100.0), (123, 170.0)],
)  # fmt: skip
def test_movement_is_the_speed_of_the_standard_s_table(movement, knots):
    said = read_surface(surface(50.0, 8.0, is_odd=False, movement=movement, track=32))
    assert said.east_mps == pytest.approx(knots * KNOT_MPS)  # track 90 degrees
    assert said.north_mps == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("movement", [0, 124, 125, 127])
def test_movement_without_a_number_gives_no_speed(movement):
    assert math.isnan(
        read_surface(surface(50.0, 8.0, is_odd=False, movement=movement)).east_mps
    )


def test_a_jump_on_the_ground_is_refused_and_has_to_prove_itself():
    node = Node(sensors=(Sensor("rx", kind="adsb", lat=50.0, lon=8.0),))
    places = [(50.0, 8.0)] * 4 + [(50.3, 8.0)] * 3
    messages = [
        (k * 0.5, encode_squitter("3c660c", surface(lat, lon, is_odd=bool(k % 2))))
        for k, (lat, lon) in enumerate(places)
    ]
    found = hear(messages, node=node)
    rows = found.detections
    assert [r.reason for r in found.rejected] == ["implausible position"]
    placed = rows.lat_deg[np.isfinite(rows.lat_deg)]
    assert placed.tolist() == pytest.approx([50.0] * 3 + [50.3] * 2, abs=1e-4)
    assert (rows.flags & DetectionBatch.ON_GROUND).all()


@pytest.mark.parametrize("subtype", [0, 1])
def test_the_accuracy_of_the_operational_status_counts_on_the_ground_too(subtype):
    node = Node(sensors=(Sensor("rx", kind="adsb", lat=50.0, lon=8.0),))
    status = 31 << 51 | subtype << 48 | 2 << 13 | 10 << 8  # version 2, NACp 10: 10 m in 95 %
    messages = [(0.0, encode_squitter("3c660c", status))]
    messages += [
        (0.5 + k / 2, encode_squitter("3c660c", surface(50.0, 8.0, is_odd=bool(k % 2))))
        for k in range(4)
    ]
    rows = hear(messages, node=node).detections
    placed = np.isfinite(rows.lat_deg)
    assert placed.any()
    assert set(rows.sigma_position_m[placed].tolist()) == {sigma_position_m(-1, 10)}
