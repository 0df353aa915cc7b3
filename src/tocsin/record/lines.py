"""A ledger as JSON lines: a head, then one entry a line, each in its canonical bytes."""

import json
from collections.abc import Iterable, Iterator

from tocsin.errors import FormatError
from tocsin.model import Entry
from tocsin.record.canonical import MAX_SAFE, canonical

__all__ = ["VERSION", "check_head", "export_lines", "is_export", "read_lines", "read_on"]

VERSION = 1
_NAME = "tocsin_ledger"
_FIELDS = ("body", "digest", "kind", "number", "recorded_s")


def export_lines(entries: Iterable[Entry]) -> Iterator[bytes]:
    """Yield the lines of an export, each with its line feed."""
    yield canonical({_NAME: VERSION}) + b"\n"
    for entry in entries:
        yield _line(entry) + b"\n"


def _line(entry: Entry) -> bytes:
    # The body goes in as the bytes that were hashed; the names around it stand in order.
    tail = canonical(
        {
            "digest": entry.digest.hex(),
            "kind": entry.kind,
            "number": entry.number,
            "recorded_s": entry.recorded_s,
        }
    )
    return b'{"body":' + entry.body + b"," + tail[1:]


def is_export(head: bytes) -> bool:
    """Tell whether bytes begin as an export does."""
    return head.lstrip(b" ").startswith(b'{"' + _NAME.encode())


def read_lines(lines: Iterable[bytes], name: str = "the ledger") -> Iterator[Entry]:
    """Yield the entries of an export. Whether they fit together is for `verify` to say.

    Raises FormatError where a line is not as an export writes it, with its number (from 1).
    """
    source = iter(lines)
    check_head(next(source, b""), name)
    yield from read_on(source, name, line=2)


def read_on(lines: Iterable[bytes], name: str, *, line: int) -> Iterator[Entry]:
    """Yield the entries of the rest of an export, which begins with that line."""
    for number, raw in enumerate(lines, start=line):
        text = raw.rstrip(b"\n")
        try:
            entry = _entry(json.loads(text))
            if _line(entry) != text:  # a double of 2**53 or more is written as a whole number
                entry = _entry(json.loads(text, parse_int=_whole))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise FormatError(
                f"line {number} of {name} is no entry of a ledger ({error}); restore it from a "
                "copy",
                line=number,
            ) from error
        if _line(entry) != text:
            raise FormatError(
                f"line {number} of {name} is not written as an export writes it (a name twice, "
                "blanks, another order); restore it from a copy",
                line=number,
            )
        yield entry


def check_head(line: bytes, name: str) -> None:
    """Raise FormatError where the first line is not one of an export that this reads."""
    try:
        head = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FormatError(
            f"{name} is no exported ledger; its first line should be "
            f'{{"{_NAME}":{VERSION}}}, as `tocsin record export` writes it'
        ) from error
    version = head.get(_NAME) if isinstance(head, dict) else None
    if version is None:
        raise FormatError(f"{name} is no exported ledger; make one with `tocsin record export`")
    if version != VERSION:
        raise FormatError(
            f"{name} is an export of version {version}; this Tocsin reads version {VERSION}: "
            "read it with the version that wrote it",
            version=version,
        )


def _whole(digits: str) -> int | float:
    number = int(digits)
    return number if abs(number) <= MAX_SAFE else float(number)


def _entry(value: object) -> Entry:
    if not isinstance(value, dict) or tuple(sorted(value)) != _FIELDS:
        raise ValueError(f"it should have the fields {', '.join(_FIELDS)}")
    number, recorded_s = value["number"], value["recorded_s"]
    if not isinstance(number, int) or not isinstance(recorded_s, int | float):
        raise TypeError("number and recorded_s are numbers")
    if not isinstance(value["kind"], str) or not isinstance(value["body"], dict):
        raise TypeError("kind is text and body an object")
    return Entry(
        number=number,
        kind=value["kind"],
        recorded_s=float(recorded_s),
        body=canonical(value["body"]),
        digest=bytes.fromhex(value["digest"]),
    )
