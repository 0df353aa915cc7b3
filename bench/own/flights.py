"""Targets of four kinds on paths through waypoints, flown together."""

from dataclasses import dataclass

import numpy as np

KINDS = ("fixed_wing", "quadcopter", "bird", "aircraft")
STEP_S = 0.1
# speeds m/s, greatest acceleration and climb, gusts (one sigma of acceleration), brakes at turns
LIMITS = {
    "fixed_wing": ((45.0, 55.0), 4.0, 5.0, 0.15, False),
    "quadcopter": ((6.0, 17.0), 3.5, 4.0, 0.4, True),
    "bird": ((8.0, 16.0), 5.0, 1.5, 1.0, False),
    "aircraft": ((65.0, 110.0), 3.0, 6.0, 0.05, False),
}
REACT_S = 1.5  # in which a wanted change of velocity is begun
GUST_S = 5.0  # correlation time


@dataclass
class Target:
    """One flight: kind, waypoints (w, 3) in metres, begin and rest at each waypoint in s."""

    kind: str
    waypoints: np.ndarray
    speed_mps: float
    begin_s: float = 0.0
    rest_s: float = 0.0


def target(rng, kind, waypoints, *, speed_mps=None, begin_s=0.0, rest_s=0.0):
    speed = rng.uniform(*LIMITS[kind][0]) if speed_mps is None else speed_mps
    return Target(kind, np.asarray(waypoints, dtype=float), float(speed), begin_s, rest_s)


def fly(rng, targets, duration_s):
    """Return states (steps, n, 6) every STEP_S and who is in the air (steps, n)."""
    n, steps = len(targets), round(duration_s / STEP_S) + 1
    states, there = np.zeros((steps, n, 6)), np.zeros((steps, n), dtype=bool)
    most = max(len(t.waypoints) for t in targets)
    ways = np.stack([
        np.vstack([t.waypoints, np.repeat(t.waypoints[-1:], most - len(t.waypoints), axis=0)])
        for t in targets
    ])  # fmt: skip
    count = np.array([len(t.waypoints) for t in targets])
    limits = [LIMITS[t.kind] for t in targets]
    accel, climb, gust = (np.array([limit[c] for limit in limits]) for c in (1, 2, 3))
    brakes = np.array([limit[4] for limit in limits])
    speed, begin, rest = (
        np.array([getattr(t, name) for t in targets])
        for name in ("speed_mps", "begin_s", "rest_s")
    )
    place, leg, waits = ways[:, 0].copy(), np.ones(n, dtype=int), np.zeros(n)
    out = ways[:, 1] - ways[:, 0]
    velocity = out / np.linalg.norm(out, axis=1, keepdims=True) * speed[:, None]
    wind, keep = np.zeros((n, 3)), np.exp(-STEP_S / GUST_S)
    reach = np.where(brakes, 8.0, np.maximum(30.0, 1.2 * speed**2 / accel))
    for k in range(steps):
        flying = (k * STEP_S >= begin) & (leg < count)
        states[k, :, :3], states[k, :, 3:], there[k] = place, velocity, flying
        ahead = ways[np.arange(n), np.minimum(leg, most - 1)] - place
        ground = np.maximum(np.linalg.norm(ahead[:, :2], axis=1), 1e-6)
        cruise = np.where(brakes, np.minimum(speed, np.maximum(ground / 2.0, 1.0)), speed)
        wanted = ahead * (cruise / ground)[:, None]
        wanted[:, 2] = np.clip(wanted[:, 2], -climb, climb)
        wanted[waits > 0.0] = 0.0
        push = (wanted - velocity) / REACT_S
        size = np.linalg.norm(push, axis=1)
        push *= np.minimum(1.0, accel / np.maximum(size, 1e-9))[:, None]
        shake = rng.standard_normal((n, 3)) * [1.0, 1.0, 0.3]
        wind = keep * wind + np.sqrt(1.0 - keep**2) * gust[:, None] * shake
        new = velocity + (push + wind) * STEP_S
        flat = np.maximum(np.linalg.norm(new[:, :2], axis=1), 1e-6)
        new[:, :2] *= np.where(brakes, 1.0, speed / flat)[
            :, None
        ]  # what has wings keeps its speed
        place = np.where(flying[:, None], place + 0.5 * (velocity + new) * STEP_S, place)
        velocity = np.where(flying[:, None], new, velocity)
        behind = (ahead[:, :2] * velocity[:, :2]).sum(axis=1) < 0.0
        there_now = (
            flying & (waits <= 0.0) & ((ground < reach) | (behind & (ground < 2 * reach)))
        )
        leg, waits = leg + there_now, np.where(there_now, rest, np.maximum(waits - STEP_S, 0.0))
    return states, there


def at_time(states, there, at_s):
    """Return states (n, 6) at a time between steps, and who is in the air."""
    k = min(int(at_s / STEP_S), len(states) - 2)
    u = at_s / STEP_S - k
    one, two = states[k], states[k + 1]
    h = STEP_S
    place = (
        (2 * u**3 - 3 * u**2 + 1) * one[:, :3] + (u**3 - 2 * u**2 + u) * h * one[:, 3:]
        + (3 * u**2 - 2 * u**3) * two[:, :3] + (u**3 - u**2) * h * two[:, 3:]
    )  # fmt: skip
    return np.hstack([place, (1 - u) * one[:, 3:] + u * two[:, 3:]]), there[k] & there[k + 1]
