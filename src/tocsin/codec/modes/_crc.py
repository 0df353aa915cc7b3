"""The parity of Mode S frames: ICAO Annex 10 vol. IV, 3.1.2.3.3; generator 0x1FFF409."""

__all__ = ["attach_parity", "remainder"]

GENERATOR = 0xFFF409  # the generator's 25th bit is implied


def _table() -> tuple[int, ...]:
    table = []
    for octet in range(256):
        value = octet << 16
        for _ in range(8):
            value = (value << 1) ^ GENERATOR if value & 0x800000 else value << 1
        table.append(value & 0xFFFFFF)
    return tuple(table)


_TABLE = _table()
LONG = 14  # octets of most frames


def _places() -> tuple[tuple[int, ...], ...]:
    """Return what each octet of a long frame's body adds to the remainder, by its place."""
    places = [_TABLE]
    while len(places) < LONG - 3:
        places.insert(0, tuple((v << 8 & 0xFFFFFF) ^ _TABLE[v >> 16] for v in places[0]))
    return tuple(places)


_P0, _P1, _P2, _P3, _P4, _P5, _P6, _P7, _P8, _P9, _P10 = _places()


def remainder(frame: bytes) -> int:
    """Return the frame's parity error: 0 for an intact extended squitter, the address of the
    transponder (or of the interrogator) that is laid over the parity in other replies.
    """
    if len(frame) == LONG:
        a, b, c, d, e, f, g, h, i, j, k, x, y, z = frame
        return (
            _P0[a] ^ _P1[b] ^ _P2[c] ^ _P3[d] ^ _P4[e] ^ _P5[f] ^ _P6[g] ^ _P7[h] ^ _P8[i]
            ^ _P9[j] ^ _P10[k] ^ (x << 16 | y << 8 | z)
        )  # fmt: skip
    value = 0
    for octet in frame[:-3]:
        value = (value << 8 & 0xFFFFFF) ^ _TABLE[value >> 16 ^ octet]
    return value ^ int.from_bytes(frame[-3:], "big")


def attach_parity(body: bytes) -> bytes:
    """Return the frame of 4 or 11 octets with its three octets of parity."""
    return body + remainder(body + b"\0\0\0").to_bytes(3, "big")
