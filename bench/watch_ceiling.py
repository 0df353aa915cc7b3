"""How well drone and bird can be told apart by where they are seen: a bound for any tracker.

    TOCSIN_BENCH=FOLDER python -m bench.watch_ceiling [--train N] [--test N] [--sensors SET ...]

Birds and quadcopters of the reference generator (see bench/watch_classes.py), no false alarms, each
plot given to its true thing: better data than any tracker has. The judge knows the generator's own
equations of motion and every sensor's errors: `bayes` asks which of the two makes all plots of a
thing likelier, speed, course, place and gusts unknown (exact for straight flight, in which both
spend most of the time). `learnt` gives these likelihoods, and those of turning and of waiting things,
to a gradient boosted classifier of scikit-learn (needed here only) that learns from N scenes and is
judged on others. What neither reaches, motion seen by these sensors does not hold.
"""

import argparse

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from bench.watch_classes import reference

SECONDS = (5, 10, 20, 30)
EACH = 40
DURATION_S = 55.0
STEP_S = 0.1
# Gusts along and across the course and upwards (m/s^2), least and greatest speed: the two kinds
# as the generator has them, then what turns, what waits, what turns and keeps its speed.
KINDS = (
    (0.4, 0.4, 0.12, 5.0, 18.0),
    (0.0, 1.2, 0.36, 8.0, 16.0),
    (2.0, 2.0, 0.12, 0.0, 18.0),
    (0.4, 0.4, 0.12, 0.0, 5.0),
    (0.0, 3.0, 0.36, 8.0, 16.0),
)
COURSES, SPEEDS = 36, 25
HEIGHT_M, HEIGHT_SD_M, CLIMB_SD_MPS, PLACE_SD_M = 100.0, 45.0, 0.5, 300.0


def sensor_sets(make):
    """Return the reference's sensors by set."""
    rng = np.random.default_rng(0)
    mixed = {s["id"]: s for s in make.mixed(rng, 1.0)[1]}
    return {
        "one radar": [mixed["radar-1"]],
        "two radars, camera": [mixed[n] for n in ("radar-1", "radar-2", "camera-1")],
        "three radars (pair)": make.three_radars(),
        "four radars (dense)": make.dense(rng, 1.0)[1],
    }


def plots(make, sensors, seed):
    """Return (time, sensor, range, azimuth, elevation, rate) rows of each thing, and which are
    drones. Every sensor sees birds as far as drones: how far one is seen is not its motion.
    """
    rng = np.random.default_rng([seed, 77])
    things = [
        make.roaming(rng, "quadcopter", 3000, (40, 160), 12, start=rng.uniform(0, 20),
                     dwell=rng.uniform(0, 8)) for _ in range(EACH)
    ]  # fmt: skip
    things += [
        make.roaming(rng, "bird", 2500, (20, 180), 30, start=rng.uniform(0, 20))
        for _ in range(EACH)
    ]
    states, alive = make.fly(rng, things, DURATION_S)
    alike = np.full(len(things), make.KINDS.index("bird"))
    rows = [[] for _ in things]
    for k, sensor in enumerate(sensors):
        clean = dict(sensor, false_alarms_per_scan=0.0)
        for at_s in np.arange(sensor["phase_s"], DURATION_S, sensor["scan_period_s"]):
            state, live = make.states_at(states, alive, at_s)
            for z, thing in zip(*make.scan(rng, clean, np.zeros(4), alike, state, live)):
                rows[thing].append((at_s, k, *z))
    found = [np.array(sorted(r)).reshape(-1, 6) for r in rows]
    return found, np.arange(len(things)) < EACH


def gusts(steer_s=1.5, gust_s=5.0, seconds=DURATION_S):
    """Return P (steps, 3, 3) and F (steps, 3, 3): covariance of (place, velocity, gust) after so
    many steps at a gust of 1 m/s^2, steering back within steer_s, and the transition over them.
    """
    keep, d = np.exp(-STEP_S / gust_s), STEP_S
    one = np.array(
        [[1.0, d * (1.0 - 0.5 * d / steer_s), 0.5 * d * d * keep], [0.0, 1.0 - d / steer_s, d * keep], [0.0, 0.0, keep]]
    )  # fmt: skip
    kick = np.array([0.5 * d * d, d, 1.0]) * np.sqrt(1.0 - keep**2)
    n = round(seconds / d) + 2
    p, f = np.zeros((n, 3, 3)), np.zeros((n, 3, 3))
    p[0, 2, 2], f[0] = 1.0, np.eye(3)  # it has just set out: no velocity of its own yet
    for k in range(1, n):
        p[k] = one @ p[k - 1] @ one.T + np.outer(kick, kick)
        f[k] = one @ f[k - 1]
    return p, f


def between(tables, at_s):
    """Return (2, 2, n, n): covariances of place and velocity between all times."""
    p, f = tables
    k = np.round(at_s / STEP_S).astype(int)
    i, j = np.meshgrid(k, k, indexing="ij")
    out = np.einsum("nmab,nmcb->nmac", p[np.minimum(i, j)], f[np.abs(i - j)])
    out = np.where((i <= j)[..., None, None], out, np.swapaxes(out, 2, 3))
    return np.moveaxis(out[..., :2, :2], (2, 3), (0, 1))


def about(make, sensors, rows):
    """Return plots as linear in place and velocity: (on place (m, 3), on velocity (m, 3), value,
    variance, row of each), about a smooth way through the radars' plots; None for too few.
    """
    poses = [make.sensor_pose(s)[0] for s in sensors]
    ranged = np.array([bool(s["sigma_range_m"]) for s in sensors])[rows[:, 1].astype(int)]
    if ranged.sum() < 3:
        return None
    near, at_s = rows[ranged], rows[:, 0] - rows[0, 0]
    origin = np.array([poses[int(k)] for k in near[:, 1]])
    azimuth, elevation = np.radians(near[:, 3]), np.radians(near[:, 4])
    up = np.clip(np.mean(near[:, 2] * np.sin(elevation) + origin[:, 2]), 0.0, 200.0)
    flat = np.sqrt(np.maximum(near[:, 2] ** 2 - (up - origin[:, 2]) ** 2, 1.0))
    seen = origin[:, :2] + flat[:, None] * np.column_stack([np.sin(azimuth), np.cos(azimuth)])
    degree = 1 if at_s[-1] < 12 or len(near) < 5 else 2
    trust = 1.0 / np.maximum(near[:, 2] * np.radians(0.8), 8.0)
    way = np.vander(at_s[ranged] / 10.0, degree + 1) * trust[:, None]
    fit = np.linalg.lstsq(way, seen * trust[:, None], rcond=None)[0]
    place = np.column_stack([np.vander(at_s / 10.0, degree + 1) @ fit, np.full(len(at_s), up)])
    speed = np.zeros_like(place)
    for k in range(2):
        speed[:, k] = np.polyval(np.polyder(fit[:, k]), at_s / 10.0) / 10.0
    out = []
    for k, row in enumerate(rows):
        sensor, d = sensors[int(row[1])], place[k] - poses[int(row[1])]
        r, g = np.linalg.norm(d), np.hypot(d[0], d[1])
        los, none = d / r, np.zeros(3)
        side = np.array([d[1], -d[0], 0.0]) / g**2
        off = (np.radians(row[3]) - np.arctan2(d[0], d[1]) + np.pi) % (2.0 * np.pi) - np.pi
        out.append(
            (side, none, off + side @ place[k], np.radians(sensor["sigma_azimuth_deg"]), k)
        )
        rise = np.array([-d[2] * d[0] / g, -d[2] * d[1] / g, g]) / r**2
        off = np.radians(row[4]) - np.arcsin(d[2] / r)
        sigma = np.radians(sensor["sigma_elevation_deg"])
        out.append((rise, none, off + rise @ place[k], sigma, k))
        if sensor["sigma_range_m"]:
            out.append((los, none, row[2] - r + los @ place[k], sensor["sigma_range_m"], k))
            turn = (speed[k] - (los @ speed[k]) * los) / r
            sigma = sensor["sigma_range_rate_mps"]
            out.append((turn, los, row[5] + turn @ place[k], sigma, k))
    on_place, on_speed, value, sigma, of = zip(*out)
    return np.array(on_place), np.array(on_speed), np.array(value), np.array(sigma) ** 2, np.array(of), at_s, place[0]  # fmt: skip


def likelihood(seen, cover, kind):
    """Return the log likelihood of a thing's plots under a kind's motion, course and speed
    averaged over; cover: `between` of the plots' times.
    """
    on_place, on_speed, value, variance, of, at_s, first = seen
    along, across, upward, slow, fast = kind
    courses = np.linspace(0.0, 2.0 * np.pi, COURSES, endpoint=False)
    ways = np.column_stack([np.sin(courses), np.cos(courses)])
    c = cover[:, :, of][:, :, :, of]

    def pushed(gust, way):
        a, b = on_place[:, : len(way)] @ way, on_speed[:, : len(way)] @ way
        moved = np.outer(a, a) * c[0, 0] + np.outer(a, b) * c[0, 1]
        return gust**2 * (moved + np.outer(b, a) * c[1, 0] + np.outer(b, b) * c[1, 1])

    at = at_s[of]
    base = np.diag(variance) + PLACE_SD_M**2 * on_place[:, :2] @ on_place[:, :2].T
    base += HEIGHT_SD_M**2 * np.outer(on_place[:, 2], on_place[:, 2])
    climb = on_place[:, 2] * at + on_speed[:, 2]
    base += CLIMB_SD_MPS**2 * np.outer(climb, climb) + pushed(upward, np.array([0.0, 0.0, 1.0]))
    rest = value - on_place[:, :2] @ first[:2] - on_place[:, 2] * HEIGHT_M
    steady = on_place[:, :2] * at[:, None] + on_speed[:, :2]
    if along == across:
        east, north = np.array([1.0, 0.0]), np.array([0.0, 1.0])
        full = (base + pushed(along, east) + pushed(along, north))[None]
    else:
        full = np.stack([base + pushed(across, np.array([w[1], -w[0]])) for w in ways])
    root = np.linalg.cholesky(full)
    ln_det = 2.0 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(1)
    sides = np.column_stack([rest, steady])
    white = np.linalg.solve(root, np.broadcast_to(sides, (len(full), *sides.shape)))
    g = np.einsum("kmi,kmj->kij", white, white)
    v = np.linspace(slow, fast, SPEEDS)
    with_way = np.einsum("kj,kj->k", np.broadcast_to(g[:, 0, 1:], ways.shape), ways)
    way_way = np.einsum(
        "ki,kij,kj->k", ways, np.broadcast_to(g[:, 1:, 1:], (COURSES, 2, 2)), ways
    )
    square = g[:, 0, 0, None] - 2.0 * with_way[:, None] * v + way_way[:, None] * v**2
    each = -0.5 * (square + ln_det[:, None])
    return float(np.logaddexp.reduce(each, axis=None) - np.log(each.size))


def gather(make, sensors, seeds):
    """Return the kinds' log likelihoods and truth by seconds since a thing's first plot."""
    tables = gusts()
    found = {seconds: ([], []) for seconds in SECONDS}
    for seed in seeds:
        for rows, is_drone in zip(*plots(make, sensors, seed)):
            for seconds in SECONDS:
                if not len(rows) or rows[0, 0] + seconds > DURATION_S - 1.0:
                    continue
                seen = about(make, sensors, rows[rows[:, 0] <= rows[0, 0] + seconds])
                if seen is None:
                    continue
                cover = between(tables, seen[5])
                found[seconds][0].append([likelihood(seen, cover, kind) for kind in KINDS])
                found[seconds][1].append(is_drone)
    return {s: (np.array(x), np.array(y)) for s, (x, y) in found.items()}


def balanced(called, truth):
    """Return balanced accuracy and half of its 95 % interval."""
    d, b = called[truth].mean(), (~called[~truth]).mean()
    half = 0.98 * np.sqrt(d * (1.0 - d) / truth.sum() + b * (1.0 - b) / (~truth).sum())
    return 0.5 * (d + b), half


def main():
    """Print balanced accuracy over the seconds."""
    make = reference()
    sets = sensor_sets(make)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=int, default=12)
    parser.add_argument("--test", type=int, default=6)
    parser.add_argument("--sensors", nargs="+", choices=list(sets), default=list(sets))
    options = parser.parse_args()
    print(f"{'sensors':22s}after s  judged   bayes (+-)       learnt (+-)")
    for name in options.sensors:
        known = gather(make, sets[name], range(1000, 1000 + options.train))
        asked = gather(make, sets[name], range(5000, 5000 + options.test))
        for seconds in SECONDS:
            (x, y), (ask, truth) = known[seconds], asked[seconds]
            model = HistGradientBoostingClassifier(
                max_iter=80, learning_rate=0.06, max_leaf_nodes=6, min_samples_leaf=30, random_state=0
            ).fit(x[:, 1:] - x[:, :1], y)  # fmt: skip
            both = balanced(ask[:, 0] > ask[:, 1], truth)
            both += balanced(model.predict(ask[:, 1:] - ask[:, :1]), truth)
            print(
                f"{name:22s}{seconds:7d}{len(truth):8d}{both[0]:9.3f} {both[1]:.3f}"
                f"{both[2]:12.3f} {both[3]:.3f}", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
