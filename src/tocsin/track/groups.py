"""Groups: tracks that fly together, reported as one thing with a count, a place and an extent.

Among neighbours nearer to each other than a sensor's plots scatter, tracks share plots and swap
them, and there is one now and then that nobody flies. How many fly is better known from the
plots themselves: each look brings count times the probability of detection of them, whoever's
they are. So members are found by their tracks, and counted by the plots of the last seconds
within the group's gate, less the false ones and those of other tracks that are expected there.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin.geo import polar_to_local
from tocsin.model import GroupTable
from tocsin.sensor import _kernels as ks
from tocsin.track import _kernels_layout as kl
from tocsin.track.state import TrackerState, live
from tocsin.track.tables import SYMMETRIC, report

__all__ = ["find_groups"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LEAST = 3  # tracks that make a group
LINK_M = 75.0  # on the ground, from one member to the next
ALIKE_MPS = 15.0  # of their velocities on the ground; a quarter of a fixed wing's
WINDOW_S = 5.0  # of plots that are counted: fresh, and enough for one in twenty
_GATE = 9.0  # squared distance on the ground within which plots are counted
_INSIDE = 0.989  # chi-square, two degrees of freedom
_SIGMA_RATE_MPS = 1.0  # how well the centroid's range rate is known, for the Doppler notch


def find_groups(tracker: TrackerState, now_s: float) -> GroupTable:
    """Return the groups among the shown tracks at now_s: three or more tracks, each within 75 m
    of the next on the ground and flying alike.

    Counted are the plots that have come by now; the state is not changed. Members that no
    sensor ever separates (one plot for all) cannot be counted.
    """
    n = live(tracker)
    shown = np.flatnonzero(tracker.ints[:n, kl.STATUS] != kl.TENTATIVE)
    if len(shown) < LEAST:
        return GroupTable.blank(0)
    rows = report(tracker, now_s)[shown]
    labels, sizes = _linked(rows[:, :6])
    found = np.flatnonzero(sizes >= LEAST)
    if not len(found):
        return GroupTable.blank(0)
    ids, existence = tracker.ints[shown, kl.ID], tracker.tracks[shown, kl.EXISTENCE]
    plots, sensors = _recent_plots(tracker, now_s)
    parts = []
    for label in found.tolist():
        inside = labels == label
        members = np.sort(ids[inside])
        state = rows[inside, :6].mean(0)
        off = rows[inside, :3] - state[:3]
        extent = (off[:, :, None] * off[:, None, :]).mean(0)
        blur = rows[:, 6:27][:, SYMMETRIC][:, :2, :2]
        spread = extent[:2, :2] + blur[inside].mean(0)
        others = rows[~inside][:, [0, 1, 3, 4]] - state[[0, 1, 3, 4]]
        count, sigma = _counted(tracker, plots, sensors, state, spread, others, now_s)
        if not math.isfinite(sigma):
            count = float(existence[inside].sum())
        parts.append((int(members[0]), members, count, sigma, state, extent))
    parts.sort(key=lambda part: part[0])
    return GroupTable(
        group_id=np.array([part[0] for part in parts], dtype=np.int64),
        time_s=np.full(len(parts), now_s),
        tracks=np.array([len(part[1]) for part in parts], dtype=np.int64),
        count=np.array([part[2] for part in parts]),
        sigma_count=np.array([part[3] for part in parts]),
        state=np.array([part[4] for part in parts]),
        extent=np.array([part[5] for part in parts]),
        members=tuple(part[1] for part in parts),
    )


def _linked(states: Floats) -> tuple[Ints, Ints]:
    """Return the label of each track's chain of neighbours, and the size of each chain."""
    # SciPy costs 0.2 s of each start: only who has tracks enough for a group waits for it.
    from scipy.sparse import coo_matrix  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415
    from scipy.spatial import cKDTree  # noqa: PLC0415

    pairs = cKDTree(states[:, :2]).query_pairs(LINK_M, output_type="ndarray")
    apart = states[pairs[:, 0], 3:5] - states[pairs[:, 1], 3:5]
    a, b = pairs[(apart * apart).sum(1) < ALIKE_MPS**2].T
    graph = coo_matrix((np.ones(len(a)), (a, b)), shape=(len(states), len(states)))
    count, labels = connected_components(graph, directed=False)
    return labels.astype(np.int64), np.bincount(labels, minlength=count)


def _recent_plots(tracker: TrackerState, now_s: float) -> tuple[Floats, Ints]:
    """Return the plots with a range of the last seconds, and their sensors' rows."""
    longest_s = max(WINDOW_S, float(tracker.sensors[:, ks.PERIOD_S].max(initial=0.0)))
    parts, rows = [], []
    for plots, sensors in zip(tracker.lag.plots, tracker.lag.sensors):
        at_s = plots[:, kl.P_TIME]
        keep = (at_s > now_s - longest_s) & (at_s <= now_s)
        keep &= (plots[:, kl.P_MASK].astype(np.int64) & kl.HAS_RANGE) > 0
        parts.append(plots[keep])
        rows.append(sensors[keep])
    if not parts:
        return np.zeros((0, kl.PLOT_WIDTH)), np.zeros(0, dtype=np.int64)
    return np.concatenate(parts), np.concatenate(rows)


def _counted(
    tracker: TrackerState, plots: Floats, sensors: Ints, state: Floats, spread: Floats,
    others: Floats, now_s: float,
) -> tuple[float, float]:  # fmt: skip
    """Return how many things the plots in the group's gate speak for, with one sigma; NaN
    without any. spread: covariance of the members on the ground; others: places and
    rates, from the centroid's, of shown tracks that are none.
    """
    table = tracker.sensors
    total = expected = false = blurred = 0.0
    for k in np.unique(sensors).tolist():
        if table[k, ks.INFLATE] >= ks.WEIGHED_DOWN:
            continue
        r, azimuth, elevation, rate = ks.measured_of(table, k, *state.tolist())
        chance = _INSIDE * ks.detection_of(
            table, k, r, azimuth, elevation, rate, _SIGMA_RATE_MPS
        )
        looks = max(math.floor(WINDOW_S / table[k, ks.PERIOD_S]), 1)
        recent = (sensors == k) & (plots[:, kl.P_TIME] > now_s - looks * table[k, ks.PERIOD_S])
        if chance <= 0.0 or not recent.any():
            continue
        places = _places(table[k], plots[recent])
        off = places - state[:2] - state[3:5] * (plots[recent, kl.P_TIME] - now_s)[:, None]
        # Variances as the sensor gives them; they hardly differ between neighbours.
        along_m2 = float(np.median(plots[recent, kl.P_VARIANCE]))
        across_m2 = r * r * float(np.median(plots[recent, kl.P_VARIANCE + 1]))
        ray = (state[:2] - table[k, :2]) / max(r, 1.0)
        longer = (along_m2 - across_m2) * ray[:, None] * ray[None, :]
        gate = spread + across_m2 * np.eye(2) + longer
        det = float(gate[0, 0] * gate[1, 1] - gate[0, 1] * gate[1, 0])
        inverse = np.array([[gate[1, 1], -gate[0, 1]], [-gate[1, 0], gate[0, 0]]]) / det
        area = math.pi * _GATE * math.sqrt(det)
        seen = int(_inside(off, inverse).sum())
        if not seen:
            continue  # beyond its reach
        density = table[k, ks.FALSE_ALARMS] * math.exp(
            -table[k, ks.LOG_EXTENT] - table[k, ks.LOG_EXTENT + 1]
        )
        ago_s = table[k, ks.PERIOD_S] * (np.arange(looks) + 0.5)
        past = (others[:, None, :2] - ago_s[:, None] * others[:, None, 2:]).reshape(-1, 2)
        strange = looks * density * area / max(r, 1.0)
        strange += chance * int(_inside(past, inverse).sum())
        total += seen
        expected += looks * chance
        false += strange
        blurred += seen * (1.0 - chance) + strange
    if expected == 0.0:
        return math.nan, math.nan
    # What a look more or less would change is the least that is unsure.
    return max((total - false) / expected, 1.0), math.sqrt(blurred + 1.0) / expected


def _inside(off: Floats, inverse: Floats) -> Flags:
    """Tell which places, from the centroid, lie inside the gate."""
    east, north = off[:, 0], off[:, 1]
    cross = (inverse[0, 1] + inverse[1, 0]) * east * north
    inside: Flags = inverse[0, 0] * east * east + cross + inverse[1, 1] * north * north < _GATE
    return inside


def _places(sensor: Floats, plots: Floats) -> Floats:
    """Return east and north in the site's frame of plots of one sensor, less its known errors;
    level where it gives no elevation.
    """
    bias = sensor[ks.BIAS : ks.BIAS + 3]
    has = (plots[:, kl.P_MASK].astype(np.int64) & kl.HAS_ELEVATION) > 0
    r = plots[:, kl.P_RANGE] - bias[0]
    azimuth = plots[:, kl.P_RANGE + 1] - bias[1]
    elevation = np.where(has, plots[:, kl.P_RANGE + 2] - bias[2], 0.0)
    own = polar_to_local(np.column_stack([r, azimuth, elevation]))
    turn = sensor[3:12].reshape(3, 3)
    places: Floats = sensor[:2] + (own[:, :, None] * turn[None]).sum(1)[:, :2]
    return places
