"""The way of a drone that does not fly straight: bends, another zone, a wait, a new pace."""

import itertools
import math

from tocsin.sim.draws import Draws, Use
from tocsin.sim.scenario import Approach

__all__ = ["Way", "is_straight", "turned_off", "way_of"]

Point = tuple[float, float]
Way = tuple[tuple[float, float, float, float], ...]

# Draws of a path below 20 are those of every approach, see `sim.paths`.
_TURN, _PACE, _WAIT, _SIDE, _BEND = 20, 21, 22, 23, 30
_CORNERS = 8  # of a circle flown: `smooth_s` rounds them


def is_straight(drone: Approach) -> bool:
    """Tell whether an approach asks for nothing that this module adds."""
    return not (
        drone.bends or drone.by_zone or drone.wait_s[1] > 0.0 or drone.pace != (1.0, 1.0)
    )


def turned_off(drone: Approach, key: int, draws: Draws, start: Point, over: Point) -> Point:
    """Return where a drone that flies at `over` turns off, turn_m before it."""
    far_m = math.dist(start, over)
    share = 1.0 - min(draws.between(key, _TURN, *drone.turn_m) / far_m, 0.9)
    return (
        start[0] + share * (over[0] - start[0]),
        start[1] + share * (over[1] - start[1]),
    )


def way_of(
    drone: Approach, key: int, draws: Draws, start_s: float, points: list[Point], *,
    speed_mps: float, height_m: float,
) -> Way:  # fmt: skip
    """Return (time s, east m, north m, height m) of each waypoint.

    points: where it begins, where it turns off to its aim (if it flies at another zone first),
    and its aim.
    """
    plan = [*_bent(drone, key, draws, points[0], points[1]), *points[2:]]
    left_m = draws.between(key, _TURN, *drone.turn_m)
    before, after = _split(plan, left_m if len(points) == 2 else math.dist(*points[1:]))
    mps = [speed_mps] * (len(before) - 1)
    wait_s = draws.between(key, _WAIT, *drone.wait_s)
    pause_s = 0.0
    if drone.wait_m > 0.0:
        laps = _circle(drone, key, draws, before, round(wait_s * speed_mps / drone.wait_m))
        before, mps = [*before, *laps], mps + [speed_mps] * len(laps)
    else:
        pause_s = wait_s
    pace = draws.between(key, _PACE, *drone.pace)
    at_s = start_s
    timed = [(at_s, *before[0])]
    for (a, b), v in zip(itertools.pairwise(before), mps):
        at_s += math.dist(a, b) / v
        timed.append((at_s, *b))
    if pause_s:
        at_s += pause_s
        timed.append((at_s, *before[-1]))
    for a, b in itertools.pairwise([before[-1], *after]):
        at_s += math.dist(a, b) / (speed_mps * pace)
        timed.append((at_s, *b))
    return _descended(timed, drone.descent_m, height_m)


def _bent(drone: Approach, key: int, draws: Draws, a: Point, b: Point) -> list[Point]:
    """Return a, the bends and b: evenly along the line, each off it by a normal of swing_m that
    shrinks to nothing at b.
    """
    out = [a]
    for k in range(drone.bends):
        share = (k + 1) / (drone.bends + 1)
        east, north = draws.normals(key, _BEND + k, Use.PATH)[0]
        swing_m = drone.swing_m * (1.0 - share)
        out.append(
            (
                a[0] + share * (b[0] - a[0]) + swing_m * float(east),
                a[1] + share * (b[1] - a[1]) + swing_m * float(north),
            )
        )
    return [*out, b]


def _split(plan: list[Point], left_m: float) -> tuple[list[Point], list[Point]]:
    """Return the way up to the place from which left_m are left, that place being its end, and
    the rest; where the way is shorter, at its middle.
    """
    legs = [math.dist(a, b) for a, b in itertools.pairwise(plan)]
    go_m = sum(legs) - left_m
    go_m = go_m if go_m > 0.0 else 0.5 * sum(legs)
    for k, leg_m in enumerate(legs):
        if go_m < leg_m or k == len(legs) - 1:
            share = min(go_m / leg_m, 1.0 - 1e-6) if leg_m else 0.0
            a, b = plan[k], plan[k + 1]
            here = (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))
            first = plan[: k + 1] if share > 0.0 else plan[:k] or plan[:1]
            return [*first, here], plan[k + 1 :]
        go_m -= leg_m
    raise AssertionError("a way has at least one leg")


def _circle(
    drone: Approach, key: int, draws: Draws, before: list[Point], rounds: int
) -> list[Point]:
    """Return the corners of whole circles of wait_m round beside the way's end."""
    (ae, an), (be, bn) = before[-2], before[-1]
    length = math.dist((ae, an), (be, bn)) or 1.0
    side = 1.0 if draws.between(key, _SIDE, 0.0, 1.0) < 0.5 else -1.0
    radius_m = drone.wait_m / math.tau
    centre = (
        be - side * radius_m * (bn - an) / length,
        bn + side * radius_m * (be - ae) / length,
    )
    from_rad = math.atan2(bn - centre[1], be - centre[0])
    return [
        (
            centre[0] + radius_m * math.cos(from_rad + side * math.tau * k / _CORNERS),
            centre[1] + radius_m * math.sin(from_rad + side * math.tau * k / _CORNERS),
        )
        for k in range(1, _CORNERS * max(rounds, 1) + 1)
    ]


def _descended(
    timed: list[tuple[float, float, float]], descent_m: float, height_m: float
) -> Way:
    """Put in the heights: level until descent_m are left, then down to the ground."""
    left_m = 0.0
    back = [(*timed[-1], 1.0)]
    down = False
    for now, then in itertools.pairwise(reversed(timed)):
        leg_m = math.dist(now[1:], then[1:])
        if not down and left_m + leg_m >= descent_m:
            share = (descent_m - left_m) / leg_m
            s, e, n = (x + share * (y - x) for x, y in zip(now, then))
            if 0.0 < share < 1.0:
                back.append((s, e, n, height_m))
            down = True
        left_m += leg_m
        sinking = 1.0 + (height_m - 1.0) * min(left_m / descent_m, 1.0)
        back.append((*then, height_m if down else sinking))
    return tuple(reversed(back))
