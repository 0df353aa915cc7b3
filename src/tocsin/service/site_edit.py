"""Changes to a site file that keep its comments and order: places, heights and names alone.

A draft names zones and volumes of sites, and places of sensors. It is laid into the text, and
what comes of it must read as exactly what was meant: else nothing is changed.
"""

import tomllib
from typing import Any

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError

from tocsin.errors import SiteError

__all__ = ["Draft", "SiteDraft", "Values", "lay_into", "outline_draft"]

OUTLINE = ("center_offset_m", "radius_m", "polygon")
ZONE = ("id", "name", *OUTLINE, "ceiling_m", "floor_m", "shelter_s", "margin_s", "release")
VOLUME = (
    "id", "name", "kind", *OUTLINE, "line", "width_m", "floor_m", "ceiling_m", "far_floor_m",
    "far_ceiling_m", "separation_m", "separation_up_m",
)  # fmt: skip
SENSOR = ("lat", "lon", "height_m", "alt_m")
DEPTH = 2  # a list of places is a list of lists
MOST_PARTS = 200  # zones or volumes of one site in a draft

Values = dict[str, Any]


class SiteDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All zones and volumes of a site as they are to be, in their order."""

    zones: list[Values]
    volumes: list[Values]


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a page asks for. base: SHA-256 (hex) of the text that it rests on; sites by id;
    sensors: by id, SENSOR of each.
    """

    base: str
    sites: dict[str, SiteDraft] = {}
    sensors: dict[str, Values] = {}


def outline_draft(text: str) -> tuple[dict[str, SiteDraft], dict[str, Values]]:
    """Return what a draft may change, as it stands in a text that is a site file."""
    raw = tomllib.loads(text)
    sites = {
        site["id"]: SiteDraft(
            [_only(zone, ZONE) for zone in site.get("zone", [])],
            [_only(volume, VOLUME) for volume in site.get("volume", [])],
        )
        for site in raw.get("site", [])
    }
    sensors = {s["id"]: _only(s, SENSOR) for s in raw.get("sensor", []) if "lat" in s}
    return sites, sensors


def lay_into(text: str, draft: Draft) -> tuple[str, list[str]]:
    """Return the text with a draft laid into it, and what was changed, one sentence each.

    Raises SiteError where the draft names what the file has not, or where the file is written
    in a way that only a person can change. What the values mean is not checked here.
    """
    changes: list[str] = []
    wanted = tomllib.loads(text)
    try:
        document: Any = tomlkit.parse(text)
        for site_id, site in draft.sites.items():
            plain = _by_id(wanted.get("site", []), site_id, "site")
            table = _by_id(document["site"], site_id, "site")
            _parts(plain, table, "zone", site.zones, ZONE, site_id, changes)
            _parts(plain, table, "volume", site.volumes, VOLUME, site_id, changes)
        for name, values in draft.sensors.items():
            plain = _by_id(wanted.get("sensor", []), name, "sensor")
            table = _by_id(document["sensor"], name, "sensor")
            _no_odd(values, f"sensor {name}")
            _values(plain, table, _only(values, SENSOR), SENSOR, f"sensor {name}", changes)
        made = _line_ends_of(text, tomlkit.dumps(document))
        same = tomllib.loads(made) == wanted
    except (TOMLKitError, tomllib.TOMLDecodeError) as error:
        raise SiteError(f"this file can only be changed by hand: {error}") from error
    if not same:
        raise SiteError(
            "this file is written in a way that this page cannot change without changing more "
            "than was meant; change it by hand"
        )
    return made, changes


def _line_ends_of(text: str, made: str) -> str:
    """Return what was made with the line ends of a text whose lines all end in CRLF."""
    if not text.count("\n") or text.count("\r\n") != text.count("\n"):
        return made
    return made.replace("\r\n", "\n").replace("\n", "\r\n")


def _only(values: Values, names: tuple[str, ...]) -> Values:
    return {name: values[name] for name in names if values.get(name) is not None}


def _by_id(tables: Any, name: str, what: str) -> Any:
    for table in tables:
        if table.get("id") == name:
            return table
    raise SiteError(f"the site file has no {what} {name!r}; load the page anew")


def _parts(
    plain: Values,
    table: Any,
    what: str,
    parts: list[Values],
    names: tuple[str, ...],
    site_id: str,
    changes: list[str],
) -> None:
    """Make the zones or volumes of a site those of the draft: changed, added, taken away."""
    if len(parts) > MOST_PARTS:
        raise SiteError(f"site {site_id!r} has {len(parts)} {what}s; {MOST_PARTS} are enough")
    for part in parts:
        if unknown := [name for name in part if name not in names]:
            raise SiteError(f"a {what} has no {unknown[0]!r}; it has {', '.join(names)}")
    wanted = _ids(parts, what, site_id)
    old: list[Values] = plain.setdefault(what, [])
    here = f"{what} {{}} of site {site_id}"
    for name in [part["id"] for part in old if part["id"] not in wanted]:
        at = next(k for k, part in enumerate(old) if part["id"] == name)
        del old[at]
        del table[what][at]
        changes.append(f"{here.format(name)} taken away")
    for name, part in zip(wanted, parts, strict=True):
        values = _only(part, names)
        _no_odd(values, here.format(name))
        at = next((k for k, one in enumerate(old) if one["id"] == name), -1)
        if at >= 0:
            _values(old[at], table[what][at], values, names, here.format(name), changes)
            continue
        old.append(values)
        fresh = tomlkit.table()
        for key, value in values.items():
            fresh.add(key, value)
        if what not in table or not len(table[what]):
            table[what] = tomlkit.aot()
        table[what].append(fresh)
        changes.append(f"{here.format(name)} added")
    if not old:
        del plain[what]
        if what in table:
            del table[what]


def _ids(parts: list[Values], what: str, site_id: str) -> list[str]:
    """Return the ids of parts. Raises SiteError where one is missing or stands twice."""
    names: list[str] = []
    for number, part in enumerate(parts, 1):
        name = part.get("id")
        here = f"{what} number {number} of site {site_id!r}"
        if name is None or name == "":
            called = f", {part['name']!r}," if part.get("name") else ""
            raise SiteError(f'{here}{called} has no id; give a short one, for example "apron"')
        if not isinstance(name, str):
            raise SiteError(f"{here} has an id that is no text: {_short(name)}")
        if name in names:
            raise SiteError(f"{here} has the id {name!r} of another; every id is used once")
        names.append(name)
    return names


def _no_odd(values: Values, here: str) -> None:
    """Raise SiteError for a value that is no number, text, place or list of places."""
    for name, value in values.items():
        if wrong := _wrong(value, 0):
            raise SiteError(f"{here}: {name} {wrong}")


def _wrong(value: object, depth: int) -> str:
    if value is None:
        return "has a place with nothing in it; give a value there"
    if isinstance(value, dict) or (isinstance(value, list) and depth == DEPTH):
        return "is neither a number, a text, a place nor a list of places"
    if isinstance(value, list):
        return next((wrong for v in value if (wrong := _wrong(v, depth + 1))), "")
    return ""


def _values(
    plain: Values,
    table: Any,
    values: Values,
    names: tuple[str, ...],
    here: str,
    changes: list[str],
) -> None:
    for name in names:
        before, after = plain.get(name), values.get(name)
        if before == after:
            continue
        if after is None:
            del plain[name]
            del table[name]
        else:
            plain[name] = after
            table[name] = after
        changes.append(f"{here}: {name} {_short(before)} → {_short(after)}")


def _short(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, list) and value and isinstance(value[0], list):
        return f"{len(value)} points"
    return str(value)[:80]
