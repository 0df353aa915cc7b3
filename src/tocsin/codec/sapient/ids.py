"""Ids of the standard: UUIDs of nodes, ULIDs of objects and messages; ours, made from names.

A ULID is 48 bits of milliseconds and 80 bits of chance, in Crockford's base 32.
"""

import hashlib

from tocsin.model import Node, Sensor

__all__ = ["named_ulid", "own_id_of", "source_id_of", "ulid"]

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NAMESPACE = bytes.fromhex("5f3d1c527a0e4c399a0b3f5f8f0c6d11")  # of our own ids, chosen once


def ulid(time_s: float, chance: int) -> str:
    """Return the ULID of a time (milliseconds are kept) and 80 bits of chance."""
    value = (int(time_s * 1000.0) & (1 << 48) - 1) << 80 | chance & (1 << 80) - 1
    return "".join(_CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))


def named_ulid(time_s: float, *words: object) -> str:
    """Return the ULID of a time whose other bits follow from words: the same for the same."""
    text = "\n".join(map(str, words)).encode()
    return ulid(time_s, int.from_bytes(hashlib.blake2b(text, digest_size=10).digest(), "big"))


def own_id_of(node: Node) -> str:
    """Return the UUID by which other nodes know us: that of the site file, else one of its name
    and number (RFC 9562, 5.5: version 5), which stays the same as long as those do.
    """
    return node.uuid or _uuid(f"{node.number} {node.name}", 5)


def source_id_of(node: Node, sensor: Sensor) -> str:
    """Return the UUID of a sensor as a source of ours: its own, else one made of ours and its
    name. Version 4 by its digits: the reference middleware takes no other.
    """
    return sensor.node_id or _uuid(f"{own_id_of(node)} {sensor.id}", 4)


def _uuid(name: str, version: int) -> str:
    digest = hashlib.sha1(_NAMESPACE + name.encode(), usedforsecurity=False).digest()
    octets = bytearray(digest[:16])
    octets[6] = octets[6] & 0x0F | version << 4
    octets[8] = octets[8] & 0x3F | 0x80
    text = octets.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
