"""A shift on one page: what came, what was done about it, what is handed over."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from tocsin.model import Entry
from tocsin.model.performance import AlarmPerformance
from tocsin.report._losses import lost_line, standing_losses
from tocsin.report._style import CSS
from tocsin.report._times import moment
from tocsin.report.findings import finding_words
from tocsin.report.page import section_html
from tocsin.report.telling import Line, Section

__all__ = ["shift_page"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_WATCH = frozenset(
    ("raised", "unattended", "escalated", "acknowledged", "decided", "not followed", "disposed",
     "expired", "closed", "shelved", "unshelved")
)  # fmt: skip
_PEOPLE = frozenset(
    ("proposed", "withdrawn", "released", "refused", "cancelled", "cleared", "raised by hand",
     "lowered", "sighting", "readiness", "readiness over", "account", "notice",
     "rule accepted", "rule ended", "let pass", "act refused")
)  # fmt: skip
_SHIFTS = frozenset(("handed over", "taken over"))
_OPERATIONS = frozenset(
    ("suspended", "resumed", "volume expected", "volume entered", "volume free", "conflict",
     "conflict over")
)  # fmt: skip
_BLIND = frozenset(("watch lost", "watch regained", "siren lost", "siren regained"))
_MANY = 400  # lines of a section; more are counted


def shift_page(
    entries: Iterable[Entry],
    figures: Sequence[AlarmPerformance],
    *,
    title: str,
    site_names: Mapping[str, str],
    nature: str,
    operations: str = "",
) -> str:
    """Return a self-contained HTML page of the time that `figures` are about.

    operations: what the site's profile calls them, "" where the page has no part about them.
    entries: of the operational ledger, in its order; "alert", "sensor" and "site" of that time
    count, and "alert" from before it says what was lost when the time began. All text is
    escaped; nothing is fetched, nothing runs.
    """
    begin_s, end_s = figures[0].begin_s, figures[0].end_s
    alerts, sensors, changes, before = [], [], [], []
    for entry in entries:
        if entry.kind == "alert" and begin_s <= entry.recorded_s <= end_s:
            alerts.append((entry, json.loads(entry.body)))
        elif entry.kind == "alert" and entry.recorded_s < begin_s:
            before.append((entry, json.loads(entry.body)))
        elif entry.kind == "sensor" and begin_s <= entry.recorded_s <= end_s:
            sensors.append((entry, json.loads(entry.body)))
        elif entry.kind == "site" and begin_s <= entry.recorded_s <= end_s:
            changes.append((entry, json.loads(entry.body)))
    sections = [
        _alert_section("Handover", alerts, _SHIFTS, site_names, "No note was left or read."),
        *(
            [_alert_section(operations, alerts, _OPERATIONS, site_names, "Nothing happened.")]
            if operations
            else []
        ),
        _alert_section("Alarms", alerts, _WATCH, site_names, "No alarm was raised."),
        _alert_section("Zones and people", alerts, _PEOPLE, site_names, "Nothing."),
        _alert_section(
            "Where nobody watched or heard", alerts, _BLIND, site_names,
            "The declared minimum coverage was up all the time.",
            first=[
                lost_line(row, _place(row[1], site_names))
                for row in standing_losses(before, begin_s)
                if row[1]["site"] in {f.site_id for f in figures}
            ],
        ),
        _sensor_section(sensors),
        *([_site_section(changes)] if changes else []),
    ]  # fmt: skip
    unreal = f'<div class="unreal">{escape(nature.upper())}</div>' if nature != "live" else ""
    lead = f"From {moment(begin_s)} to {moment(end_s)}."
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{CSS}</style></head><body>\n{unreal}<main>"
        f'<p class="kicker"><span>Report for internal use</span></p><h1>{escape(title)}</h1>'
        f'<p class="lead">{escape(lead)}</p>{_figures_html(figures, site_names)}'
        + "".join(section_html(section) for section in sections)
        + "<footer><p>The number after each line is the entry of the ledger that it rests on."
        " Figures are of the site, never of a person.</p></footer></main></body></html>\n"
    )


def _figures_html(figures: Sequence[AlarmPerformance], site_names: Mapping[str, str]) -> str:
    heads = "".join(f"<th>{escape(site_names.get(f.site_id, f.site_id))}</th>" for f in figures)
    rows = [
        ("handed over: alarms open", [str(f.open) for f in figures]),
        ("alarms", [_steps(f) for f in figures]),
        ("in ten minutes, on average", [f"{f.per_ten_min:.2f}, {f.rating}" for f in figures]),
        ("worst ten minutes", [str(f.worst_ten_min) for f in figures]),
        ("time in flood", [f"{100.0 * f.flood_share:.1f} %" for f in figures]),
        ("acknowledged", [_answered(f) for f in figures]),
        ("told louder", [str(f.escalated) for f in figures]),
        ("tracks at the line that nobody had named", [str(f.unattended) for f in figures]),
        ("TAKE SHELTER released", [_released(f) for f in figures]),
        ("not watching", [_span(f.not_watching_s) for f in figures]),
    ]
    body = "".join(
        f"<tr><td>{escape(name)}</td>{''.join(f'<td>{escape(c)}</td>' for c in cells)}</tr>"
        for name, cells in rows
    )
    return (
        f"<section><h2>Figures</h2><table><thead><tr><th></th>{heads}</tr></thead>"
        f"<tbody>{body}</tbody></table></section>"
    )


def _steps(f: AlarmPerformance) -> str:
    if not f.alarms:
        return "none"
    return f"{f.alarms}: " + ", ".join(f"{n} {step}" for step, n in f.by_step.items())


def _answered(f: AlarmPerformance) -> str:
    if not f.alarms:
        return "–"
    words = f"{f.acknowledged} of {f.alarms}"
    if f.acknowledged:
        words += (
            f"; half within {_span(f.acknowledge_median_s)},"
            f" slowest {_span(f.acknowledge_slowest_s)}"
        )
    return words


def _released(f: AlarmPerformance) -> str:
    words = f"{f.released_by_person} by a person, {f.released_by_itself} automatically"
    return f"{words}, {f.refused} refused"


def _span(seconds: float) -> str:
    if math.isnan(seconds):
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes}:{rest:02d} min"


def _alert_section(
    title: str,
    alerts: list[tuple[Entry, dict[str, Any]]],
    kinds: frozenset[str],
    site_names: Mapping[str, str],
    empty: str,
    first: Sequence[Line] = (),
) -> Section:
    lines = [
        Line(_words(body, site_names), (entry.number,), note=body["text"])
        for entry, body in alerts
        if body["what"] in kinds
    ]
    return Section(title, (*first, *_bounded(lines)), empty)


def _place(body: Mapping[str, Any], site_names: Mapping[str, str]) -> str:
    parts = (site_names.get(body["site"], body["site"]), body["zone"])
    return ", ".join(part for part in parts if part)


def _by(who: str) -> str:
    """The zone's rule bears no person's name."""
    if who == "automatic":
        return "automatically"
    return f"by {who}" if who else ""


def _words(body: Mapping[str, Any], site_names: Mapping[str, str]) -> str:
    parts = [
        body["what"], body["step"], site_names.get(body["site"], body["site"]), body["zone"],
        body["alarm"], _by(body["by"]),
    ]  # fmt: skip
    return f"{moment(float(body['at_s']))}: {', '.join(p for p in parts if p)}"


def _sensor_section(sensors: list[tuple[Entry, dict[str, Any]]]) -> Section:
    lines, before = [], dict[str, dict[str, float]]()
    for entry, body in sensors:
        words = f"{moment(entry.recorded_s)}: {body['sensor']} is {body['state']}"
        found, was = body.get("found", {}), before.get(body["sensor"], {})
        if found and found != was:
            words += ": " + "; ".join(finding_words(found))
        elif was and not found:
            words += ", and again as the site file says"
        before[body["sensor"]] = found
        lines.append(Line(words, (entry.number,)))
    return Section("Sensors", _bounded(lines), "No sensor changed its state.")


def _site_section(changes: list[tuple[Entry, dict[str, Any]]]) -> Section:
    """Say from when another site file was in force, and what it changed."""
    lines = []
    for entry, body in changes:
        words = "; ".join(body["changes"]) or "nothing that the watch reads"
        by = f" (by {body['by']})" if body["by"] else ""
        ended = [f"; alarm {one['alarm']} closed: {one['why']}" for one in body["closed"]]
        text = f"{moment(entry.recorded_s)}: {words}{''.join(ended)}{by}"
        lines.append(Line(text, (entry.number,)))
    return Section("The site file was changed", _bounded(lines), "It was not changed.")


def _bounded(lines: list[Line]) -> tuple[Line, ...]:
    if len(lines) <= _MANY:
        return tuple(lines)
    left = len(lines) - _MANY
    return (Line(f"{left} earlier lines are left out; the ledger has them."), *lines[-_MANY:])
