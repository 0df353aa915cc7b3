"""Mode S and ADS-B against published vectors, a peer's positions, and their own laws."""

import gzip
import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tocsin import codec, geo
from tocsin.codec import modes
from tocsin.codec.recordings import open_recording
from tocsin.model import AltRef, Batch, DetectionBatch, Frame, Node, Sensor
from tocsin.units import FOOT_M, KNOT_MPS

T0 = 1_767_225_600.0
FLAG = DetectionBatch.NO_POSITION


def frame(text):
    return bytes.fromhex(text)


def body(text):
    return int.from_bytes(frame(text)[4:11], "big")


# Vectors of "The 1090 Megahertz Riddle" (J. Sun, 2nd edition), chapters 3 to 6.


def test_published_frames_have_intact_parity():
    assert modes.remainder(frame("8D406B902015A678D4D220AA4BDA")) == 0
    assert modes.remainder(frame("8D4CA251204994B1C36E60A5343D")) == 0x10
    assert modes.attach_parity(frame("8D406B902015A678D4D220")) == frame(
        "8D406B902015A678D4D220AA4BDA"
    )


def test_a_published_identification_is_read():
    assert modes.read_identification(body("8D4840D6202CC371C32CE0576098")) == ("KLM1023", "A0")


def test_a_published_pair_of_positions_is_read():
    even = modes.read_position(body("8D40621D58C382D690C8AC2863A7"))
    odd = modes.read_position(body("8D40621D58C386435CC412692AD6"))
    assert (even.is_odd, odd.is_odd) == (False, True)
    assert even.alt_m == pytest.approx(38_000 * FOOT_M)
    lat, lon = modes.decode_global((even.lat, even.lon), (odd.lat, odd.lon), is_odd_newer=False)
    assert (lat, lon) == (pytest.approx(52.2572, abs=1e-4), pytest.approx(3.91937, abs=1e-4))
    local = modes.decode_local(
        even.lat, even.lon, is_odd=False, near_lat_deg=52.258, near_lon_deg=3.918
    )
    assert local == (pytest.approx(lat, abs=1e-9), pytest.approx(lon, abs=1e-9))


def test_a_published_velocity_is_read():
    said = modes.read_velocity(body("8D485020994409940838175B284F"))
    assert said.east_mps == pytest.approx(-8 * KNOT_MPS)
    assert said.north_mps == pytest.approx(-159 * KNOT_MPS)
    assert said.up_mps == pytest.approx(-832 * FOOT_M / 60)
    assert said.difference_m == pytest.approx(550 * FOOT_M)


def test_a_published_air_speed_gives_no_ground_velocity():
    said = modes.read_velocity(body("8DA05F219B06B6AF189400CBC33F"))
    assert math.isnan(said.east_mps)
    assert said.up_mps == pytest.approx(-2304 * FOOT_M / 60)


@pytest.mark.parametrize(
    ("lat", "zones"),
    [(0.0, 59), (10.4704, 59), (10.4705, 58), (52.0, 36), (86.9, 2), (87.1, 1), (-52.0, 36)],
)
def test_longitude_zones_are_those_of_the_standard(lat, zones):
    assert modes.longitude_zones(lat) == zones  # DO-260B, A.1.7.2 d


places = st.tuples(st.floats(-85.0, 85.0), st.floats(-179.99, 179.99))


@given(places)
def test_a_pair_of_messages_tells_the_place_on_the_earth(place):
    lat, lon = place
    even = modes.encode_airborne(lat, lon, is_odd=False)
    odd = modes.encode_airborne(lat, lon, is_odd=True)
    for newer in (False, True):
        found = modes.decode_global(even, odd, is_odd_newer=newer)
        assume(found is not None)  # within a step of a transition latitude
        distance_m = geo.distance_m(
            geo.geodetic_rows(*place, 0.0), geo.geodetic_rows(*found, 0.0)
        )
        assert distance_m[0] < 15.0


@given(places, st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.booleans())
def test_one_message_tells_the_place_near_a_known_one(place, dlat, dlon, is_odd):
    lat, lon = place
    assume(abs(lat) < 75.0)
    code = modes.encode_airborne(lat, lon, is_odd=is_odd)
    found = modes.decode_local(
        *code, is_odd=is_odd, near_lat_deg=lat + dlat, near_lon_deg=lon + dlon
    )
    assert found is not None
    distance_m = geo.distance_m(geo.geodetic_rows(*place, 0.0), geo.geodetic_rows(*found, 0.0))
    assert distance_m[0] < 15.0


@given(st.integers(-40, 2007))
def test_altitude_in_steps_of_25_feet_comes_back(steps):
    alt_m = steps * 25 * FOOT_M
    message = modes.encode_position(0, 0, alt_m, is_odd=False)
    assert modes.read_position(message).alt_m == pytest.approx(alt_m)


@pytest.mark.parametrize(
    ("pulses", "feet"),
    [
        ({"C1", "D4", "B4"}, None),
        ({"C4"}, None),
        ({"B4", "C1", "C2"}, -600),
        ({"A4", "C4"}, None),
    ],
)
def test_gillham_altitudes_are_either_of_the_table_or_none(pulses, feet):
    order = ("C1", "A1", "C2", "A2", "C4", "A4", "B1", "Q", "B2", "D2", "B4", "D4")
    code = int("".join("1" if name in pulses else "0" for name in order), 2)
    alt_m = modes.altitude_m(code)
    if feet is not None:
        assert alt_m == pytest.approx(feet * FOOT_M)
    else:
        assert math.isnan(alt_m) or round(alt_m / FOOT_M) % 100 == 0


def test_the_gillham_code_is_a_gray_code_over_its_whole_range():
    """Annex 10 vol. IV, appendix to chapter 3: neighbours differ in one pulse, each occurs
    once.
    """
    by_feet = {}
    for code in range(4096):
        if code & 0x10:
            continue
        alt_m = modes.altitude_m(code)
        if not math.isnan(alt_m):
            assert round(alt_m / FOOT_M) not in by_feet
            by_feet[round(alt_m / FOOT_M)] = code
    levels = sorted(by_feet)
    assert levels[0] == -1200
    assert levels[-1] == 126_700
    for a, b in itertools.pairwise(levels):
        if b - a == 100:
            assert (by_feet[a] ^ by_feet[b]).bit_count() == 1
    assert sum(b - a != 100 for a, b in itertools.pairwise(levels)) == 0


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(-100, 100), st.floats(-900, 900))
def test_a_velocity_comes_back_within_half_a_step(east, north, up, difference):
    said = modes.read_velocity(modes.encode_velocity(east, north, up, difference_m=difference))
    assert said.east_mps == pytest.approx(east, abs=0.26)
    assert said.north_mps == pytest.approx(north, abs=0.26)
    assert said.up_mps == pytest.approx(up, abs=0.17)
    assert said.difference_m == pytest.approx(difference, abs=3.9)


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=8))
def test_a_callsign_comes_back(callsign):
    assert modes.read_identification(modes.encode_identification(callsign, "A3")) == (
        callsign,
        "A3",
    )


# An aircraft in flight, as its squitters.


def flight(address="3c660c", *, lat=50.0, lon=10.0, seconds=20, north_mps=200.0, ident=True):
    """Give (time, frame): positions twice a second, velocities once, a name every five."""
    for half in range(2 * seconds):
        time_s = T0 + half / 2
        here = lat + north_mps * half / 2 / 111_200
        code = modes.encode_airborne(here, lon, is_odd=bool(half % 2))
        message = modes.encode_position(*code, 3048.0, is_odd=bool(half % 2))
        yield time_s, modes.encode_squitter(address, message)
        if half % 2 == 0:
            said = modes.encode_velocity(0.0, north_mps, 0.0, difference_m=100.0)
            yield time_s + 0.1, modes.encode_squitter(address, said)
        if ident and half % 10 == 0:
            named = modes.encode_identification("TEST1", "A3")
            yield time_s + 0.2, modes.encode_squitter(address, named)


def hear(messages, *, node=None, session=None, source="rx"):
    node = node or Node()
    session = session or codec.open_session(node, live=False, formats={source: "beast"})
    frames = tuple(
        Frame(source, i, time_s, modes.encode(message, 0))
        for i, (time_s, message) in enumerate(messages)
    )
    return codec.decode_into(session, node, Batch(frames[-1].arrival_s, frames))


def test_a_flight_is_followed_with_height_and_velocity():
    rows = hear(flight()).detections
    placed = rows.take((rows.flags & FLAG) == 0)
    assert len(placed) >= 37
    late = placed.take(placed.time_s > T0 + 2)
    assert np.allclose(late.lon_deg, 10.0, atol=1e-4)
    assert np.allclose(late.lat_deg, 50.0 + 200.0 * (late.time_s - T0) / 111_200, atol=1e-4)
    assert np.allclose(late.vel_north_mps, 200.0, atol=0.3)
    assert (late.alt_ref == AltRef.ELLIPSOID).all()
    assert np.allclose(late.alt_m, 3148.0, atol=8.0)
    assert (late.sigma_alt_m < 150.0).all()
    assert set(late.callsign.tolist()) == {b"TEST1"}
    assert set(late.category.tolist()) == {b"A3"}


def test_without_the_difference_the_height_is_pressure_and_wide():
    messages = [
        (t, m) for t, m in flight() if modes.type_code(int.from_bytes(m[4:11], "big")) != 19
    ]
    rows = hear(messages).detections
    placed = rows.take((rows.flags & FLAG) == 0)
    assert (placed.alt_ref == AltRef.PRESSURE).all()
    assert (placed.sigma_alt_m == 150.0).all()


def test_one_squitter_without_a_name_makes_no_aircraft():
    decoded = hear(list(flight(ident=False))[:1])
    assert decoded.records == {"DF17": 1}
    assert len(decoded.detections) == 0


@pytest.mark.parametrize("address", ["000000", "ffffff"])
def test_an_address_that_nobody_has_makes_no_aircraft(address):
    decoded = hear(flight(address))
    assert len(decoded.detections) == 0
    assert decoded.rejected[0].reason == "no address"


@given(st.randoms(use_true_random=False), st.sampled_from([4, 5, 20, 21, 0, 16]))
def test_noise_in_replies_makes_no_aircraft(random, form):
    size = 14 if form >= 16 else 7
    messages = [
        (T0 + i / 10, bytes([form << 3]) + random.randbytes(size - 1)) for i in range(50)
    ]
    assert len(hear(messages).detections) == 0


@pytest.mark.parametrize(
    ("control", "names"),
    [(0, {b"3c660c"}), (1, {b"~3c660c"}), *((k, set()) for k in range(2, 8))],
)
def test_of_df18_only_what_speaks_for_itself_is_an_aircraft(control, names):
    head = bytes([18 << 3 | control])
    told = [(t, modes.attach_parity(head + m[1:11])) for t, m in flight(seconds=3)]
    found = hear(told)
    assert set(found.detections.declared_id.tolist()) == names
    assert found.records == {"DF18": len(told)}


@given(st.randoms(use_true_random=False))
def test_damaged_squitters_make_no_aircraft_and_are_counted(random):
    broken = []
    for time_s, message in flight(seconds=5):
        octets = bytearray(message)
        octets[1 + random.randrange(13)] ^= 1 << random.randrange(8)
        broken.append((time_s, bytes(octets)))
    decoded = hear(broken)
    assert len(decoded.detections) == 0
    assert sum(r.count for r in decoded.rejected) == len(broken)


def test_a_jump_is_refused_and_believed_only_when_it_lasts():
    first, second = list(flight(seconds=10)), list(flight(lat=55.0, seconds=10))
    jumped = first + [(t + 10, m) for t, m in second]
    decoded = hear(jumped)
    assert any(r.reason == "implausible position" for r in decoded.rejected)
    rows = decoded.detections
    placed = rows.take((rows.flags & FLAG) == 0)
    assert ((placed.lat_deg < 50.1) | (placed.lat_deg > 54.9)).all()
    assert (placed.lat_deg > 54.9).sum() > 10


def test_a_place_beyond_the_horizon_of_the_receiver_is_refused():
    node = Node(sensors=(Sensor(id="rx", kind="adsb", format="beast", lat=-30.0, lon=10.0),))
    decoded = hear(flight(), node=node, session=codec.open_session(node, live=False))
    assert (decoded.detections.flags & FLAG).all()
    assert any(r.reason == "implausible position" for r in decoded.rejected)


def test_a_gap_needs_a_new_pair():
    messages = list(flight(seconds=10))
    later = [(t + 200, m) for t, m in flight(lat=51.0, seconds=10)]
    rows = hear(messages + later).detections
    placed = rows.take((rows.flags & FLAG) == 0)
    assert ((placed.lat_deg < 50.1) | (placed.lat_deg > 50.99)).all()


# Beast framing.


@given(st.lists(st.integers(0, 3_000), max_size=6))
def test_a_stream_gives_the_same_wherever_it_is_cut(cuts):
    stream = b"".join(
        modes.encode(m, 0x1A1A1A + i) for i, (_t, m) in enumerate(flight(seconds=4))
    )
    edges = [0, *sorted({min(c, len(stream)) for c in cuts}), len(stream)]
    session = codec.open_session(Node(), live=False, formats={"rx": "beast"})
    records = {}
    for i, (a, b) in enumerate(itertools.pairwise(edges)):
        part = Batch(T0 + i, (Frame("rx", i, T0 + i, stream[a:b]),))
        decoded = codec.decode_into(session, Node(), part)
        assert not [r for r in decoded.rejected if r.reason != "implausible position"]
        records = {k: records.get(k, 0) + n for k, n in decoded.records.items()} or records
        assert all(len(rest) < 50 for rest in session.streams.values())
    whole = modes.split(stream)[0]
    assert len(whole) == sum(1 for _ in flight(seconds=4))


@given(
    st.binary(min_size=7, max_size=7) | st.binary(min_size=14, max_size=14),
    st.integers(0, 2**48 - 1),
)
def test_beast_messages_come_back(message, counter):
    found, rest = modes.split(modes.encode(message, counter, signal=0x1A))
    assert found == [(ord("2" if len(message) == 7 else "3"), counter, 0x1A, message)]
    assert rest == b""


def test_the_beast_sample_has_239_frames(data_folder):
    data = (data_folder / "adsb-toulouse" / "beast_sample.bin").read_bytes()
    recording = open_recording(data, "beast_sample.bin")
    frames = tuple(recording.frames)
    session = codec.open_session(Node(), live=False, formats=recording.formats)
    decoded = codec.decode_into(session, Node(), Batch(frames[-1].arrival_s, frames))
    assert len(frames) == sum(decoded.records.values()) == 239
    short = sum(n for kind, n in decoded.records.items() if int(kind[2:]) < 16)
    assert short == 185
    assert recording.seconds_recorded == pytest.approx(23.9, abs=0.05)


# The real recording.


@pytest.fixture(scope="module")
def toulouse(data_folder):
    data = (data_folder / "adsb-toulouse" / "frames.jsonl.gz").read_bytes()
    recording = open_recording(data, "frames.jsonl.gz")
    frames = tuple(recording.frames)
    session = codec.open_session(Node(), live=False, formats=recording.formats)
    return codec.decode_into(session, Node(), Batch(frames[-1].arrival_s, frames))


def test_every_real_frame_is_counted(toulouse):
    assert toulouse.records == {"DF17": 2786, "DF20": 320, "DF21": 208}
    assert toulouse.rejected == ()


def test_the_peers_positions_are_found_within_10_m(toulouse, data_folder):
    path = data_folder / "adsb-toulouse" / "decoded_rs1090.jsonl.gz"
    peer = {}
    for line in gzip.decompress(path.read_bytes()).splitlines():
        row = json.loads(line)
        if row.get("icao24") == "400f99" and row.get("bds") == "05" and "latitude" in row:
            peer[row["timestamp"]] = (row["latitude"], row["longitude"])
    rows = toulouse.detections
    mine = rows.take((rows.declared_id == b"400f99") & ((rows.flags & FLAG) == 0))
    assert len(mine) >= 0.95 * 492
    for time_s, lat, lon in zip(mine.time_s, mine.lat_deg, mine.lon_deg, strict=True):
        a, b = geo.geodetic_rows(lat, lon, 0.0), geo.geodetic_rows(*peer[time_s], 0.0)
        assert geo.distance_m(a, b)[0] < 10.0


def test_the_real_callsigns_are_heard_and_noise_is_not(toulouse):
    rows = toulouse.detections
    heard = {
        i.decode(): c.decode()
        for i, c in zip(rows.declared_id.tolist(), rows.callsign.tolist(), strict=True)
        if c
    }
    assert heard == {
        "400f99": "BAW3AK", "4ca216": "EIN5GV", "4863db": "KLM60B", "4d226a": "RYR40GW",
        "3836ba": "AIB04TS",
    }  # fmt: skip
    assert set(rows.declared_id.tolist()) - {i.encode() for i in heard} == {
        b"3461ce",
        b"392ae6",
    }


def test_state_vectors_are_84_aircraft(data_folder):
    path = data_folder / "opensky-uk" / "OpenSky_Plane_States.csv"
    recording = open_recording(path.read_bytes(), path.name)
    frames = tuple(recording.frames)
    assert len(frames) == 121
    session = codec.open_session(Node(), live=False, formats=recording.formats)
    decoded = codec.decode_into(session, Node(), Batch(frames[-1].arrival_s, frames))
    assert decoded.records == {"STATEVECTOR": 6052}
    assert decoded.rejected == ()
    rows = decoded.detections
    assert len(set(rows.declared_id.tolist())) == 84
    assert recording.seconds_recorded == 1200.0
    speed = np.sqrt(rows.vel_east_mps**2 + rows.vel_north_mps**2)
    assert np.nanmax(speed) == pytest.approx(260.9, abs=0.05)
    assert (rows.time_s <= rows.arrival_s).all()
