"""The sensors' own errors: learnt from common tracks, taken off, and who contradicts whom.

Every other second the episodes (see `_kernels_registration`) are dealt out to confirmed tracks
(first to those that two or more sensors hold), and the errors of all sensors are solved
together with what is known beforehand (`_kernels_look`). A sensor is corrected once its errors
stand out from their own uncertainty and are large enough to matter beside its stated noise;
the correction moves no faster than RATE. Errors that nobody's sensor has are not believed:
such a sensor is named as inconsistent, weighed down, begins no track while another is at work
that is not, and its correction stays where it was. So is one that misses what others hold and
reports about as much elsewhere, and one that scatters three times as much as it states. One
that scatters less than that, and more than it states, is used with what it is found to scatter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tocsin.model import SensorStatus
from tocsin.sensor import _kernels as ks
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_registration as kr
from tocsin.track._kernels_look import MATTERS
from tocsin.units import DEG

__all__ = [
    "RegistrationState",
    "SensorErrors",
    "mark_errors",
    "open_registration",
    "parts_of",
    "sensor_errors",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PLAINLY = 1.5  # times what is stated: less is told to nobody
_MATTERS_S = 0.02  # of a clock: a fast drone flies 2 m in it
_OFF = ("range_error_m", "azimuth_error_deg", "elevation_error_deg", "time_error_s")
EPISODES = 12  # tracks followed at a time
TIES = 1024  # that one slice can note; more are not needed and not kept


@dataclass(slots=True)
class RegistrationState:
    """Episodes (state, covariance, times, track id with count and sensors), the sum of those
    that have ended (information, vector; ERRORS rows a sensor), the errors solved with their
    covariance, quality (squared innovations and their number by sensor), audit (see
    `_kernels_layout`), since when each sensor contradicts the others and is named for it (NaN:
    it is not), which are being corrected, when the whole was looked at last, and the newest
    track that was given an episode.
    """

    x: Floats
    p: Floats
    floats: Floats
    ints: Ints
    information: Floats
    vector: Floats
    errors: Floats
    covariance: Floats
    quality: Floats
    audit: Floats
    suspect_s: Floats
    named_s: Floats
    corrected: NDArray[np.bool_]
    looked_s: Floats
    cursor: Ints


class _Holder(Protocol):
    """What has a registration: a tracker's state."""

    registration: RegistrationState
    roster: Ints
    sensors: Floats


@dataclass(frozen=True, slots=True)
class SensorErrors:
    """What is known of one sensor's own errors; each with one standard deviation.

    range m and azimuth, elevation rad as it reports too much; time s as it stamps too late.
    corrected: whether they are taken off its plots; inconsistent_since_s: NaN where it agrees
    with the others. scatter: by how many times its stated sigmas its plots are taken to
    scatter, 1 where no more than stated. detection: the probability of detection inside its
    coverage as it is taken, which is what was stated unless it plainly has less.
    """

    sensor: int
    range_m: float
    azimuth_rad: float
    elevation_rad: float
    time_s: float
    sigma_range_m: float
    sigma_azimuth_rad: float
    sigma_elevation_rad: float
    sigma_time_s: float
    corrected: bool
    inconsistent_since_s: float
    scatter: float = 1.0
    detection: float = 1.0


def open_registration(sensors: int) -> RegistrationState:
    """Return a state in which nothing is known of that many sensors."""
    n = kr.ERRORS * sensors
    ints = np.full((EPISODES, kr.EPISODE_INTS), -1, dtype=np.int64)
    ints[:, kr.E_ID] = ints[:, kr.E_COUNT] = 0
    return RegistrationState(
        x=np.zeros((EPISODES, kr.SIZE)),
        p=np.zeros((EPISODES, kr.SIZE, kr.SIZE)),
        floats=np.zeros((EPISODES, kr.EPISODE_WIDTH)),
        ints=ints,
        information=np.zeros((n, n)),
        vector=np.zeros(n),
        errors=np.zeros(n),
        covariance=np.diag(np.tile(kr.prior_of(), sensors)),
        quality=np.zeros(2 * sensors),
        audit=np.zeros((sensors, kl.AUDIT_WIDTH)),
        suspect_s=np.full(sensors, np.nan),
        named_s=np.full(sensors, np.nan),
        corrected=np.zeros(sensors, dtype=np.bool_),
        looked_s=np.full(1, -math.inf),
        cursor=np.zeros(1, dtype=np.int64),
    )


def parts_of(state: RegistrationState) -> tuple[NDArray[np.generic], ...]:
    """Return what the kernels work on, in the order of `_kernels_look.Registration`."""
    return (
        state.x, state.p, state.floats, state.ints, state.information, state.vector,
        state.errors, state.covariance, state.quality, state.audit, state.suspect_s,
        state.named_s, state.corrected, state.looked_s, state.cursor,
    )  # fmt: skip


def mark_errors(
    sensors: tuple[SensorStatus, ...], trackers: Sequence[_Holder]
) -> tuple[SensorStatus, ...]:
    """Return the states of the sensors (by roster index) with what any tracker has found of
    them: "contradicts" for those that are named and otherwise well; of the others how much they
    scatter and how often they see what is there, where that is plainly worse than stated, and
    the errors that are taken off their reports, where these matter.
    """
    found: dict[int, dict[str, Any]] = {}
    named: set[int] = set()
    for tracker in trackers:
        table = tracker.sensors
        scatters = table[:, ks.INFLATE] >= PLAINLY * PLAINLY
        misses = table[:, ks.DETECTION] * PLAINLY < table[:, ks.STATED]
        off = table[:, ks.BIAS : ks.BIAS + 4]
        matters = np.abs(off) > _MATTERS_S
        matters[:, :3] = np.abs(off[:, :3]) > MATTERS * table[:, ks.SIGMA : ks.SIGMA + 3]
        for k in (scatters | misses | matters.any(axis=1)).nonzero()[0].tolist():
            place = int(tracker.roster[k])
            if math.isfinite(tracker.registration.named_s[k]):
                named.add(place)
            range_m, azimuth, elevation, time_s = off[k].tolist()
            values = range_m, azimuth / DEG, elevation / DEG, time_s
            found[place] = {
                name: value
                for name, value, does in zip(_OFF, values, matters[k], strict=True)
                if does
            }
            if scatters[k]:
                found[place]["scatter"] = math.sqrt(table[k, ks.INFLATE])
            if misses[k]:
                found[place]["detection"] = float(table[k, ks.DETECTION])
    if not found:
        return sensors
    return tuple(
        _marked(status, found[k], k in named) if k in found else status
        for k, status in enumerate(sensors)
    )


def _marked(status: SensorStatus, found: dict[str, Any], named: bool) -> SensorStatus:
    if named:
        return replace(status, state="contradicts") if status.state == "ok" else status
    return replace(status, **found)


def sensor_errors(tracker: _Holder) -> tuple[SensorErrors, ...]:
    """Return what is known of the own errors of each of a tracker's sensors with a pose."""
    state, roster = tracker.registration, tracker.roster
    e = kr.ERRORS
    sigma = np.sqrt(np.maximum(np.diagonal(state.covariance), 0.0))
    found = []
    for k, place in enumerate(roster.tolist()):
        range_m, azimuth, elevation, time_s = state.errors[e * k : e * k + e].tolist()
        s_range, s_azimuth, s_elevation, s_time = sigma[e * k : e * k + e].tolist()
        found.append(
            SensorErrors(
                sensor=place,
                range_m=range_m,
                azimuth_rad=azimuth,
                elevation_rad=elevation,
                time_s=time_s,
                sigma_range_m=s_range,
                sigma_azimuth_rad=s_azimuth,
                sigma_elevation_rad=s_elevation,
                sigma_time_s=s_time,
                corrected=bool(state.corrected[k]),
                inconsistent_since_s=float(state.named_s[k]),
                scatter=math.sqrt(tracker.sensors[k, ks.INFLATE]),
                detection=float(tracker.sensors[k, ks.DETECTION]),
            )
        )
    return tuple(found)
