"""Mode S by one path and by two, and the parity of long frames against the plain division."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin import codec
from tocsin.codec.modes import encode_squitter
from tocsin.codec.modes._crc import GENERATOR, remainder
from tocsin.codec.modes._squitter import encode_identification
from tocsin.codec.modes.beast import encode
from tocsin.model import Batch, Frame, Node

NOON = 1_767_268_800.0  # 2026-01-01 12:00 UTC


@given(st.binary(min_size=7, max_size=7) | st.binary(min_size=14, max_size=14))
def test_the_parity_is_the_remainder_of_the_long_division(frame):
    value = int.from_bytes(frame, "big")
    for bit in range(8 * len(frame) - 1, 23, -1):
        if value >> bit & 1:
            value ^= (1 << 24 | GENERATOR) << (bit - 24)
    assert remainder(frame) == value


def test_a_receiver_heard_by_a_second_network_is_doubled_from_the_first_repeated_message_on():
    first, second = (
        encode(encode_squitter(address, encode_identification("DLH65A", "A3")), 1)
        for address in ("3c660c", "3c660d")
    )
    session = codec.open_session(Node(), live=True, formats={"s": "beast"})

    def take(number, at_s, path, payload):
        batch = Batch(at_s, (Frame("s", number, at_s, payload, path),))
        decoded = codec.decode_into(session, Node(), batch)
        return len(decoded.detections), decoded.duplicates

    assert take(0, NOON, "a", first + second[:5]) == (1, 0)
    assert take(1, NOON + 0.1, "a", second[5:] + first) == (2, 0)  # cut within a message
    assert take(2, NOON + 0.2, "b", second) == (0, 1)
    assert take(3, NOON + 0.3, "a", second) == (1, 0)  # its own path repeats it
    assert take(4, NOON + 2.0, "b", first) == (1, 0)  # long after
