"""Damaged, cut, oversized and random payloads: never an exception, always counted, in time.

`make fuzz` does the same with a million of each format (`make fuzz FUZZ=N`: with N).
"""

import random
import resource
import time

import pytest
from tests.codec.fuzzing import damaged, tries

from tocsin import codec
from tocsin.codec.asterix import EDITIONS, beside_edition, encode_block, encode_record
from tocsin.codec.asterix._items import Fixed
from tocsin.codec.cot import read_xml, write_protobuf
from tocsin.codec.recordings import open_recording
from tocsin.model import Batch, Frame, Node, Sensor

FILES = {
    "asterix": "asterix-croatia/cat_034_048.pcap",
    "beast": "adsb-toulouse/beast_sample.bin",
    "modes-jsonl": "adsb-toulouse/frames.jsonl.gz",
    "statevectors-csv": "opensky-uk/OpenSky_Plane_States.csv",
}
BODY = (
    b'[{"time_s": 1767225600.0, "azimuth_deg": 41.5, "class_scores": {"bird": 0.1}},'
    b' {"time_s": 1767225600.0, "lat": 1.5, "lon": 2.5, "alt_m": 3.0, "alt_ref": "msl"}]'
)
AVR = b"*8D40621D58C382D690C8AC2863A7;\n@016CE3671C748D40621D58C386435CC412692AD6;\n"
COT = (
    b'<event version="2.0" uid="uas-77" type="a-u-A-M-H-Q" time="2026-01-01T00:00:00Z" '
    b'start="2026-01-01T00:00:00Z" stale="2026-01-01T01:00:00Z" how="m-g"><point lat="48.5" '
    b'lon="11.25" hae="512.5" ce="8.0" le="12.0"/><detail><track course="90.0" speed="12.5"/>'
    b"</detail></event>"
)
CSV = (
    b"time,bearing_deg,range_km,score_bird\n1767225600.0,41.5,2.5,0.1\n"
    b"2026-01-01T00:00:01Z;41.5;;\n"
)
READSB = (
    b'{"now": 1767225600.5, "messages": 7, "aircraft": [{"hex": "3c6444", "flight": "DLH123  ",'
    b' "alt_baro": 11000, "alt_geom": 11250, "gs": 401.5, "track": 87.2, "category": "A3",'
    b' "lat": 50.1, "lon": 8.6, "nic": 8, "nac_p": 9, "seen_pos": 0.4, "seen": 0.1},'
    b' {"hex": "~2a0001", "alt_baro": "ground", "seen": 3.0}]}\n'
)
SBS = (
    b"MSG,3,1,1,4CA2D6,1,2026/01/01,00:00:00.594,2026/01/01,00:00:01.153,,37000,,,51.45735,"
    b"-1.02826,,,0,0,0,0\r\nMSG,4,1,1,4CA767,1,2026/01/01,00:00:01.039,2026/01/01,"
    b"00:00:01.368,,,288.6,103.2,,,-832,,,,,\r\n"
)
MUTATIONS = tries() // 2  # live, and of a recording
# For all of them, on a slow and very busy machine; what is quadratic takes hours.
BOUND_S = 90.0 + 0.01 * MUTATIONS
GROWTH_KB = 128 * 1024  # of the process over a run; what is remembered has bounds


# Decoders of a format that its recording above does not reach.
INNER = (
    "asterix-015", "asterix-021", "asterix-021-0.26", "asterix-062", "asterix-063",
    "asterix-065", "asterix-129",
)  # fmt: skip
RADIO = ("bcn_sample.pcap", "sample.pcap")  # Wi-Fi beacon, NAN; Bluetooth beside them


def asterix_reports(name):
    """Return payloads of a category with what its records hold, some more, some less."""
    _, category, *edition = name.split("-")
    beside = int(category) not in EDITIONS
    table = beside_edition(int(category), *edition) if beside else EDITIONS[int(category)]
    draw = random.Random(name)
    found = []
    for _ in range(30):
        items = [i for i in table.profile if i and (i[0] == "010" or draw.random() < 0.4)]
        octets = [0] * ((len(table.profile) + 6) // 7)
        for item, _ in items:
            octets[table.places[item] // 7] |= 0x80 >> table.places[item] % 7
        last = max(i for i, o in enumerate(octets) if o)
        head = bytes([*(o | 1 for o in octets[:last]), octets[last]])
        found.append(encode_block(int(category), [head + b"\x01" + draw.randbytes(150)]))
        whole = {i: {} for i, item in items if isinstance(item, Fixed)}
        found.append(encode_block(int(category), [encode_record(table, whole)] * 2))
    return found


def inner_node(name):
    """Return a node whose source names the edition, and stands somewhere."""
    _, category, *edition = name.split("-")
    editions = {category: edition[0]} if edition else {}
    source = Sensor("s", kind="adsb", lat=50.0, lon=8.0, format="asterix", editions=editions)
    return Node(sensors=(source,))


def payloads(folder, name):
    if name in INNER:
        return asterix_reports(name)
    if name == "detections":
        return [BODY]
    if name == "avr":
        return [AVR]
    if name == "cot":
        told = write_protobuf(read_xml(COT))
        head = bytes([0xBF, len(told) & 0x7F | 0x80, len(told) >> 7])  # a varint of two octets
        return [COT, b"\xbf\x01\xbf" + told, head + told]
    if name == "plots-csv":
        return [CSV]
    if name == "readsb-json":
        return [READSB]
    if name == "sbs":
        return [SBS]
    if name == "sapient":
        paths = sorted((folder / "sapient-samples").glob("*.json"))
        recordings = [open_recording(path.read_bytes(), path.name) for path in paths]
        return [frame.payload for one in recordings for frame in one.frames]
    if name == "remote-id":
        names = [f"odid_wifi_{end}" for end in RADIO] + ["odid_bt5_lr_sample.pcapng"]
        found = []
        for one in names:
            data = (folder / "remote-id-wireshark" / one).read_bytes()
            frames = list(open_recording(data, one).frames)[:100]
            found += [frame.payload[:4000] for frame in frames]
        return found
    data = (folder / FILES[name]).read_bytes()
    frames = list(open_recording(data, FILES[name]).frames)[:300]
    return [frame.payload[:4000] for frame in frames]


def load_all_of(format, good):
    """Load what a decoder loads at its first payload, compiled kernels and libasterix (90 MB):
    that is no growth of a run.
    """
    session = codec.open_session(Node(), live=False, formats={"s": format})
    block = [encode_block(1, [b"\x80\x01\x02"])] if format == "asterix" else []
    for i, payload in enumerate([*good[:3], *block]):
        codec.decode_into(session, Node(), Batch(0.0, (Frame("s", i, 0.0, payload),)))


@pytest.mark.fuzz
@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("name", [*codec.FORMATS, *INNER])
def test_damaged_payloads_are_counted_and_never_raise(data_folder, name, live):
    draw = random.Random(f"{name} {live}")
    good = payloads(data_folder, name)
    node = inner_node(name) if name in INNER else Node()
    format = "asterix" if name in INNER else name
    session = codec.open_session(node, live=live, formats={"s": format})
    rejected = detections = ends = 0
    load_all_of(format, good)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    for i in range(MUTATIONS):
        payload = damaged(draw.choice(good), draw)
        at_s = 1_767_225_600.0 + 0.05 * i
        decoded = codec.decode_into(session, node, Batch(at_s, (Frame("s", i, at_s, payload),)))
        rejected += sum(r.count for r in decoded.rejected)
        detections += len(decoded.detections)
        if any(reply.closes for reply in decoded.replies):  # the connection ends; a new one
            codec.decode_into(session, Node(), Batch(at_s, (Frame("s", i, at_s, b""),)))
            ends += 1
        assert all(r.reason and len(r.raw) <= 64 for r in decoded.rejected)
    assert time.perf_counter() - started < BOUND_S
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < GROWTH_KB
    assert rejected > MUTATIONS / 20
    assert session.health["s"].frames == MUTATIONS + ends
    assert len(session.roster) <= 1024
    assert sum(map(len, session.streams.values())) < 10_000


def test_many_invented_radars_do_not_fill_the_memory():
    from tocsin.codec.asterix import encode_block, encode_plot

    session = codec.open_session(Node(), live=False, formats={"s": "asterix"})
    rejected = 0
    for sac in range(12):
        block = encode_block(48, [encode_plot(sac, sic, 0.0, 1e4, 1.0) for sic in range(256)])
        decoded = codec.decode_into(session, Node(), Batch(0.0, (Frame("s", sac, 0.0, block),)))
        rejected += sum(r.count for r in decoded.rejected if r.reason == "too many sensors")
    assert len(session.roster) == 1024
    assert rejected == 12 * 256 - 1024


@pytest.mark.parametrize("name", codec.FORMATS)
def test_an_oversized_payload_takes_bounded_time(name):
    session = codec.open_session(Node(), live=False, formats={"s": name})
    for payload in (bytes(1_000_000), b"\x1a" * 1_000_000, b"{" * 1_000_000, b"," * 1_000_000):
        started = time.perf_counter()
        decoded = codec.decode_into(session, Node(), Batch(0.0, (Frame("s", 0, 0.0, payload),)))
        assert time.perf_counter() - started < BOUND_S
        assert len(decoded.detections) == 0
