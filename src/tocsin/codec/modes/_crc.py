"""The parity of Mode S frames: ICAO Annex 10 vol. IV, 3.1.2.3.3; generator 0x1FFF409."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["attach_parity", "parity_table", "remainder"]

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


@cache
def parity_table() -> NDArray[np.int64]:
    """Return what an octet at the head of 24 bits adds to what follows it."""
    return np.array(_TABLE, np.int64)


def remainder(frame: bytes) -> int:
    """Return the frame's parity error: 0 for an intact extended squitter, the address of the
    transponder (or of the interrogator) that is laid over the parity in other replies.
    """
    value = 0
    for octet in frame[:-3]:
        value = (value << 8 & 0xFFFFFF) ^ _TABLE[value >> 16 ^ octet]
    return value ^ int.from_bytes(frame[-3:], "big")


def attach_parity(body: bytes) -> bytes:
    """Return the frame of 4 or 11 octets with its three octets of parity."""
    return body + remainder(body + b"\0\0\0").to_bytes(3, "big")
