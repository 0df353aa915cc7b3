"""Whether a site is watched as it has to be: QUIET may be said only then."""

import math
from datetime import UTC, datetime

from tocsin.alert import _rules
from tocsin.alert._standing import find, join_into, nature_of, stand_into
from tocsin.alert._state import AlertState
from tocsin.model import (
    AlarmCause,
    AlertEvent,
    Ladder,
    MinimumCoverage,
    Node,
    SensorStatus,
    Site,
)
from tocsin.model.sensors import RANGING

__all__ = ["gaps_of", "watch_into"]

_WHOLE = 359.9  # degrees: wider is all round


def gaps_of(
    site: Site, node: Node, sensors: tuple[SensorStatus, ...]
) -> tuple[tuple[str, ...], tuple[str, ...], float]:
    """Return what of the site's minimum coverage is down, one sentence each; ids of the sensors
    that are missing for it; and when the first of them was last heard (NaN: never).
    """
    mine = {s.sensor_id: s for s in sensors if site.id in s.sites and s.kind != "person"}
    sentences: list[str] = []
    missing: dict[str, float] = {}
    if not mine:
        return ("no sensor feeds this site",), (), math.nan
    if not site.minimum_coverage and not any(map(_is_down, mine.values())):
        return (), (), math.nan
    for demand in site.minimum_coverage or _usual(node, mine):
        down = [name for name in demand.sensors if name not in mine or _is_down(mine[name])]
        up = len(demand.sensors) - len(down)
        if up >= demand.needed:
            continue
        sentences.append(_sentence(demand, up, [(name, mine.get(name)) for name in down]))
        missing |= {n: mine[n].heard_s if n in mine else math.nan for n in down}
    heard = [heard_s for heard_s in missing.values() if heard_s > 0.0]
    return tuple(sentences), tuple(missing), min(heard, default=math.nan)


def _is_down(status: SensorStatus) -> bool:
    return status.state in _rules.BLIND


def _usual(node: Node, mine: dict[str, SensorStatus]) -> list[MinimumCoverage]:
    """Without a declared minimum every sensor that measures range has to be up; a site that
    has none is watched by any that it has.
    """
    ranging = [name for name, status in mine.items() if status.kind in RANGING]
    if not ranging:
        return [MinimumCoverage(tuple(mine), 1)]
    found = []
    for name in ranging:
        sensor = next((s for s in node.sensors if s.id == name), None)
        width = 360.0 if sensor is None else sensor.azimuth_width_deg
        start = 0.0
        if sensor is not None and width < _WHOLE:
            start = (sensor.azimuth_center_deg - width / 2.0) % 360.0
        end = start if width >= _WHOLE else (start + width) % 360.0
        found.append(MinimumCoverage((name,), 1, start, end))
    return found


def _sentence(
    demand: MinimumCoverage, up: int, down: list[tuple[str, SensorStatus | None]]
) -> str:
    round_ = abs(demand.to_deg - demand.from_deg) % 360.0 < 0.1
    sector = "all round" if round_ else f"{demand.from_deg:03.0f}° to {demand.to_deg:03.0f}°"
    height = f"from {demand.height_m:.0f} m up" if demand.height_m > 0.0 else "at all heights"
    names = ", ".join(
        f"{name} {'is not there' if status is None else _state(status)}"
        for name, status in down
    )
    count = "" if len(demand.sensors) == 1 else f" ({up} of {demand.needed} needed are up)"
    return f"not watched {sector}, {height}: {names}{count}"


def _state(status: SensorStatus) -> str:
    if not math.isfinite(status.heard_s):
        return _word(status)
    return f"{_word(status)}, heard last at {_utc(status.heard_s)}"


def _word(status: SensorStatus) -> str:
    words = {
        "never heard": "has never been heard",
        "silent": "is silent",
        "clock fault": "has a clock fault",
        "no pose": "has no place in the site file",
    }
    return words.get(status.state, f"is {status.state}")


def _utc(time_s: float) -> str:
    return datetime.fromtimestamp(int(time_s), UTC).strftime("%H:%M:%S UTC")


def watch_into(
    state: AlertState,
    node: Node,
    sensors: tuple[SensorStatus, ...],
    now_s: float,
    events: list[AlertEvent],
) -> None:
    """Note for each zone what is not watched at its site; announce a loss as loud as a
    CAUTION, and its end.
    """
    if not math.isfinite(state.opened_s):
        state.opened_s = now_s
    for index, site in enumerate(node.sites):
        gaps, missing, heard_s = gaps_of(site, node, sensors)
        mine = [watch for watch in state.zones if watch.status.site == index]
        if gaps and site.id not in state.blind_s:
            state.blind_s[site.id] = now_s
            for watch in mine:
                watch.status.unwatched_s = heard_s if math.isfinite(heard_s) else now_s
        for watch in mine:
            watch.watched, watch.status.unwatched = not gaps, gaps
        if gaps:
            _announce_into(state, node, index, gaps, missing, now_s, events)
            continue
        state.once_watched[site.id] = 1
        if site.id in state.blind_s:
            _regain_into(state, node, index, now_s, events)


def _announce_into(
    state: AlertState,
    node: Node,
    index: int,
    gaps: tuple[str, ...],
    missing: tuple[str, ...],
    now_s: float,
    events: list[AlertEvent],
) -> None:
    """Say what is not watched, once it has lasted; again where more is lost, for the alarm that
    stands tells of less.
    """
    site, text = node.sites[index], "; ".join(gaps)
    watch = find(state, index, AlarmCause.NOT_WATCHING)
    if not site.zones or (watch is not None and not _is_more(state, site.id, missing, now_s)):
        return
    # At a start the sensors have five minutes to be heard for the first time.
    once = watch is not None or site.id in state.once_watched
    if now_s - state.blind_s[site.id] < (
        _rules.BLIND_ALARM_S if once else _rules.BLIND_START_S
    ):
        return
    state.blind_to[site.id] = missing
    if watch is not None:
        join_into(watch, Ladder.NOT_WATCHING, (), text, now_s, events, calls=True)
    else:
        watch = stand_into(
            state, node, index, cause=AlarmCause.NOT_WATCHING, step=Ladder.NOT_WATCHING,
            zones=tuple(zone.id for zone in site.zones), text=text, now_s=now_s, events=events,
        )  # fmt: skip
    events.append(
        AlertEvent(
            "watch lost", now_s, site.id, alarm_id=watch.alarm.id, step=Ladder.NOT_WATCHING,
            text=text, nature=nature_of(node, site.id),
            facts={"since_s": state.blind_s[site.id]},
        )
    )  # fmt: skip


def _is_more(state: AlertState, site_id: str, missing: tuple[str, ...], now_s: float) -> bool:
    """Tell whether sensors have been missing for long enough that nobody was told of."""
    told = tuple(name for name in state.blind_to.get(site_id, ()) if name in missing)
    state.blind_to[site_id] = told
    if len(told) == len(missing):
        state.blinder_s.pop(site_id, None)
        return False
    since_s = state.blinder_s.setdefault(site_id, now_s)
    return now_s - since_s >= _rules.BLIND_ALARM_S


def _regain_into(
    state: AlertState, node: Node, index: int, now_s: float, events: list[AlertEvent]
) -> None:
    site = node.sites[index]
    lost_s = state.blind_s.pop(site.id)
    state.blind_to.pop(site.id, None)
    state.blinder_s.pop(site.id, None)
    for watch in state.zones:
        if watch.status.site == index:
            watch.status.unwatched_s = math.nan
    if find(state, index, AlarmCause.NOT_WATCHING) is not None:
        events.append(
            AlertEvent(
                "watch regained", now_s, site.id,
                text=f"watched again after {now_s - lost_s:.0f} s",
                nature=nature_of(node, site.id), facts={"lost_s": lost_s},
            )
        )  # fmt: skip
