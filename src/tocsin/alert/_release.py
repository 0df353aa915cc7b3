"""Propose, withdraw, release, take back: what happens to TAKE SHELTER in one zone."""

import math

from tocsin.alert import _rules
from tocsin.alert._account import open_account_into
from tocsin.alert._out_of_sight import forget_lost_into
from tocsin.alert._state import Before, Latch, ZoneWatch
from tocsin.alert._threats import Row
from tocsin.model import AlertEvent, Ladder, Nature

__all__ = [
    "cancel_into", "clear_into", "is_more_real", "make_way_into", "propose_into",
    "release_into", "withdraw_into",
]  # fmt: skip


def _event(
    watch: ZoneWatch, kind: str, now_s: float, *, by: str = "", text: str = ""
) -> AlertEvent:
    status = watch.status
    return AlertEvent(
        kind,
        now_s,
        status.site_id,
        zone_id=status.zone_id,
        step=Ladder.ALL_CLEAR if kind == "cleared" else Ladder.TAKE_SHELTER,
        tracks=status.tracks,
        by=by,
        text=text,
        nature=status.nature,
    )


def propose_into(
    watch: ZoneWatch, rows: list[Row], now_s: float, events: list[AlertEvent]
) -> None:
    """Propose TAKE SHELTER; where it is released already, only the tracks are noted. A refusal
    was of what was proposed before.
    """
    status = watch.status
    watch.risen_s = now_s
    status.refused_by, status.refused_reason = "", ""
    watch.refused_tracks = ()
    watch.shelter_tracks = tuple(sorted(row.track for row in rows))
    if math.isfinite(status.released_s):
        return
    status.proposed_s = watch.asked_s = now_s
    first = min(rows, key=lambda row: (row.early_s, row.track))
    text = (
        f"{len(watch.shelter_tracks)} track(s) can be at {watch.name} in {first.soon_s:.0f} s"
    )
    events.append(_event(watch, "proposed", now_s, text=text))


def withdraw_into(
    watch: ZoneWatch, now_s: float, events: list[AlertEvent], why: str = "its cause has gone"
) -> None:
    """End a proposal whose condition has gone; a released zone waits for a person."""
    status = watch.status
    was_open = math.isfinite(status.proposed_s) and not math.isfinite(status.released_s)
    watch.shelter_tracks = watch.refused_tracks = ()
    status.refused_by, status.refused_reason = "", ""
    if not math.isfinite(status.released_s):
        status.proposed_s, status.release_at_s = math.nan, math.inf
    if was_open:
        events.append(_event(watch, "withdrawn", now_s, text=why))


def release_into(
    watch: ZoneWatch, by: str, now_s: float, events: list[AlertEvent], *, text: str = ""
) -> None:
    """Release TAKE SHELTER. A second release is merged: it is noted who else did; one that is
    more real than the first is told anew.
    """
    status = watch.status
    watch.risen_s = now_s
    if by not in watch.released_by:
        watch.released_by.append(by)
    if math.isfinite(status.released_s):
        if is_more_real(watch):
            # It was of an exercise, and nobody was warned; who heard that one hears its end.
            _end_less_real_into(watch, now_s, events)
            watch.released_as = status.nature
            events.append(_event(watch, "released", now_s, by=by, text=text))
        return
    watch.before, watch.released_as = _before(watch), status.nature
    status.released_s, status.released_by = now_s, by
    status.refused_by, status.refused_reason = "", ""
    status.cleared_by, status.clear_proposed_s = "", math.nan
    watch.refused_tracks = ()
    watch.cleared_s = math.nan
    watch.threatened_s = now_s
    status.release_at_s = math.inf
    if not text and not math.isfinite(status.proposed_s):
        text = "by hand, nothing was proposed"
    open_account_into(watch, now_s)
    events.append(_event(watch, "released", now_s, by=by, text=text))


def is_more_real(watch: ZoneWatch) -> bool:
    """Tell whether what stands in a zone now is more real than what was released there."""
    return Nature.ALL.index(watch.status.nature) < Nature.ALL.index(watch.released_as)


def make_way_into(
    watch: ZoneWatch, rows: list[Row], now_s: float, events: list[AlertEvent]
) -> None:
    """End what was released of an exercise for what comes and is real; that is proposed."""
    watch.status.released_s, watch.status.released_by = math.nan, ""
    watch.released_by = []
    _come_back_into(watch)
    _end_less_real_into(watch, now_s, events)
    propose_into(watch, rows, now_s, events)


def _end_less_real_into(watch: ZoneWatch, now_s: float, events: list[AlertEvent]) -> None:
    text = (
        f"it was released as {watch.released_as}, and what comes now is {watch.status.nature}"
    )
    events.append(_event(watch, "cancelled", now_s, by=_rules.AUTOMATIC, text=text))


def _before(watch: ZoneWatch) -> Before:
    status = watch.status
    return Before(
        raised=(status.raised_step, status.raised_by, status.raised_s),
        account=(
            status.account, status.account_by,
            status.accounted, status.missing, status.hurt, status.account_s,
        ),
        last_release_s=watch.last_release_s,
    )  # fmt: skip


def cancel_into(watch: ZoneWatch, by: str, now_s: float, events: list[AlertEvent]) -> None:
    """Take a release back: what stood before stands again. What the software released counts
    as refused for these tracks, or it would release again at once.
    """
    status = watch.status
    automatic = _rules.AUTOMATIC in watch.released_by
    status.released_s, status.released_by = math.nan, ""
    watch.released_by = []
    _come_back_into(watch)
    events.append(_event(watch, "cancelled", now_s, by=by))
    if not watch.shelter.on:  # what was proposed went away while it was released
        status.proposed_s, status.release_at_s = math.nan, math.inf
    elif automatic:
        status.refused_by, status.refused_reason = by, "cancelled"
        watch.refused_tracks = watch.shelter_tracks
    elif not math.isfinite(status.proposed_s):
        # It came while it was released by hand, and had no need to be proposed.
        status.proposed_s = watch.asked_s = watch.risen_s = now_s
        text = "the release was cancelled, and what threatens is still there"
        events.append(_event(watch, "proposed", now_s, text=text))


def _come_back_into(watch: ZoneWatch) -> None:
    status, before = watch.status, watch.before
    if before is None:
        return
    status.raised_step, status.raised_by, status.raised_s = before.raised
    (
        status.account, status.account_by,
        status.accounted, status.missing, status.hurt, status.account_s,
    ) = before.account  # fmt: skip
    watch.last_release_s, watch.before = before.last_release_s, None


def clear_into(
    watch: ZoneWatch,
    by: str,
    reason: str,
    now_s: float,
    events: list[AlertEvent],
    *,
    criteria: tuple[str, ...] = (),
) -> None:
    """End TAKE SHELTER in the name of a person; criteria: of the site, that are met."""
    status = watch.status
    status.released_s, status.released_by = math.nan, ""
    status.proposed_s, status.release_at_s = math.nan, math.inf
    status.clear_proposed_s = math.nan
    status.cleared_by = by
    watch.released_by, watch.before = [], None
    watch.cleared_s = now_s
    # Where it has not let go yet, what comes next is to be proposed, not to be gone on with.
    watch.shelter, watch.shelter_tracks = Latch(), ()
    forget_lost_into(watch)
    status.raised_step, status.raised_by, status.raised_s = "", "", math.nan
    text = f"{reason} (while {'; '.join(status.unwatched)})" if status.unwatched else reason
    event = _event(watch, "cleared", now_s, by=by, text=text)
    if criteria:
        event.facts["criteria"] = "; ".join(criteria)
    events.append(event)
