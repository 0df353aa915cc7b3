"""Corrections that readers submit: a small text file, checked and never trusted.

    tocsin correction 1
    incident: INC-2026-0001
    as of entry: 57
    sentence: the sentence that is wrong
    wrong: what is wrong with it
    right: what is right
    source: where that can be read
    contact: optional

A line that names no field goes on with the one before it. Nothing of it enters the record: a
person reads it and makes a correction, or not.
"""

import re
from dataclasses import dataclass

from tocsin.errors import FormatError
from tocsin.report._plain import plain

__all__ = ["MAX_BYTES", "Request", "read_request"]

MAX_BYTES = 20_000  # a correction is a letter, not a book
_HEAD = "tocsin correction 1"
_FIELDS = ("incident", "as of entry", "sentence", "wrong", "right", "source", "contact")
_NEEDED = ("incident", "wrong", "right")
_PLACEHOLDERS = ("what is wrong with it", "what is right")
_INCIDENT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


@dataclass(frozen=True, slots=True)
class Request:
    """A reader's correction. as_of: entry of the page that was read, None not given."""

    incident: str
    wrong: str
    right: str
    as_of: int | None = None
    sentence: str = ""
    source: str = ""
    contact: str = ""


def read_request(data: bytes, name: str) -> Request:
    """Return the request of a file's bytes; FormatError with a sentence where it is none."""
    if len(data) > MAX_BYTES:
        raise FormatError(f"{name} has {len(data)} bytes; a correction has at most {MAX_BYTES}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{name} is no text in UTF-8: {error.reason}") from error
    lines = [line.rstrip() for line in text.strip().splitlines()]
    if not lines or lines[0].strip().casefold() != _HEAD:
        raise FormatError(f"{name} is no correction; its first line should be {_HEAD!r}")
    found = _fields(lines[1:], name)
    for field in _NEEDED:
        if not found.get(field) or found[field] in _PLACEHOLDERS:
            raise FormatError(f"{name} does not say {field!r}; add a line '{field}: ...'")
    if not _INCIDENT.match(found["incident"]):
        raise FormatError(f"{name} names no incident; give its id, for example INC-2026-0001")
    as_of = found.get("as of entry", "")
    if as_of and not re.fullmatch(r"[0-9]{1,15}", as_of):
        raise FormatError(f"{name}: {as_of[:40]!r} is no number of an entry")
    return Request(
        incident=found["incident"],
        wrong=found["wrong"],
        right=found["right"],
        as_of=int(as_of) if as_of else None,
        sentence=found.get("sentence", ""),
        source=found.get("source", ""),
        contact=found.get("contact", ""),
    )


def _fields(lines: list[str], name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    last = ""
    for line in lines:
        field, colon, value = line.partition(":")
        field = field.strip().casefold()
        if colon and field in _FIELDS:
            if field in found:
                raise FormatError(f"{name} says {field!r} twice; send one file a correction")
            found[field], last = _clean(value), field
        elif last:
            found[last] = f"{found[last]}\n{_clean(line)}".strip()
        elif line.strip():
            raise FormatError(f"{name} has a line that is no field: {line[:60]!r}")
    return found


def _clean(text: str) -> str:
    """Leave out control characters, such as those that move a terminal's cursor."""
    return plain(text).strip()
