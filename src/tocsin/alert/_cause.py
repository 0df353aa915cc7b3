"""What has to be answered for: a track, a site, and the zones that it comes to."""

from dataclasses import dataclass

from tocsin.alert._threats import Row
from tocsin.model import Ladder, Node

__all__ = ["Cause", "causes_of", "higher"]

_ORDER = (Ladder.MONITOR, Ladder.CAUTION, Ladder.TAKE_SHELTER)


@dataclass(slots=True)
class Cause:
    """A track that has to be answered for at a site, and for which zones.

    lost: the name of what was lost from sight there and it may be, "" for none. nearby: it
    stays near, on its way to no zone. question: it comes to the warning line and is not surely
    harmless; no more. of: the track of an alarm that it may be, lost there; 0 for none.
    """

    track: int
    site: int
    step: str
    early_s: float
    nature: int
    zones: list[str]
    unattended: bool = False
    lost: str = ""
    nearby: bool = False
    question: bool = False
    of: int = 0


def causes_of(rows: list[tuple[Row, str]], node: Node) -> list[Cause]:
    """Return one cause a track and site of (row, step) pairs, in the order of arrival."""
    found: dict[tuple[int, int], Cause] = {}
    for row, step in rows:
        zone_id = node.sites[row.site].zones[row.zone].id
        cause = found.get((row.site, row.track))
        if cause is None:
            found[row.site, row.track] = Cause(
                row.track, row.site, step, row.early_s, row.nature, [zone_id]
            )
            continue
        cause.early_s = min(cause.early_s, row.early_s)
        cause.step = higher(cause.step, step)
        if zone_id not in cause.zones:
            cause.zones.append(zone_id)
    return sorted(found.values(), key=lambda cause: (cause.site, cause.early_s, cause.track))


def higher(a: str, b: str) -> str:
    """Return the higher of two steps from MONITOR to TAKE SHELTER."""
    return a if _ORDER.index(a) >= _ORDER.index(b) else b
