"""The watch on simulated raids: warned in time, attended, rarely in vain, drone or bird.

    python -m bench watch [--long] [--raids N] [--stretches N] [--scenes N] [--seed S]
                          [--workers W] [--only PART ...] [--pieces FILE]

A fixed set with a version (bench/watch_set.py) goes through the product's pipeline, without
sockets; birds alone go past the codecs (bench/watch_feed.py); how long a warning takes is measured on a service (bench/warning.py). Every row has its interval, what it must be, and whether it holds: "holds" only where
the whole interval does. Figures are simulated; not a field result.
"""

import argparse
import math
import multiprocessing
import os
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from statistics import NormalDist

from bench import (
    warning,
    watch_birds,
    watch_classes,
    watch_near,
    watch_pieces,
    watch_play,
    watch_recordings,
    watch_set,
)
from tocsin.sim.campaign import NOT_FIELD
from tocsin.sim.statistics import quantile, wilson

NEAR = ("popup", "circles", "passing")
PARTS = (
    "fast", "slow", "friendly", "many", *NEAR, "quiet", "classes", "recordings", "times",
)  # fmt: skip
MANY_ALARMS = 10  # in ten minutes: more than one person can take (EEMUA 191, ANSI/ISA-18.2)
AT_ONCE = 10  # quiet stretches side by side in one process


def main(words):
    parser = argparse.ArgumentParser(prog="python -m bench watch", description=__doc__)
    parser.add_argument("--long", action="store_true", help="the whole set: many hours")
    parser.add_argument("--raids", type=int, help="raids of each kind")
    parser.add_argument(
        "--stretches", type=int, help=f"quiet ones, of {watch_birds.STRETCH_S:.0f} s"
    )
    parser.add_argument(
        "--scenes", type=int, help=f"of birds and quadcopters, {watch_classes.EACH} of each"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART")
    parser.add_argument(
        "--pieces",
        type=Path,
        help="quiet hours already played are read from it and added to it",
    )
    options = parser.parse_args(words)
    raids = options.raids or (1000 if options.long else 12)
    stretches = options.stretches or (1400 if options.long else 40)
    scenes = options.scenes or (100 if options.long else 4)
    jobs = [("raid", n, options.seed, k) for n in ("fast", "slow") for k in range(raids)]
    jobs += [("pair", "friendly", options.seed, k) for k in range(raids)]
    jobs += [("raid", "many", options.seed, k) for k in range(max(4, raids // 6))]
    jobs += [("near", kind, options.seed, k) for kind in NEAR for k in range(raids)]
    jobs += [
        ("quiet", "quiet", options.seed, range(k, min(k + AT_ONCE, stretches)))
        for k in range(0, stretches, AT_ONCE)
    ]
    if watch_classes.reference() is not None:
        jobs += [("scene", "classes", options.seed, k) for k in range(scenes)]
    jobs += [("recording", "recordings", options.seed, k) for k in watch_recordings.PARTS]
    jobs = [job for job in jobs if job[1] in options.only]
    started = time.perf_counter()
    found = {part: [] for part in PARTS}
    pieces = watch_pieces.Pieces(options.pieces, options.seed)
    for job, result in zip(jobs, _done(jobs, options.workers, pieces)):
        found[job[1]].append(result)
    print(f"{watch_set.NAME}, seed {options.seed}: {NOT_FIELD}")
    for officer in watch_set.OFFICERS:
        print(f"  officer {officer.name}: {_reaction(officer)}")
    print(
        f"  received {watch_set.RECEIPT_S[0]:.0f} to {watch_set.RECEIPT_S[1]:.0f} s after release;"
        " an officer's key changes nothing that is seen, so each raid is played once for all"
    )
    rows = _fast(found["fast"], options.seed) + _attended(found) + _friendly(found["friendly"])
    rows += (
        watch_pieces.rows(found["quiet"])
        + _flagged(found)
        + _bands(found)
        + _many(found["many"])
        + watch_near.rows(found)
    )
    rows += [row for part in found["recordings"] for row in part]
    rows += warning.rows() if "times" in options.only else []
    print()
    for row in filter(None, rows):
        print(row)
    _classes(found["classes"])
    print(f"\n{time.perf_counter() - started:.0f} s on {options.workers} processes")
    return int(any("MISSES" in row for row in rows))


def _done(jobs, workers, pieces):
    """Return what came of each job; a quiet piece is kept as soon as it is played."""
    results = [pieces.of_job(job[3]) if job[0] == "quiet" else None for job in jobs]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        todo = [place for place, result in enumerate(results) if result is None]
        waiting = {pool.submit(_do, jobs[place]): place for place in todo}
        try:
            for future in as_completed(waiting):
                place = waiting[future]
                results[place] = future.result()
                if jobs[place][0] == "quiet":
                    pieces.keep(jobs[place][3], results[place])
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if pieces.path is not None:
        print(pieces.words())
    return results


def _do(job):
    what, name, seed, k = job
    if what == "quiet":
        return watch_birds.play_birds(seed, k)
    if what == "recording":
        return watch_recordings.rows(k, seed)
    if what == "scene":
        return {
            label: watch_classes.play_scene(k, f"watch {seed}", names)
            for label, names in watch_classes.SETS.items()
        }
    if what == "near":
        return watch_near.play_near(name, seed, k)
    make = getattr(watch_set, name)
    if what == "raid":
        return watch_play.play_raid(make, seed, k)
    return tuple(
        watch_play.play_raid(make, seed, k, with_friend=with_friend)
        for with_friend in (True, False)
    )


def _reaction(officer):
    if math.isinf(officer.median_s):
        return "nobody presses a key"
    high = officer.median_s * math.exp(1.645 * officer.sigma_ln)
    return f"half of the keys within {officer.median_s:.0f} s, 95 % within {high:.0f} s"


def share(count, of, must, what, *, at_most=False, one_sided=False):
    """Return a row: a proportion, its 95 % Wilson interval, what it must be, whether it is."""
    if not of:
        return ""
    low, high = wilson(count, of, 0.90 if one_sided else 0.95)
    holds = high <= must if at_most else low >= must
    misses = low > must if at_most else high < must
    word = "holds" if holds else "MISSES" if misses else "open"
    sign = "<=" if at_most else ">="
    return (
        f"{what:62s} {count}/{of} = {100 * count / of:.1f} % ({100 * low:.1f}-{100 * high:.1f})"
        f"  must {sign} {100 * must:g} %: {word}"
    )


def never(count, of, what):
    """Return a row of what must not happen: how often it did, and the one-sided 95 % upper
    bound of its share (exact binomial; C. J. Clopper, E. S. Pearson, Biometrika 26 (1934) 404).
    """
    if not of:
        return ""
    word = "MISSES" if count else "holds as far as it goes"
    return (
        f"{what:62s} {count or 'none'} of {of}: at most {100 * binomial_bound(count, of):.2f} %"
        f"  must 0: {word}"
    )


def binomial_bound(count, of, level=0.95):
    """Return the one-sided upper bound of a share: where so few are as unlikely as 1 - level."""
    if count >= of:
        return 1.0
    low, high = count / of, 1.0 - 1e-12
    for _ in range(60):
        middle = 0.5 * (low + high)  # above 0 and below 1
        left = sum(math.exp(_ln_binomial(k, of, middle)) for k in range(count + 1))
        low, high = (middle, high) if left > 1.0 - level else (low, middle)
    return high


def _ln_binomial(k, of, share):
    ways = math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)
    return ways + k * math.log(share) + (of - k) * math.log1p(-share)


def warned_s(zone, officer, draw):
    """Return the seconds between receipt and entry that this officer gives the zone."""
    at = zone.automatic
    for since, until in zone.proposed:
        if math.isfinite(officer.median_s):
            delay = officer.median_s * math.exp(officer.sigma_ln * draw.gauss(0.0, 1.0))
            if since - delay > until:
                at = max(at, since - delay)
    return at - draw.uniform(*watch_set.RECEIPT_S)


def _fast(raids, seed):
    out = []
    near = sum(z.first_m < 5000.0 for r in raids for z in r.zones)
    for officer in watch_set.OFFICERS:
        least = []
        for raid in raids:
            draw = random.Random(f"{seed}|{raid.raid}|{officer.name}")
            mine = [warned_s(z, officer, draw) for z in raid.zones if z.first_m >= 5000.0]
            if mine:
                least.append(min(mine))
        for needed, must in ((60.0, 0.95), (30.0, 0.99)):
            out.append(
                share(
                    sum(s >= needed for s in least), len(least), must,
                    f"fast drone, {officer.name} officer: received >= {needed:.0f} s before",
                )
            )  # fmt: skip
        if least:
            middle = quantile(least, 0.5)["value"]
            out[-1] += f"  (half: {middle:.0f} s, least {min(least):.0f} s)"
    if raids:
        out.append(f"  {near} zones left out: first tracked nearer than 5 km")
    return out


def _attended(found):
    every = [*found["fast"], *found["slow"], *found["many"]]
    every += [raid for pair in found["friendly"] for raid in pair]
    crossings = [state for raid in every for state in raid.crossings]
    if not crossings:
        return []
    covered = sum(state != "not covered" for state in crossings)
    later = [seconds for raid in every for seconds in raid.later_s]
    bad = crossings.count("unattended")
    return [
        never(bad, covered, "crossed the line unattended, of covered for 10 s"),
        never(
            crossings.count("undetected"),
            covered,
            "crossed the line without a track, of covered for 10 s",
        ),
        f"  of those that were attended {crossings.count('asked')} by a question at MONITOR alone",
        f"  {len(crossings) - covered} of {len(crossings)} left out: never covered for 10 s;"
        f" {len(later)} judged as soon as they were, up to {max(later, default=0.0):.0f} s after"
        " the line",
    ]


def _friendly(pairs):
    if not pairs:
        return []
    worse, missing, total = 0, 0, 0
    for both, alone in pairs:
        ours = {z.zone: z.automatic for z in both.zones}
        for zone in alone.zones:
            total += 1
            late = zone.automatic - ours[zone.zone]
            missing += math.isfinite(zone.automatic) and not math.isfinite(ours[zone.zone])
            worse += late > 2.0
    return [
        share(total - worse, total, 0.99, "friendly return: released at most 2 s later"),
        never(missing, total, "friendly return: not released where the other was"),
    ]


def _flagged(found):
    out = []
    for name in ("fast", "slow"):
        zones = [z for r in found[name] for z in r.zones[:1]]
        good = sum(z.caution >= z.line + 30.0 for z in zones)
        out.append(
            share(good, len(zones), 0.98, f"{name} drone: CAUTION >= 30 s before the line")
        )
        vain = sum(len(r.in_vain) > 0 for r in found[name])
        out.append(
            share(vain, len(found[name]), 0.10, f"{name} drone: a zone sheltered in vain",
                  at_most=True)
        )  # fmt: skip
    return out


def _bands(found):
    out = []
    for name in ("fast", "slow"):
        bands = [r.band for r in found[name] if r.band is not None]
        inside = sum(early <= true <= late for early, late, true in bands)
        if not bands:
            continue
        low, high = wilson(inside, len(bands))
        word = "open" if low <= 0.92 and high >= 0.88 else "MISSES"
        word = "holds" if low >= 0.88 and high <= 0.92 else word
        early = sum(true < e for e, _, true in bands)
        out.append(
            f"{f'{name} drone: arrival in the 90 % band at the first CAUTION':62s}"
            f" {inside}/{len(bands)} = {100 * inside / len(bands):.1f} % ({100 * low:.1f}-"
            f"{100 * high:.1f}), {early} came earlier  must 88-92 %: {word}"
        )
    return out


def _many(raids):
    if not raids:
        return []
    counts = sorted(r.alarms_10_min for r in raids)
    return [
        never(
            sum(n > MANY_ALARMS for n in counts),
            len(counts),
            f"40 drones on one site: raids of more than {MANY_ALARMS} alarms in 10 min",
        ),
        f"  alarms in the worst 10 min of a raid: half of the raids {counts[len(counts) // 2]}"
        f" or fewer, most {counts[-1]}",
    ]


def _classes(scenes):
    if not scenes:
        return
    must = {10: 0.90, 20: 0.95}
    print("\ndrone or bird by motion alone, at even odds (a track and second once)")
    print(f"{'sensors':20s}{'after s':>8s}{'drones':>8s}{'birds':>7s}{'drone':>8s}{'bird':>7s}"
          f"{'balanced (95 %)':>24s}{'ECE (95 %)':>22s}{'by chance':>11s}")  # fmt: skip
    z = NormalDist().inv_cdf(0.975)
    for label in watch_classes.SETS:
        rows = [row for scene in scenes for row in scene[label]]
        errors = watch_classes.error_intervals(rows)
        for seconds, drones, birds, d, b, balanced, ece, chance in watch_classes.curve(rows):
            half = z * 0.5 * math.sqrt(d * (1 - d) / drones + b * (1 - b) / birds)
            low, high = errors[seconds]
            asked = ""
            if seconds in must:
                asked = (
                    f"  must >= {must[seconds]}:"
                    f" {_word(must[seconds], balanced - half, balanced + half)},"
                    f" ECE <= 0.03: {_word(-0.03, -high, -low)}"
                )
            print(
                f"{label:20s}{seconds:8d}{drones:8d}{birds:7d}{d:8.3f}{b:7.3f}"
                f"{f'{balanced:.3f} ({balanced - half:.3f}-{balanced + half:.3f})':>24s}"
                f"{f'{ece:.3f} ({low:.3f}-{high:.3f})':>22s}{chance:11.3f}{asked}"
            )


def _word(must, low, high):
    return "holds" if low >= must else "MISSES" if high < must else "open"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
