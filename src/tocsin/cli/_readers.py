"""What readers did and wrote, as files that somebody hands to `tocsin publish`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tocsin.errors import CallError, FormatError

__all__ = ["Extras", "read_counts", "read_letters"]


@dataclass(frozen=True, slots=True)
class Extras:
    """What is off by default: counts of readers by page, letters by incident."""

    read: dict[str, int]
    letters: dict[str, list[tuple[str, str]]]


def read_letters(file: Path | None) -> dict[str, list[tuple[str, str]]]:
    if file is None:
        return {}
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8")).get("letter", [])
        found: dict[str, list[tuple[str, str]]] = {}
        for row in rows:
            pair = (str(row["name"])[:80], str(row["text"])[:4_000])
            found.setdefault(str(row["incident"]), []).append(pair)
    except OSError as error:
        raise CallError(f"{file} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise FormatError(
            f"{file.name} holds no letters ({error}); give [[letter]] with incident, name, text"
        ) from error
    return found


def read_counts(file: Path | None) -> dict[str, int]:
    """Return how often each page was read, out of a file that a web server's log became."""
    if file is None:
        return {}
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CallError(f"{file} cannot be read: {error}") from error
    found = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name, comma, count = line.partition(",")
        if not line.strip():
            continue
        if not comma or not count.strip().isdecimal():
            raise FormatError(
                f"{file.name}, line {number}: give a page and a number, not {line!r}"
            )
        found[name.strip()] = int(count)
    return found
