"""How well drone and bird can be told apart by the plots of one radar: an offline bound.

    TOCSIN_BENCH=FOLDER python -m bench.watch_ceiling [--train N] [--test N]

Birds and quadcopters of the reference generator (see bench/watch_classes.py), its first radar, no
false alarms, each plot given to its true thing: better data than any tracker has. A gradient
boosted classifier of scikit-learn (needed here only) learns from N scenes of 120 things and is
judged on others. What it does not reach, motion seen by that radar hardly holds.
"""

import argparse

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from bench.watch_classes import reference

SECONDS = (5, 10, 15, 20, 30, 45, 60)
EACH = 60
DURATION_S = 85.0


def plots(seed):
    """Return times (t,), plots (t, n, 4) (NaN: not seen), and which are drones (n,)."""
    make, rng = reference(), np.random.default_rng([seed, 77])
    things = [
        make.roaming(rng, "quadcopter", 3000, (40, 160), 12, start=0.0, dwell=rng.uniform(0, 8))
        for _ in range(EACH)
    ]
    things += [make.roaming(rng, "bird", 2500, (20, 180), 30, start=0.0) for _ in range(EACH)]
    states, alive = make.fly(rng, things, DURATION_S)
    radar = make.make_sensor(
        "radar", "radar-1", -1200, -500, phase_s=0.2, false_alarms_per_scan=0.0,
        min_radial_speed_mps=1.0,
    )  # fmt: skip
    kinds = np.array([make.KINDS.index(thing["kind"]) for thing in things])
    times = np.arange(0.2, DURATION_S, 1.0)
    out = np.full((len(times), len(things), 4), np.nan)
    for k, at_s in enumerate(times):
        state, live = make.states_at(states, alive, at_s)
        rows, origin = make.scan(rng, radar, np.zeros(4), kinds, state, live)
        out[k, origin] = rows
    return times, out, np.arange(len(things)) < EACH


def spread(values):
    """Return mean, deviation, mean step, least and greatest."""
    step = np.abs(np.diff(values)).mean()
    return [values.mean(), values.std(), step, values.min(), values.max()]


def features(at_s, rows):
    """Return what lines, parabolas and steps say of one thing's plots; None for too few."""
    seen = ~np.isnan(rows[:, 0])
    at_s, rows = at_s[seen] - at_s[seen].mean() if seen.any() else at_s, rows[seen]
    if len(rows) < 4:
        return None
    azimuth, elevation, rate = np.radians(rows[:, 1]), np.radians(rows[:, 2]), rows[:, 3]
    ground = rows[:, 0] * np.cos(elevation)
    place = np.column_stack([ground * np.sin(azimuth), ground * np.cos(azimuth)])
    out_to = place.mean(0) / np.linalg.norm(place.mean(0))
    along, across = place @ out_to, place @ np.array([out_to[1], -out_to[0]])
    height = rows[:, 0] * np.sin(elevation)
    found = [rows[:, 0].mean(), height.mean(), len(rows), *spread(rate)]
    found.append(np.corrcoef(rate[1:], rate[:-1])[0, 1] if len(rate) > 5 else 0.0)
    for values, degrees in ((along, (1, 2)), (across, (1, 2)), (height, (1,)), (rate, (1, 2))):
        for degree in degrees:
            fit = np.polyfit(at_s, values, degree)
            found += [*fit[:-1], (values - np.polyval(fit, at_s)).std()]
    half = len(at_s) // 2
    speeds = [0.0, 0.0]
    if half >= 3:
        speeds = [
            float(np.hypot(*(np.polyfit(at_s[part], v[part], 1)[0] for v in (along, across))))
            for part in (slice(0, half), slice(half, None))
        ]
    return [*found, *speeds, speeds[0] - speeds[1]]


def gather(seeds):
    """Return features and truth by seconds since a thing's first plot."""
    found = {seconds: ([], []) for seconds in SECONDS}
    for seed in seeds:
        times, rows, is_drone = plots(seed)
        for thing in range(rows.shape[1]):
            seen = np.flatnonzero(~np.isnan(rows[:, thing, 0]))
            for seconds in SECONDS:
                if len(seen) and seen[0] + seconds + 1 <= len(times):
                    part = slice(seen[0], seen[0] + seconds + 1)
                    line = features(times[part], rows[part, thing])
                    if line is not None:
                        found[seconds][0].append(line)
                        found[seconds][1].append(is_drone[thing])
    return found


def main():
    """Print balanced accuracy over the seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=int, default=25)
    parser.add_argument("--test", type=int, default=12)
    options = parser.parse_args()
    known = gather(range(1000, 1000 + options.train))
    asked = gather(range(5000, 5000 + options.test))
    print("after s   learnt   judged   balanced accuracy")
    for seconds in SECONDS:
        model = HistGradientBoostingClassifier(
            max_iter=150, learning_rate=0.06, max_leaf_nodes=12, random_state=0
        ).fit(*known[seconds])
        truth = np.array(asked[seconds][1])
        right = model.predict(asked[seconds][0]) == truth
        balanced = 0.5 * (right[truth].mean() + right[~truth].mean())
        print(f"{seconds:7d}{len(known[seconds][1]):9d}{len(truth):9d}{balanced:12.3f}")


if __name__ == "__main__":
    main()
