"""The tracker on reference scenarios: what must hold, what was measured, and whether it holds.

    python -m bench track [--quick] [--seeds N] [--salt TEXT] [--no-peer] [--only ROW ...]

The reference generator, scorer, oracle and the runner of Stone Soup are programs in the folder
that the environment variable TOCSIN_BENCH names; without one, those of `bench.own` make other
scenes of the same kinds. The recording of six cameras is looked for in the folder TOCSIN_DATA. All figures come from one run on one machine; ratios are the ones to
trust. The oracle is an extended Kalman filter that is told which detection is whose, with
horizontal noise 1 and vertical noise 0.02 m^2/s^3; it is a reference, not a limit. Ratios of
accuracy are medians over seeds of each seed's ratio. Stone Soup is installed in an environment
of its own under bench/out, unless it is here. A picture of the figures goes to
bench/out/track.svg.
"""

import argparse
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bench.picture import drawn

OUT = Path(__file__).parent / "out"
STONE_SOUP = "stonesoup==1.9.1"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
PEERS = ("gnn-ekf", "gnn-ekf-kdtree")
RECORDING = "eth-multicam-bearings"
SIZE = 20  # members of each group of the swarm scenario


def main(words):
    parser = argparse.ArgumentParser(prog="python -m bench track", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5, help="seeds 0 to N-1 of each scenario")
    parser.add_argument("--salt", default="", help="other scenes of the same kinds")
    parser.add_argument(
        "--quick", action="store_true", help="two seeds, fewer targets in dense"
    )
    parser.add_argument("--no-peer", action="store_true", help="leave Stone Soup out")
    parser.add_argument("--only", nargs="+", choices=list(ROWS), default=list(ROWS))
    options = parser.parse_args(words)
    bench = Bench(
        reference_folder(), 2 if options.quick else options.seeds,
        options.salt, quick=options.quick,
    )  # fmt: skip
    OUT.mkdir(exist_ok=True)
    salt = f" with salt {bench.salt!r}" if bench.salt else ""
    whose = "the reference's" if bench.reference else "bench.own's"
    print(f"scenes, scores and oracle: {whose}; Python {sys.version.split()[0]}")
    print(f"medians over seeds 0 to {bench.seeds - 1}{salt}\n")
    print(f"{'row':22s} {'must':34s} {'measured':46s} holds")
    for name in options.only:
        if options.no_peer and name.startswith("race"):
            continue
        for must, measured, holds in ROWS[name](bench):
            word = "open" if holds is None else ("yes" if holds else "NO")
            print(f"{name:22s} {must:34s} {measured:46s} {word}", flush=True)
    picture = OUT / "track.svg"
    picture.write_text(drawn(bench.ratios, bench.rates))
    print(f"\npicture: {picture.relative_to(Path(__file__).parents[1])}")
    return 0


def reference_folder():
    """Return the folder of the reference's programs, None where there is none."""
    folder = Path(os.environ.get("TOCSIN_BENCH") or "nowhere")
    return folder if (folder / "scenarios.py").is_file() else None


class Bench:
    """Scenes, runs and scores, each made once."""

    def __init__(self, reference, seeds, salt, *, quick):
        self.reference, self.seeds, self.salt, self.quick = reference, seeds, salt, quick
        self._runs = {}
        self.ratios, self.rates = {}, {}  # for the picture

    def program(self, name):
        """Return the words that run one of the programs."""
        if self.reference:
            return sys.executable, self.reference / f"{name}.py"
        return sys.executable, "-m", f"bench.own.{name}"

    def scene(self, seed, scenario, *extra):
        own = "" if self.reference else "own"
        parts = [own, scenario, *(word.strip("-") for word in extra), str(seed), self.salt]
        folder = OUT / "-".join(part for part in parts if part)
        if not (folder / "detections.parquet").is_file():
            words = (scenario, seed, folder, "--salt", self.salt, *extra)
            call(*self.program("scenarios"), *words)
        return folder

    def track(self, folder, *words, again=False):
        """Return the file of tracks and what `tocsin track --json` says."""
        key = (folder, words)
        if again or key not in self._runs:
            out = folder / ("tracks" + "".join(words) + ".parquet")
            text = call(
                sys.executable, "-m", "tocsin", "track", folder, "--out", out, *words, "--json"
            )
            self._runs[key] = out, last_json(text)
        return self._runs[key]

    def score(self, folder, tracks, *words):
        return last_json(call(*self.program("score"), folder, tracks, *words, "--json"))

    def oracle(self, folder):
        out = folder / "oracle.parquet"
        if not out.is_file():
            call(
                *self.program("pcrlb"), folder, "--oracle-tracks", out, "--q", "1",
                "--qv", "0.02",
            )  # fmt: skip
        return self.score(folder, out)

    def rows(self, scenario, *extra):
        """Return, for each seed, the score with the figures of the run and `ratio`."""
        found = []
        for seed in range(self.seeds):
            folder = self.scene(seed, scenario, *extra)
            tracks, figures = self.track(folder)
            row = {**figures, **self.score(folder, tracks)}
            row["ratio"] = row["gospa"] / self.oracle(folder)["gospa"]
            found.append(row)
        label = " ".join([scenario, *(word.strip("-") for word in extra)])
        self.ratios[label] = [row["ratio"] for row in found]
        return found


def call(*command, **env):
    """Run a program, env added to the environment; return its standard output, or stop with what it said."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False,
        env={**os.environ, **ONE_THREAD, **env}, cwd=Path(__file__).parents[1],
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def last_json(text):
    return json.loads(text.strip().splitlines()[-1])


def middle(rows, key):
    values = [row[key] for row in rows if row[key] is not None]
    return statistics.median(values) if values else float("nan")


def spread(rows, key, digits=3):
    values = [row[key] for row in rows]
    return f"{min(values):.{digits}f} to {max(values):.{digits}f}"


def ratio_row(rows, limit):
    value = middle(rows, "ratio")
    return (
        f"GOSPA <= {limit} x oracle", f"{value:.3f} ({spread(rows, 'ratio')})", value <= limit
    )  # fmt: skip


def pair(bench):
    rows = bench.rows("pair")
    yield ratio_row(rows, 1.08)
    first = middle(rows, "first_track_s_median")
    yield "first track <= 4 s", f"{first:.1f} s", first <= 4.0
    false = max(row["false_long"] for row in rows)
    yield "no false track longer than 5 s", f"{false} in the worst seed", false == 0


def mixed(bench):
    yield ratio_row(bench.rows("mixed"), 1.08)


def crossing(bench):
    rows = bench.rows("crossing")
    yield ratio_row(rows, 1.2)
    longest = middle(rows, "longest")
    yield "longest >= 0.92", f"{longest:.3f} ({spread(rows, 'longest')})", longest >= 0.92


def dense(bench):
    seeds, bench.seeds = bench.seeds, min(bench.seeds, 2)
    rows = bench.rows("dense", *(("--scale", "0.2") if bench.quick else ()))
    bench.seeds = seeds
    yield ratio_row(rows, 1.08)
    surplus = middle(rows, "surplus")
    yield "surplus <= 1.02", f"{surplus:.3f}", surplus <= 1.02


def bearing(bench):
    yield ratio_row(bench.rows("bearing"), 1.35)


def swarm(bench):
    rows = bench.rows("swarm", "--scale", "0.3")
    ospa2, tracked = middle(rows, "ospa2"), middle(rows, "tracked")
    yield "OSPA(2) <= 24 m", f"{ospa2:.1f} m ({spread(rows, 'ospa2', 1)})", ospa2 <= 24.0
    yield "tracked >= 0.85", f"{tracked:.3f} ({spread(rows, 'tracked')})", tracked >= 0.85
    off = []
    for seed in range(bench.seeds):
        folder = bench.scene(seed, "swarm", "--scale", "0.3")
        tracks, _ = bench.track(folder, "--groups")
        off.append(group_error(folder, tracks.with_suffix(".groups.parquet")))
    value = statistics.median(off)
    yield (
        "count of a group within 10 %",
        f"{100 * value:.1f} % ({100 * min(off):.1f} to {100 * max(off):.1f})",
        value <= 0.1,
    )


def group_error(folder, path):
    """Return the median over seconds and groups of how far the count that is reported nearest
    to a group's true center, within 150 m, is from the number of its members that sensors could
    see; 1 where no group is reported there.
    """
    truth, found = pq.read_table(folder / "truth.parquet"), pq.read_table(path)
    at, seen = truth["time_s"].to_numpy(), truth["observable"].to_numpy(zero_copy_only=False)
    group = truth["target_id"].to_numpy() // SIZE
    own = np.column_stack([truth[c].to_numpy() for c in ("east_m", "north_m")])
    their = np.column_stack([found[c].to_numpy() for c in ("east_m", "north_m")])
    their_at, counts = found["time_s"].to_numpy(), found["count"].to_numpy()
    off = []
    for t in np.unique(at)[20:]:
        now = their_at == t
        for g in np.unique(group):
            members = own[(at == t) & seen.astype(bool) & (group == g)]
            if len(members) < SIZE // 2:
                continue
            far = np.linalg.norm(their[now] - members.mean(0), axis=1)
            if far.size and far.min() < 150.0:
                off.append(abs(counts[now][far.argmin()] - len(members)) / len(members))
            else:
                off.append(1.0)
    return float(np.median(off))


def late(bench):
    words = ("--late", "0.2", "--late-mean", "3")
    live, lagged = [], []
    for seed in range(bench.seeds):
        folder, plain = bench.scene(seed, "mixed", *words), bench.scene(seed, "mixed")
        in_order = bench.score(plain, bench.track(plain)[0])["gospa"]
        tracks, _ = bench.track(folder, "--lag", "10")
        live.append({"ratio": bench.score(folder, tracks)["gospa"] / in_order})
        behind = tracks.with_name(f"{tracks.stem}.lag.parquet")
        lagged.append({"ratio": bench.score(folder, behind)["gospa"] / in_order})
    value = middle(live, "ratio")
    yield "live <= 1.20 x in-order", f"{value:.3f} ({spread(live, 'ratio')})", value <= 1.2
    value = middle(lagged, "ratio")
    yield "10 s behind <= 1.05", f"{value:.3f} ({spread(lagged, 'ratio')})", value <= 1.05


def smooth(bench):
    """What `--smooth` gives against what was shown, at the same seconds of the same scenes."""
    rows = []
    for seed in range(bench.seeds):
        folder = bench.scene(seed, "mixed")
        tracks, _ = bench.track(folder, "--smooth")
        name = tracks.with_name(f"{tracks.stem}.smooth.parquet")
        live, found = (bench.score(folder, path)["gospa"] for path in (tracks, name))
        rows.append({"ratio": found / live})
    value = middle(rows, "ratio")
    yield "smoothed <= 0.7 x shown", f"{value:.3f} ({spread(rows, 'ratio')})", value <= 0.7


def worst_bias(folder, figures):
    """Return the largest error of a learnt bias in its own stated sigmas."""
    put_in = json.loads((folder / "biases.json").read_text())
    worst = 0.0
    for row in figures["registration"]:
        true = put_in[row["id"]]
        true = list(true.values()) if isinstance(true, dict) else true
        for value, name in zip(true, ("range_m", "azimuth_deg", "elevation_deg"), strict=False):
            worst = max(worst, abs(row[name] - value) / row["sigma_" + name])
    return worst


def mixed_bias(bench):
    rows = []
    for seed in range(bench.seeds):
        folder, plain = bench.scene(seed, "mixed", "--bias"), bench.scene(seed, "mixed")
        tracks, figures = bench.track(folder)
        own = bench.score(folder, tracks, "--from", "300")["gospa"]
        without = bench.score(plain, bench.track(plain)[0], "--from", "300")["gospa"]
        rows.append({"ratio": own / without, "sigmas": worst_bias(folder, figures)})
    value, worst = middle(rows, "ratio"), max(row["sigmas"] for row in rows)
    yield (
        "from 300 s <= 1.25 x unbiased",
        f"{value:.3f} ({spread(rows, 'ratio')})",
        value <= 1.25,
    )
    yield "each bias within 3 sigmas", f"{worst:.1f} in the worst seed", worst <= 3.0


def pair_bias(bench):
    rows = []
    for seed in range(bench.seeds):
        folder = bench.scene(seed, "pair", "--bias")
        tracks, figures = bench.track(folder)
        plain, _ = bench.track(folder, "--no-learn-errors")
        ratio = bench.score(folder, tracks)["gospa"] / bench.score(folder, plain)["gospa"]
        rows.append({"ratio": ratio, "sigmas": worst_bias(folder, figures)})
    value, worst = middle(rows, "ratio"), max(row["sigmas"] for row in rows)
    yield "GOSPA <= 0.6 x not learning", f"{value:.3f} ({spread(rows, 'ratio')})", value <= 0.6
    yield "each bias within 3 sigmas", f"{worst:.1f} in the worst seed", worst <= 3.0


def nees(bench):
    for scenario in ("pair", "mixed", "bearing"):
        inside = statistics.mean(row["in_95"] for row in bench.rows(scenario))
        yield f"{scenario}: 0.92 to 0.98 inside", f"{inside:.3f}", 0.92 <= inside <= 0.98


def cameras(bench):
    recording = Path(os.environ.get("TOCSIN_DATA") or "nowhere") / RECORDING
    if not recording.is_dir() or not bench.reference:
        yield "six real cameras", "needs TOCSIN_DATA and TOCSIN_BENCH", None
        return
    for bad in ((), ("--bad",)):
        folder = OUT / "-".join(["cameras", *(word.strip("-") for word in bad)])
        if not (folder / "detections.parquet").is_file():
            call(sys.executable, bench.reference / "eth_scenario.py", recording, folder, *bad)
        tracks, figures = bench.track(folder)
        found = bench.score(folder, tracks)
        if bad:
            far = share_below(folder, tracks, 0.7)
            yield "faulty one: 90 % <= 0.7 m", f"{100 * far:.1f} % are", far >= 0.9
            named = {row["id"]: row["since_s"] for row in figures["inconsistent_sensors"]}
            since = named.get("cam3", float("nan"))
            yield "named within 60 s", f"{since:.0f} s, alone: {len(named) == 1}", since <= 60.0
            return
        half, most = found["median_3d_m"], found["p95_3d_m"]
        yield "median <= 0.35 m", f"{half:.3f} m", half <= 0.35
        yield "95 % <= 1.0 m", f"{most:.3f} m", most <= 1.0
        longest = found["longest"]
        yield "one track >= 95 % of the time", f"{100 * longest:.1f} %", longest >= 0.95


def share_below(folder, tracks, limit_m):
    """Return the share of observable seconds with a track within limit_m of the truth."""
    truth, table = pq.read_table(folder / "truth.parquet"), pq.read_table(tracks)
    seen = truth["observable"].to_numpy(zero_copy_only=False).astype(bool)
    names = ("east_m", "north_m", "up_m")
    own = np.column_stack([truth[c].to_numpy() for c in names])[seen]
    at = truth["time_s"].to_numpy()[seen]
    their = np.column_stack([table[c].to_numpy() for c in names])
    their_at = table["time_s"].to_numpy()
    near = [
        bool((np.linalg.norm(their[np.abs(their_at - t) < 1e-3] - p, axis=1) <= limit_m).any())
        for t, p in zip(at, own, strict=True)
    ]
    return sum(near) / len(near)


def best_of(bench, folder, runs=3):
    """Return the fastest of some runs, with the least slowest scan of them."""
    found = [bench.track(folder, again=True)[1] for _ in range(runs)]
    best = max(found, key=lambda run: run["detections_per_cpu_s"])
    return {**best, "slowest_scan_ms": min(run["slowest_scan_ms"] for run in found)}


def speed(bench):
    run = best_of(bench, bench.scene(0, "dense"))
    rate, slowest = run["detections_per_cpu_s"], run["slowest_scan_ms"]
    yield "dense >= 300,000/s", f"{rate:,.0f}/s of {run['detections']:,}", rate >= 300_000
    yield "dense: slowest scan < 20 ms", f"{slowest:.1f} ms", slowest < 20.0
    memory = run["peak_memory_mb"]
    yield "dense: memory < 400 MB", f"{memory:.0f} MB", memory < 400.0
    for name, least in (("mixed", 100_000), ("pair", 50_000)):
        rate = best_of(bench, bench.scene(0, name))["detections_per_cpu_s"]
        yield f"{name} >= {least:,}/s", f"{rate:,.0f}/s", rate >= least
    seconds = ("--duration", "30" if bench.quick else "60")
    wide = best_of(bench, bench.scene(0, "dense", "--area", "10", *seconds), 2)
    slowest = wide["slowest_scan_ms"]
    yield "10,000 targets: scan < 80 ms", f"{slowest:.1f} ms", slowest < 80.0
    small = best_of(bench, bench.scene(0, "dense", "--area", "0.1"))
    growth = small["detections_per_cpu_s"] / wide["detections_per_cpu_s"]
    yield "100 to 10,000 targets: < 2 x", f"{growth:.2f} x a detection", growth < 2.0


def peer_python():
    try:
        if importlib.metadata.version("stonesoup") == STONE_SOUP.partition("==")[2]:
            return Path(sys.executable)
    except importlib.metadata.PackageNotFoundError:
        pass
    folder = OUT / "stonesoup"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        call(python, "-m", "pip", "install", "-q", STONE_SOUP, "pyarrow", "numba")
    return python


def race(bench, least, scenario, *extra):
    """Compare with the faster of Stone Soup's two trackers over the same seconds."""
    python, folder = peer_python(), bench.scene(0, scenario, *extra)
    program = bench.program("peer_stonesoup")[1:]
    env = {} if bench.reference else {"PYTHONPATH": "src"}
    rates = [
        last_json(call(python, *program, folder, p, folder / f"{p}.parquet", **env))[
            "det_per_s"
        ]
        for p in PEERS
    ]
    own = best_of(bench, folder)["detections_per_cpu_s"]
    ratio = own / max(rates)
    label = " ".join([scenario, *(extra[1:2] if "--scale" in extra else ())])
    bench.rates[label] = own, max(rates)
    yield (
        f">= {least:,} x {STONE_SOUP.replace('==', ' ')}",
        f"{ratio:,.0f} x ({own:,.0f} to {max(rates):,.0f} a CPU s)", ratio >= least,
    )  # fmt: skip


ROWS = {
    "pair": pair,
    "mixed": mixed,
    "crossing": crossing,
    "dense": dense,
    "swarm 0.3": swarm,
    "bearing": bearing,
    "mixed late": late,
    "mixed smoothed": smooth,
    "mixed biased": mixed_bias,
    "pair biased": pair_bias,
    "consistency": nees,
    "six cameras": cameras,
    "speed": speed,
    "race dense 0.05": lambda b: race(
        b, 1000, "dense", "--scale", "0.05", "--duration", "60" if not b.quick else "20"
    ),
    "race pair": lambda b: race(b, 100, "pair", "--duration", "900" if not b.quick else "300"),
}
