"""Made-up flights of each kind of thing, and what a simple filter makes of noisy fixes of them.

Motion: a thing steers its velocity towards a wanted one within 1.5 s and its acceleration
limit, and gusts (a first-order process with 5 s correlation time) push it. Fixes come once a
second with normal errors; a constant-velocity Kalman filter follows them, its table is
predicted to the assessment grid of 0.2 s, as the product's tracker does.
"""

from dataclasses import dataclass

import numpy as np

from tocsin.model import TrackStatus, TrackTable

GRID_S = 0.2
T0_S = 1_767_225_600.0


@dataclass(frozen=True)
class Kind:
    speed: tuple[float, float]
    height: tuple[float, float]
    accel: float
    gust: tuple[float, float]
    leg_s: tuple[float, float]
    bend_rad: float
    dwell: float = 0.0
    holds_speed: bool = True


KINDS = {
    "multirotor": Kind((5, 18), (40, 160), 3.5, (0.2, 0.5), (10, 150), 2.0, 0.5, False),
    "one_way": Kind((42, 51), (100, 400), 4.0, (0.05, 0.25), (60, 200), 0.25),
    "small_wing": Kind((16, 30), (60, 250), 4.0, (0.1, 0.4), (30, 120), 0.8),
    "bird": Kind((8, 16), (20, 180), 5.0, (0.8, 1.6), (15, 150), 1.5),
    "light_aircraft": Kind((50, 68), (400, 1500), 3.0, (0.03, 0.1), (100, 400), 0.5),
    "airliner": Kind((200, 250), (8500, 11500), 3.0, (0.02, 0.05), (300, 900), 0.2),
}


def fly(kind: str, n: int, seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return states (steps, n, 6) every 0.2 s; they start 3-6 km from the origin."""
    k = KINDS[kind]
    speed, height = rng.uniform(*k.speed, n), rng.uniform(*k.height, n)
    gust, course = rng.uniform(*k.gust, n), rng.uniform(0, 2 * np.pi, n)
    bearing, away = rng.uniform(0, 2 * np.pi, n), rng.uniform(3000, 6000, n)
    pos = np.column_stack([away * np.sin(bearing), away * np.cos(bearing), height])
    vel = np.column_stack([speed * np.sin(course), speed * np.cos(course), np.zeros(n)])
    wind, left, pause = np.zeros((n, 3)), rng.uniform(*k.leg_s, n), np.zeros(n)
    keep = np.exp(-GRID_S / 5.0)
    out = np.empty((round(seconds / GRID_S), n, 6))
    for step in range(len(out)):
        out[step, :, :3], out[step, :, 3:] = pos, vel
        left -= GRID_S
        turn = left < 0
        course = np.where(turn, course + rng.normal(0, k.bend_rad, n), course)
        left = np.where(turn, rng.uniform(*k.leg_s, n), left)
        stops = turn & (rng.random(n) < k.dwell)
        pause = np.where(stops, rng.uniform(2, 15, n), np.maximum(0, pause - GRID_S))
        wanted = np.column_stack([speed * np.sin(course), speed * np.cos(course), np.zeros(n)])
        wanted[pause > 0] = 0
        change = (wanted - vel) / 1.5
        size = np.linalg.norm(change, axis=1, keepdims=True)
        wind = keep * wind + np.sqrt(1 - keep**2) * gust[:, None] * [
            1,
            1,
            0.3,
        ] * rng.standard_normal((n, 3))
        new = vel + GRID_S * (change * np.minimum(1, k.accel / np.maximum(size, 1e-9)) + wind)
        if k.holds_speed:
            ground = np.linalg.norm(new[:, :2], axis=1)
            new[:, :2] *= (speed / np.maximum(ground, 1e-6))[:, None]
        pos = pos + 0.5 * (vel + new) * GRID_S
        vel = new
    return out


def blank_table(n: int, now_s: float) -> TrackTable:
    table = TrackTable.blank(n)
    table.track_id = np.arange(1, n + 1)
    table.status[:] = TrackStatus.CONFIRMED
    table.existence[:] = 1.0
    table.time_s[:] = table.updated_s[:] = now_s
    table.born_s[:] = table.first_seen_s[:] = T0_S
    table.covariance[:] = np.diag([64.0, 64.0, 100.0, 1.0, 1.0, 0.5])
    return table


def place(
    table: TrackTable, lat: float = 48.0, lon: float = 11.0, alt_m: float = 500.0
) -> None:
    """Fill the geodetic columns, near enough for gates of tens of metres near the origin."""
    metres = 6_371_000.0 * np.pi / 180
    table.lat_deg[:] = lat + table.state[:, 1] / metres
    table.lon_deg[:] = lon + table.state[:, 0] / (metres * np.cos(np.radians(lat)))
    table.alt_m[:] = alt_m + table.state[:, 2]


def follow(states: np.ndarray, rng: np.random.Generator, sigma_m=(6.0, 25.0), q=1.0):
    """Yield (now_s, TrackTable) on the grid: a Kalman filter (n, 6) on fixes at 1 Hz."""
    steps, n, _ = states.shape
    sigma = np.column_stack(
        [np.repeat(rng.uniform(*sigma_m, (n, 1)), 2, axis=1), rng.uniform(10, 40, n)]
    )
    mean = np.zeros((n, 6))
    cov = np.zeros((n, 6, 6))
    each = round(1.0 / GRID_S)
    qs = np.array([q, q, 0.05])
    for step in range(steps):
        now_s = T0_S + (step + 1) * GRID_S
        if step == 0:
            mean[:, :3] = states[0, :, :3] + sigma * rng.standard_normal((n, 3))
            for a in range(3):
                cov[:, a, a] = sigma[:, a] ** 2
                cov[:, a + 3, a + 3] = [400.0, 400.0, 9.0][a]
            # a radar's Doppler gives the velocity at birth some sense
            mean[:, 3:5] = states[0, :, 3:5] + rng.normal(0, 8, (n, 2))
        else:
            _predict(mean, cov, qs)
        if step and step % each == 0:
            _update(mean, cov, states[step, :, :3] + sigma * rng.standard_normal((n, 3)), sigma)
        table = blank_table(n, now_s)
        table.state[:] = mean
        table.covariance[:] = cov
        place(table)
        yield now_s, table


def _predict(mean, cov, qs):
    t = GRID_S
    mean[:, :3] += t * mean[:, 3:]
    for a in range(3):
        b = a + 3
        paa, pab, pbb = cov[:, a, a].copy(), cov[:, a, b].copy(), cov[:, b, b].copy()
        cov[:, a, a] = paa + 2 * t * pab + t * t * pbb + qs[a] * t**3 / 3
        cov[:, a, b] = cov[:, b, a] = pab + t * pbb + qs[a] * t**2 / 2
        cov[:, b, b] = pbb + qs[a] * t


def _update(mean, cov, fix, sigma):
    for a in range(3):
        b = a + 3
        paa, pab, pbb = cov[:, a, a].copy(), cov[:, a, b].copy(), cov[:, b, b].copy()
        s = paa + sigma[:, a] ** 2
        ka, kb = paa / s, pab / s
        r = fix[:, a] - mean[:, a]
        mean[:, a] += ka * r
        mean[:, b] += kb * r
        cov[:, a, a] = (1 - ka) * paa
        cov[:, a, b] = cov[:, b, a] = (1 - ka) * pab
        cov[:, b, b] = pbb - kb * pab
