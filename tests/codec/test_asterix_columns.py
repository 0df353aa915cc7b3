"""ASTERIX to columns gives what the plain twin gives: of all that is real, and of damage."""

import dataclasses
import random
import tracemalloc

import numpy as np
import pytest
from tests.codec.asterix_plainly import decode_plainly
from tests.codec.fuzzing import damaged

from tocsin import codec
from tocsin.codec import recordings
from tocsin.codec.asterix import (
    CAT034_1_29,
    CAT062_1_21,
    encode_block,
    encode_north_mark,
    encode_plot,
    encode_record,
    encode_sector,
)
from tocsin.codec.asterix._flat import _add_edition
from tocsin.codec.asterix._items import Compound, Field, Fixed
from tocsin.codec.asterix._records import Edition
from tocsin.model import Batch, DetectionBatch, Frame, Node, Sensor, Site

RECORDINGS = (
    "asterix-croatia/asterix.pcap",
    "asterix-croatia/cat034.raw",
    "asterix-croatia/cat048.raw",
    "asterix-croatia/cat062cat065.raw",
    "asterix-croatia/cat21_re.ast",
    "asterix-croatia/cat_001_002.pcap",
    "asterix-croatia/cat_034_048.pcap",
    "asterix-croatia/cat_062_065.pcap",
    "asterix-system-tracks/cat062_063_065_first5min.ff",
)
NOON = 1_767_268_800.0  # 2026-01-01 12:00 UTC
SITE = Site("s", "s", 33.8, 42.4, 190.0, geoid_m=12.0)


def radar(name="radar", sac=7, sic=8, **more):
    said = {
        "sigma_range_m": 10.0, "sigma_azimuth_deg": 0.3, "sigma_elevation_deg": 0.5,
        "sigma_range_rate_mps": 0.5, "scan_period_s": 4.0, "listen": ("udp://239.0.0.1:8600",),
    } | more  # fmt: skip
    return Sensor(
        id=name, format="asterix", lat=33.8, lon=42.4, alt_m=200.0, sac=sac, sic=sic, **said
    )


def same(node, batches, *, live, formats=None, date=None):
    """Play batches both ways; return how many rows, refusals and records there were."""
    fast = codec.open_session(node, live=live, formats=formats, date=date)
    plain = codec.open_session(node, live=live, formats=formats, date=date)
    n = refused = records = 0
    for batch in batches:
        one, two = codec.decode_into(fast, node, batch), decode_plainly(plain, node, batch)
        for column in dataclasses.fields(DetectionBatch):
            ours, theirs = (
                getattr(one.detections, column.name),
                getattr(two.detections, column.name),
            )
            assert ours.dtype == theirs.dtype
            assert ours.flags.c_contiguous
            np.testing.assert_array_equal(ours, theirs, err_msg=column.name)
        for name in ("coverages", "rejected", "records", "duplicates"):
            assert getattr(one, name) == getattr(two, name), name
        n += len(one.detections)
        records += sum(one.records.values())
        refused += sum(r.count for r in one.rejected)
    for name in ("roster", "bound", "health", "looks"):
        assert getattr(fast, name) == getattr(plain, name), name
    return n, refused, records


def cut(frames, size):
    frames = list(frames)
    return [
        Batch(frames[min(k + size, len(frames)) - 1].arrival_s, tuple(frames[k : k + size]))
        for k in range(0, len(frames), size)
    ]


@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize("size", [1, 40])
def test_every_real_recording_gives_the_rows_of_the_plain_twin(data_folder, name, size):
    recording = recordings.open_recording((data_folder / name).read_bytes(), name)
    formats = dict(recording.formats)
    _, refused, records = same(Node(), cut(recording.frames, size), live=False, formats=formats)
    assert records + refused > 0


def sound_payloads(folder):
    """Payloads of every kind, near noon: real ones as they are, and a radar's own."""
    found = []
    for name in ("asterix-croatia/cat_034_048.pcap", "asterix-croatia/cat_062_065.pcap",
                 "asterix-croatia/asterix.pcap",
                 "asterix-system-tracks/cat062_063_065_first5min.ff"):  # fmt: skip
        recording = recordings.open_recording((folder / name).read_bytes(), name)
        found += [frame.payload for frame in list(recording.frames)[:150]]
    for k in range(200):
        at_s = NOON + 0.02 * k
        plots = [
            encode_plot(
                7, 8 + (k % 3 == 2), at_s + 0.01 * j, 900.0 * j, 0.3 * j,
                height_msl_m=250.0 * k, range_rate_mps=-20.0 - j if j % 2 else None,
                flight_level=30.0 + j,
                address=f"{j:06x}" if j else "", callsign=("DLH65A", "0", " A B", "")[j % 4],
                track_number=j * 409 or None, simulated=j == 3,
            )
            for j in range(k % 7)
        ]  # fmt: skip
        mark = encode_sector(7, 8, at_s, 0.1 * k) if k % 4 else encode_north_mark(7, 8, at_s)
        state = {"010": {"SAC": 7, "SIC": 8}, "050": {"COM": {"NOGO": k % 50 == 9}}}
        found.append(
            encode_block(34, [mark, encode_record(CAT034_1_29, state)])
            + encode_block(48, plots or [b"\0"])
        )
        tracks = [
            encode_record(CAT062_1_21, {
                "010": {"SAC": 33, "SIC": 18}, "040": {"TRN": 1 + j * 8190},
                "070": {"TOD_s": (at_s + 0.01 * j) % 86_400.0},
                "080": {"CNF": j & 1, "TSE": j >> 1 & 1},
                "105": {"LAT_deg": 48.0 + j, "LON_deg": -11.0 - j},
                "130": {"ALT_ft": 400.0 * j}, "220": {"ROCD_ftpmin": -100.0 * j},
                "380": {"ADR": {"ADR": f"{j:06x}"}}, "245": {"STI": j % 4, "TID": "KLM1"},
                "500": {"APC": {"X_m": 3.0 * j, "Y_m": 4.0},
                        "ATV": {"X_mps": 1.0, "Y_mps": 0.5}, "AGA": {"AGA_ft": 6.25 * j}},
            } | ({"136": {"FL": 7.0}} if j % 2 else {}))
            for j in range(1 + k % 5)
        ]  # fmt: skip
        found.append(encode_block(62, tracks))
    return found


@pytest.mark.parametrize("live", [True, False])
def test_damaged_payloads_give_the_rows_and_refusals_of_the_plain_twin(data_folder, live):
    """Twenty thousand in all, of named and of invented radars, some of them by two paths."""
    draw = random.Random(2048 + live)
    sound = sound_payloads(data_folder)
    node = Node(sites=(SITE,), sensors=(
        radar(), radar("other", 7, 10, sigma_range_m=None, sigma_elevation_deg=None),
        radar("open", None, None), radar("framed", framing="oradis"),
        radar("tracker", 33, 18, kind="system"),
    ))  # fmt: skip
    batches, frames = [], []
    for i in range(10_000):
        payload = draw.choice(sound)
        if draw.random() < 0.7:
            payload = damaged(payload, draw)
        source = draw.choice(("radar", "radar", "other", "open", "framed", "tracker", "new"))
        if source == "framed" and draw.random() < 0.9:
            payload = (len(payload) + 6).to_bytes(2, "big") + bytes(4) + payload
        paths = ("a", "b") if draw.random() < 0.1 else ("a",)
        arrival_s = NOON + 0.001 * i
        frames += [Frame(source, 2 * i, arrival_s, payload, path) for path in paths]
        if len(frames) >= 40:
            batches.append(Batch(arrival_s, tuple(frames)))
            frames = []
    rows, refused, _ = same(node, batches, live=live, formats={"new": "asterix"})
    assert rows > 5_000
    assert refused > 5_000


def test_a_feed_that_begins_to_come_twice_is_told_from_the_first_repeated_record_on():
    plots = [encode_plot(7, 8, NOON, 1e4 + 100 * k, 1.0) for k in range(4)]
    session = codec.open_session(Node(sensors=(radar(),)), live=True)

    def take(number, at_s, path, *encoded):
        frame = Frame("radar", number, at_s, encode_block(48, list(encoded)), path)
        return codec.decode_into(session, Node(sensors=(radar(),)), Batch(at_s, (frame,)))

    assert len(take(0, NOON, "a", plots[0], plots[1]).detections) == 2
    assert len(take(1, NOON + 0.1, "a", plots[0]).detections) == 1  # its own path repeats it
    second = take(2, NOON + 0.2, "b", plots[1], plots[2])  # cut into blocks in another way
    assert (len(second.detections), second.duplicates) == (1, 1)
    back = take(3, NOON + 0.3, "a", plots[2], plots[3])
    assert (len(back.detections), back.duplicates) == (1, 1)
    assert len(take(4, NOON + 2.0, "b", plots[3]).detections) == 1  # long after


def test_what_is_kept_of_a_single_path_is_bounded():
    node = Node(sensors=(radar(),))
    session = codec.open_session(node, live=True)
    block = b"\xc8\xff\xff" + bytes(65_532)  # of a category that is not read
    for k in range(100):
        frame = Frame("radar", k, NOON + 0.001 * k, block, "a")
        codec.decode_into(session, node, Batch(frame.arrival_s, (frame,)))
    assert session.paths["radar"].size <= 4 * 1024 * 1024
    frame = Frame("radar", 100, NOON + 5.0, block, "a")
    codec.decode_into(session, node, Batch(frame.arrival_s, (frame,)))
    assert len(session.paths["radar"].frames) == 1


def test_an_edition_that_the_walk_cannot_follow_is_refused_when_its_table_is_made():
    inner = Compound(("A", Fixed(Field("A", 8))))
    with pytest.raises(ValueError, match="compound item within"):
        _add_edition([], Edition(1, "0.1", (("010", Compound(("B", inner))),)), ())
    many = Edition(1, "0.1", (("010", Fixed(Field("A", 8))),) * 65)
    with pytest.raises(ValueError, match="65 items"):
        _add_edition([], many, ())


def test_the_first_record_of_a_cat048_block_is_kept_where_a_later_one_is_broken():
    plot = encode_plot(7, 8, NOON, 1e4, 1.0)
    block = encode_block(48, [plot, b"\xff"])
    node = Node(sensors=(radar(),))
    frames = (Frame("radar", 0, NOON, block), Frame("radar", 1, NOON, encode_block(48, [plot])))
    session = codec.open_session(node, live=False)
    decoded = codec.decode_into(session, node, Batch(NOON, frames))
    assert decoded.detections.journal_frame.tolist() == [0, 1]
    assert [(r.reason, r.count) for r in decoded.rejected] == [("truncated record", 1)]


@pytest.mark.jit
def test_a_flood_of_empty_records_takes_little_memory():
    """A record can be one octet that names no item: the worst that a block can hold."""
    block = b"\x30\xff\xff" + bytes(65_532)
    session = codec.open_session(Node(), live=False, formats={"s": "asterix"})
    frames = tuple(Frame("s", k, NOON, block) for k in range(8))
    tracemalloc.start()
    decoded = codec.decode_into(session, Node(), Batch(NOON, frames))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(r.reason, r.count) for r in decoded.rejected] == [("no data source", 8 * 65_532)]
    assert peak < 80e6
