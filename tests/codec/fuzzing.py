"""How payloads are damaged, and how often: 20,000 times a decoder, a million by `make fuzz`."""

import os
import random

__all__ = ["damaged", "tries"]


def tries(usually: int = 20_000) -> int:
    """Return how often to try: `usually`, or what TOCSIN_FUZZ says (`make fuzz FUZZ=N`)."""
    return int(os.environ.get("TOCSIN_FUZZ", usually))


def damaged(payload: bytes, draw: random.Random) -> bytes:
    """Return a payload cut, lengthened, with wrong octets or repeated parts, or mere noise."""
    octets = bytearray(payload)
    kind = draw.randrange(6)
    if kind == 0:
        return bytes(octets[: draw.randrange(len(octets) + 1)])
    if kind == 1:
        return bytes(octets) + draw.randbytes(draw.randrange(200))
    if kind == 2:
        return draw.randbytes(draw.randrange(300))
    if kind == 3:  # a wrong length field, or a wrong character near the start
        octets[draw.randrange(min(4, len(octets)))] = draw.randrange(256)
        return bytes(octets)
    if kind == 4:
        at = draw.randrange(len(octets))
        return bytes(octets[:at] + octets[at:] + octets[at:])
    for _ in range(1 + draw.randrange(6)):
        octets[draw.randrange(len(octets))] = draw.randrange(256)
    return bytes(octets)
