"""Which alarm a track belongs to: one a threat group and site, questions apart."""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin.alert import _rules
from tocsin.alert._cause import Cause
from tocsin.alert._state import AlarmWatch, AlertState, is_open
from tocsin.model import AlarmCause, TrackTable

__all__ = ["Places", "find", "floods", "newest"]


class Places:
    """Where the tracks of this look are, in their site's frame."""

    def __init__(self, tracks: TrackTable) -> None:
        self._row = {track: row for row, track in enumerate(tracks.track_id.tolist())}
        self._state: NDArray[np.float64] = tracks.state
        self._updated_s: NDArray[np.float64] = tracks.updated_s

    def seen(self, track: int, now_s: float) -> bool:
        """Tell whether a sensor saw it a moment ago."""
        i = self._row.get(track, -1)
        return i >= 0 and bool(now_s - self._updated_s[i] <= _rules.IN_VIEW_S)

    def apart_m(self, a: int, b: int) -> float:
        """Return the distance of two tracks in plan; inf where one is gone."""
        i, j = self._row.get(a, -1), self._row.get(b, -1)
        if i < 0 or j < 0:
            return math.inf
        de = float(self._state[i, 0] - self._state[j, 0])
        dn = float(self._state[i, 1] - self._state[j, 1])
        return math.sqrt(de * de + dn * dn)


def find(
    state: AlertState,
    cause: Cause,
    places: Places,
    early: dict[tuple[int, int], float],
    now_s: float,
) -> AlarmWatch | None:
    """Return the open alarm that this track is in, or whose group it belongs to; the newest
    of the site where there are too many, or too many were raised.

    Questions are a group apart: birds are no part of a raid. What was one and asks for more
    goes to its group, or takes the alarm along that it was alone in. Nor do questions use up
    what may be raised of the others: of those, only the others are counted.
    """
    mine = [
        w
        for w in state.alarms
        if is_open(w.alarm)
        and w.alarm.site == cause.site
        and w.alarm.cause == AlarmCause.TRACKS
    ]
    alone = None
    for watch in mine:
        known = watch.alarm.tracks
        if cause.track in known or (cause.of and cause.of in known):
            if cause.question or not watch.question:
                return watch
            alone = watch if known == (cause.track,) else alone
    alike = [watch for watch in mine if watch.question == cause.question]
    for watch in alike:
        for other in watch.alarm.tracks:
            soon = early.get((cause.site, other), math.inf)
            if abs(soon - cause.early_s) <= _rules.GROUP_S:
                return watch
            if places.apart_m(cause.track, other) <= _rules.GROUP_M:
                return watch
    if alone is not None:
        return alone
    counted = mine if cause.question else alike
    if len(counted) < _rules.MAX_ALARMS and not floods(
        state, cause.site, now_s, question=cause.question
    ):
        return None
    return (alike or counted)[-1] if counted else None


def floods(state: AlertState, site: int, now_s: float, *, question: bool) -> bool:
    """Tell whether as many alarms of tracks were raised at a site as one officer can take
    before one more: of all where that is a question, else of those that are more.
    """
    raised = sum(
        w.alarm.site == site
        and w.alarm.cause == AlarmCause.TRACKS
        and (question or not w.question)
        and now_s - w.alarm.raised_s < _rules.FLOOD_S
        for w in state.alarms
    )
    return raised >= _rules.FLOOD_RAISED


def newest(state: AlertState, site: int, *, question: bool) -> str:
    """Return the id of the newest alarm of tracks at a site, of questions or of more; "" before
    the first.
    """
    for watch in reversed(state.alarms):
        alarm = watch.alarm
        mine = alarm.site == site and alarm.cause == AlarmCause.TRACKS
        if mine and watch.question == question:
            return alarm.id
    return ""
