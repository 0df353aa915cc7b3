"""Mode S to columns gives what the plain twin gives: of all that is real, and of damage."""

import dataclasses
import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.codec import modes_plainly as plainly
from tests.codec import modes_plainly_cpr as cpr
from tests.codec.fuzzing import damaged
from tests.codec.test_modes import flight
from tests.codec.test_modes_surface import surface

from tocsin import codec
from tocsin.codec import modes, recordings, snapshot
from tocsin.codec.modes import _take
from tocsin.model import Batch, DetectionBatch, Frame, Node, Sensor

NOON = 1_767_268_800.0  # 2026-01-01 12:00 UTC
RECEIVER = Sensor("rx", kind="adsb", lat=43.63, lon=1.37, alt_m=150.0, format="beast")


def same(node, batches, *, live, formats=None, limit=plainly.AIRCRAFT_LIMIT):
    """Play batches both ways; return how many rows, refusals, records, doubles."""
    fast = codec.open_session(node, live=live, formats=formats)
    plain = codec.open_session(node, live=live, formats=formats)
    twin = plainly.Plainly(plain, limit)
    n = refused = records = doubles = 0
    for number, batch in enumerate(batches):
        if number == len(batches) // 2:  # a restart from a snapshot changes nothing
            fast = snapshot.thaw(snapshot.freeze(fast))
        one, two = codec.decode_into(fast, node, batch), twin.decode(node, batch)
        for column in dataclasses.fields(DetectionBatch):
            ours = getattr(one.detections, column.name)
            theirs = getattr(two.detections, column.name)
            assert ours.dtype == theirs.dtype, column.name
            assert ours.flags.c_contiguous
            np.testing.assert_array_equal(ours, theirs, err_msg=column.name)
        for name in ("coverages", "rejected", "duplicates"):
            assert getattr(one, name) == getattr(two, name), name
        assert list(one.records.items()) == list(two.records.items())
        n += len(one.detections)
        records += sum(one.records.values())
        refused += sum(r.count for r in one.rejected)
        doubles += one.duplicates
    assert fast.roster == plain.roster
    for name in ("health", "looks", "streams", "clocks"):  # as words: NaN is equal there
        ours, theirs = (repr(sorted(getattr(one, name).items())) for one in (fast, plain))
        assert ours == theirs, name
    return n, refused, records, doubles


def cut(frames, size):
    frames = list(frames)
    return [
        Batch(frames[min(k + size, len(frames)) - 1].arrival_s, tuple(frames[k : k + size]))
        for k in range(0, len(frames), size)
    ]


def as_avr(frame):
    """Return a JSON line's frame as an AVR line."""
    digits = frame.payload.split(b'"frame"')[1].split(b'"')[1]
    return dataclasses.replace(frame, payload=b"*" + digits + b";\n")


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("name", ["beast", "modes-jsonl", "avr"])
@pytest.mark.parametrize("size", [8, 500])
def test_every_real_recording_gives_the_rows_of_the_plain_twin(data_folder, name, size, live):
    file = "beast_sample.bin" if name == "beast" else "frames.jsonl.gz"
    recording = recordings.open_recording(
        (data_folder / "adsb-toulouse" / file).read_bytes(), file
    )
    frames = [dataclasses.replace(frame, source="rx") for frame in recording.frames]
    frames = [as_avr(frame) for frame in frames] if name == "avr" else frames
    node = Node(sensors=(dataclasses.replace(RECEIVER, format=name),))
    n, _, records, _ = same(node, cut(frames, size), live=live)
    assert records == (239 if name == "beast" else 3314)
    assert n > 20


def squitters(draw, n):
    """Give (seconds, frame) of aircraft that fly, stand, jump, fall silent and are noise."""
    fleet = [f"{draw.randrange(1, 1 << 24):06x}" for _ in range(25)]
    where = {address: (43.0 + draw.random(), 0.5 + 2 * draw.random()) for address in fleet}
    time_s = 0.0
    for k in range(n):
        time_s += draw.choice((0.0, 0.0, 0.05, 0.2, 0.2))
        if draw.random() < 0.002:
            time_s += draw.choice((30.0, 70.0, 400.0))
        address = draw.choice(fleet)
        lat, lon = where[address]
        if draw.random() < 0.01:
            lat += draw.choice((-20.0, 0.02, 3.0, 40.0))
            lat, lon = max(-80.0, min(80.0, lat)), (lon + draw.choice((0.0, 181.0))) % 360 - 180
        lat = min(80.0, lat + 1e-4 * draw.random())
        where[address] = lat, lon
        code = draw.choice((9, 11, 12, 13, 16, 18, 20, 21, 22))
        is_odd = draw.random() < 0.5
        pair = modes.encode_airborne(lat, lon, is_odd=is_odd)
        height_m = draw.choice((np.nan, 900.0, 12_000.0 * draw.random()))
        body = draw.choice((
            modes.encode_position(*pair, height_m, is_odd=is_odd, type_code=code),
            modes.encode_position(*pair, height_m, is_odd=is_odd, type_code=code),
            code << 51 | draw.randrange(4096) << 36 | is_odd << 34 | pair[0] << 17 | pair[1],
            modes.encode_velocity(
                draw.uniform(-500, 500), draw.uniform(-500, 500), draw.uniform(-90, 90),
                difference_m=draw.choice((np.nan, -150.0, 300.0)), nac_v=draw.randrange(8),
            ),
            19 << 51 | draw.getrandbits(51),
            modes.encode_identification(draw.choice((" A B", "DLH65A", "", "X" * 8)), "C3"),
            draw.randrange(1, 5) << 51 | draw.getrandbits(51),
            31 << 51 | draw.choice((0, 1)) << 48 | draw.getrandbits(16),
            surface(lat, lon, is_odd=is_odd, movement=draw.randrange(128), code=5 + k % 4),
            draw.getrandbits(56),
        ))  # fmt: skip
        yield time_s, squitter(draw, address, body)
        if draw.random() < 0.3:
            yield time_s, reply(draw, address)


def squitter(draw, address, body):
    head = draw.choice((17 << 3 | 5,) * 9 + (18 << 3 | draw.randrange(8),))
    if draw.random() < 0.02:
        address = draw.choice(("000000", "ffffff", f"{draw.getrandbits(24):06x}"))
    octets = bytes([head]) + bytes.fromhex(address) + body.to_bytes(7, "big")
    whole = modes.attach_parity(octets)
    return whole[:7] if draw.random() < 0.01 else whole


def reply(draw, address):
    """Return a reply that bears the address in its parity, or an all-call reply, or noise."""
    form = draw.choice((0, 4, 5, 11, 16, 20, 21, 24, 27, 3))
    body = bytes([form << 3]) + draw.randbytes(10 if form >= 16 else 3)
    laid = draw.choice((int(address, 16), 5, draw.getrandbits(24)))
    whole = int.from_bytes(modes.attach_parity(body), "big") ^ laid
    return whole.to_bytes(len(body) + 3, "big")


def stream_of(draw, name, frames):
    """Give (arrival_s, octets of the stream, path), not cut where messages end."""
    waiting = b""
    for number, (time_s, frame) in enumerate(frames):
        arrival_s = NOON + time_s
        if name == "beast":
            waiting += modes.encode(frame, number, signal=draw.choice((0x1A, 7)))
            if draw.random() < 0.05:
                waiting += draw.choice((
                    b"\x1a1" + bytes(9), b"\x1a4" + bytes(21), b"\x1a\x1a", b"\x1a", b"abc",
                    b"\x1a3\x00\x01", b"\x1aX12",
                ))  # fmt: skip
        elif name == "avr":
            waiting += draw.choice((b"*", b"@00016CE3671C")) + frame.hex().encode() + b";\r\n"
        else:
            said_s = arrival_s + draw.choice((0.0, -0.4, -0.4, 0.3))
            said_s += 1e4 if draw.random() < 0.002 else 0.0
            waiting += b'{"timestamp": %r, "frame": "%s"}\n' % (said_s, frame.hex().encode())
        if draw.random() < 0.02:
            waiting = damaged(waiting, draw) if waiting else waiting
        if draw.random() < 0.4:
            at = draw.randrange(len(waiting) + 1)
            yield arrival_s, waiting[:at], "a"
            if draw.random() < 0.05:
                yield arrival_s + 0.01, waiting[:at], "b"
            waiting = waiting[at:]


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("name", ["beast", "modes-jsonl", "avr"])
def test_damaged_streams_give_the_rows_and_refusals_of_the_plain_twin(name, live):
    """By two paths now and then, of a receiver that is placed and of one that is not."""
    draw = random.Random(f"{name} {live}")
    node = Node(sensors=(dataclasses.replace(RECEIVER, format=name),))
    batches, frames = [], []
    for source in ("rx", "new"):
        pieces = stream_of(draw, name, squitters(draw, 3000))
        for number, (arrival_s, data, path) in enumerate(pieces):
            frames.append(Frame(source, number, arrival_s, data, path))
            if len(frames) >= 15:
                batches.append(Batch(arrival_s, tuple(frames)))
                frames = []
    n, refused, records, doubles = same(node, batches, live=live, formats={"new": name})
    assert n > 2000
    assert refused > 200
    assert records > 4500
    assert doubles > 20


@pytest.mark.parametrize("limit", [3, 40, 200])
def test_more_addresses_than_are_kept_are_forgotten_as_the_plain_twin_does(limit, monkeypatch):
    monkeypatch.setattr(_take, "AIRCRAFT_LIMIT", limit)
    draw = random.Random(limit)
    batches, time_s = [], NOON
    for k in range(150):
        frames = []
        for _ in range(5):
            time_s += draw.choice((0.1, 0.1, 0.1, 3.0, 100.0))
            address = f"{draw.choice((draw.randrange(1, 400), draw.getrandbits(24) | 1)):06x}"
            body = draw.choice((
                modes.encode_identification("A", "A1"), modes.encode_velocity(1.0, 1.0, 0.0),
            ))  # fmt: skip
            data = modes.encode(modes.encode_squitter(address, body), 0)
            frames.append(Frame("rx", 5 * k + len(frames), time_s, data))
        batches.append(Batch(time_s, tuple(frames)))
    n, refused, records, _ = same(Node(sensors=(RECEIVER,)), batches, live=True, limit=limit)
    assert n > 20
    assert records == 750
    assert (refused > 0) == (limit == 3)


def test_a_receiver_for_which_there_is_no_room_is_refused_as_by_the_plain_twin():
    node = Node(sensors=tuple(Sensor(f"s{k}", format="beast") for k in range(1024)))
    pieces = [
        Frame("new", k, t, modes.encode(m, 0)) for k, (t, m) in enumerate(flight(seconds=3))
    ]
    n, refused, *_ = same(node, cut(pieces, 4), live=False, formats={"new": "beast"})
    assert (n, refused) == (0, len(pieces) - 1)  # one squitter makes no aircraft


codes = st.integers(0, 131_071)


@given(codes, codes, codes, codes, st.booleans())
def test_a_pair_gives_the_place_of_the_plain_twin(a, b, c, d, is_odd_newer):
    said = (a, b), (c, d)
    assert modes.decode_global(*said, is_odd_newer=is_odd_newer) == cpr.decode_global(
        *said, is_odd_newer=is_odd_newer
    )


@given(codes, codes, st.booleans(), st.floats(-90.0, 90.0), st.floats(-180.0, 180.0))
def test_one_message_gives_the_place_of_the_plain_twin(lat, lon, is_odd, near_lat, near_lon):
    for round_deg in (360.0, 90.0):
        near = {"near_lat_deg": near_lat, "near_lon_deg": near_lon, "round_deg": round_deg}
        assert modes.decode_local(lat, lon, is_odd=is_odd, **near) == cpr.decode_local(
            lat, lon, is_odd=is_odd, **near
        )


def test_a_frame_is_told_with_the_place_that_came_of_it():
    node = Node(sensors=(RECEIVER,))
    session = codec.open_session(node, live=True)
    pieces = [
        Frame("rx", k, t, modes.encode(m, 0))
        for k, (t, m) in enumerate(flight(lat=43.5, lon=1.5, seconds=3))
    ]
    broken = modes.encode(bytes(14), 0)
    batch = Batch(
        pieces[-1].arrival_s, (*pieces, Frame("rx", 99, pieces[-1].arrival_s, broken))
    )
    decoded, trace = codec.decode_records(session, node, batch)
    rows = decoded.detections
    assert [one["record"] for one in trace] == ["DF17"] * len(pieces)
    assert [one["time_s"] for one in trace] == [frame.arrival_s for frame in pieces]
    told = [(one["lat_deg"], one["lon_deg"]) for one in trace if "lat_deg" in one]
    is_placed = np.isfinite(rows.lat_deg)
    placed = list(zip(rows.lat_deg[is_placed], rows.lon_deg[is_placed], strict=True))
    assert told == placed
    assert len(told) == 4  # of six positions the first two make a candidate


@pytest.mark.jit
def test_a_flood_of_octets_of_no_message_takes_little_memory():
    session = codec.open_session(Node(), live=False, formats={"s": "beast"})
    frames = tuple(Frame("s", k, NOON, b"\x1aX" * 32_768) for k in range(16))
    tracemalloc.start()
    decoded = codec.decode_into(session, Node(), Batch(NOON, frames))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(r.reason, r.count) for r in decoded.rejected] == [("out of step", 16 * 65_536)]
    assert peak < 80e6
