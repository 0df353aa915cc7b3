"""A connection that ends in the middle of a line or a message: the next one begins anew."""

import json

import pytest
from tests.codec.test_sbs import PLACE

from tocsin import codec
from tocsin.codec import modes
from tocsin.model import Batch, Frame, Node

T = 1_767_225_600.0
PATH = "tcp-listen://127.0.0.1:9000"
MESSAGE = modes.attach_parity(bytes.fromhex("8d3c660c58b986d0b3bd25"))
WHOLE = {
    "avr": b"*%s;\n" % MESSAGE.hex().encode(),
    "beast": modes.encode(MESSAGE, 12_000_000),
    "modes-jsonl": json.dumps({"timestamp": T, "frame": MESSAGE.hex()}).encode() + b"\n",
    "plots-csv": b"%.1f,41.5,3000\n" % T,
    "readsb-json": b'{"now":%.1f,"hex":"3c6444","lat":50,"lon":8}\n' % T,
    "sbs": PLACE + b"\n",
}


def hear(format, *pieces):
    session = codec.open_session(Node(), live=False, formats={"s": format})
    frames = tuple(Frame("s", k, T, piece, path) for k, (piece, path) in enumerate(pieces))
    found = codec.decode_into(session, Node(), Batch(T, frames))
    health = session.health["s"]
    return found, {r.reason: r.count for r in found.rejected}, health.frames


@pytest.mark.parametrize("format", WHOLE)
def test_what_a_connection_left_over_is_dropped_and_counted_at_its_end(format):
    whole = WHOLE[format]
    half = whole[: len(whole) // 2]
    found, rejected, frames = hear(format, (half, PATH), (b"", PATH), (whole, PATH))
    assert sum(found.records.values()) == 1
    assert rejected == {"cut off": 1}
    assert frames == 2  # nobody is heard by an end


@pytest.mark.parametrize("format", WHOLE)
@pytest.mark.parametrize("other", [PATH + "#2", "udp://127.0.0.1:9000"])
def test_the_end_of_one_connection_and_an_empty_datagram_leave_others_alone(format, other):
    whole = WHOLE[format]
    at = len(whole) // 2
    found, rejected, _ = hear(format, (whole[:at], PATH), (b"", other), (whole[at:], PATH))
    assert sum(found.records.values()) == 1
    assert rejected == {}


def test_names_of_columns_hold_on_their_own_connection_alone():
    names, line = b"time,range_m,azimuth_deg\n", b"%.1f,41.5,300\n" % T
    found, rejected, _ = hear(
        "plots-csv", (names + line, PATH), (b"", PATH), (line, PATH), (b"", PATH)
    )
    assert found.detections.range_m.tolist() == [41.5, 300.0]
    assert rejected == {}
