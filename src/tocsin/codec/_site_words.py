"""Messages about a site file that teach: where, what, and what would be right."""

import difflib
import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tocsin.errors import SiteError

__all__ = ["ids_of", "not_finite", "one_of", "shown", "teach"]

_ID = re.compile(r"^[a-z0-9][a-z0-9_-]{0,31}$")

_SHOWN = 80  # characters of a value in a sentence

_EXAMPLES = {
    "id": 'a short one, for example "apron"',
    "name": "what people call it",
    "shelter_s": "the seconds that people there need to reach shelter, for example 90",
    "ceiling_m": "metres above the ground up to which it reaches, for example 600",
    "lat": "degrees north, for example 33.7856",
    "lon": "degrees east, for example 42.4412",
    "elevation_m": "metres above mean sea level, for example 188",
    "kind": 'for example "radar"',
    "format": 'for example "asterix"',
    "until": "when the authorisation ends, for example 2027-01-31T12:00:00Z",
    "to": 'for example "file:outgoing" or "https://host/path"',
    "owner": "the role that answers for the flight",
    "when": 'the step from which on it is shown, for example "CAUTION"',
    "words": "what people there do, in your words",
    "post": 'who is told, for example "Tower"; a post, not a person',
}


def teach(
    message: str,
    raw: dict[str, Any],
    tables: dict[str, type[msgspec.Struct]],
    whole: type[msgspec.Struct],
) -> str:
    """Turn msgspec's message into a sentence: the place in words, and what would be right.

    tables: the struct of each TOML table by its name; whole: that of the file.
    """
    text, _, path = message.partition(" - at `")
    place = _place(path.rstrip("`"), raw)
    if missing := re.search(r"missing required field `(\w+)`", text):
        name = missing[1]
        example = _EXAMPLES.get(name)
        return f"{place} has no {name}; give {example or 'it'}"
    if unknown := re.search(r"unknown field `(\w+)`", text):
        table = re.sub(r"\[.*?\]", "", path.rstrip("`")).rpartition(".")[2].strip("$")
        struct = tables.get(table, whole)
        names = [f.encode_name for f in msgspec.structs.fields(struct)]
        near = difflib.get_close_matches(unknown[1], names, n=1)
        return f"{place} has an unknown {unknown[1]!r}" + (
            f"; did you mean {near[0]!r}?" if near else f"; it can have {', '.join(names)}"
        )
    value = _value_at(path.rstrip("`"), raw)
    return f"{place} is {shown(value)}: {text[0].lower()}{text[1:]}"


def not_finite(raw: dict[str, Any]) -> str:
    """Return a sentence about the first number that is inf or nan, which TOML allows, or ""."""
    for path in _bad_numbers(raw, "$"):
        return f"{_place(path, raw)} is {_value_at(path, raw)}; give a number"
    return ""


def _bad_numbers(value: object, path: str) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _bad_numbers(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for k, inner in enumerate(value):
            yield from _bad_numbers(inner, f"{path}[{k}]")


def shown(value: object) -> str:
    """Return a value as it may stand in a sentence: never long."""
    try:
        text = repr(value)
    except ValueError:  # an integer of over 4,300 digits
        return "a number that is too large"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _steps(path: str) -> list[str | int]:
    return [int(i) if i else name for name, i in re.findall(r"\.?(\w+)|\[(\d+)\]", path[1:])]


def _place(path: str, raw: dict[str, Any]) -> str:
    """Name a place such as `$.site[0].zone[1].shelter_s` by the ids that stand there."""
    words: list[str] = []
    at: Any = raw
    for step in _steps(path):
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            at = None
        if isinstance(step, int):
            name = at.get("id") or at.get("declared_id") if isinstance(at, dict) else None
            named = isinstance(name, str) and name != ""
            words[-1] += f" {shown(name)}" if named else f" number {step + 1}"
        else:
            words.append(step)
    return ", ".join(words) if words else "the file"


def _value_at(path: str, raw: dict[str, Any]) -> object:
    at: Any = raw
    for step in _steps(path):
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            return None
    return at


def ids_of(ids: list[str], what: str) -> None:
    """Raise SiteError for an id that is not usable or stands twice."""
    for name in ids:
        if not _ID.match(name):
            raise SiteError(
                f"{what} {shown(name)} is not usable; take up to 32 small letters, digits, - "
                "and _",
                id=name,
            )
        if ids.count(name) > 1:
            raise SiteError(f"{what} {name!r} stands twice; every id is used once", id=name)


def one_of(value: str, allowed: tuple[str, ...], what: str) -> None:
    """Raise SiteError where the value is none of those allowed."""
    if value in allowed:
        return
    near = difflib.get_close_matches(value, allowed, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    choices = ", ".join(repr(a) for a in allowed) or "nothing: there is none yet"
    raise SiteError(f"{what} is {value!r}; it can be {choices}{hint}", value=value)
