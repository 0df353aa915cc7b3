"""What threat remembers of a track, and the zones as arrays."""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from tocsin.model import Node, TrackTable
from tocsin.threat import _kernels

__all__ = [
    "AT",
    "GONE",
    "ThreatState",
    "Zones",
    "keep_into",
    "open_threat",
    "recall",
    "zones_of",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GONE_S = 30.0  # a track that was dropped longer ago is not found again
MAX_GONE = 256
WORTH_M = 200.0  # what has come less far leaves nothing worth taking over


class AT(IntEnum):
    """Columns of where a track was at its last look."""

    SITE = 0
    TIME = 1
    EAST = 2
    NORTH = 3
    VE = 4
    VN = 5
    UPDATED = 6
    SIGMA_M = 7  # of the place, the greater of east and north
    SIGMA_MPS = 8


GONE = len(AT)  # of `gone`: from this column on its memory


@dataclass(slots=True)
class ThreatState:
    """One row a live track, ascending track_id; memory is (n, 7 + 5 times the greatest
    number of zones).

    The columns are named in `_kernels`: when it was last looked at, weight of the past,
    smoothed speed and velocity, peak speed, whether it was asked for an ancestor, then summed
    log odds of "on a course to this zone" against "anywhere", then how far off each zone it was
    at most, the way since and where that was.
    last (n, GONE): where each was, see AT; gone: the same of tracks that were dropped lately,
    with their memory behind it, the oldest first. reasons: by (track, zone),
    as last put into words; looks counts grid steps.
    """

    track_id: Ints
    memory: Floats
    last: Floats = field(default_factory=lambda: np.zeros((0, GONE)))
    gone: Floats = field(default_factory=lambda: np.zeros((0, GONE)))
    reasons: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    looks: int = 0


@dataclass(slots=True)
class Zones:
    """All zones of a node as columns; site s has rows first[s] ... first[s] + count[s].

    The ring of zone z is vertices[start[z] : start[z + 1]], east and north in metres in its
    site's frame; centre is the mean of the area; ceiling in metres above the site's ground.
    """

    first: Ints
    count: Ints
    start: Ints
    vertices: Floats
    centre: Floats
    ceiling: Floats
    width: int


def open_threat() -> ThreatState:
    """Return a state that has seen nothing."""
    return ThreatState(np.zeros(0, dtype=np.int64), np.zeros((0, _kernels.REMEMBERED)))


def recall(state: ThreatState, track_id: Ints, width: int) -> Floats:
    """Return a copy of what is remembered of these tracks; new ones are 0.

    A changed number of zones (the site file was edited) starts the courses anew and keeps
    the rest.
    """
    memory = np.zeros((len(track_id), _kernels.REMEMBERED + _kernels.OF_ZONE * width))
    if len(state.track_id):
        at = np.minimum(np.searchsorted(state.track_id, track_id), len(state.track_id) - 1)
        known = state.track_id[at] == track_id
        kept = state.memory
        same = kept.shape[1] == memory.shape[1]
        columns = kept.shape[1] if same else _kernels.REMEMBERED
        memory[known, :columns] = kept[at[known], :columns]
    return memory


def keep_into(state: ThreatState, tracks: TrackTable, memory: Floats, now_s: float) -> None:
    """Replace what the state holds by these tracks; what is dropped is kept for a while."""
    order = np.argsort(tracks.track_id, kind="stable")
    track_id = tracks.track_id[order]
    dropped = np.empty(0, dtype=np.int64)
    if not np.array_equal(state.track_id, track_id):  # mostly the same ones as a look before
        dropped = np.flatnonzero(~np.isin(state.track_id, track_id))
    gone = state.gone
    if gone.shape[1] != GONE + memory.shape[1]:
        gone = np.zeros((0, GONE + memory.shape[1]))
    if dropped.size and state.memory.shape[1] == memory.shape[1]:
        dropped = dropped[_come_m(state.memory[dropped], memory.shape[1]) >= WORTH_M]
        more = np.concatenate([state.last[dropped], state.memory[dropped]], axis=1)
        gone = np.concatenate([gone, more])
    state.gone = gone[now_s - gone[:, AT.TIME] <= GONE_S][-MAX_GONE:]
    state.track_id = track_id
    state.memory = np.ascontiguousarray(memory[order])
    state.last = np.column_stack(
        [
            tracks.site,
            np.full(len(tracks), now_s),
            tracks.state[:, :2],
            tracks.state[:, 3:5],
            tracks.updated_s,
            np.sqrt(np.maximum(tracks.covariance[:, 0, 0], tracks.covariance[:, 1, 1])),
            np.sqrt(np.maximum(tracks.covariance[:, 3, 3], tracks.covariance[:, 4, 4])),
        ]
    )[order]


def _come_m(memory: Floats, columns: int) -> Floats:
    """Return the longest way that each has come since it was farthest from a zone."""
    width = (columns - _kernels.REMEMBERED) // _kernels.OF_ZONE
    way = _kernels.REMEMBERED + 2 * width
    out: Floats = memory[:, way : way + width].max(axis=1, initial=0.0)
    return out


_last: list[tuple[Node, Zones]] = []  # a node stays the same for thousands of looks


def zones_of(node: Node) -> Zones:
    """Return the node's zones as arrays, to be read only: the same ones for the same node."""
    if not _last or _last[0][0] is not node:
        _last[:] = [(node, _zones_of(node))]
    return _last[0][1]


def _zones_of(node: Node) -> Zones:
    zones = [zone for site in node.sites for zone in site.zones]
    count = [len(site.zones) for site in node.sites]
    sizes = [len(zone.outline_m) for zone in zones]
    points = [point for zone in zones for point in zone.outline_m]
    return Zones(
        first=np.cumsum([0, *count], dtype=np.int64),
        count=np.array([*count, 0], dtype=np.int64),
        start=np.cumsum([0, *sizes], dtype=np.int64),
        vertices=np.array(points, dtype=np.float64).reshape(-1, 2),
        centre=np.array([_centre(zone.outline_m) for zone in zones]).reshape(-1, 2),
        ceiling=np.array([zone.ceiling_m for zone in zones], dtype=np.float64),
        width=max(count, default=0),
    )


def _centre(outline_m: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    """Return the centre of area of a ring; the mean of its points where it has no area."""
    area2, east, north = 0.0, 0.0, 0.0
    previous = outline_m[-1]
    for point in outline_m:
        cross = previous[0] * point[1] - point[0] * previous[1]
        area2 += cross
        east += (previous[0] + point[0]) * cross
        north += (previous[1] + point[1]) * cross
        previous = point
    if abs(area2) < 1e-9:
        n = len(outline_m)
        return sum(e for e, _ in outline_m) / n, sum(v for _, v in outline_m) / n
    return east / (3.0 * area2), north / (3.0 * area2)
