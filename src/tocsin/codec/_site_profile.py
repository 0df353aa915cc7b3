"""The profiles that come with the package: one TOML file each, in the words of a site file."""

import functools
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from tocsin.codec._site_watch import PlaybookTable, playbook_of
from tocsin.model import PROFILE_NAMES, PlaybookLine, Profile, Site

__all__ = ["playbook_with", "profile_of", "with_rules"]

FOLDER = Path(__file__).with_name("profiles")


class _Words(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    operations: str
    people: str
    told: str
    first: str
    report: str
    resume_criteria: list[str]


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    schema: int
    words: _Words
    rules: dict[str, float]
    playbook: list[PlaybookTable] = []


@functools.cache
def _file(name: str) -> _File:
    """Return what the package says of a profile."""
    path = FOLDER / f"{name}.toml"
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)


def profile_of(name: str) -> Profile:
    """Return a profile by a name that is one of PROFILE_NAMES."""
    file = _file(name)
    words = msgspec.structs.asdict(file.words)
    words["resume_criteria"] = tuple(file.words.resume_criteria)
    lines = playbook_of(file.playbook, {}, f"profile {name!r}")
    return Profile(name=name, playbook=lines, **words)


def with_rules(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the tables of a site file with the profile's rules where a site gives none.

    What is no site file at all is returned as it is: who reads it says what is wrong.
    """
    node, sites = raw.get("node"), raw.get("site")
    name = node.get("profile", "base") if isinstance(node, dict) else "base"
    if name not in PROFILE_NAMES or not isinstance(sites, list) or not _file(name).rules:
        return raw
    own = _file(name).rules
    return {**raw, "site": [_ruled(site, own) for site in sites]}


def _ruled(site: Any, own: dict[str, float]) -> Any:
    given = site.get("rules", {}) if isinstance(site, dict) else None
    if not isinstance(given, dict):
        return site
    return {**site, "rules": {**own, **given}}


def playbook_with(
    lines: tuple[PlaybookLine, ...], profile: Profile, sites: dict[str, Site]
) -> tuple[PlaybookLine, ...]:
    """Return the site's lines, then those of its profile that none of the same id replaces.

    A node without sites shows no line: the profile's are for those who have some.
    """
    mine = {line.id for line in lines}
    added = (line for line in profile.playbook if line.id not in mine)
    return (*lines, *added) if sites else lines
