"""The register as it was known at a time, and what it covers."""

from dataclasses import replace

from tocsin.model.register import Happening, Register, Row
from tocsin.record._days import utc

__all__ = ["as_known_at", "as_of_entry", "covers"]


def as_known_at(register: Register, at_s: float) -> Register:
    """Return the register as it stood after the last entry recorded at or before `at_s`.

    Shares nouns and whole rows with the one given: look at it before more is folded into that
    one. Alarms that were no incident yet are left out: no question is answered from them.
    """
    rows: dict[str, Row] = {}
    for row in register.rows.values():
        if row.versions[-1].recorded_s <= at_s:
            rows[row.id] = row
        elif versions := [v for v in row.versions if v.recorded_s <= at_s]:
            rows[row.id] = Row(row.id, row.kind, versions)
    timeline = [h for h in register.timeline if h.recorded_s <= at_s and h.incident in rows]
    unwatched = [
        u if (u.until_recorded_s or 0.0) <= at_s
        else replace(u, until_s=None, until_recorded_s=None)
        for u in register.unwatched
        if u.from_recorded_s <= at_s
    ]  # fmt: skip
    begun_s = register.begun_s
    has_begun = begun_s is not None and begun_s <= at_s
    last_s = min(register.last_s, at_s) if register.last_s is not None and has_begun else None
    return replace(
        register,
        begun_s=begun_s if has_begun else None,
        last_s=last_s,
        last_entry=_newest(register, rows, timeline, at_s),
        rows=rows,
        timeline=timeline,
        unwatched=unwatched,
        waiting={},
    )


def _newest(
    register: Register, rows: dict[str, Row], timeline: list[Happening], at_s: float
) -> int:
    """Return the newest entry that anything told rests on, where not all of it is told."""
    if register.last_s is not None and register.last_s <= at_s:
        return register.last_entry
    entries = [v.entry for row in rows.values() for v in row.versions]
    return max([*entries, *(h.entry for h in timeline)], default=-1)


def as_of_entry(register: Register, number: int) -> Register:
    """Return the register as it stood after one entry; shares as `as_known_at` does."""
    rows: dict[str, Row] = {}
    for row in register.rows.values():
        if row.versions[-1].entry <= number:
            rows[row.id] = row
        elif versions := [v for v in row.versions if v.entry <= number]:
            rows[row.id] = Row(row.id, row.kind, versions)
    timeline = [h for h in register.timeline if h.entry <= number and h.incident in rows]
    times = [v.recorded_s for r in rows.values() for v in r.versions]
    last_s = max([*times, *(h.recorded_s for h in timeline)], default=register.begun_s)
    return replace(
        register, rows=rows, timeline=timeline, last_s=last_s, last_entry=number, waiting={}
    )


def covers(register: Register) -> str:
    """Say what the register covers, so that a missing answer is not taken for "never"."""
    if register.begun_s is None or register.last_s is None:
        return "The register is empty; it covers nothing."
    text = (
        f"This register covers {utc(register.begun_s)} to {utc(register.last_s)}"
        + (f" of {register.node}" if register.node else "")
        + ". What happened before or elsewhere is unknown to it, unless a person entered it."
    )
    zones = dict.fromkeys((u.site, u.zone) for u in register.unwatched)
    if zones:
        text += f" In {_spells(len(register.unwatched))} zones were NOT WATCHING: "
        text += ", ".join(f"{site}/{zone}" for site, zone in zones) + "."
    return text


def _spells(count: int) -> str:
    return "1 spell" if count == 1 else f"{count} spells"
