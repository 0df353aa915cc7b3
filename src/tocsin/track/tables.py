"""The tracks of a site as a table, carried to one time."""

import numpy as np
from numpy.typing import NDArray

from tocsin.geo import from_frame, velocity_from_frame
from tocsin.model import TrackKind, TrackTable
from tocsin.track import _kernels_filter as kf
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_step as kt
from tocsin.track._kernels_classes import class_logs
from tocsin.track.state import TrackerState, live, site_frame
from tocsin.units import DEG

__all__ = ["SYMMETRIC", "report", "table"]

Floats = NDArray[np.float64]

# Where each entry of a 6 by 6 covariance stands in a packed one.
SYMMETRIC = np.zeros((6, 6), dtype=np.int64)
for _place, (_r, _c) in enumerate(zip(kf._ROW.tolist(), kf._COL.tolist())):
    SYMMETRIC[_r, _c] = SYMMETRIC[_c, _r] = _place


def report(tracker: TrackerState, now_s: float) -> Floats:
    """Return (n, 30) of all live tracks at now_s: state (6), packed covariance (21: position,
    position-rate row by row, rate), mode probabilities (3).
    """
    return _report(tracker, tracker.tracks, live(tracker), now_s)


def _report(tracker: TrackerState, tracks: Floats, n: int, now_s: float) -> Floats:
    out = np.empty((n, kl.BLOCK + kl.MODELS))
    scratch = np.empty((1, kl.SCRATCH_WIDTH))
    kt.report_into(
        tracks,
        n,
        now_s,
        tracker.options,
        np.full(kl.MOTION_WIDTH, np.nan),
        scratch,
        out,
    )
    return out


def table(tracker: TrackerState, now_s: float, *, tentative: bool = True) -> TrackTable:
    """Return the tracks of the site, those that are tentative only if asked for, predicted to
    now_s.
    """
    n = live(tracker)
    tracks, ints = tracker.tracks[:n], tracker.ints[:n]
    if not tentative:
        shown = (ints[:, kl.STATUS] != kl.TENTATIVE).nonzero()[0]
        tracks, ints, n = tracks.take(shown, 0), ints.take(shown, 0), len(shown)
    if not n:
        return TrackTable.blank(0)
    rows = _report(tracker, tracks, n, now_s)
    frame = site_frame(tracker)
    places = from_frame(rows[:, :3], frame)
    velocity = velocity_from_frame(rows[:, 3:6], places, frame).T
    return TrackTable(
        track_id=ints[:, kl.ID].astype(np.int64),
        site=np.full(n, tracker.site, np.int32),
        status=ints[:, kl.STATUS].astype(np.uint8),
        nature=ints[:, kl.NATURE].astype(np.uint8),
        time_s=np.full(n, now_s),
        state=rows[:, :6].copy(),
        covariance=rows[:, 6:27].take(SYMMETRIC, 1),
        existence=tracks[:, kl.EXISTENCE].copy(),
        born_s=tracks[:, kl.BORN_S].copy(),
        first_seen_s=tracks[:, kl.FIRST_S].copy(),
        updated_s=tracks[:, kl.UPDATED_S].copy(),
        hits=ints[:, kl.HITS].astype(np.int32),
        sensors=ints[:, kl.SENSORS].astype(np.uint64),
        modes=rows[:, 27:30].copy(),
        class_log=class_logs(tracks),
        lat_deg=places[:, 0] / DEG,
        lon_deg=places[:, 1] / DEG,
        alt_m=places[:, 2].copy(),
        vel_east_mps=velocity[0].copy(),
        vel_north_mps=velocity[1].copy(),
        vel_up_mps=velocity[2].copy(),
        declared=np.zeros(n, "S24"),
        kind=np.full(n, TrackKind.MEASURED, np.uint8),
    )
