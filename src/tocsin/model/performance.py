"""How the alarms of a site fared over a time."""

from dataclasses import dataclass

__all__ = ["BIN_S", "AlarmPerformance"]

BIN_S = 600.0  # ten minutes: the unit in which alarm rates are counted (EEMUA 191)


@dataclass(frozen=True, slots=True)
class AlarmPerformance:
    """Figures of one site from begin_s to end_s (Unix UTC); of the site, never of a person.

    alarms: raised in that time; by_step: how many reached each step at most. per_ten_min: the
    average rate; worst_ten_min: most in any ten minutes; flood_share: part of the time with
    more than ten in the ten minutes before. acknowledged: of `alarms`; acknowledge_*_s: from
    raised to acknowledged, NaN where none was; unacknowledged: still not at the end, or closed
    without. escalated: told louder because nobody answered; open: not closed at the end;
    stale: of those, open for longer than a day. unattended: tracks that came to the warning
    line and nobody had said what they are. released_by_person, released_by_itself, refused:
    of TAKE SHELTER, by zone; release_median_s: from proposed to released. not_watching_s: with
    a zone of the site NOT WATCHING. bins: alarms raised in each ten minutes from begin_s.
    rating: the average and the worst ten minutes in words.
    """

    site_id: str
    begin_s: float
    end_s: float
    alarms: int
    by_step: dict[str, int]
    per_ten_min: float
    worst_ten_min: int
    flood_share: float
    acknowledged: int
    acknowledge_median_s: float
    acknowledge_p90_s: float
    acknowledge_slowest_s: float
    unacknowledged: int
    escalated: int
    unattended: int
    open: int
    stale: int
    released_by_person: int
    released_by_itself: int
    refused: int
    release_median_s: float
    not_watching_s: float
    bins: tuple[int, ...]
    rating: str
