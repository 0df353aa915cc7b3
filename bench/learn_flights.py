"""Birds and multirotors in the air, and the product's tracks of them: what `learn_motion` learns from.

Three in four fly like those of a published reference scenario of tracking benches: a bird holds 8-16
m/s and is blown about to the sides, a multirotor goes at 5-18 m/s from place to place, brakes there
and waits. The others are of all sorts, so that no one kind of bird or drone is learnt by heart:
calm and restless ones, slow and fast ones, birds that change their pace or stay about a place,
multirotors that hover or fly small rounds. Every scene has sensors of its own.
"""

from dataclasses import dataclass, fields

import numpy as np

from tocsin.model import Coverage, DetectionBatch, Sensor, TrackStatus
from tocsin.track import Tracker
from tocsin.units import DEG, TAU

ORIGIN = (48.0, 11.0, 500.0)  # anywhere
METRES = 6_371_000.0 * DEG
T0_S = 1_767_225_600.0
STEP_S = 0.1
LOOK_S = 0.2
WARM_S = 20.0  # some are in the air before anybody looks
SECONDS = 95.0
EACH = 30
PLAIN = 0.75  # share that fly as in the reference
PLAIN_NOTCH = 0.4  # share of scenes with the reference's Doppler notch
NEAR_M = 150.0


@dataclass
class Things:
    """One row a thing; ways (n, w, 3): where it goes, one after the other."""

    is_drone: np.ndarray
    ways: np.ndarray
    start_s: np.ndarray
    speed: np.ndarray
    pace: np.ndarray  # how much the wanted speed drifts, m/s
    accel: np.ndarray
    climb: np.ndarray
    gust: np.ndarray  # m/s^2
    steer_s: np.ndarray
    dwell_s: np.ndarray  # where each way ends; (n, w) or the same at all, (n,)
    holds: np.ndarray  # never brakes, keeps its speed over ground

    @classmethod
    def join(cls, parts):
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


def plain(rng, n, *, is_drone):
    """Return n things as in the reference's mixed scenario."""
    extent, low, high = (3000.0, 40.0, 160.0) if is_drone else (2500.0, 20.0, 180.0)
    return Things(
        is_drone=np.full(n, is_drone),
        ways=_ways(rng, np.zeros((n, 2)), np.full(n, extent), low, high),
        start_s=rng.uniform(-WARM_S, 20.0, n),
        speed=rng.uniform(5.0, 18.0, n) if is_drone else rng.uniform(8.0, 16.0, n),
        pace=np.zeros(n),
        accel=np.full(n, 3.5 if is_drone else 5.0),
        climb=np.full(n, 4.0 if is_drone else 1.5),
        gust=np.full(n, 0.4 if is_drone else 1.2),
        steer_s=np.full(n, 1.5),
        dwell_s=rng.uniform(0.0, 8.0, n) if is_drone else np.zeros(n),
        holds=np.full(n, not is_drone),
    )


def other(rng, n, *, is_drone):
    """Return n things of all sorts."""
    home = rng.uniform(-2500.0, 2500.0, (n, 2))
    extent = np.exp(rng.uniform(np.log(60.0), np.log(3000.0), n))
    pace = np.where(rng.random(n) < 0.5, 0.0, rng.uniform(0.3, 2.0, n))
    return Things(
        is_drone=np.full(n, is_drone),
        ways=_ways(rng, home, extent, 15.0, 250.0),
        start_s=rng.uniform(-WARM_S, 20.0, n),
        speed=rng.uniform(2.0, 24.0, n) if is_drone else rng.uniform(6.0, 20.0, n),
        pace=np.zeros(n) if is_drone else pace,
        accel=rng.uniform(2.5, 6.0, n),
        climb=rng.uniform(1.0, 5.0, n),
        gust=rng.uniform(0.15, 0.7, n) if is_drone else rng.uniform(0.4, 2.0, n),
        steer_s=rng.uniform(1.0, 2.5, n),
        dwell_s=np.where(rng.random(n) < 0.6, 4.0, 60.0) * rng.random(n) * is_drone,
        holds=np.full(n, not is_drone),
    )


def _ways(rng, home, extent, low_m, high_m, count=30):
    flat = home[:, None] + extent[:, None, None] * rng.uniform(-1.0, 1.0, (len(home), count, 2))
    return np.dstack([flat, rng.uniform(low_m, high_m, (len(home), count))])


def some(rng, each):
    """Return `each` birds and as many multirotors."""
    usual = round(PLAIN * each)
    return Things.join(
        [
            make(rng, n, is_drone=is_drone)
            for is_drone in (True, False)
            for make, n in ((plain, usual), (other, each - usual))
        ]
    )


def fly(rng, things, seconds=SECONDS):
    """Return states (steps, n, 6) every STEP_S from second 0 to `seconds`, NaN before the start."""
    n, rows = len(things.speed), np.arange(len(things.speed))
    pos, leg, wait = things.ways[:, 0].copy(), np.ones(n, int), np.zeros(n)
    first = things.ways[:, 1] - things.ways[:, 0]
    vel = first / np.linalg.norm(first, axis=1, keepdims=True) * things.speed[:, None]
    dwell_s = things.dwell_s.reshape(n, -1)
    wind, pace, holds = np.zeros((n, 3)), np.zeros(n), things.holds
    keep, keep_pace = np.exp(-STEP_S / 5.0), np.exp(-STEP_S / 8.0)
    kick = np.sqrt(1.0 - keep**2) * things.gust[:, None] * np.array([1.0, 1.0, 0.3])
    out = np.full((round(seconds / STEP_S), n, 6), np.nan)
    for step in range(-round(WARM_S / STEP_S), len(out)):
        active = step * STEP_S >= things.start_s
        if step >= 0:
            out[step, active] = np.hstack([pos, vel])[active]
        to = things.ways[rows, leg % things.ways.shape[1]] - pos
        flat = np.maximum(np.linalg.norm(to[:, :2], axis=1), 1e-6)
        pace = keep_pace * pace + np.sqrt(
            1.0 - keep_pace**2
        ) * things.pace * rng.standard_normal(n)
        speed = np.maximum(things.speed + pace, 2.0)
        cruise = np.where(holds, speed, np.minimum(speed, np.maximum(1.0, flat / 2.0)))
        wanted = np.empty((n, 3))
        wanted[:, :2] = to[:, :2] / flat[:, None] * cruise[:, None]
        rise_s = np.maximum(flat / np.maximum(cruise, 1.0), 3.0)
        wanted[:, 2] = np.clip(to[:, 2] / rise_s, -things.climb, things.climb)
        wanted[wait > 0.0] = 0.0
        change = (wanted - vel) / things.steer_s[:, None]
        size = np.maximum(np.linalg.norm(change, axis=1, keepdims=True), 1e-9)
        wind = keep * wind + kick * rng.standard_normal((n, 3))
        new = vel + STEP_S * (change * np.minimum(1.0, things.accel[:, None] / size) + wind)
        ground = np.maximum(np.linalg.norm(new[:, :2], axis=1), 1e-6)
        new[:, :2] *= np.where(holds, speed / ground, 1.0)[:, None]
        reach = np.where(holds, np.maximum(30.0, 1.2 * speed**2 / things.accel), 8.0)
        pos = np.where(active[:, None], pos + 0.5 * STEP_S * (vel + new), pos)
        vel = np.where(active[:, None], new, vel)
        arrived = active & (flat < reach) & (wait <= 0.0)
        leg = leg + arrived
        wait = np.where(
            arrived, dwell_s[rows, (leg - 1) % dwell_s.shape[1]], np.maximum(0.0, wait - STEP_S)
        )
    return out


def suite(rng):
    """Return one to four radars and, in half of the scenes, one or two cameras."""
    out = []
    notch = 1.0 if rng.random() < PLAIN_NOTCH else rng.uniform(0.0, 4.0)
    for k in range(int(rng.choice([1, 2, 3, 4], p=[0.4, 0.3, 0.2, 0.1]))):
        doppler = rng.uniform(0.3, 1.1) if rng.random() < 0.9 else None
        out.append(
            _sensor(
                rng, f"radar-{k}", "radar", sigma_range_m=rng.uniform(4.0, 14.0),
                sigma_azimuth_deg=rng.uniform(0.4, 1.1), sigma_elevation_deg=rng.uniform(0.8, 2.0),
                sigma_range_rate_mps=doppler,
                scan_period_s=float(rng.choice([0.5, 1.0, 1.0, 1.05, 2.0])), max_range_m=6000.0,
                detection_probability=rng.uniform(0.8, 0.95), false_alarms_per_scan=10.0,
                min_radial_speed_mps=notch if doppler else 0.0,
            )
        )  # fmt: skip
    for k in range(int(rng.choice([0, 1, 2], p=[0.5, 0.35, 0.15]))):
        out.append(
            _sensor(
                rng, f"camera-{k}", "camera", sigma_azimuth_deg=0.1, sigma_elevation_deg=0.1,
                scan_period_s=0.5, max_range_m=rng.uniform(1000.0, 2500.0),
                detection_probability=0.8, false_alarms_per_scan=0.5,
            )
        )  # fmt: skip
    return out


def _sensor(rng, name, kind, **values):
    place = rng.uniform(-2000.0, 2000.0, 2)
    lat = ORIGIN[0] + place[1] / METRES
    lon = ORIGIN[1] + place[0] / (METRES * np.cos(ORIGIN[0] * DEG))
    return Sensor(
        id=name, kind=kind, lat=lat, lon=lon, alt_m=ORIGIN[2] + rng.uniform(3.0, 20.0),
        min_range_m=50.0, elevation_min_deg=-3.0, elevation_max_deg=60.0,
        phase_s=float(rng.uniform(0.0, 0.5)), **values,
    )  # fmt: skip


def look(rng, sensor, place_m, states, at_s, index):
    """Return what a sensor reports of states (n, 6) that are there, and false alarms."""
    rel, vel = states[:, :3] - place_m, states[:, 3:]
    away = np.linalg.norm(rel, axis=1)
    flat = np.hypot(rel[:, 0], rel[:, 1])
    rate = (rel * vel).sum(1) / away
    seen = (away < sensor.max_range_m) & (rng.random(len(rel)) < sensor.detection_probability)
    if sensor.min_radial_speed_mps:
        seen &= np.abs(rate) >= sensor.min_radial_speed_mps
    false = rng.poisson(sensor.false_alarms_per_scan)
    n = int(seen.sum()) + false
    batch = DetectionBatch.blank(n)
    batch.time_s[:] = batch.arrival_s[:] = T0_S + at_s
    batch.sensor[:] = index

    def measured(true, low, high, sigma):
        return np.concatenate(
            [true[seen] + sigma * rng.standard_normal(n - false), rng.uniform(low, high, false)]
        )

    azimuth = measured(
        np.arctan2(rel[:, 0], rel[:, 1]), 0.0, TAU, sensor.sigma_azimuth_deg * DEG
    )
    batch.azimuth_rad[:] = azimuth % TAU
    batch.elevation_rad[:] = measured(
        np.arctan2(rel[:, 2], flat), -0.05, 1.0, sensor.sigma_elevation_deg * DEG
    )
    if sensor.sigma_range_m:
        far = sensor.max_range_m
        batch.range_m[:] = np.maximum(measured(away, 50.0, far, sensor.sigma_range_m), 1.0)
    if sensor.sigma_range_rate_mps:
        batch.range_rate_mps[:] = measured(rate, -120.0, 120.0, sensor.sigma_range_rate_mps)
    return batch


def play(seed):
    """Yield (now_s, TrackTable, truth, sensors) of one scene every LOOK_S: its own sensors and things.

    truth (n,): 1 a drone, 0 a bird, -1 nothing that it has been nearest to all along.
    """
    rng = np.random.default_rng([seed, 20])
    things = some(rng, EACH)
    states, sensors = fly(rng, things), suite(rng)
    tracker, owner = Tracker(sensors, origin_deg_m=ORIGIN), {}
    places = [_place(s) for s in sensors]
    looks = sorted(
        (float(t), k) for k, s in enumerate(sensors) for t in np.arange(s.phase_s, SECONDS - 1.0, s.scan_period_s)
    )  # fmt: skip
    nothing = DetectionBatch.blank(0)
    for step in range(1, round((SECONDS - 1.0) / LOOK_S)):
        at_s = round(step * LOOK_S, 3)
        while looks and looks[0][0] <= at_s:
            time_s, k = looks.pop(0)
            batch = look(rng, sensors[k], places[k], _at(states, time_s), time_s, k)
            whole = Coverage(k, T0_S + time_s - 1e-3, T0_S + time_s + 1e-3, 0.0, TAU, True)
            tracker.step(batch, (whole,), now_s=T0_S + time_s)
        table = tracker.step(nothing, now_s=T0_S + at_s)
        table = table.take(table.status != TrackStatus.TENTATIVE)
        yield T0_S + at_s, table, _truth(table, states[step * 2], things, owner), sensors


def _at(states, time_s):
    """Return the states at a time, of those that are there."""
    k = int(time_s / STEP_S)
    share = time_s / STEP_S - k
    mixed = (1.0 - share) * states[k] + share * states[k + 1]
    return mixed[np.isfinite(mixed[:, 0])]


def _place(sensor):
    return np.array(
        [
            (sensor.lon - ORIGIN[1]) * METRES * np.cos(ORIGIN[0] * DEG),
            (sensor.lat - ORIGIN[0]) * METRES,
            sensor.alt_m - ORIGIN[2],
        ]
    )


def _truth(table, states, things, owner):
    out = np.full(len(table), -1)
    place = np.where(np.isfinite(states[:, :3]), states[:, :3], 1e9)
    for row, track in enumerate(table.track_id.tolist()):
        off_m = np.linalg.norm(place - table.state[row, :3], axis=1)
        nearest = int(off_m.argmin())
        mine = owner.setdefault(track, nearest if off_m[nearest] <= NEAR_M else -1)
        if mine < 0 or nearest != mine or off_m[mine] > NEAR_M:
            owner[track] = -1
        else:
            out[row] = things.is_drone[mine]
    return out
