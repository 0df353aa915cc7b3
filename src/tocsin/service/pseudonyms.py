"""Names that stand for people and their things, and the forms that they take.

A pseudonym is a commitment: HMAC-SHA-256 of kind and value under 32 random octets of its own.
Those octets lie sealed beside the value. Who may open them can prove what the pseudonym stands
for; once they are deleted nobody can tell, not even by trying every value with the node's key.
A pseudonym has the form of what it stands for, so that decoding takes the same way: a serial
number of the standard's form stays one (its maker's four letters stay, they are no person's).
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

from tocsin.codec.letters import LETTERS, LETTERS_OCTETS, letters_of
from tocsin.codec.remoteid import IdType, is_serial, plain_text

__all__ = [
    "CLOSED", "ID_KINDS", "PATTERN", "ROLE_NAMES", "STANDING", "Form", "Kind", "form_of",
    "is_aircraft", "pseudonyms_in", "replaced", "word_of",
]  # fmt: skip


class Kind:
    """What a value is."""

    SERIAL = "serial number"
    REGISTRATION = "registration of a drone"
    OTHER_ID = "id of a drone"
    UTM = "UTM id"
    SESSION = "session id"
    TRANSMITTER = "transmitter address"
    OPERATOR = "operator registration"
    USER = "user"
    LISTED = "id listed in the site file"
    SOURCE = "sealed source"


ID_KINDS = {
    IdType.NONE: Kind.OTHER_ID, IdType.SERIAL: Kind.SERIAL,
    IdType.REGISTRATION: Kind.REGISTRATION, IdType.UTM: Kind.UTM, IdType.SESSION: Kind.SESSION,
}  # fmt: skip
# These keep their pseudonym: two approvals by one person are one person's, on any day; what
# the site file lists is known by it.
STANDING = {
    Kind.USER: "staff", Kind.LISTED: "listed in the site file", Kind.SOURCE: "sealed sources",
}  # fmt: skip
# Not told to everybody who is signed in: each look is noted.
CLOSED = (Kind.OPERATOR, Kind.SOURCE)
# Accounts named after a role name nobody.
ROLE_NAMES = ("officer", "watch", "admin", "editor", "automatic", "start", "")

PATTERN = re.compile(
    rf"\b(?:[0-9A-HJ-NP-Z]{{4}}FTK[{LETTERS}]{{13}}|X-TK[{LETTERS}]{{13}}"
    rf"|(?:person|source)-[{LETTERS}]{{13}}|(?:utm|ses)-[0-9a-f]{{20}}|rid-[0-9a-f]{{12}})\b"
)
# What every pseudonym holds, and how far after its beginning: found by `str.find`, which is
# thirty times as fast as the pattern on a frame of a thousand tracks.
_MARKS = (
    ("FTK", 4),
    ("X-TK", 0),
    ("person-", 0),
    ("source-", 0),
    ("rid-", 0),
    ("utm-", 0),
    ("ses-", 0),
)


@dataclass(frozen=True, slots=True)
class Form:
    """A pseudonym: the word that is shown, and the octets that stand in a frame."""

    shown: str
    octets: bytes


def form_of(kind: str, value: bytes, salt: bytes) -> Form:
    """Return the pseudonym of a value under its own 32 random octets."""
    digest = hmac.digest(salt, kind.encode() + b"\n" + value, hashlib.sha256)
    if kind == Kind.TRANSMITTER:
        # Locally administered, one station (IEEE 802, 8.2): no maker's address.
        octets = bytes([digest[0] & 0xFC | 0x02]) + digest[1:6]
        return Form(f"rid-{octets.hex()}", octets)
    if kind == Kind.UTM:
        return Form(f"utm-{digest[:10].hex()}", digest[:16])
    if kind == Kind.SESSION:
        # The first octet names the kind of session; the last is no filling zero.
        tail = digest[:9] + bytes([digest[9] | 1])
        return Form(f"ses-{tail.hex()}", value[:1] + bytes(9) + tail)
    word = letters_of(digest[:LETTERS_OCTETS])
    if kind in (Kind.USER, Kind.SOURCE):
        word = f"{'person' if kind == Kind.USER else 'source'}-{word}"
    elif kind in (Kind.SERIAL, Kind.LISTED) and is_serial(plain_text(value)):
        word = f"{value[:4].decode('ascii')}FTK{word}"
    else:
        word = f"X-TK{word}"
    return Form(word, word.encode())


def pseudonyms_in(text: str) -> list[tuple[int, str]]:
    """Return (place, pseudonym) of all in a text that have the form of one, in their order."""
    found = []
    for mark, before in _MARKS:
        at = text.find(mark)
        while at >= 0:
            match = PATTERN.match(text, at - before) if at >= before else None
            if match is not None:
                found.append((match.start(), match[0]))
            at = text.find(mark, at + 1)
    return sorted(found)


def replaced(text: str, value_of: Callable[[str], str]) -> str:
    """Return a text with each pseudonym replaced by what `value_of` gives for it."""
    parts: list[str] = []
    end = 0
    for start, shown in pseudonyms_in(text):
        if start >= end:
            parts += (text[end:start], value_of(shown))
            end = start + len(shown)
    return "".join((*parts, text[end:])) if parts else text


def word_of(kind: str, value: bytes) -> str:
    """Return a value as the picture shows it, where it is shown by its own name."""
    if kind == Kind.TRANSMITTER:
        return f"rid-{value.hex()}"
    if kind == Kind.UTM:
        return f"utm-{value[:10].hex()}"
    if kind == Kind.SESSION:
        return f"ses-{value.rstrip(bytes(1))[-10:].hex()}"
    return value.decode("utf-8", "replace").strip("\0 ")


def is_aircraft(name: str) -> bool:
    """Tell whether an id is a 24-bit ICAO address: an aircraft's, given out by a register."""
    return re.fullmatch(r"[0-9A-Fa-f]{6}", name) is not None
