"""What is in an alarm, is lost and begins again close by under another number stays in it.

A tracker loses what turns hard or passes a radar across, and finds it some seconds later as
something new: of 2,637 drones that reached the warning line in simulated raids, one was asked
about, circled, and crossed under a number that was 13 s old and in no alarm. A radar that is
blind to slow things loses one that stops, for minutes.
"""

import math
from collections.abc import Container, Mapping

from tocsin.alert import _rules
from tocsin.alert._cause import Cause
from tocsin.alert._out_of_sight import OUT_OF_SIGHT_S
from tocsin.alert._state import AlarmWatch, AlertState, is_open
from tocsin.model import (
    AlarmCause,
    IdentityTable,
    Ladder,
    TrackStatus,
    TrackTable,
    track_label,
)

__all__ = ["anew_into"]


def anew_into(
    state: AlertState,
    tracks: TrackTable,
    identities: IdentityTable,
    placed: Container[int],
    passed: Container[int],
    now_s: float,
) -> list[Cause]:
    """Return a cause for each track that may be what an open alarm is about and was lost, for
    ANEW_CAUSE_S: at MONITOR, in the zones of that alarm; a question where it had to stop.

    tracks and identities are of one look, row by row; placed: tracks whose place the last
    looks saw; passed: tracks that ask nothing. Lost is what nothing has placed for IN_VIEW_S: a
    camera alone may hold a drone far from where it flies. A new track is one at
    the same site that begins within ANEW_GAP_S of the last look that placed the other, no
    farther from there than that flies, and is not surely harmless; or where one was lost that
    may have stopped, for OUT_OF_SIGHT_S. `state.sight` notes where each track of an open alarm
    was last placed, `state.anew` which may be which, and whether that had stopped.
    """
    members = {
        track: watch
        for watch in state.alarms
        if is_open(watch.alarm) and watch.alarm.cause == AlarmCause.TRACKS
        for track in watch.alarm.tracks
    }
    if not members or len(identities.harm) != len(tracks):
        state.sight, state.anew = {}, {}
        return []
    row_of = {track: row for row, track in enumerate(tracks.track_id.tolist())}
    _note_sight_into(state, members, placed, tracks, row_of, now_s)
    state.anew = {new: which for new, which in state.anew.items() if new in row_of}
    out: list[Cause] = []
    young = (tracks.born_s >= now_s - _rules.ANEW_CAUSE_S).nonzero()[0].tolist()
    for row in young:
        track, site = int(tracks.track_id[row]), int(tracks.site[row])
        if track in passed or tracks.status[row] == TrackStatus.TENTATIVE:
            continue
        if track not in state.anew:
            if track in members or now_s - tracks.born_s[row] > _rules.ANEW_FOUND_S:
                continue
            found = _lost_near(state, members, tracks, row, now_s)
            if found is None:
                continue
            state.anew[track] = found
        old, stood = state.anew[track]
        may_be = stood or identities.harm[row] >= _rules.MONITOR_HARM
        if may_be and old in members:
            zones, nature = list(members[old].alarm.zones), int(tracks.nature[row])
            cause = Cause(track, site, Ladder.MONITOR, math.inf, nature, zones)
            cause.lost = track_label(old)
            # What stopped may be another thing by now: that is a question of its own.
            cause.question = stood or members[old].question
            cause.of = 0 if stood else old
            out.append(cause)
    return out


def _note_sight_into(
    state: AlertState,
    members: Container[int],
    placed: Container[int],
    tracks: TrackTable,
    row_of: dict[int, int],
    now_s: float,
) -> None:
    """Note when and where each member was last placed, how fast it was then and ever; one that
    no look places any more is kept for as long as it may begin again.
    """
    for track, row in row_of.items():
        if track not in members or track not in placed:
            continue
        place = tracks.state[row]
        pace = math.hypot(float(place[3]), float(place[4]))
        known = state.sight.get(track)
        if known is None or tracks.updated_s[row] > known[0]:
            most = max(pace, known[4]) if known else pace
            state.sight[track] = (
                float(tracks.updated_s[row]), float(place[0]), float(place[1]), pace, most,
            )  # fmt: skip
    state.sight = {
        track: sight
        for track, sight in state.sight.items()
        if track in members and now_s - sight[0] <= _gap_s(sight[3]) + _rules.ANEW_FOUND_S
    }


def _gap_s(pace: float) -> float:
    """Return for how long a thing of that last speed, m/s, may be lost and be it still."""
    return OUT_OF_SIGHT_S if pace <= _rules.STOPS_MPS else _rules.ANEW_GAP_S


def _lost_near(
    state: AlertState,
    members: Mapping[int, AlarmWatch],
    tracks: TrackTable,
    row: int,
    now_s: float,
) -> tuple[int, bool] | None:
    """Return the member, lost, whose last place is nearest to a new track, and whether it had
    to stop meanwhile to be it; None for none.
    """
    best, best_m = None, math.inf
    born_s, site = float(tracks.born_s[row]), int(tracks.site[row])
    east, north = float(tracks.state[row, 0]), float(tracks.state[row, 1])
    for track, (last_s, last_e, last_n, pace, most) in state.sight.items():
        if now_s - last_s <= _rules.IN_VIEW_S or members[track].alarm.site != site:
            continue
        if not 0.0 <= born_s - last_s + 1.0 <= _gap_s(pace) + 1.0:
            continue
        stood = born_s - last_s > _rules.ANEW_GAP_S
        off_m = math.hypot(east - last_e, north - last_n)
        flown_s = now_s - (born_s if stood else last_s)
        if off_m <= _rules.ANEW_M + _rules.ANEW_PACE * most * flown_s and off_m < best_m:
            best, best_m = (track, stood), off_m
    return best
