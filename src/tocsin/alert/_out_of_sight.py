"""What asked for CAUTION and was lost from sight has not gone away.

A radar that is blind to slow things loses a multirotor that hovers; one that dives behind a
ridge is lost too. Its zone steps down as the evidence fades, but not to QUIET: it says which
tracks were lost and not seen to leave, until one is seen to go elsewhere, somebody says what it
is or ends TAKE SHELTER, or it has been gone for five minutes.
"""

import math
from collections.abc import Collection, Container, Mapping

from tocsin.alert._state import ZoneWatch
from tocsin.model import track_label

__all__ = ["forget_lost_into", "may_be_back", "names_of_lost", "note_lost_into", "said_of_lost"]

# As long as a stop is remembered where a flight goes on under another number (threat, STOOD_S).
OUT_OF_SIGHT_S = 300.0
MOST_NAMED = 4
BEGAN_S = 30.0  # a tracker may carry on for so long what it no longer sees


def note_lost_into(
    watch: ZoneWatch,
    asking: Collection[int],
    in_view: Container[int],
    disposed: Container[int],
    now_s: float,
) -> None:
    """Note which tracks ask for CAUTION or more now, and which of those that did were lost.

    in_view: tracks that a sensor has seen lately; disposed: those that a person has said
    something of.
    """
    if not (asking or watch.asking):
        return
    for track in asking:
        watch.asking[track] = now_s
    watch.asking = {
        track: last_s
        for track, last_s in watch.asking.items()
        if last_s == now_s
        or (track not in in_view and track not in disposed and now_s - last_s <= OUT_OF_SIGHT_S)
    }
    lost = {track: last_s for track, last_s in watch.asking.items() if last_s < now_s}
    watch.status.out_of_sight = tuple(sorted(lost))
    watch.status.out_of_sight_s = min(lost.values(), default=math.nan)


def forget_lost_into(watch: ZoneWatch) -> None:
    """Nothing is waited for any more: a person has ended the warning."""
    watch.asking = {}
    watch.status.out_of_sight, watch.status.out_of_sight_s = (), math.nan


def may_be_back(watch: ZoneWatch, born_s: Mapping[int, float]) -> frozenset[int]:
    """Return the tracks (by when they began) of which each may be what was lost here."""
    if not watch.status.out_of_sight:
        return frozenset()
    since_s = watch.status.out_of_sight_s - BEGAN_S
    return frozenset(track for track, at_s in born_s.items() if at_s >= since_s)


def names_of_lost(watch: ZoneWatch) -> str:
    """Return what was lost as people call it, "" where nothing was."""
    lost = watch.status.out_of_sight
    names = ", ".join(track_label(track) for track in lost[:MOST_NAMED])
    return f"{names} and {len(lost) - MOST_NAMED} more" if len(lost) > MOST_NAMED else names


def said_of_lost(watch: ZoneWatch) -> str:
    """Return the sentence that says so, "" where nothing was lost."""
    names = names_of_lost(watch)
    return f"{names} lost from sight, not seen to leave" if names else ""
