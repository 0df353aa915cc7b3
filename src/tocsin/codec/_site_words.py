"""Messages about a site file that teach: where, what, and what would be right."""

import datetime
import difflib
import json
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
    "node": '[node] with a name, for example name = "North field"',
    "id": 'a short one, for example "apron"',
    "name": "what people call it",
    "shelter_s": "the seconds that people there need to reach shelter, for example 90",
    "ceiling_m": "metres above the ground up to which it reaches, for example 600",
    "lat": "degrees north, for example 33.7856",
    "lon": "degrees east, for example 42.4412",
    "elevation_m": "metres above mean sea level, for example 188",
    "kind": 'for example "radar"',
    "format": 'for example "asterix"',
    "from": "when the authorisation begins, for example 2027-01-01T00:00:00Z",
    "until": "when the authorisation ends, for example 2027-01-31T12:00:00Z",
    "to": 'for example "file:outgoing" or "https://host/path"',
    "owner": "the role that answers for the flight",
    "when": 'the step from which on it is shown, for example "CAUTION"',
    "words": "what people there do, in your words",
    "post": 'who is told, for example "Tower"; a post, not a person',
}

# Tables of a site that stand at the top by mistake, and how they are written.
_OF_SITES = {
    "zone": "[[site.zone]] below its [[site]]",
    "volume": "[[site.volume]] below its [[site]]",
    "minimum_coverage": "[[site.minimum_coverage]] below its [[site]]",
    "rules": "[site.rules] below its [[site]]",
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
    path = path.rstrip("`")
    place = _place(path, raw)
    if missing := re.search(r"missing required field `(\w+)`", text):
        name = missing[1]
        example = _EXAMPLES.get(name)
        return f"{place} has no {name}; give {example or 'it'}"
    if unknown := re.search(r"unknown field `(\w+)`", text):
        struct = tables.get(_table(path).rpartition(".")[2], whole)
        names = [f.encode_name for f in msgspec.structs.fields(struct)]
        near = difflib.get_close_matches(unknown[1], names, n=1)
        if struct is whole and unknown[1] in _OF_SITES:
            return f"{place} has a {unknown[1]!r} of its own; write {_OF_SITES[unknown[1]]}"
        return f"{place} has an unknown {unknown[1]!r}" + (
            f"; did you mean {near[0]!r}?" if near else f"; it can have {', '.join(names)}"
        )
    value = _value_at(path, raw)
    if mismatch := re.fullmatch(r"Expected `(\w+)[^`]*`, got `\w+`", text):
        is_table = _table(path).rpartition(".")[2] in tables
        if is_table and isinstance(value, dict | list):
            return _bracketed(_table(path), value)
        if right := _right_for(mismatch[1], value):
            return f"{place} is {shown(value)}; give {right}"
    if text == "Invalid RFC3339 encoded datetime":
        return f"{place} is {shown(value)}; give {_right_for('datetime', value)}"
    return f"{place} is {shown(value)}: {text[0].lower()}{text[1:]}"


def _table(path: str) -> str:
    """Return the name that TOML has for the table at a path: $.site[0].zone[1] is site.zone."""
    return re.sub(r"\[.*?\]", "", path).lstrip("$.")


def _bracketed(table: str, value: object) -> str:
    """Say with which brackets a table is written that was written with the others."""
    if isinstance(value, dict):
        return f"write [[{table}]], with two pairs of brackets: it can stand several times"
    return f"write [{table}], with one pair of brackets: it stands once"


def _right_for(wanted: str, value: object) -> str:
    """Return what would be right in place of a value of another type, or "" where msgspec's
    own words say it.
    """
    if wanted == "array" and isinstance(value, str):
        return f"a list, for example [{json.dumps(value[:_SHOWN], ensure_ascii=False)}]"
    if wanted == "datetime":
        is_day = isinstance(value, datetime.date)
        day = f"{shown(value)}T00:00:00Z" if is_day else "2026-01-31T12:00:00Z"
        return f"a time with Z, for example {day}"
    if wanted in ("float", "int") and isinstance(value, str):
        return "a number without quotes" + (f": {value}" if _is_number(value) else "")
    if wanted == "int" and isinstance(value, float):
        return "a whole number"
    if wanted == "str" and isinstance(value, int | float):
        return "text in quotes"
    return "true or false" if wanted == "bool" else ""


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d{1,18}(\.\d{1,18})?", text) is not None


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
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
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
