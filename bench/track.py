"""The tracker on reference scenarios: accuracy against the oracle, speed against Stone Soup.

    python -m bench track [--seeds N] [--salt TEXT] [--no-peer] [--dense]

The reference generator, scorer, oracle and the runner of Stone Soup are programs in the folder
that the environment variable TOCSIN_BENCH names. All figures of one table come from one run on
one machine. The oracle is an extended Kalman filter that is told which detection is whose, with
horizontal noise 1 and vertical noise 0.02 m^2/s^3; it is a reference, not a limit. Stone Soup is
installed in an environment of its own under bench/out.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import venv
from pathlib import Path

OUT = Path(__file__).parent / "out"
STONE_SOUP = "stonesoup==1.9.1"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

# name: scenario, options of the generator
CASES = {
    "pair": ("pair", ()),
    "mixed": ("mixed", ()),
    "crossing": ("crossing", ()),
    "bearing": ("bearing", ()),
    "swarm 0.3": ("swarm", ("--scale", "0.3")),
    "dense 0.05": ("dense", ("--scale", "0.05")),
    "mixed late": ("mixed", ("--late", "0.2", "--late-mean", "3")),
}
# Compared with Stone Soup over the same seconds, which bound its time.
RACES = {
    "pair": ("pair", ("--duration", "200")),
    "dense 0.05": ("dense", ("--scale", "0.05", "--duration", "30")),
}
PEERS = ("gnn-ekf", "gnn-ekf-kdtree")


def main(words):
    parser = argparse.ArgumentParser(prog="python -m bench track", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="seeds 0 to N-1 of each scenario")
    parser.add_argument(
        "--salt", default="", help="mixed into the seeds: other scenes of the same kinds"
    )
    parser.add_argument("--no-peer", action="store_true", help="leave Stone Soup out")
    parser.add_argument(
        "--dense", action="store_true", help="also 1,000 targets at full density"
    )
    options = parser.parse_args(words)
    reference = Path(os.environ.get("TOCSIN_BENCH", ""))
    if not (reference / "scenarios.py").is_file():
        print(
            "bench track needs the reference generator and scorer: set TOCSIN_BENCH to the folder"
            " that holds scenarios.py, score.py and pcrlb.py"
        )
        return 1
    OUT.mkdir(exist_ok=True)
    accuracy(reference, options.seeds, options.salt)
    if options.dense:
        throughput(reference, options.salt)
    if not options.no_peer:
        races(reference, options.salt)
    return 0


def call(command, **more):
    """Run a program; return its standard output, or stop with what it said."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False,
        env={**os.environ, **ONE_THREAD}, **more,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def last_json(text):
    return json.loads(text.strip().splitlines()[-1])


def scene(reference, name, scenario, seed, salt, extra):
    folder = OUT / "-".join([name.replace(" ", "_"), str(seed), *([salt] if salt else [])])
    if not (folder / "detections.parquet").is_file():
        call(
            [
                sys.executable,
                reference / "scenarios.py",
                scenario,
                seed,
                folder,
                "--salt",
                salt,
                *extra,
            ]
        )
    return folder


def track(folder):
    out = folder / "tracks.parquet"
    return out, last_json(
        call([sys.executable, "-m", "tocsin", "track", folder, "--out", out, "--json"])
    )


def score(reference, folder, tracks):
    return last_json(call([sys.executable, reference / "score.py", folder, tracks, "--json"]))


def oracle(reference, folder):
    out = folder / "oracle.parquet"
    if not out.is_file():
        call(
            [
                sys.executable,
                reference / "pcrlb.py",
                folder,
                "--oracle-tracks",
                out,
                "--q",
                "1",
                "--qv",
                "0.02",
            ]
        )
    return score(reference, folder, out)


def middle(rows, key):
    values = [row[key] for row in rows if row[key] is not None]
    return statistics.median(values) if values else float("nan")


def accuracy(reference, seeds, salt):
    print(f"accuracy, medians over {seeds} seeds{f' with salt {salt!r}' if salt else ''}")
    print(
        f"{'scenario':12s} {'GOSPA':>8s} {'oracle':>8s} {'ratio':>6s} {'OSPA2':>6s} {'tracked':>7s} {'longest':>7s}"
        f" {'first s':>7s} {'surplus':>7s} {'in 95':>6s} {'det/CPU s':>10s} {'slowest ms':>10s}"
    )
    for name, (scenario, extra) in CASES.items():
        rows = []
        for seed in range(seeds):
            folder = scene(reference, name, scenario, seed, salt, extra)
            tracks, figures = track(folder)
            row = {**score(reference, folder, tracks), **figures}
            row["oracle"] = oracle(reference, folder)["gospa"]
            row["ratio"] = row["gospa"] / row["oracle"]
            rows.append(row)
        print(
            f"{name:12s} {middle(rows, 'gospa'):8.1f} {middle(rows, 'oracle'):8.1f} {middle(rows, 'ratio'):6.3f}"
            f" {middle(rows, 'ospa2'):6.1f} {middle(rows, 'tracked'):7.3f} {middle(rows, 'longest'):7.3f}"
            f" {middle(rows, 'first_track_s_median'):7.1f} {middle(rows, 'surplus'):7.3f} {middle(rows, 'in_95'):6.3f}"
            f" {middle(rows, 'detections_per_cpu_s'):10.0f} {middle(rows, 'slowest_scan_ms'):10.2f}",
            flush=True,
        )


def throughput(reference, salt):
    print("\nthroughput, 1,000 targets, 300 false alarms a scan")
    folder = scene(reference, "dense", "dense", 0, salt, ())
    _, figures = min((track(folder) for _ in range(3)), key=lambda run: run[1]["cpu_s"])
    print(
        f"{figures['detections']} detections, {figures['detections_per_cpu_s']:.0f} a CPU second, slowest scan"
        f" {figures['slowest_scan_ms']:.1f} ms, peak memory {figures['peak_memory_mb']:.0f} MB"
    )


def peer_python():
    folder = OUT / "stonesoup"
    python = folder / "bin" / "python"
    if not python.exists():
        print("installing Stone Soup in", folder)
        venv.create(folder, with_pip=True)
        call([python, "-m", "pip", "install", "-q", STONE_SOUP, "pyarrow"])
    return python


def races(reference, salt):
    print(
        "\nspeed on the same detections, one thread, tracking alone (detections a CPU second)"
    )
    python = peer_python()
    for name, (scenario, extra) in RACES.items():
        folder = scene(reference, f"race {name}", scenario, 0, salt, extra)
        best = max(
            last_json(
                call(
                    [
                        python,
                        reference / "peer_stonesoup.py",
                        folder,
                        peer,
                        folder / f"{peer}.parquet",
                    ]
                )
            )["det_per_s"]
            for peer in PEERS
        )
        own = max(track(folder)[1]["detections_per_cpu_s"] for _ in range(3))
        print(
            f"{name:12s} tocsin {own:10.0f}   Stone Soup {best:8.0f}   ratio {own / best:8.0f}",
            flush=True,
        )
