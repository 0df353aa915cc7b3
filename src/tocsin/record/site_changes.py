"""Another site file in the ledger: from which to which, by whom, and what changed in words."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from tocsin.model import AlertEvent, Entry, Node
from tocsin.model.site_changes import SiteChange
from tocsin.record.chain import Chain, append_into

__all__ = ["note_site_into", "words_between"]

MOST_WORDS = 200  # sentences in one entry; what is more is counted
# Parts of a site that have sentences of their own; of a node too.
_OF_SITE = ("zones", "volumes")
_OF_NODE = ("sites", "sensors")


def note_site_into(
    chain: Chain,
    change: SiteChange,
    words: Sequence[str],
    events: Sequence[AlertEvent],
    *,
    carried: Sequence[str],
    tracks: int,
    now_s: float,
) -> Entry:
    """One entry for the change. events: what ended by it; carried: ids of alarms that stand on;
    tracks: how many began anew.
    """
    closed = [e for e in events if e.kind == "closed"]
    return append_into(
        chain,
        "site",
        now_s,
        {
            "what": "changed",
            "from": change.before,
            "to": change.after,
            "file": change.where,
            "by": change.by,
            "changes": list(words[:MOST_WORDS]),
            "more": max(0, len(words) - MOST_WORDS),
            "carried": list(carried),
            "closed": [{"alarm": e.alarm_id, "why": e.text} for e in closed],
            "tracks_ended": tracks,
        },
    )


def words_between(old: Node, new: Node) -> tuple[str, ...]:
    """Return what differs, one sentence each; empty where both say the same."""
    words = _listed("site", old.sites, new.sites)
    for site, now in _both(old.sites, new.sites):
        here = f" of {now.id}"
        words += [f"site {now.id}: {name} changed" for name in _differ(site, now, _OF_SITE)]
        for what, name in (("zone", "zones"), ("volume", "volumes")):
            before, after = getattr(site, name), getattr(now, name)
            words += _listed(what, before, after, here)
            words += [
                f"{what} {two.id}{here} {_how(one, two)}"
                for one, two in _both(before, after)
                if _differ(one, two)
            ]
    words += _listed("sensor", old.sensors, new.sensors)
    words += [
        f"sensor {two.id} {_how(one, two)}"
        for one, two in _both(old.sensors, new.sensors)
        if _differ(one, two)
    ]
    words += [f"{_plain(name)} changed" for name in _differ(old, new, _OF_NODE)]
    return tuple(words)


def _listed(what: str, old: Iterable[Any], new: Iterable[Any], here: str = "") -> list[str]:
    before, after = [one.id for one in old], [one.id for one in new]
    gone = [f"{what} {name}{here} taken away" for name in before if name not in after]
    words = gone + [f"{what} {name}{here} added" for name in after if name not in before]
    order = [name for name in before if name in after]
    if not words and order != after:
        words.append(f"{what}s{here} in another order")
    return words


def _both(old: Sequence[Any], new: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Return the parts that both have, in the new order."""
    known = {one.id: one for one in old}
    return [(known[one.id], one) for one in new if one.id in known]


def _differ(one: Any, two: Any, without: tuple[str, ...] = ()) -> list[str]:
    """Return the fields in which two of a kind differ; NaN is like NaN."""
    names = [f.name for f in fields(one) if f.name not in without]
    return [name for name in names if repr(getattr(one, name)) != repr(getattr(two, name))]


_MOVES = ("outline_m", "lat", "lon", "alt_m")


def _how(one: Any, two: Any) -> str:
    names = _differ(one, two)
    moved = "moved" if any(name in _MOVES for name in names) else ""
    rest = ", ".join(_plain(name) for name in names if name not in _MOVES)
    return "; ".join(part for part in (moved, f"changed: {rest}" if rest else "") if part)


def _plain(name: str) -> str:
    return name.removesuffix("_m").removesuffix("_s").removesuffix("_deg").replace("_", " ")
