"""Made-up inbound flights with bends, and when each truly enters the zone."""

import numpy as np
from tests.identity.flights import GRID_S

ZONE_AT = np.array([300.0, -200.0])
ZONE_RADIUS_M = 700.0


def ring(east, north, radius_m, corners=32):
    angle = np.arange(corners) * 2 * np.pi / corners
    points = np.column_stack(
        [east + radius_m * np.cos(angle), north + radius_m * np.sin(angle)]
    )
    return tuple((float(e), float(n)) for e, n in points)


def raid(n, rng):
    """Return states (steps, n, 6) every 0.2 s and the second of entry (NaN: none).

    12 to 60 m/s, from 5 to 20 km, through up to four bends of up to 900 m, in gusts.
    """
    speed, away = rng.uniform(12, 60, n), rng.uniform(5000, 20000, n)
    bearing, height = rng.uniform(0, 2 * np.pi, n), rng.uniform(60, 400, n)
    pos = np.column_stack([away * np.sin(bearing), away * np.cos(bearing)])
    ways = [_way(pos[i], ZONE_AT + rng.normal(0, 200, 2), rng) for i in range(n)]
    last = np.array([len(way) - 1 for way in ways])
    steps = int((away * 1.5 / speed).max() / GRID_S)
    out, arrival = np.zeros((steps, n, 6)), np.full(n, np.nan)
    leg, wind, keep = np.zeros(n, int), np.zeros((n, 2)), np.exp(-GRID_S / 5.0)
    first = np.array([way[0] for way in ways]) - pos
    vel = first / np.linalg.norm(first, axis=1, keepdims=True) * speed[:, None]
    for k in range(steps):
        out[k, :, :2], out[k, :, 2], out[k, :, 3:5] = pos, height, vel
        inside = np.linalg.norm(pos - ZONE_AT, axis=1) <= ZONE_RADIUS_M
        arrival = np.where(inside & np.isnan(arrival), k * GRID_S, arrival)
        to = np.array([way[at] for way, at in zip(ways, leg)]) - pos
        far = np.linalg.norm(to, axis=1)
        wind = keep * wind + np.sqrt(1 - keep**2) * 0.2 * rng.standard_normal((n, 2))
        change = (to / np.maximum(far, 1)[:, None] * speed[:, None] - vel) / 1.5
        size = np.linalg.norm(change, axis=1, keepdims=True)
        vel = vel + GRID_S * (change * np.minimum(1, 4 / np.maximum(size, 1e-9)) + wind)
        vel *= (speed / np.linalg.norm(vel, axis=1))[:, None]
        pos = pos + vel * GRID_S
        leg = np.minimum(leg + (far < np.maximum(30, 0.3 * speed**2)), last)
    return out, arrival


def _way(start, end, rng):
    share = np.linspace(0, 1, rng.integers(0, 5) + 2)[1:-1, None]
    swing = rng.uniform(0, 900) * (1 - share) * rng.normal(0, 1, (len(share), 2))
    return np.vstack([start + (end - start) * share + swing, end])
