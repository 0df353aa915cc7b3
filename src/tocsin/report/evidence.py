"""One suspension of operations on one sheet: seen, when, how surely, and what was decided."""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from tocsin.model import Entry, track_label
from tocsin.report._losses import lost_line, standing_losses
from tocsin.report._style import CSS
from tocsin.report._times import moment
from tocsin.report.page import section_html
from tocsin.report.telling import Line, Section

__all__ = ["evidence_page", "suspensions"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
BEFORE_S = 1800.0  # what was told half an hour before may be why somebody suspended
_VOLUMES = ("volume expected", "volume entered", "volume free")
_CONFLICTS = ("conflict", "conflict over")
_DECIDED = ("acknowledged", "decided", "disposed", "not followed", "raised by hand", "released",
            "refused", "cleared", "lowered")  # fmt: skip
_BLIND = ("watch lost", "watch regained", "siren lost", "siren regained")
_MANY = 300  # lines of a section; more are counted
_LABELS = {"drone_multirotor": "a drone with rotors", "drone_fixed_wing": "a drone with wings",
           "drone": "a drone"}  # fmt: skip

Row = tuple[Entry, dict[str, Any]]


def suspensions(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return the ids of all suspensions in "alert" entries, in their order."""
    found = [body["facts"]["suspension"] for _, body in _rows(entries, ("suspended",))]
    return tuple(dict.fromkeys(found))


def evidence_page(
    entries: Iterable[Entry],
    suspension: str,
    *,
    site_names: Mapping[str, str],
    place_names: Mapping[tuple[str, str], str],
    operations: str,
) -> str | None:
    """Return a self-contained HTML page about a suspension, None where the entries have none.

    entries: of the operational ledger, "alert" and "identity" count; place_names: of volumes
    and zones by (site, id). All text is escaped; nothing is fetched, nothing runs.
    """
    entries = list(entries)
    decisions = [
        row
        for row in _rows(entries, ("suspended", "resumed"))
        if row[1].get("facts", {}).get("suspension") == suspension
    ]
    if not decisions or decisions[0][1]["what"] != "suspended":
        return None
    first, last = decisions[0][1], decisions[-1][1]
    site, begin_s = first["site"], float(first["at_s"])
    is_over = last["what"] == "resumed"
    end_s = float(last["at_s"]) if is_over else float("inf")
    here = [row for row in _rows(entries, None) if row[1]["site"] == site]
    from_s = begin_s - BEFORE_S
    span = [row for row in here if from_s <= float(row[1]["at_s"]) <= end_s]
    lost = standing_losses(here, from_s)
    seen = _of(span, _VOLUMES) + _of(span, _CONFLICTS)
    told = _of(span, ("sighting",))
    tracks = list(dict.fromkeys(t for _, body in seen for t in body["tracks"]))
    names = {place: name for (of, place), name in place_names.items() if of == site}
    sections = [
        Section("What was decided", tuple(_decision_lines(decisions)), ""),
        Section("What sensors saw", _bounded([_seen_line(row, names) for row in seen]),
                "No sensor saw anything in a protected volume or about to enter one."),
        Section("How sure it is", tuple(_sure_lines(entries, tracks, end_s)),
                "There is no track to be sure of."),
        Section("What people reported", _bounded([_line(row, names) for row in told]),
                "Nobody reported a sighting."),
        Section("Where nobody watched or heard",
                (*(lost_line(row, names.get(str(row[1]["zone"]), "")) for row in lost),
                 *_bounded([_line(row, names) for row in _of(span, _BLIND)])),
                "The declared minimum coverage was up all the time."),
        Section("What else people did",
                _bounded([_line(row, names) for row in _of(span, _DECIDED)]), "Nothing."),
    ]  # fmt: skip
    return _page(
        f"Evidence sheet {suspension}: {operations}, {site_names.get(site, site)}",
        _lead(begin_s, end_s, is_over=is_over, seen=seen, told=told, blind=[*lost, *span]),
        first["nature"], sections, entries,
    )  # fmt: skip


def _rows(entries: Iterable[Entry], kinds: Sequence[str] | None) -> list[Row]:
    found = []
    for entry in entries:
        if entry.kind != "alert":
            continue
        body = json.loads(entry.body)
        if kinds is None or body["what"] in kinds:
            found.append((entry, body))
    return found


def _of(rows: list[Row], kinds: Sequence[str]) -> list[Row]:
    return [row for row in rows if row[1]["what"] in kinds]


def _lead(
    begin_s: float, end_s: float, *, is_over: bool, seen: list[Row], told: list[Row],
    blind: list[Row],
) -> str:  # fmt: skip
    """Say in a few sentences how long it was and what it rests on."""
    when = f"Suspended at {moment(begin_s)}"
    if is_over:
        minutes, seconds = divmod(round(end_s - begin_s), 60)
        when += f", resumed at {moment(end_s)}, after {minutes} min {seconds:02d} s."
    else:
        when += "; not resumed yet."
    basis = [
        words
        for words, is_so in (
            ("what sensors saw", bool(seen)),
            ("what people reported", bool(told)),
        )
        if is_so
    ]
    rests = f"It rests on {' and '.join(basis)}." if basis else (
        "No sensor saw anything and nobody reported anything: it rests on the word of who "
        "suspended."
    )  # fmt: skip
    unseen = " Part of the sky was not watched." if _of(blind, ("watch lost",)) else ""
    return f"{when} {rests}{unseen}"


def _decision_lines(decisions: list[Row]) -> list[Line]:
    lines = []
    for entry, body in decisions:
        facts = body["facts"]
        text = f"{moment(float(body['at_s']))}: {body['text']}; by {body['by']}"
        note = ""
        if body["what"] == "resumed":
            met = facts.get("criteria") or "no criteria are set for this site"
            note = f"said to be met: {met}"
            if facts.get("last_inside_s") is not None:
                note += f"; last seen inside at {moment(float(facts['last_inside_s']))}"
            if facts.get("unwatched"):
                note += f"; at that time {facts['unwatched']}"
        elif not facts.get("reason"):
            note = "no reason was given"
        lines.append(Line(text, (entry.number,), note=note))
    return lines


def _seen_line(row: Row, names: Mapping[str, str]) -> Line:
    entry, body = row
    facts = body.get("facts", {})
    note = ""
    if body["what"] in _VOLUMES and "p" in facts:
        note = f"probability {facts['p']:.2f}"
    elif body["what"] == "conflict":
        note = (
            f"nearest at {moment(float(facts['nearest_s']))}: {facts['separation_m']:.0f} m in "
            f"plan (one standard deviation {facts['sigma_m']:.0f} m), "
            f"{facts['separation_up_m']:.0f} m in height ({facts['sigma_up_m']:.0f} m); "
            f"probability {facts['p']:.2f} of being too near"
        )
    line = _line(row, names)
    return Line(line.text, (entry.number,), note=note, quote=str(facts.get("phrase", "")))


def _line(row: Row, names: Mapping[str, str]) -> Line:
    entry, body = row
    parts = [
        body["what"], names.get(body["zone"], body["zone"]), body["alarm"],
        f"by {body['by']}" if body["by"] else "",
    ]  # fmt: skip
    text = f"{moment(float(body['at_s']))}: {', '.join(p for p in parts if p)}"
    return Line(f"{text}. {body['text']}" if body["text"] else text, (entry.number,))


def _sure_lines(entries: Iterable[Entry], tracks: list[str], end_s: float) -> list[Line]:
    """Say of each track what it was taken for, at its surest and last."""
    known: dict[str, list[tuple[Entry, dict[str, Any]]]] = {}
    for entry in entries:
        if entry.kind == "identity" and entry.recorded_s <= end_s:
            body = json.loads(entry.body)
            known.setdefault(body["track"], []).append((entry, body))
    lines = []
    for track in tracks:
        name, told = track_label(int(track)), known.get(track, [])
        if not told:
            lines.append(
                Line(f"{name}: measured by sensors; nothing was clear about what it is")
            )
            continue
        entry, body = told[-1]
        label = body["label"].replace("_", " ")
        label = _LABELS.get(body["label"], f"a thing of kind {label}")
        drone = sum(body["p"][:2])
        note = "" if len(told) == 1 else f"taken for other things {len(told) - 1} times before"
        lines.append(
            Line(
                f"{name}: taken for {label} since {moment(entry.recorded_s)}; probability "
                f"{drone:.2f} of being a drone, {body['none']:.2f} of none that is known",
                (entry.number,), note=note,
            )
        )  # fmt: skip
    return lines


def _bounded(lines: list[Line]) -> tuple[Line, ...]:
    if len(lines) <= _MANY:
        return tuple(lines)
    left = len(lines) - _MANY
    return (Line(f"{left} earlier lines are left out; the ledger has them."), *lines[-_MANY:])


def _page(
    title: str, lead: str, nature: str, sections: list[Section], entries: list[Entry]
) -> str:
    unreal = f'<div class="unreal">{escape(nature.upper())}</div>' if nature != "live" else ""
    head = max(entries, key=lambda entry: entry.number)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{CSS}</style></head><body>\n{unreal}<main>"
        f'<p class="kicker"><span>Report for internal use</span></p><h1>{escape(title)}</h1>'
        f'<p class="lead">{escape(lead)}</p>'
        + "".join(section_html(section) for section in sections)
        + "<footer><p>The number after each line is the entry of the ledger that it rests on. "
        f"Newest entry read: {head.number}, {escape(head.digest.hex())}. What is written here "
        "was recorded; nothing was switched by it.</p></footer></main></body></html>\n"
    )
