"""Score tracks against truth: `score.py FOLDER TRACKS.parquet [--from S] [--json]`.

At each whole second of truth the tracks reported for it, by `tocsin.track.metrics`: GOSPA (its
mean over time, and that of its parts), OSPA(2) over windows of 30 s, and how long the targets
were held by one id. Truth that no sensors could see is neither missed nor found, and a track
near it is not false. The cut-off c is 200 m, 50 m in swarm and crossing, 100 m in bearing.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from scipy.optimize import linear_sum_assignment

from tocsin.track import metrics

CUT_M = {"swarm": 50.0, "crossing": 50.0, "bearing": 100.0}
WINDOW_S, SETTLED_S, INSIDE_95 = 30, 5.0, 7.815  # chi-square, three degrees of freedom
PLACE = ("east_m", "north_m", "up_m")
SPREAD = ("see", "sen", "seu", "sen", "snn", "snu", "seu", "snu", "suu")


def columns(path):
    table = pq.read_table(path)
    return {n: table[n].to_numpy(zero_copy_only=False) for n in table.column_names}


def by_second(rows, times):
    """Return the rows of each time; those of no whole second of truth are left out."""
    slot = np.rint(rows["time_s"] - times[0]).astype(int)
    exact = np.abs(rows["time_s"] - times[0] - slot) < 1e-3
    return [np.flatnonzero(exact & (slot == k)) for k in np.rint(times - times[0]).astype(int)]


def hold(held, who, place, ids, their, c):
    """Assign tracks to targets, those first that still are where they were; return pairs."""
    at = {name: n for n, name in enumerate(ids.tolist())}
    pairs = []
    for n, target in enumerate(who.tolist()):
        m = at.get(held.get(target))
        if m is not None and np.linalg.norm(place[n] - their[m]) < c / 2:
            pairs.append((n, m))
    free_n = [n for n in range(len(who)) if n not in {p[0] for p in pairs}]
    free_m = [m for m in range(len(ids)) if m not in {p[1] for p in pairs}]
    if free_n and free_m:
        far = np.linalg.norm(place[free_n][:, None] - their[free_m][None], axis=2)
        cost = np.minimum(far, c) ** 2
        pairs += [
            (free_n[a], free_m[b])
            for a, b in zip(*linear_sum_assignment(cost))
            if far[a, b] < c
        ]
    return pairs


def score(truth, tracks, c, since_s=None):
    times = np.arange(truth["time_s"].min(), truth["time_s"].max() + 0.5)
    times = times[times >= (since_s if since_s is not None else times[0])]
    own, their = (np.column_stack([t[n] for n in PLACE]) for t in (truth, tracks))
    spread = np.column_stack([tracks[n] for n in SPREAD]) if "see" in tracks else None
    parts, errors, nees, held, uses, useful = [], [], [], {}, {}, set()
    seen, first, lived, born, windows = {}, {}, {}, {}, []
    for t, rows, reported in zip(times, by_second(truth, times), by_second(tracks, times)):
        found = reported
        visible = truth["observable"][rows].astype(bool)
        who, place, hidden = (
            truth["target_id"][rows][visible],
            own[rows][visible],
            own[rows][~visible],
        )
        ids = tracks["track_id"][found]
        for name in ids.tolist():
            born.setdefault(name, t)
            lived[name] = lived.get(name, 0) + 1
        one = metrics.gospa(place, their[found], c)
        if len(hidden) and len(found):
            far = np.linalg.norm(their[found][:, None] - hidden[None], axis=2).min(axis=1)
            free = ~np.isin(np.arange(len(found)), one.pairs[:, 1])
            found = found[~(free & (far < c))]
            ids, one = tracks["track_id"][found], metrics.gospa(place, their[found], c)
        parts.append((one.total, one.missed, one.false, len(found), len(who)))
        errors.append(one.distance_m)
        for n, m in one.pairs.tolist():
            if spread is not None and t - born[ids[m]] >= SETTLED_S:
                gap = place[n] - their[found][m]
                nees += metrics.nees(gap[None], spread[found][m].reshape(1, 3, 3)).tolist()
        windows.append((who, place, ids, their[found]))
        for target in who.tolist():
            seen[target] = seen.get(target, 0) + 1
            first.setdefault(target, [t, np.inf])
        for n, m in hold(held, who, place, ids, their[found], c):
            target, name = int(who[n]), int(ids[m])
            held[target] = name
            uses[target, name] = uses.get((target, name), 0) + 1
            useful.add(name)
            first[target][1] = min(first[target][1], t - first[target][0])
    total, missed, false, shown, there = np.array(parts).T
    error = np.concatenate(errors)
    longest = dict.fromkeys(seen, 0)
    for (target, _), count in uses.items():
        longest[target] = max(longest[target], count)
    delays = sorted(delay for _, delay in first.values())
    return {
        "c": c, "seconds": len(times), "targets": len(seen), "gospa": float(total.mean()),
        "mean_missed": float(missed.mean()), "mean_false": float(false.mean()),
        "ospa2": ospa2(windows, c), "tracked": sum(uses.values()) / max(sum(seen.values()), 1),
        "longest": float(np.mean([longest[n] / seen[n] for n in seen])) if seen else None,
        "first_track_s_median": float(delays[len(delays) // 2]) if delays else None,
        "false_long": sum(n > SETTLED_S and name not in useful for name, n in lived.items()),
        "surplus": float(shown.sum() / max(there.sum(), 1)),
        "rms_3d_m": float(np.sqrt(np.mean(error**2))) if len(error) else None,
        "median_3d_m": float(np.median(error)) if len(error) else None,
        "p95_3d_m": float(np.quantile(error, 0.95)) if len(error) else None,
        "nees": float(np.mean(nees)) if nees else None,
        "in_95": float(np.mean(np.array(nees) <= INSIDE_95)) if nees else None,
    }  # fmt: skip


def ospa2(seconds, c):
    """Return the mean OSPA(2) of windows, each of its whole tracks."""
    found = []
    for begin in range(0, len(seconds), WINDOW_S):
        part = seconds[begin : begin + WINDOW_S]
        arrays = []
        for names, places in ((0, 1), (2, 3)):
            every = sorted({int(n) for row in part for n in row[names]})
            array = np.full((len(part), len(every), 3), np.nan)
            for k, row in enumerate(part):
                array[k, np.searchsorted(every, row[names])] = row[places]
            arrays.append(array)
        if arrays[0].shape[1] or arrays[1].shape[1]:
            found.append(metrics.ospa2(*arrays, c))
    return float(np.mean(found)) if found else 0.0


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("tracks", type=Path)
    parser.add_argument("--from", dest="since", type=float, help="seconds after t0")
    parser.add_argument("--json", action="store_true")
    a = parser.parse_args(words)
    site = json.loads((a.folder / "site.json").read_text())
    since_s = None if a.since is None else site["t0"] + a.since
    found = score(
        columns(a.folder / "truth.parquet"), columns(a.tracks),
        CUT_M.get(site.get("scenario"), 200.0), since_s,
    )  # fmt: skip
    print(json.dumps(found) if a.json else "\n".join(f"{k:22s} {v}" for k, v in found.items()))


if __name__ == "__main__":
    main()
