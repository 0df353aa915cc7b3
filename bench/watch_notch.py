"""What a radar with a Doppler notch makes of simulated birds and multirotors, by how they fly.

    python -m bench.watch_notch [--seed N] [--each N]

Flights of five minutes of kinds that `bench.learn_flights` has, and of four that were made to deceive: birds that
circle about a place, hunt from place to place standing in the wind, or land and take off again, and multirotors that stop
often. Seen by the demo's counter-drone radar as the recordings are (`bench.watch_recordings`), about as far away.
Printed is by kind how many flights there are, how many exist as a track, how many are at any time named a drone or given
0.9 or more of one, and in which share of their looks they are named a drone or a bird.
"""

import argparse
from typing import NamedTuple

import numpy as np

from bench import learn_flights, watch_recordings
from tocsin.model import LABELS

SECONDS = 300.0
KINDS = ("bird, plain", "bird, other", "bird, circling", "bird, hunting", "bird, landing",
         "multirotor, plain", "multirotor, other", "multirotor, stopping")  # fmt: skip
LOW_M = 2.0  # where a bird that has landed is


class Made(NamedTuple):
    """A kind's flights, and what they were taken to be."""

    kind: str
    taken: list


def things(rng, kind, n):
    """Return n things of a kind for `learn_flights.fly`."""
    what, how = kind.split(", ")
    is_drone = what == "multirotor"
    if how == "plain":
        return learn_flights.plain(rng, n, is_drone=is_drone)
    made = learn_flights.other(rng, n, is_drone=is_drone)
    home = made.ways[:, :1, :2]
    if how == "circling":
        radius, angle = rng.uniform(20.0, 80.0, (n, 1)), np.arange(made.ways.shape[1]) * 1.2
        made.ways[:, :, 0] = home[:, :, 0] + radius * np.sin(angle)
        made.ways[:, :, 1] = home[:, :, 1] + radius * np.cos(angle)
        made.ways[:, :, 2] = rng.uniform(40.0, 250.0, (n, 1))
    if how in ("hunting", "landing", "stopping"):
        # From place to place, then in one place for a while; who lands has the way to come down.
        turns = rng.uniform(0.0, 2.0 * np.pi, made.ways.shape[:2])
        near, away = (500.0, 1200.0) if how == "landing" else (100.0, 500.0)
        far = rng.uniform(near, away, made.ways.shape[:2])
        steps = np.dstack([far * np.sin(turns), far * np.cos(turns)])
        made.ways[:, :, :2] = home + np.cumsum(steps, axis=1)
        made.ways[:, :, 2] = rng.uniform(30.0, 120.0, (n, 1))
        made.holds[:] = False
        made.speed[:] = rng.uniform(8.0, 14.0, n)
        made.pace[:] = 0.0
    if how == "hunting":
        made.dwell_s[:] = rng.uniform(4.0, 20.0, n)
    if how == "landing":
        made.ways[:, :, 2] = rng.uniform(30.0, 80.0, (n, 1))
        made.ways[:, ::2, 2] = LOW_M
        made.holds[:] = True
        made.climb[:] = rng.uniform(2.5, 5.0, n)
        made.dwell_s = np.zeros(made.ways.shape[:2])
        made.dwell_s[:, ::2] = rng.uniform(10.0, 90.0, (n, 1))
    if how == "stopping":
        made.dwell_s[:] = rng.uniform(3.0, 40.0, n)
    return made


def ways(rng, kind, n):
    """Return flights of a kind as `recorded_ways` has them: seconds, place, velocity, 1 Hz."""
    made = things(rng, kind, n)
    made.start_s[:] = -learn_flights.WARM_S
    states = learn_flights.fly(rng, made, SECONDS)[:: round(1.0 / learn_flights.STEP_S)]
    seconds, out = np.arange(len(states), dtype=float), []
    for k in range(n):
        way = np.column_stack([seconds, states[:, k]])
        way[:, 1:3] -= way[:, 1:3].mean(0)
        out.append(way)
    return out


def play(rng, radar, each):
    """Return a Made for each kind; flights of all kinds are in the air together."""
    flights = [way for kind in KINDS for way in ways(rng, kind, each)]
    order = rng.permutation(len(flights))
    seed = int(rng.integers(1 << 31))
    taken = watch_recordings.all_of(
        [flights[k] for k in order], radar, watch_recordings.MULTIROTOR_M, seed
    )
    found = {int(k): one for k, one in zip(order, taken, strict=True)}
    return [
        Made(kind, [found[k] for k in range(i * each, (i + 1) * each)]) for i, kind in enumerate(KINDS)
    ]  # fmt: skip


def rows(made):
    """Return a line for each kind."""
    out = []
    for kind, taken in made:
        there = [one for one in taken if one.labels]
        words = np.concatenate([one.labels for one in there])
        named = sum(bool(np.isin(one.labels, watch_recordings.DRONES).any()) for one in there)
        sure = sum(max(one.chance) >= watch_recordings.SURE for one in there)
        drone = np.isin(words, watch_recordings.DRONES).mean()
        bird = (words == LABELS.index("bird")).mean()
        most = max(max(one.chance) for one in there)
        out.append(
            f"{kind:22s} {len(taken):4d} flights {len(there):4d} exist {named:4d} named a drone"
            f" {sure:3d} >= {watch_recordings.SURE} (greatest {most:.2f}); looks: a drone"
            f" {100 * drone:5.1f} %, a bird {100 * bird:5.1f} %"
        )
    return out


def main():
    """Play and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=40)
    options = parser.parse_args()
    rng = np.random.default_rng([options.seed, 6])
    print("\n".join(rows(play(rng, watch_recordings.demo_radar(), options.each))))


if __name__ == "__main__":
    main()
