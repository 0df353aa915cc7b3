"""The sensors' own errors: learnt from common tracks, taken off, and who contradicts whom.

Every other second the episodes (see `_kernels_registration`) are dealt out to confirmed tracks
that two or more sensors hold, and the errors of all sensors are solved together with what is
known beforehand. A sensor is corrected once its errors stand out from their own uncertainty and
are
large enough to matter beside its stated noise; the correction moves no faster than RATE. Errors
that nobody's sensor has are not believed: such a sensor is named as inconsistent, weighed down,
begins no track, and its correction stays where it was. So is one that misses what others hold
and reports about as much elsewhere, and one that scatters far more than it states.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tocsin.model import SensorStatus
from tocsin.sensor import _kernels as ks
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_registration as kr
from tocsin.units import DEG

__all__ = [
    "RegistrationState",
    "SensorErrors",
    "follow_into",
    "mark_inconsistent",
    "open_registration",
    "sensor_errors",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EPISODES = 12  # tracks followed at a time
TIES = 1024  # that one call of the kernels can note; more are not needed and not kept
LONGEST_S = 40.0  # of an episode: longer ones tell little more, and a manoeuvre ends them
DUE_S = 2.0  # between two looks at the whole
IDLE_S = 10.0  # an episode whose track nobody has seen for so long ends
HALF_LIFE_S = 1800.0  # mounts settle, clocks drift: what was learnt counts half after so long
# One sigma of what an error may be before anything is learnt: mounts of radars and cameras that
# were levelled and turned north by hand, clocks set by the network.
PRIOR_SIGMA = (25.0, 1.0 * DEG, 1.0 * DEG, 0.1)
RATE = 0.25  # of the prior sigma a second: how fast a correction moves
BELIEVED = 5.0  # prior sigmas; larger errors are no mounting errors
SURE = 30.0  # squared Mahalanobis length (chi-square, 4: one in 200,000) to begin to correct
UNSURE = 15.0  # and to leave it
MATTERS = 0.25  # of the sensor's own sigma: smaller errors change no picture
PATIENCE_S = 10.0  # a sensor is named once it has contradicted the others for so long
SCATTER = 9.0  # mean squared normalised innovation: three times the stated noise
WEIGHED_DOWN = 25.0  # factor of the variances of a sensor that contradicts the others


@dataclass(slots=True)
class RegistrationState:
    """Episodes (state, covariance, times, track id with count and sensors), the sum of those
    that have ended (information, vector; ERRORS rows a sensor), the errors solved with their
    covariance, quality (squared innovations and their number by sensor), audit (see
    `_kernels_layout`), since when each sensor contradicts the others and is named for it (NaN:
    it is not), which are being corrected, and when the whole was looked at last.
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
    cursor: int
    looked_s: float


class _Holder(Protocol):
    """What has a registration: a tracker's state."""

    registration: RegistrationState
    roster: Ints


@dataclass(frozen=True, slots=True)
class SensorErrors:
    """What is known of one sensor's own errors; each with one standard deviation.

    range m and azimuth, elevation rad as it reports too much; time s as it stamps too late.
    corrected: whether they are taken off its plots; inconsistent_since_s: NaN where it agrees
    with the others.
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
        covariance=np.diag(np.tile(_prior(), sensors)),
        quality=np.zeros(2 * sensors),
        audit=np.zeros((sensors, kl.AUDIT_WIDTH)),
        suspect_s=np.full(sensors, np.nan),
        named_s=np.full(sensors, np.nan),
        corrected=np.zeros(sensors, dtype=np.bool_),
        cursor=0,
        looked_s=-math.inf,
    )


def _prior() -> Floats:
    return np.array([s * s for s in PRIOR_SIGMA])


def follow_into(
    state: RegistrationState, sensors: Floats, tracks: Floats, ints: Ints, counters: Ints,
    ties: Floats, time_s: float,
) -> None:  # fmt: skip
    """Take what the kernels noted in `ties`, and look at the whole once it is due.

    sensors: the packed table, whose corrections and weights are set here; tracks, ints: rows
    of the tracker, of which those followed are marked.
    """
    count = int(counters[kl.TIES])
    if count:
        counters[kl.TIES] = 0
        kr.take_into(
            state.x, state.p, state.floats, state.ints, sensors, ties, count, _prior(),
            state.quality, state.information, state.vector, LONGEST_S,
        )  # fmt: skip
    if not time_s - state.looked_s >= DUE_S:
        return
    gap_s = min(time_s - state.looked_s, 10.0) if math.isfinite(state.looked_s) else DUE_S
    state.looked_s = time_s
    live = int(counters[kl.LIVE])
    _deal_into(state, tracks, ints, live, time_s)
    if state.ints[:, kr.E_COUNT].any() or state.vector.any():
        _solve_into(state, gap_s)
        _correct_into(state, sensors, gap_s)
    _name_into(state, sensors, time_s)


def _deal_into(
    state: RegistrationState, tracks: Floats, ints: Ints, live: int, time_s: float
) -> None:
    """End the episodes of tracks that are gone or idle, and give the free ones new tracks."""
    ids = ints[:live, kl.ID]
    held = ints[:live, kl.SENSORS]
    common = (ints[:live, kl.STATUS] == kl.CONFIRMED) & ((held & (held - 1)) != 0)
    place = {track: row for row, track in enumerate(ids.tolist())}
    prior = _prior()
    for m in range(EPISODES):
        track = int(state.ints[m, kr.E_ID])
        if not track:
            continue
        row = place.get(track)
        if row is not None and time_s - tracks[row, kl.UPDATED_S] <= IDLE_S:
            continue
        if state.ints[m, kr.E_COUNT]:
            share = kr.share_of(state.ints, m, state.quality)
            kr.harvest_into(
                state.x, state.p, state.ints, m, prior, state.information, state.vector, share
            )
        kr.clear_into(state.ints, m)
        state.ints[m, kr.E_ID] = 0
    followed = dict.fromkeys(state.ints[:, kr.E_ID].tolist())
    free = [m for m in range(EPISODES) if not state.ints[m, kr.E_ID]]
    wanted = [t for t in ids[common].tolist() if t not in followed]
    # In turn: those after the cursor first, so that every common track is heard.
    wanted = [t for t in wanted if t > state.cursor] + [t for t in wanted if t <= state.cursor]
    for m, track in zip(free, wanted):
        kr.clear_into(state.ints, m)
        state.ints[m, kr.E_ID] = track
        state.cursor = track
    kr.mark_into(ints, live, kl.ID, kl.FOLLOWED, state.ints)


def _solve_into(state: RegistrationState, gap_s: float) -> None:
    """The errors of all sensors, from ended and running episodes together."""
    fade = 1.0 / (1.0 + math.log(2.0) * gap_s / HALF_LIFE_S)
    state.information *= fade
    state.vector *= fade
    state.quality *= 1.0 / (1.0 + gap_s / 60.0)
    information, vector, prior = state.information.copy(), state.vector.copy(), _prior()
    for m in np.flatnonzero(state.ints[:, kr.E_COUNT]).tolist():
        share = kr.share_of(state.ints, m, state.quality)
        kr.harvest_into(state.x, state.p, state.ints, m, prior, information, vector, share)
    covariance, errors = np.empty_like(state.covariance), np.empty_like(state.errors)
    if kr.solve_errors_into(information, vector, prior, covariance, errors):
        state.covariance, state.errors = covariance, errors


def _correct_into(state: RegistrationState, sensors: Floats, gap_s: float) -> None:
    """Move the corrections towards the errors, for all sensors once any stands out."""
    count = len(sensors)
    e = kr.ERRORS
    prior = np.array(PRIOR_SIGMA)
    large = (
        np.abs(state.errors.reshape(-1, e)[:, :3])
        > MATTERS * sensors[:, ks.SIGMA : ks.SIGMA + 3]
    )
    late = np.abs(state.errors[3::e]) > 0.5 * prior[3]
    if not (large.any() or late.any() or state.corrected.any()):
        return
    stands_out = np.zeros(count, dtype=np.bool_)
    for k in range(count):
        limit = UNSURE if state.corrected[k] else SURE
        if large[k].any() or late[k]:
            stands_out[k] = kr.weight_of(state.covariance, state.errors, k) > limit
    any_out = bool(stands_out.any())
    for k in range(count):
        own = state.errors[e * k : e * k + e]
        if (np.abs(own) > BELIEVED * prior).any():
            continue  # frozen: see `_name_into`
        state.corrected[k] = any_out
        goal = own.copy() if any_out else np.zeros(e)
        if abs(goal[3]) < 3.0 * math.sqrt(max(state.covariance[e * k + 3, e * k + 3], 0.0)):
            goal[3] = 0.0  # clocks are mostly right; a wrong correction costs more than none
        step = RATE * gap_s * prior
        now = sensors[k, ks.BIAS : ks.BIAS + e]
        sensors[k, ks.BIAS : ks.BIAS + e] = now + np.minimum(
            np.maximum(goal - now, -step), step
        )


def _name_into(state: RegistrationState, sensors: Floats, time_s: float) -> None:
    """Name the sensors that contradict the others, and those no longer."""
    prior = np.array(PRIOR_SIGMA)
    wild = (np.abs(state.errors.reshape(-1, kr.ERRORS)) > BELIEVED * prior).any(axis=1)
    scattered = state.quality[1::2] > 60.0
    scattered &= state.quality[::2] > 0.5 * SCATTER * state.quality[1::2]
    missing = state.audit[:, kl.A_SEEN] <= 0.6 * state.audit[:, kl.A_EXPECTED]
    missing &= state.audit[:, kl.A_EXPECTED] >= 8.0
    doubtful = wild | scattered | missing | np.isfinite(state.suspect_s)
    if not doubtful.any():
        return
    for k in range(len(sensors)):
        named = math.isfinite(state.named_s[k])
        if not _contradicts(state, k, named=named):
            state.suspect_s[k] = state.named_s[k] = math.nan
            sensors[k, ks.INFLATE] = 1.0
            continue
        if not math.isfinite(state.suspect_s[k]):
            state.suspect_s[k] = time_s
        if not named and time_s - state.suspect_s[k] >= PATIENCE_S:
            state.named_s[k] = time_s
            sensors[k, ks.INFLATE] = WEIGHED_DOWN


def _contradicts(state: RegistrationState, k: int, *, named: bool) -> bool:
    own = state.errors[kr.ERRORS * k : kr.ERRORS * (k + 1)]
    if (np.abs(own) > BELIEVED * np.array(PRIOR_SIGMA)).any():
        return True
    total, number = state.quality[2 * k : 2 * k + 2].tolist()
    if number > 60.0 and total > (0.5 * SCATTER if named else SCATTER) * number:
        return True
    expected, seen, plots, shared, false = state.audit[k, : kl.A_END_S].tolist()
    if expected < 8.0:
        return named
    if seen > (0.6 if named else 0.3) * expected:
        return False
    if named:
        return True  # silence is no proof of having come to agree
    elsewhere = plots - shared - false
    return bool(elsewhere > 0.5 * (expected - seen) + 3.0 * math.sqrt(false + 1.0))


def mark_inconsistent(
    sensors: tuple[SensorStatus, ...], trackers: Sequence[_Holder]
) -> tuple[SensorStatus, ...]:
    """Return the states of the sensors (by roster index) with "contradicts" for those that any
    tracker has named and that are otherwise well.
    """
    named: dict[int, bool] = {}
    for tracker in trackers:
        rows = np.flatnonzero(np.isfinite(tracker.registration.named_s))
        named.update(dict.fromkeys(tracker.roster[rows].tolist(), True))
    if not named:
        return sensors
    return tuple(
        replace(status, state="contradicts") if k in named and status.state == "ok" else status
        for k, status in enumerate(sensors)
    )


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
            )
        )
    return tuple(found)
