"""Raids of the two-bases day: was everybody warned, who was sent to shelter in vain, how fast.

    python -m bench raids [--raids N] [--seed S] [--workers W] [--most-minutes M]

Exit status 1 where a zone was not warned before arrival, or it took longer than M minutes. Every
figure is simulated; not a field result. Seconds are of this machine, now.
"""

import argparse
import os
import sys
import time

from tocsin.sim.campaign import run_scenario

SCENARIO = "two-bases"


def main(words):
    parser = argparse.ArgumentParser(prog="python -m bench raids", description=__doc__)
    parser.add_argument("--raids", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--most-minutes", type=float, default=10.0)
    options = parser.parse_args(words)
    started = time.perf_counter()
    result = run_scenario(
        SCENARIO,
        raids=options.raids,
        seed=options.seed,
        workers=options.workers,
        on_raid=progress,
    )
    seconds = time.perf_counter() - started
    report(result)
    each = min(options.workers, options.raids)
    print(
        f"{seconds:.0f} s on {each} processes: {60.0 * options.raids / seconds:.1f} raids a minute,"
        f" {seconds * each / options.raids:.1f} s a raid and process,"
        f" {result['seconds_simulated'] / seconds:.0f} times real time"
    )
    late = [m for m in result["not_warned"] if m["released_s"] is None or _after(m)]
    if late:
        print(f"{len(late)} zones were not warned before arrival")
    if seconds > 60.0 * options.most_minutes:
        print(f"it took more than {options.most_minutes:g} minutes")
    return int(bool(late) or seconds > 60.0 * options.most_minutes)


def _after(missed):
    return missed["released_s"] >= missed["enters_s"]


def progress(done):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done} raids")


def report(result):
    print(
        f"{result['scenario']}, {result['raids']} raids, seed {result['seed']}: {result['nature']}"
    )
    print(
        "\nreleased before arrival, and its shelter time before it, share of raids (95 % Wilson)"
    )
    print(
        f"{'zone':26s}{'before arrival':>26s}{'in time':>26s}{'warning s: 5 %':>16s}{'half':>7s}"
    )
    for zone, row in result["warned_by_zone"].items():
        warning = result["warning_s"]["by_zone"][zone]
        print(
            f"{zone:26s}{share(row['before_arrival']):>26s}{share(row['in_time']):>26s}"
            f"{seconds_of(warning['p05']):>16s}{seconds_of(warning['p50']):>7s}"
        )
    print(f"\nall zones in time: {result['warned']['words']}")
    for missed in result["not_warned"]:
        print(f"  raid {missed['raid']}: {missed['site']}/{missed['zone']}: {missed['why']}")
    false = result["false_shelter"]
    print(
        f"\nTAKE SHELTER where no drone would enter: {false['words']} of raids,"
        f" {false['zones_per_raid']:.2f} zones a raid"
    )
    for zone, row in false["by_zone"].items():
        print(f"  {zone:24s}{share(row):>26s}")
    print(
        f"\nintercepted: {result['intercepted']['words']}; leaked: {result['leaked']['words']}"
    )


def share(row):
    return f"{row['count']}/{row['of']} ({100 * row['low']:.1f}-{100 * row['high']:.1f} %)"


def seconds_of(row):
    return "none" if row["value"] is None else f"{row['value']:.0f}"
