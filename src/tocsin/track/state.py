"""The tracker's state of one site: a plain value that goes into snapshots as it is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.geo import Frame, frame_at
from tocsin.model import Node, Sensor, Site
from tocsin.model.frames import Nature
from tocsin.sensor import _kernels as ks
from tocsin.sensor import pack
from tocsin.track import _kernels_clutter as kc
from tocsin.track import _kernels_layout as kl
from tocsin.track.models import BirthModel, ClutterMap
from tocsin.track.options import Options, pack_options
from tocsin.track.registration import RegistrationState, open_registration

__all__ = [
    "BY_TRACK",
    "LagState",
    "Moment",
    "TrackerState",
    "extent_of",
    "grow_into",
    "live",
    "open_tracker",
    "open_with",
    "reopen_trackers",
    "site_frame",
]

BY_TRACK = ("tracks", "ints", "kinds", "seen")  # columns of TrackerState with a row a track

_FIRST_ROWS = 64
_MANY_ROWS = 1024
_RAYS = 512  # waiting for a partner; more are counted as lost


@dataclass(slots=True)
class Moment:
    """What the tracker knew once everything up to at_s was applied, and nothing else.

    arrays: columns of TrackerState by name, live rows only; done_s (sensors,): time of the
    newest plot of each that was applied; cut_s (sensors,): until when plots would have been of
    the same slice. -inf where there was none.
    """

    at_s: float
    arrays: dict[str, NDArray[np.float64] | NDArray[np.int64]]
    registration: RegistrationState
    done_s: NDArray[np.float64]
    cut_s: NDArray[np.float64]


@dataclass(slots=True)
class LagState:
    """The last seconds as they came, and moments to go back to: see `lag`.

    high: end, kind and sensor of the newest event that was applied; tick: number of the last
    whole second (plus phase_s) that was ticked, None before the first; wait_s: how long a tick
    waits for what is still under way. plots, sensors: packed plots as the sensors sent them
    and their rows in the table; looks: events. dirty: something has come late since the last
    rewind, at second `rewound`.
    """

    phase_s: float
    high: tuple[float, float, float]
    tick: int | None
    wait_s: float
    done_s: NDArray[np.float64]
    cut_s: NDArray[np.float64]
    plots: list[NDArray[np.float64]]
    sensors: list[NDArray[np.int64]]
    looks: list[NDArray[np.float64]]
    moments: list[Moment]
    dirty: bool
    rewound: int


@dataclass(slots=True)
class TrackerState:
    """All that a site's tracker knows. Rows beyond the live ones hold nothing of meaning.

    tracks, ints, rays and counters: columns in `_kernels_layout`; kinds (rows, kinds of
    target): their probabilities; seen (rows, 3 sensors): see `_kernels_seen`.
    sensors: packed table of the site's sensors with a pose; roster: their place in the node;
    row_of_roster: the row of each roster index, -1 for none; natures by row. now_s: time of
    the newest step. registration: what is known of the sensors' own errors, taken off the
    plots by `sensors`. lag: what is needed to put late data in its place. unused: counts of
    plots by the reason why they were not used. strays: what each sensor reports falsely, as
    found, see `_kernels_clutter`. births, clutter: models of the caller's own, the
    maps with the row of their sensor and what holds outside of the cells.
    """

    site: int
    site_id: str
    origin_deg_m: tuple[float, float, float]
    now_s: float
    newest_s: float
    tracks: NDArray[np.float64]
    ints: NDArray[np.int64]
    kinds: NDArray[np.float64]
    seen: NDArray[np.float64]
    rays: NDArray[np.float64]
    counters: NDArray[np.int64]
    sensors: NDArray[np.float64]
    roster: NDArray[np.int64]
    row_of_roster: NDArray[np.int64]
    natures: NDArray[np.int64]
    options: NDArray[np.float64]
    late_s: float
    max_tracks: int
    registration: RegistrationState
    lag: LagState
    strays: NDArray[np.float64]
    unused: dict[str, int] = field(default_factory=dict)
    births: BirthModel | None = None
    clutter: tuple[tuple[int, float, ClutterMap], ...] = ()


def open_tracker(
    site: Site, site_index: int, node: Node, options: Options | None = None
) -> TrackerState:
    """Return an empty tracker of one site of a node, with those of its sensors that feed the
    site and have a pose. Raises SiteError for a sensor with an impossible value.
    """
    feeds = [
        s if site.id in s.sites or (not s.sites and len(node.sites) == 1) else None
        for s in node.sensors
    ]
    if not 0 <= site_index < 256 or not 0 <= node.number < 32_768:
        raise CallError(
            f"node {node.number}, site {site_index} do not fit in a track id;"
            " node numbers go to 32767 and sites to 255",
            node=node.number, site=site_index,
        )  # fmt: skip
    first_id = (node.number << 48) | (site_index << kl.COUNTER_BITS) | 1
    return open_with(
        feeds, (site.lat, site.lon, site.alt_m), options or Options(), site_index=site_index,
        site_id=site.id, first_id=first_id, radius_m=site.radius_m,
    )  # fmt: skip


def reopen_trackers(trackers: Sequence[TrackerState], node: Node) -> list[TrackerState]:
    """Return empty trackers for the sites of another site file; their ids come after all that
    any of the old ones gave, whatever the place of its site was.
    """
    mask = (1 << kl.COUNTER_BITS) - 1
    used = max((int(t.counters[kl.NEXT_ID]) & mask for t in trackers), default=0)
    fresh = [open_tracker(site, k, node) for k, site in enumerate(node.sites)]
    for tracker in fresh:
        tracker.counters[kl.NEXT_ID] |= used  # no less than the next of each: 1 | 4 is 5
    return fresh


def open_with(
    sensors: Sequence[Sensor | None],
    origin_deg_m: tuple[float, float, float],
    options: Options,
    *,
    site_index: int = 0,
    site_id: str = "",
    first_id: int = 1,
    radius_m: float = 60_000.0,
    phase_s: float = 0.0,
) -> TrackerState:
    """Return an empty tracker for a roster of sensors (None: not of this site); phase_s: what
    its seconds begin with, after those of Unix.
    """
    own = [s if s is not None else Sensor(id="") for s in sensors]
    table = pack(own, frame_at(*origin_deg_m))
    row_of_roster = np.full(len(own), -1, dtype=np.int64)
    row_of_roster[table.roster] = np.arange(len(table.roster))
    counters = np.zeros(kl.COUNTERS, dtype=np.int64)
    counters[kl.NEXT_ID] = first_id
    clutter = _place_clutter_into(table.packed, table.roster, own, options.clutter)
    state = TrackerState(
        site=site_index,
        site_id=site_id,
        origin_deg_m=origin_deg_m,
        now_s=-np.inf,
        newest_s=-np.inf,
        tracks=np.zeros((0, kl.TRACK_WIDTH)),
        ints=np.zeros((0, kl.INT_WIDTH), dtype=np.int64),
        kinds=np.zeros((0, len(table.kinds))),
        seen=np.zeros((0, 3 * len(table.roster))),
        rays=np.zeros((_RAYS, kl.RAY_WIDTH)),
        counters=counters,
        sensors=table.packed,
        roster=table.roster,
        row_of_roster=row_of_roster,
        natures=np.array(
            [Nature.ALL.index(own[i].nature) for i in table.roster], dtype=np.int64
        ),
        options=pack_options(options, radius_m),
        late_s=options.late_s,
        max_tracks=options.max_tracks,
        registration=open_registration(len(table.roster)),
        lag=_open_lag(len(table.roster), phase_s),
        strays=np.zeros((len(table.roster), kc.WIDTH)),
        births=options.births if options.births and options.births.weight is not None else None,
        clutter=clutter,
    )
    grow_into(state, _FIRST_ROWS)
    return state


def _place_clutter_into(
    packed: NDArray[np.float64], roster: NDArray[np.int64], sensors: Sequence[Sensor],
    maps: Sequence[ClutterMap],
) -> tuple[tuple[int, float, ClutterMap], ...]:  # fmt: skip
    """Return each map with its sensor's row and false alarms outside of it; put the number of
    false alarms of a whole scan into the table.
    """
    row_of = {sensors[place].id: row for row, place in enumerate(roster.tolist())}
    out = []
    for part in maps:
        if part.sensor not in row_of:
            raise CallError(
                f"there is a clutter map of {part.sensor!r}, but no such sensor with a pose;"
                f" there are {', '.join(row_of) or 'none'}",
                sensor=part.sensor,
            )
        row = row_of[part.sensor]
        own = float(packed[row, ks.FALSE_ALARMS])
        packed[row, ks.FALSE_ALARMS] = max(part.total(own, *extent_of(packed[row])), 1e-3)
        out.append((row, own, part))
    return tuple(out)


def extent_of(sensor: NDArray[np.float64]) -> tuple[float, float]:
    """Return how much a sensor covers, from its row: in range (m) and azimuth (rad)."""
    return math.exp(sensor[ks.LOG_EXTENT]), math.exp(sensor[ks.LOG_EXTENT + 1])


def _open_lag(sensors: int, phase_s: float) -> LagState:
    return LagState(
        phase_s=phase_s,
        high=(-np.inf, 0.0, 0.0),
        tick=None,
        wait_s=0.0,
        done_s=np.full(sensors, -np.inf),
        cut_s=np.full(sensors, -np.inf),
        plots=[],
        sensors=[],
        looks=[],
        moments=[],
        dirty=False,
        rewound=0,
    )


def grow_into(state: TrackerState, rows: int) -> None:
    """Make room for that many tracks, at most max_tracks."""
    have = len(state.tracks)
    if rows <= have or have >= state.max_tracks:
        return
    # Growing touches every row anew. Room that is not used yet costs no memory where there are
    # many rows, so that many are made room for at once.
    size = min(max(8 * rows if rows > _MANY_ROWS else rows, 2 * have), state.max_tracks)
    for name in BY_TRACK:
        old = getattr(state, name)
        new = np.zeros((size, old.shape[1]), dtype=old.dtype)
        new[:have] = old
        setattr(state, name, new)


def live(state: TrackerState) -> int:
    """Return the number of tracks, tentative ones included."""
    return int(state.counters[kl.LIVE])


def site_frame(state: TrackerState) -> Frame:
    """Return the local frame in which the states are."""
    return frame_at(*state.origin_deg_m)
