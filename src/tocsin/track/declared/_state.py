"""What each declared id has said last, and who has fallen silent."""

import math
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from tocsin.model import DeclaredTable, DetectionBatch, Report

__all__ = [
    "DeclaredState", "Watched", "declared_table", "open_declared", "seen_into",
    "update_declared_into",
]  # fmt: skip

FORGET_S = 60.0  # not heard for so long: gone (ADS-B sends twice a second, Remote ID once)
TOP_SPEED_MPS = 500.0  # above any civil aircraft's speed over ground with jet stream
JUMP_M = 1000.0  # below it a jump may be the position's own coarseness
MAX_IDS = 20_000  # ids in the table at once; more are counted and refused
ALIVE_S = 10.0  # who is there says so again within it
# What is concluded of a thing; the other flags are those of its last report.
_OWN = (
    DeclaredTable.SPOOF | DeclaredTable.CLONE | DeclaredTable.UNRELIABLE | DeclaredTable.UNSEEN
)
_BY_ADDRESS = b"rid-"  # ids that stand in for one that was not heard yet (codec.remoteid)
# A suspicion stays for so long after the last report that gave cause for it.
SUSPECT_S = 60.0
# Cause in a report's own flags: suspicion of the thing.
_CAUSES = (
    (DetectionBatch.IMPLAUSIBLE, DeclaredTable.SPOOF),
    (DetectionBatch.TWO_PLACES, DeclaredTable.CLONE),
)


@dataclass(slots=True)
class Watched:
    """A thing that sensors should see and do not: since when, how many detections were to be
    expected, and when it was last where they should see it.
    """

    since_s: float
    missed: float = 0.0
    due_s: float = math.nan


@dataclass(slots=True)
class Aside:
    """A report too far off to have been flown to. agreed_since: one has come since that fits
    the place that stands; so both places are alive.
    """

    time_s: float
    lat_deg: float
    lon_deg: float
    agreed_since: bool = False


@dataclass(slots=True)
class DeclaredState:
    """rows: place of each id in `table`; numbers: counter of each id for its track id.

    outside_s: since when a linked id has been outside the gate. untied_s: when its last link
    ended: until it speaks again there is no news of it. unmeasured: ids that are tied to
    another tracker's track. agreed: since when, and when last, message and sensor agreed.
    pending: the last report of each id that was too far off to be taken. suspect_s: by
    suspicion (a flag of DeclaredTable) when each id last gave cause for it. heard: every id
    ever accepted, with the number of its reports (bounded). refused: reports for want of room.
    looked_s: the end of the newest look of each sensor of the roster; watched: who should be
    seen, as judged last at judged_s.
    """

    table: DeclaredTable
    rows: dict[bytes, int] = field(default_factory=dict)
    numbers: dict[bytes, int] = field(default_factory=dict)
    outside_s: dict[bytes, float] = field(default_factory=dict)
    untied_s: dict[bytes, float] = field(default_factory=dict)
    unmeasured: dict[bytes, bool] = field(default_factory=dict)
    agreed: dict[bytes, tuple[float, float]] = field(default_factory=dict)
    pending: dict[bytes, Aside] = field(default_factory=dict)
    suspect_s: dict[int, dict[bytes, float]] = field(default_factory=dict)
    heard: dict[bytes, int] = field(default_factory=dict)
    looked_s: dict[int, float] = field(default_factory=dict)
    watched: dict[bytes, Watched] = field(default_factory=dict)
    judged_s: float = -math.inf
    counter: int = 0
    refused: int = 0


def open_declared() -> DeclaredState:
    """Return a state in which nothing has been heard."""
    return DeclaredState(DeclaredTable.blank(0))


def update_declared_into(
    state: DeclaredState, detections: DetectionBatch, now_s: float
) -> None:
    """Apply the DECLARED rows of a batch, in their order, and forget who is silent."""
    for row in (detections.report == Report.DECLARED).nonzero()[0].tolist():
        _report_into(state, detections, row)
    _forget_into(state, now_s)


def _report_into(state: DeclaredState, batch: DetectionBatch, row: int) -> None:
    name = bytes(batch.declared_id[row])
    if not name:
        return
    if name in state.heard or len(state.heard) < 10 * MAX_IDS:
        state.heard[name] = state.heard.get(name, 0) + 1
    former = bytes(batch.sensor_track_id[row])
    if former.startswith(_BY_ADDRESS) and former in state.rows and name not in state.rows:
        _rename_into(state, former, name)
    place = state.rows.get(name)
    if place is None:
        if len(state.rows) >= MAX_IDS:
            state.refused += 1
            return
        place = _new_row_into(state, name, float(batch.time_s[row]))
    table = state.table
    _suspect_into(state, name, place, batch, row)
    if batch.time_s[row] < table.time_s[place]:
        return  # an older report than the one that stands
    table.reports[place] += 1
    table.sensor[place] = batch.sensor[row]
    if batch.callsign[row]:
        table.callsign[place] = batch.callsign[row]
    if batch.category[row]:
        table.category[place] = batch.category[row]
    _position_into(state, name, place, batch, row)
    for column in ("vel_east_mps", "vel_north_mps", "vel_up_mps"):
        value = getattr(batch, column)[row]
        if math.isfinite(value):
            getattr(table, column)[place] = value
    own = table.flags[place] & np.uint16(_OWN)
    table.flags[place] = own | (batch.flags[row] & np.uint16(0xFFFF ^ _OWN))


def _suspect_into(
    state: DeclaredState, name: bytes, place: int, batch: DetectionBatch, row: int
) -> None:
    """Raise a suspicion where the report gives cause, and drop it SUSPECT_S after the last."""
    time_s = float(batch.time_s[row])
    for cause, suspicion in _CAUSES:
        if int(batch.flags[row]) & cause:
            _cause_into(state, suspicion, name, place, time_s)
    for suspicion, since in state.suspect_s.items():
        if name in since and time_s - since[name] > SUSPECT_S:
            del since[name]
            state.table.flags[place] &= np.uint16(0xFFFF ^ suspicion)


def _position_into(
    state: DeclaredState, name: bytes, place: int, batch: DetectionBatch, row: int
) -> None:
    """Take the position unless it is too far to have flown; a second one confirms it."""
    table = state.table
    time_s = float(batch.time_s[row])
    lat, lon = float(batch.lat_deg[row]), float(batch.lon_deg[row])
    if not (math.isfinite(lat) and math.isfinite(lon)):
        if not math.isfinite(table.lat_deg[place]):
            table.time_s[place] = time_s
        return
    if math.isfinite(table.lat_deg[place]):
        before = (
            float(table.time_s[place]),
            float(table.lat_deg[place]),
            float(table.lon_deg[place]),
        )
        if not _is_jump(before, (time_s, lat, lon)):
            if name in state.pending:
                state.pending[name].agreed_since = True
        elif _leave_aside_into(state, name, place, (time_s, lat, lon)):
            return
        else:
            state.pending.pop(name, None)
    table.time_s[place] = time_s
    table.lat_deg[place], table.lon_deg[place] = lat, lon
    if math.isfinite(batch.alt_m[row]):
        table.alt_m[place] = batch.alt_m[row]
        table.alt_ref[place] = batch.alt_ref[row]
    table.sigma_position_m[place] = batch.sigma_position_m[row]
    table.nic[place] = batch.nic[row]


def _leave_aside_into(
    state: DeclaredState, name: bytes, place: int, told: tuple[float, float, float]
) -> bool:
    """Tell whether a (time s, lat deg, lon deg) too far off to have been flown to is left
    aside: the first of its kind, and as long as the place that stands is told too.

    One wrong report is nobody's fault. A second within SUSPECT_S makes the thing unreliable,
    and one that agrees with the first while the old place is told too, declared twice.
    """
    time_s, lat, lon = told
    held = state.pending.get(name)
    state.pending[name] = Aside(time_s, lat, lon)
    if held is None or time_s - held.time_s > SUSPECT_S:
        return True
    goes_on = time_s - held.time_s <= ALIVE_S and not _is_jump(
        (held.time_s, held.lat_deg, held.lon_deg), told
    )
    twice = goes_on and held.agreed_since
    _cause_into(
        state, DeclaredTable.CLONE if twice else DeclaredTable.UNRELIABLE, name, place, time_s
    )
    return twice or not goes_on


def _cause_into(
    state: DeclaredState, suspicion: int, name: bytes, place: int, time_s: float
) -> None:
    """Raise a suspicion of a thing, or renew it."""
    since = state.suspect_s.setdefault(suspicion, {})
    since[name] = max(time_s, since.get(name, time_s))
    state.table.flags[place] |= np.uint16(suspicion)


def _is_jump(before: tuple[float, float, float], after: tuple[float, float, float]) -> bool:
    """Tell whether no aircraft gets from one (time s, lat deg, lon deg) to the other."""
    mean_rad = math.radians(0.5 * (before[1] + after[1]))
    turn = (after[2] - before[2] + 180.0) % 360.0 - 180.0
    north_m = (after[1] - before[1]) * 111_200.0  # metres in a degree of latitude, near enough
    east_m = turn * 111_200.0 * math.cos(mean_rad)
    way_m = math.sqrt(north_m * north_m + east_m * east_m)
    return way_m > JUMP_M + TOP_SPEED_MPS * max(after[0] - before[0], 0.0)


def _new_row_into(state: DeclaredState, name: bytes, time_s: float) -> int:
    place = len(state.rows)
    if place == len(state.table):
        _grow_into(state)
    blank = DeclaredTable.blank(1)
    for column in fields(DeclaredTable):
        getattr(state.table, column.name)[place] = getattr(blank, column.name)[0]
    state.table.declared_id[place] = name
    state.table.time_s[place] = state.table.first_seen_s[place] = time_s
    state.rows[name] = place
    if name not in state.numbers:
        state.counter += 1
        state.numbers[name] = state.counter
    return place


def _rename_into(state: DeclaredState, former: bytes, name: bytes) -> None:
    """A thing that was known by its transmitter has said its id: it stays the same track."""
    place = state.rows.pop(former)
    state.rows[name] = place
    state.table.declared_id[place] = name
    state.table.former[place] = former
    by_name: list[dict[bytes, Any]] = [
        state.numbers, state.outside_s, state.untied_s, state.unmeasured, state.agreed,
        state.pending, state.watched, *state.suspect_s.values(),
    ]  # fmt: skip
    for known in by_name:
        if former in known:
            known[name] = known.pop(former)


def _grow_into(state: DeclaredState) -> None:
    spare = DeclaredTable.blank(max(64, len(state.table)))
    for column in fields(DeclaredTable):
        both = [getattr(state.table, column.name), getattr(spare, column.name)]
        setattr(state.table, column.name, np.concatenate(both))


def _forget_into(state: DeclaredState, now_s: float) -> None:
    """Drop who has been silent for FORGET_S; the rows behind move up, in their order."""
    count = len(state.rows)
    if not count:
        return
    keep = now_s - state.table.time_s[:count] <= FORGET_S
    if np.count_nonzero(keep) == count:
        return
    names = [bytes(n) for n in state.table.declared_id[:count]]
    order = np.concatenate([np.flatnonzero(keep), np.arange(count, len(state.table))])
    gone = [name for name, stays in zip(names, keep) if not stays]
    state.table = state.table.take(order)
    state.rows = {bytes(n): k for k, n in enumerate(state.table.declared_id[: int(keep.sum())])}
    for name in gone:
        state.outside_s.pop(name, None)
        state.untied_s.pop(name, None)
        state.unmeasured.pop(name, None)
        state.agreed.pop(name, None)
        state.pending.pop(name, None)
        state.watched.pop(name, None)
        for since in state.suspect_s.values():
            since.pop(name, None)
        state.numbers.pop(name, None)  # who comes back gets a new track id: none is used twice


def seen_into(state: DeclaredState, name: bytes) -> None:
    """Drop what is held against a thing for not being seen."""
    state.watched.pop(name, None)
    row = state.rows[name]
    state.table.flags[row] &= np.uint16(0xFFFF ^ DeclaredTable.UNSEEN)
    state.table.missed_by[row] = 0


def declared_table(state: DeclaredState) -> DeclaredTable:
    """Return who is heard now, ordered by id; positions as last declared, at their own time."""
    count = len(state.rows)
    return state.table.take(state.table.declared_id[:count].argsort(kind="stable"))
