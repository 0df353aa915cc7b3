"""What threat remembers of a track, and the zones as arrays."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tocsin.model import Node, TrackTable
from tocsin.threat import _kernels_columns, _kernels_heirs, _kernels_memory

__all__ = [
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

GONE = _kernels_memory.GONE
MAX_GONE = 256
WORTH_M = 200.0  # what has come less far leaves nothing worth taking over


@dataclass(slots=True)
class ThreatState:
    """One row a live track, ascending track_id; memory is (n, REMEMBERED + 5 times the greatest
    number of zones).

    The columns are named in `_kernels_columns`: when it was last looked at, weight of the past,
    smoothed speed and velocity, peak speed, whether it took over another's way, the odds that
    that was another thing's and where it did (east, north), its whole way, then summed
    log odds of "on a course to this zone" against "anywhere", then how far off each zone it was
    at most, the way since and where that was.
    last (n, GONE): where each was, see `_kernels_memory`; gone: the same of tracks that were
    dropped lately (that may have stopped: within some minutes), with their memory behind it,
    the oldest first. reasons: by (track, zone), as last put into words; looks counts grid
    steps.
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
    return ThreatState(np.zeros(0, dtype=np.int64), np.zeros((0, _kernels_columns.REMEMBERED)))


def recall(state: ThreatState, tracks: TrackTable, width: int) -> Floats:
    """Return a copy of what is remembered of these tracks; new ones are 0.

    A changed number of zones (the site file was edited), or another site that a track is of
    now, starts the courses anew and keeps the rest.
    """
    memory = np.zeros(
        (len(tracks), _kernels_columns.REMEMBERED + _kernels_columns.OF_ZONE * width)
    )
    kept = state.memory
    same = kept.shape[1] == memory.shape[1]
    columns = kept.shape[1] if same else _kernels_columns.REMEMBERED
    _kernels_memory.recall_into(
        state.track_id, kept, state.last, columns, _kernels_columns.REMEMBERED,
        tracks.track_id, tracks.site, memory,
    )  # fmt: skip
    return memory


def keep_into(state: ThreatState, tracks: TrackTable, memory: Floats, now_s: float) -> None:
    """Replace what the state holds by these tracks; what is dropped is kept for a while."""
    order = tracks.track_id.argsort(kind="stable")
    track_id = tracks.track_id.take(order)
    dropped = np.empty(0, dtype=np.int64)
    if state.track_id.tobytes() != track_id.tobytes():  # mostly the same ones as a look before
        dropped = (~np.isin(state.track_id, track_id)).nonzero()[0]
    gone = state.gone
    if gone.shape[1] != GONE + memory.shape[1]:
        gone = np.zeros((0, GONE + memory.shape[1]))
    if dropped.size and state.memory.shape[1] == memory.shape[1]:
        dropped = dropped[_come_m(state.memory[dropped], memory.shape[1]) >= WORTH_M]
        more = np.concatenate([state.last[dropped], state.memory[dropped]], axis=1)
        gone = np.concatenate([gone, more])
    if len(gone):
        lasts = np.empty(len(gone), dtype=np.bool_)
        _kernels_heirs.lasts_into(now_s, gone, lasts)
        gone = gone[lasts][-MAX_GONE:]
    state.gone = gone
    state.track_id = track_id
    state.memory, state.last = np.empty(memory.shape), np.empty((len(order), GONE))
    _kernels_memory.keep_into(
        now_s, order, tracks.site, tracks.updated_s, tracks.state, tracks.covariance, memory,
        state.memory, state.last,
    )  # fmt: skip


def _come_m(memory: Floats, columns: int) -> Floats:
    """Return the longest way that each has come since it was farthest from a zone."""
    width = (columns - _kernels_columns.REMEMBERED) // _kernels_columns.OF_ZONE
    way = _kernels_columns.REMEMBERED + 2 * width
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
