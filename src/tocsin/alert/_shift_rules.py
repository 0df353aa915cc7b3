"""Standing rules for the shift: tracks that a named person has said need nobody's eye.

A slow thing that keeps coming is a question for a person, however surely it is a bird (`asked`
of a threat). A rule answers that question, and nothing else: what a track's harm asks for by
itself, proposals and the automatic release go on as if there were none. It judges each track
alone, so it hides no other; it ends at handover; what it let pass is counted, and some told.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tocsin.alert import _rules
from tocsin.alert._standing import nature_of
from tocsin.alert._state import AlertState, copies
from tocsin.alert._threats import Row, is_question, nears_line
from tocsin.model import (
    LABELS,
    Act,
    AlertEvent,
    IdentityTable,
    Node,
    ShiftRule,
    TrackTable,
    track_label,
)
from tocsin.model.detections import CLASSES

__all__ = [
    "accept_rule_into", "end_rule_into", "end_rules_into", "ruled_into", "shift_rules",
]  # fmt: skip

Reply = tuple[bool, str]


def accept_rule_into(
    state: AlertState, node: Node, act: Act, now_s: float, events: list[AlertEvent], stale: str
) -> Reply:
    """Let a rule attend tracks at a site until the shift ends; this lowers protection.

    act.until_s: when the person's shift runs out, NaN where that is not known.
    """
    if stale:
        return False, stale
    longest_s = now_s + _rules.SHIFT_RULE_S
    until_s = longest_s if math.isnan(act.until_s) else min(act.until_s, longest_s)
    if until_s <= now_s:
        return False, "your shift has run out: a rule stands no longer than the shift"
    site = next((site for site in node.sites if site.id == act.site), None)
    if site is None:
        return False, f"there is no site {act.site!r}; say for which one the rule is"
    offered = next((rule for rule in _rules.SHIFT_RULES if rule.id == act.option), None)
    if offered is None:
        known = ", ".join(rule.id for rule in _rules.SHIFT_RULES)
        return False, f"there is no rule {act.option!r}; rules are {known}"
    key = f"{site.id}/{offered.id}"
    standing = state.rules.get(key)
    if standing is not None:
        return True, f"{standing.by} has accepted it already"
    state.rules[key] = replace(
        offered, site_id=site.id, by=act.user, at_s=now_s, until_s=until_s
    )
    # What it was about before it ended counts anew.
    state.fits_s = {n: s for n, s in state.fits_s.items() if not n.endswith(f" {key}")}
    state.passed = {n: k for n, k in state.passed.items() if not n.endswith(f" {key}")}
    events.append(_event(node, "rule accepted", state.rules[key], now_s, by=act.user))
    return True, f"until the shift ends: {offered.words}"


def end_rule_into(
    state: AlertState, node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """End a rule: its tracks are asked about again. One that has ended has ended."""
    rule = state.rules.pop(f"{act.site}/{act.option}", None)
    if rule is None:
        return True, "no such rule stands there"
    events.append(_event(node, "rule ended", rule, now_s, by=act.user))
    return True, f"ended, after {_passed(rule)}"


def end_rules_into(
    state: AlertState, node: Node, now_s: float, events: list[AlertEvent], why: str, by: str
) -> None:
    """End all rules: who accepted them is no longer on duty."""
    for rule in state.rules.values():
        events.append(_event(node, "rule ended", rule, now_s, by=by, why=why))
    state.rules = {}


def ruled_into(
    state: AlertState,
    node: Node,
    rows: list[Row],
    tracks: TrackTable,
    identities: IdentityTable,
    now_s: float,
    events: list[AlertEvent],
) -> list[Row]:
    """Return the rows with the question taken from those that a rule answers for, which are
    counted where they near the line; end rules that are over.

    tracks and identities are of one look, row by row.
    """
    ruled = _attended_into(state, node, tracks, identities, now_s, events)
    out: list[Row] = []
    for row in rows:
        site = node.sites[row.site]
        key = ruled.get(row.track, "")
        if row.asked > row.harm and key.startswith(f"{site.id}/"):
            zone = site.zones[row.zone]
            if nears_line(row, site.rules, zone) or is_question(
                row, site.rules, zone, hold=False
            ):
                _let_pass_into(state, node, row.track, key, now_s, events)
            out.append(row._replace(asked=row.harm))
        else:
            out.append(row)
    return out


def _attended_into(
    state: AlertState,
    node: Node,
    tracks: TrackTable,
    identities: IdentityTable,
    now_s: float,
    events: list[AlertEvent],
) -> dict[int, str]:
    """Return which standing rule attends which track, by its key "site/rule"."""
    for key in [k for k, rule in state.rules.items() if now_s >= rule.until_s]:
        rule = state.rules.pop(key)
        events.append(_event(node, "rule ended", rule, now_s, why="its time is over"))
    since: dict[str, float] = {}
    found: dict[int, str] = {}
    sites = [site.id for site in node.sites]
    for key, rule in state.rules.items():
        fits = _fits(rule, sites.index(rule.site_id), tracks, identities)
        for track in tracks.track_id[fits].tolist():
            name = f"{track} {key}"
            since[name] = state.fits_s.get(name, now_s)
            if now_s - since[name] >= rule.for_s:
                found.setdefault(track, key)
    state.fits_s = since
    return found


def _let_pass_into(
    state: AlertState, node: Node, track: int, key: str, now_s: float, events: list[AlertEvent]
) -> None:
    """Count a track that neared the line and nobody was asked about; tell some of them."""
    name = f"{track} {key}"
    if name in state.passed:
        return
    state.passed[name] = 1
    while len(state.passed) > _rules.MAX_KEYS:
        del state.passed[next(iter(state.passed))]
    rule = state.rules[key]
    rule.hits += 1
    rule.last_s = now_s
    # The first few, then ever fewer: 1, 2, 3, 4, 8, 16, ...
    if rule.hits <= 3 or rule.hits & (rule.hits - 1) == 0:
        event = _event(node, "let pass", rule, now_s, by=rule.by)
        text = f"track {track_label(track)}, number {rule.hits}: {rule.words}"
        events.append(replace(event, tracks=(track,), text=text))


def shift_rules(state: AlertState, node: Node) -> tuple[ShiftRule, ...]:
    """Return what is offered at each site, as it stands; copies. by: "" nobody accepted it."""
    shown: list[ShiftRule] = []
    for site in node.sites:
        rules = [state.rules.get(f"{site.id}/{rule.id}", rule) for rule in _rules.SHIFT_RULES]
        mine = copies(ShiftRule, rules)
        for rule in mine:
            rule.site_id = site.id
        shown += mine
    return tuple(shown)


def _fits(
    rule: ShiftRule, site: int, tracks: TrackTable, identities: IdentityTable
) -> NDArray[np.intp]:
    """Return which rows are what the rule is about. Sources that disagree, and what is not
    measured (NaN), fit nothing.
    """
    east, north = tracks.state[:, 3], tracks.state[:, 4]
    slow = np.sqrt(east * east + north * north) < rule.slower_mps
    sure = identities.probability[:, CLASSES.index(rule.label)] >= rule.probability
    clear = identities.label == LABELS.index(rule.label)  # "unknown" where sources disagree
    return np.flatnonzero((tracks.site == site) & slow & sure & clear)


def _event(
    node: Node, kind: str, rule: ShiftRule, now_s: float, *, by: str = "", why: str = ""
) -> AlertEvent:
    text = rule.words if kind != "rule ended" else f"{rule.words}: ended after {_passed(rule)}"
    return AlertEvent(
        kind, now_s, rule.site_id, by=by, text=f"{text}; {why}" if why else text,
        nature=nature_of(node, rule.site_id), facts={"rule": rule.id, "hits": rule.hits},
    )  # fmt: skip


def _passed(rule: ShiftRule) -> str:
    return f"{rule.hits} track{'s' * (rule.hits != 1)} let pass"
