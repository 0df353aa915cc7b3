"""The tracks of a site as a table, carried to one time."""

import numpy as np
from numpy.typing import NDArray

from tocsin.geo import from_frame, velocity_from_frame
from tocsin.model import TrackTable
from tocsin.track import _kernels_filter as kf
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_step as kt
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
    n = live(tracker)
    out = np.empty((n, kl.BLOCK + kl.MODELS))
    scratch = np.empty((1, kl.SCRATCH_WIDTH))
    kt.report_into(
        tracker.tracks,
        n,
        now_s,
        tracker.options,
        np.full(kl.MOTION_WIDTH, np.nan),
        scratch,
        out,
    )
    return out


def table(tracker: TrackerState, now_s: float) -> TrackTable:
    """Return all tracks of the site, tentative ones included, predicted to now_s."""
    n = live(tracker)
    rows = report(tracker, now_s)
    out = TrackTable.blank(n)
    tracks, ints = tracker.tracks[:n], tracker.ints[:n]
    out.track_id[:] = ints[:, kl.ID]
    out.site[:] = tracker.site
    out.status[:] = ints[:, kl.STATUS]
    out.nature[:] = ints[:, kl.NATURE]
    out.time_s[:] = now_s
    out.state[:] = rows[:, :6]
    out.covariance[:] = rows[:, 6:27][:, SYMMETRIC]
    out.existence[:] = tracks[:, kl.EXISTENCE]
    out.born_s[:] = tracks[:, kl.BORN_S]
    out.first_seen_s[:] = tracks[:, kl.FIRST_S]
    out.updated_s[:] = tracks[:, kl.UPDATED_S]
    out.hits[:] = ints[:, kl.HITS]
    out.sensors[:] = ints[:, kl.SENSORS].astype(np.uint64)
    out.modes[:] = rows[:, 27:30]
    out.class_log[:] = tracks[:, kl.CLASS_LOG : kl.CLASS_LOG + 6]
    frame = site_frame(tracker)
    places = from_frame(rows[:, :3], frame)
    velocity = velocity_from_frame(rows[:, 3:6], places, frame)
    out.lat_deg[:], out.lon_deg[:], out.alt_m[:] = (
        places[:, 0] / DEG, places[:, 1] / DEG, places[:, 2],
    )  # fmt: skip
    out.vel_east_mps[:], out.vel_north_mps[:], out.vel_up_mps[:] = velocity.T
    return out
