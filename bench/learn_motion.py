"""Learn how the motion of multirotors and birds differs; write the table that the product reads.

    python -m bench.learn_motion --keep FOLDER [--scenes N] [--first SEED] [--write]

Scenes of `bench.learn_flights` go through the product's tracker and its own sums of motion
(`tocsin.identity._kernels_sums`); at set ages of each track its features are a sample. A network
of one hidden layer is fitted by maximum likelihood with a penalty on its weights, birds and
multirotors counting alike at each age. Samples are kept in FOLDER a scene each, so the making
can be stopped and gone on with. One scene in five is kept apart: what is printed is about those.
"""

import argparse
import json
import math
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

import tocsin.identity
from bench import learn_flights
from bench.watch_classes import expected_error
from tocsin.identity import _kernels, _kernels_gap, _kernels_sums
from tocsin.identity._kernels_columns import KNOWN, WIDTH
from tocsin.identity._notch import notches

AGES = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80)
HIDDEN = 16
PENALTY = 2e-4
MOST_TRACKS = 4000
COAST_S = 5.0
EDGE = 0.002  # share of samples beyond the limits that a feature is cut to
TABLE = Path(tocsin.identity.__file__).parent / "data" / "motion.json"


def samples(scene):
    """Return features (n, FEATURES), ages (n,) and which are drones (n,) of one scene."""
    acc, row_of, found = np.zeros((MOST_TRACKS, WIDTH)), {}, []
    for now_s, table, truth, sensors in scene:
        rows = [row_of.setdefault(t, len(row_of)) for t in table.track_id.tolist()]
        part = acc[rows]
        use = (table.updated_s > now_s - COAST_S).astype(np.uint8)
        held = table.updated_s, table.sensors, *notches(tuple(sensors))
        _kernels_gap.notice_into(*held, table.state, table.covariance, part)
        _kernels.accumulate_into(now_s, table.state, table.covariance, use, part)
        acc[rows] = part
        age_s = np.round(now_s - table.first_seen_s, 3)
        for k in np.flatnonzero(truth >= 0):
            for age in AGES:
                if age <= age_s[k] < age + learn_flights.LOOK_S and part[k, KNOWN] > 0.0:
                    x = np.empty(_kernels_sums.FEATURES)
                    _kernels_sums.features_into(part[k], x)
                    found.append((*x, age, truth[k]))
    out = np.array(found).reshape(-1, _kernels_sums.FEATURES + 2)
    return out[:, :-2], out[:, -2], out[:, -1] > 0.5


def kept(folder, seed):
    """Return the samples of a scene, made where they are not there yet."""
    path = Path(folder) / f"scene-{seed}.npz"
    if not path.is_file():
        x, age, drone = samples(learn_flights.play(seed))
        np.savez(path, x=x, age=age, drone=drone)
    with np.load(path) as found:
        return found["x"], found["age"], found["drone"]


def weights_of(age, drone):
    """Return weights that sum to 1 in which each age, and at each age each class, count alike."""
    out = np.zeros(len(age))
    for each in np.unique(age):
        for kind in (False, True):
            mine = (age == each) & (drone == kind)
            out[mine] = 1.0 / max(mine.sum(), 1)
    return out / out.sum()


def scale_of(x):
    """Return (4, FEATURES): limits, mean and deviation of what was seen."""
    low, high = np.quantile(x, (EDGE, 1.0 - EDGE), axis=0)
    cut = np.clip(x, low, high)
    return np.stack([low, high, cut.mean(0), np.maximum(cut.std(0), 1e-6)])


def fit(x, drone, weight, *, hidden=HIDDEN, penalty=PENALTY, rounds=300):
    """Return (scale, first, bias, second) as `_kernels_sums.ln_odds` takes them."""
    scale = scale_of(x)
    z = (np.clip(x, scale[0], scale[1]) - scale[2]) / scale[3]
    rng = np.random.default_rng(7)
    n = z.shape[1]
    start = np.concatenate(
        [rng.normal(0.0, 0.5 / math.sqrt(n), hidden * n), np.zeros(hidden), rng.normal(0.0, 0.1, hidden), [0.0]]
    )  # fmt: skip
    sign = np.where(drone, 1.0, -1.0)

    def loss(p):
        first, bias = p[: hidden * n].reshape(hidden, n), p[hidden * n : hidden * (n + 1)]
        second, last = p[hidden * (n + 1) : -1], p[-1]
        h = np.tanh(z @ first.T + bias)
        out = sign * (h @ second + last)
        value = (weight * np.logaddexp(0.0, -out)).sum()
        slope = -weight * sign / (1.0 + np.exp(np.clip(out, -500.0, 500.0)))
        back = (slope[:, None] * second) * (1.0 - h * h)
        grad = np.concatenate([(back.T @ z).ravel(), back.sum(0), h.T @ slope, [slope.sum()]])
        return value + 0.5 * penalty * (p[:-1] ** 2).sum(), grad + penalty * np.append(
            p[:-1], 0.0
        )

    p = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": rounds}).x
    second = np.zeros((2, hidden))
    second[0], second[1, 0] = p[hidden * (n + 1) : -1], p[-1]
    return scale, p[: hidden * n].reshape(hidden, n), p[hidden * n : hidden * (n + 1)], second


def odds(x, table):
    """Return the log odds of each row by the kernel that the product uses."""
    return np.array([_kernels_sums.ln_odds(np.ascontiguousarray(row), *table) for row in x])


def judge(x, age, drone, table):
    """Print balanced accuracy, expected calibration error and log loss by age."""
    for each in AGES:
        mine = age == each
        d, o = drone[mine], odds(x[mine], table)
        if min(d.sum(), (~d).sum()) < 10:
            continue
        weight = np.where(d, 0.5 / d.sum(), 0.5 / (~d).sum())
        right = (weight * ((o > 0.0) == d)).sum()
        p = 1.0 / (1.0 + np.exp(-o))
        loss = (weight * np.logaddexp(0.0, np.where(d, -o, o))).sum()
        print(
            f"{each:8d}{int(d.sum()):8d}{int((~d).sum()):7d}{right:10.3f}"
            f"{expected_error(p, d, weight):8.3f}{loss:8.3f}"
        )


def write(table, scenes, path=TABLE):
    """Write the table as JSON, four digits a number."""
    names = ("scale", "first", "bias", "second")
    text = json.dumps(
        {"version": 2, "by": "bench/learn_motion.py", "scenes": scenes}
        | {n: [[float(f"{v:.4g}") for v in row] for row in np.atleast_2d(a)] for n, a in zip(names, table)}
    )  # fmt: skip
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.replace("]], ", "]],\n").replace("], [", "],\n[") + "\n")


def main():
    """Make the scenes that are missing, fit, judge, and write the table where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", required=True)
    parser.add_argument("--scenes", type=int, default=150)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    Path(options.keep).mkdir(exist_ok=True)
    known, asked = [], []
    for seed in range(options.first, options.first + options.scenes):
        (asked if seed % 5 == 4 else known).append(kept(options.keep, seed))
    x, age, drone = (np.concatenate(part) for part in zip(*known))
    table = fit(x, drone, weights_of(age, drone))
    print(f"learnt from {len(x)} samples\n after s  drones  birds  balanced     ECE    loss")
    judge(*(np.concatenate(part) for part in zip(*asked)), table)
    if options.write:
        write(table, options.scenes)


if __name__ == "__main__":
    main()
