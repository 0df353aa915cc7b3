"""Who transmits: bearings of direction finders held against where tracks are.

A direction finder hears the links of drones, never a bird. Its bearings have no range, and with
several transmitters in the air a bird is often in line with one. So a bearing is not given to
a track. Each finished look asks of each track how much likelier its bearings are if the track
transmits than if they come from other tracks and from elsewhere (a Bernoulli detection update,
as in Ristic, Vo, Vo and Farina, IEEE Trans. Signal Process. 61 (2013) 3406). The logarithms add
up, within bounds and with a memory: the pilot on the ground, a second drone behind the bird and
a drone that flies by a programme and is silent are all real.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin import geo
from tocsin.identity import _kernels_emitters
from tocsin.identity._state import HeardLook, IdentityState
from tocsin.model import CLASSES, Coverage, DetectionBatch, Node, Report, Sensor, TrackTable
from tocsin.units import DEG

__all__ = ["TRANSMITS_LN", "as_scores", "hear_into", "transmitting"]

Floats = NDArray[np.float64]

SIGMA_BEARING_RAD = 2.0 * DEG  # of a sensor that does not say how good its bearings are
ALIGNED_RAD = 0.5 * DEG  # what a sensor's mounting adds
MEMORY_S = 40.0  # what was heard counts 1/e after so long
REACH = 0.6  # of the least stated reach: silence farther out tells nothing
BEARINGS_LIMIT = 4_096  # of one sensor between two finished looks; the newest are kept
LOOKS_LIMIT = 64  # that wait for a grid step
ELSEWHERE = 1.0  # bearings of a look to transmitters of which there is no track
TRANSMITS_LN = 0.7  # from here on it is told in words

# Silence speaks against a multirotor alone: one-way drones fly by a programme and are silent,
# and aircraft and things on the ground may talk.
_TALKS = np.array([name == "drone_multirotor" for name in CLASSES], dtype=np.float64)
_MUTE = np.array([name in ("bird", "balloon") for name in CLASSES], dtype=np.float64)


def hear_into(
    state: IdentityState,
    detections: DetectionBatch,
    coverages: tuple[Coverage, ...],
    node: Node,
) -> None:
    """Keep the bearings of a batch and the looks that it ends, for the next grid step. Those
    for which the sensor names a class itself are left out: they speak in the track's scores.
    """
    finders = [k for k, s in enumerate(node.sensors) if s.kind == "rf" and s.lat is not None]
    if not finders:
        return
    plots = (detections.report == Report.PLOT) & np.isfinite(detections.azimuth_rad)
    plots &= ~np.isfinite(detections.range_m)
    plots &= ~np.isfinite(detections.class_scores).any(axis=1)
    for k in finders:
        rows = (plots & (detections.sensor == k)).nonzero()[0]
        open_look = state.bearings.setdefault(k, [])
        one = detections
        open_look += zip(
            one.time_s[rows].tolist(), one.azimuth_rad[rows].tolist(),
            one.sigma_azimuth_rad[rows].tolist(),
        )  # fmt: skip
        del open_look[:-BEARINGS_LIMIT]
    for look in coverages:
        if look.complete and look.sensor in state.bearings:
            kept = state.bearings[look.sensor]
            mine = [b for b in kept if b[0] <= look.end_s]
            state.bearings[look.sensor] = [b for b in kept if b[0] > look.end_s]
            told = np.array([b[1:] for b in mine if b[0] >= look.start_s]).reshape(-1, 2)
            columns = np.ascontiguousarray(told.T)
            state.looks_heard.append(HeardLook(look.sensor, columns[0], columns[1]))
            del state.looks_heard[:-LOOKS_LIMIT]


def transmitting(state: IdentityState, tracks: TrackTable, node: Node, now_s: float) -> Floats:
    """Return, of each track, the log likelihood ratio of "it transmits", after the looks that
    were finished since the last call; 0 where no direction finder looks.
    """
    looks, state.looks_heard = state.looks_heard, []
    if not looks and not state.heard:
        state.heard_s = now_s
        return np.zeros(len(tracks))
    ids = tracks.track_id.tolist()
    fade = math.exp(-max(now_s - state.heard_s, 0.0) / MEMORY_S) if state.heard else 1.0
    state.heard_s = now_s
    known = state.heard
    total: Floats = np.array([known.get(track, 0.0) * fade for track in ids])
    for look in looks if ids else ():
        _look_into(total, look, tracks, node.sensors[look.sensor])
    state.heard = {track: value for track, value in zip(ids, total.tolist()) if value}
    return total


def as_scores(total: Floats) -> Floats:
    """Return what that says of the classes, (n, classes) log likelihoods, none above 0."""
    told: Floats = -np.maximum(total, 0.0)[:, None] * _MUTE
    told += np.minimum(total, 0.0)[:, None] * _TALKS
    return told


def _look_into(total: Floats, look: HeardLook, tracks: TrackTable, sensor: Sensor) -> None:
    frame = geo.frame_at(sensor.lat or 0.0, sensor.lon or 0.0, sensor.alt_m)
    here = geo.to_frame(geo.geodetic_rows(tracks.lat_deg, tracks.lon_deg, tracks.alt_m), frame)
    range_m, azimuth, elevation = geo.local_to_polar(here).T
    ground2 = np.maximum(here[:, 0] * here[:, 0] + here[:, 1] * here[:, 1], 1.0)
    width = sensor.azimuth_width_deg * DEG
    off = (azimuth - sensor.azimuth_center_deg * DEG + math.pi) % math.tau - math.pi
    inside = (range_m <= sensor.max_range_m) & (range_m >= sensor.min_range_m)
    inside &= (np.abs(off) <= 0.5 * width) & (elevation <= sensor.elevation_max_deg * DEG)
    reach_m = REACH * min(sensor.max_range_m, _reach_of(sensor))
    where = np.where(range_m <= reach_m, _kernels_emitters.INSIDE, _kernels_emitters.FAR)
    own = sensor.sigma_azimuth_deg
    sigma = look.sigmas.copy()
    sigma[~np.isfinite(sigma)] = SIGMA_BEARING_RAD if own is None else own * DEG
    _kernels_emitters.look_into(
        azimuth.copy(),
        (tracks.covariance[:, 0, 0] + tracks.covariance[:, 1, 1]) / ground2,
        (where * inside).astype(np.uint8),
        look.bearings,
        sigma * sigma + ALIGNED_RAD * ALIGNED_RAD,
        sensor.detection_probability,
        (sensor.false_alarms_per_scan + ELSEWHERE) / width,
        total,
    )


def _reach_of(sensor: Sensor) -> float:
    """Return the least reach for a thing that it hears at all."""
    return min((v for v in sensor.max_range_by_kind_m.values() if v > 0.0), default=math.inf)
