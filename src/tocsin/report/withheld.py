"""What a profile's readers must not get, as values that can be searched for in the bytes."""

import re
from collections.abc import Callable

from tocsin.model import track_name
from tocsin.model.accounts import Account
from tocsin.model.records import Assertion, Claim, Relation, Source
from tocsin.model.register import Version, holders_of
from tocsin.report._audience import why_withheld
from tocsin.report._plain import plain
from tocsin.report._times import moment

__all__ = ["found_in", "withheld_values"]


# Accounts of a role, as `tocsin watch` makes them: words of the language, not names.
_ROLES = ("officer", "watch", "admin", "editor", "automatic")


def withheld_values(
    account: Account, profile: str, *, name_of: Callable[[str], str] = str
) -> dict[str, str]:
    """Return value -> what it is, of everything that a profile withholds by default.

    internal: nothing. partner: names of people, sealed sources and who held evidence, where no
    statement that these readers get names him. public: also zones, tracks
    with their first detection, alarms, and each time of the watch to the second. name_of:
    what a pseudonym of the ledger stands for, where that is known: a text may bear either.
    """
    if profile == "internal":
        return {}
    found: dict[str, str] = {}
    for version in _all_versions(account):
        if version.by not in _ROLES:
            found[version.by] = found[name_of(version.by)] = "the name of a person"
    for happening in account.happenings:
        if happening.by not in _ROLES:
            found[happening.by] = found[name_of(happening.by)] = "the name of a person"
    for row in account.register.rows.values():
        noun = row.versions[-1].noun
        if isinstance(noun, Source) and noun.identity == "sealed":
            found[noun.sealed] = "the commitment to a sealed source"
    said = _said(account, profile)
    for holder in holders_of(account.register):
        value = dict.fromkeys((name_of(holder), holder), "who held a piece of evidence")
        if holder not in _ROLES and not found_in(said, value):
            found |= value
    if profile == "public":
        found.update(_operational(account))
    # What the place itself is called is told to everybody.
    told = f"{account.incident.site} {account.incident.site_name}"
    return {
        value: what
        for value, what in found.items()
        if value and not found_in(told, {value: what})
    }


def _said(account: Account, profile: str) -> str:
    """Return the words of those who are quoted to a profile's readers."""
    nouns: list[Assertion | Claim | Relation] = []
    for told in (account.statements, account.claims, account.relations):
        nouns += [noun for _, noun in told]
    return " ".join(n.verbatim for n in nouns if not why_withheld(account, n, profile))


def _all_versions(account: Account) -> list[Version]:
    return [v for row in account.register.rows.values() for v in row.versions]


def _operational(account: Account) -> dict[str, str]:
    found: dict[str, str] = {account.incident.alarm: "an alarm of the watch"}
    for zone, name, _ in account.incident.zones:
        found[zone] = found[name] = "a zone"
    for track in account.incident.tracks:
        found[track.track] = found[track_name(track.track)] = "a track"
        for place in (track.lat, track.lon):
            if place is not None:
                found[f"{place:.4f}"] = "where a track was first seen"
        if track.first_seen_s is not None:
            found[moment(track.first_seen_s)[11:19]] = "when a track was first seen"
    for happening in account.happenings:
        found[happening.zone] = "a zone"
        found[moment(happening.at_s)[11:19]] = "a time of the watch"
        if happening.text and happening.what == "decided":
            found[happening.text] = "a decision"
    return found


def found_in(text: str, values: dict[str, str]) -> tuple[str, ...]:
    """Return which values stand in a text as whole words, whatever their case: in the text as
    it is, and as readers get it.
    """
    folded = f"{text}\n{plain(text)}".casefold()
    return tuple(
        value
        for value in values
        if re.search(rf"(?<!\w){re.escape(value.casefold())}(?!\w)", folded)
    )
