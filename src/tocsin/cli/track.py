"""`tocsin track`: the tracker alone, on a scenario folder."""

import json
import math
import resource
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import cyclopts

from tocsin.cli._output import print_json, print_words
from tocsin.errors import CallError, ScenarioError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tocsin.model import Sensor
    from tocsin.track import TrackerState
    from tocsin.track.smoothing import Smoothed

__all__ = ["track"]

_MOST_LAG_S = 120.0  # all that came in it is kept in memory
_ROW_GROUP = 131_072  # rows of tracks written at a time


def track(
    folder: Path,
    /,
    *,
    out: Path,
    learn_errors: bool = True,
    lag: float = 0.0,
    smooth: Annotated[bool, cyclopts.Parameter(negative="")] = False,
    groups: Annotated[bool, cyclopts.Parameter(negative="")] = False,
    json: Annotated[bool, cyclopts.Parameter(negative="")] = False,
) -> None:
    """Track the detections of a scenario folder.

    Reads site.json (origin and t0), sensors.json and detections.parquet; writes, for every
    whole second after t0, one row for each confirmed track, from what had arrived by then; and
    biases.json beside it, the errors learnt of each sensor (TRACKS.biases.json where OUT lies
    in the scenario folder, whose own biases.json is of what was put in).

    Example: tocsin track pair-0 --out pair-0/tracks.parquet --json

    Parameters
    ----------
    folder
        The scenario folder.
    out
        The Parquet file of tracks to write.
    learn_errors
        Learn the sensors' own errors from common tracks and take them off.
    lag
        Also write TRACKS.lag.parquet: what is known of each second that many seconds later,
        with late detections in their place.
    smooth
        Also write TRACKS.smooth.parquet: where each track was at each second, from all
        detections before and after; for the record, nobody knew it then.
    groups
        Also write TRACKS.groups.parquet: what flew together at each second, as one thing with
        a count, a centroid and an extent.
    json
        Print one JSON object as the last line.
    """
    result = run(folder, out, lag=lag, learn_errors=learn_errors, smooth=smooth, groups=groups)
    if json:
        print_json(result)
        return
    print_words(
        f"{result['detections']} detections, {result['tracks']} tracks,"
        f" {result['detections_per_cpu_s']:.0f} detections a second of CPU time,"
        f" slowest scan {result['slowest_scan_ms']:.2f} ms; written to {out}"
    )
    for line in _remarks(result):
        print_words(line)


def _remarks(result: dict[str, Any]) -> list[str]:
    """Return a sentence for each thing in which the detections are not what was stated."""
    from tocsin.track.registration import PLAINLY

    unused = ", ".join(f"{count} {reason}" for reason, count in result["unused"].items())
    lines = [f"not used: {unused}"] if unused else []
    lines += [
        f"{row['id']} contradicts the other sensors, from {row['since_s']:.0f} s on"
        for row in result["inconsistent_sensors"]
    ]
    named = {row["id"] for row in result["inconsistent_sensors"]}
    lines += [
        f"{row['id']} scatters some {row['scatter']:.1f} times what is stated"
        for row in result["registration"]
        if row["scatter"] >= PLAINLY and row["id"] not in named
    ]
    lines += [
        f"{row['id']} sees {row['detection']:.0%} of what is there in a look,"
        f" where {row['stated_detection']:.0%} are stated"
        for row in result["registration"]
        if row["detection"] * PLAINLY < row["stated_detection"] and row["id"] not in named
    ]
    for row in result["clutter"]:
        if (found := row["found_per_scan"]) is not None:
            lines.append(
                f"{row['id']} reports some {found:.0f} false alarms a scan,"
                f" where {row['stated_per_scan']:g} are stated"
            )
        elif row["cells"]:
            near = min(cell["range_m"][0] for cell in row["cells"])
            far = max(cell["range_m"][1] for cell in row["cells"])
            lines.append(
                f"{row['id']} has clutter in {len(row['cells'])} cells between {near:.0f} m"
                f" and {far:.0f} m"
            )
    return lines


def run(
    folder: Path,
    out: Path,
    *,
    lag: float = 0.0,
    learn_errors: bool = True,
    smooth: bool = False,
    groups: bool = False,
) -> dict[str, Any]:
    """Track a scenario folder into a Parquet file; return the figures that --json prints.

    lag: seconds; above 0 also a file of what was known so much later, see `beside`; smooth:
    also one of smoothed tracks; groups: also one of groups.
    """
    if not 0.0 <= lag <= _MOST_LAG_S:
        raise CallError(
            f"--lag is {lag}; it must be 0 (no such file) to {_MOST_LAG_S:.0f} seconds", lag=lag
        )
    import numpy as np

    from tocsin.cli._follow import follow
    from tocsin.cli._groups import Groups
    from tocsin.cli._scenario_folder import read_detections, read_site
    from tocsin.cli._smoothed import as_it_was, with_ids_of
    from tocsin.track import Options, warm
    from tocsin.track.state import open_with

    origin, t0, sensors = read_site(folder)
    batch_columns = read_detections(folder, sensors, t0)
    warm()
    options = Options(learn_errors=learn_errors)
    options = replace(options, late_s=max(options.late_s, math.ceil(lag)))

    def opened() -> "TrackerState":
        return open_with(sensors, origin, options, phase_s=t0 % 1.0)

    tracker = opened()
    start = time.process_time()  # from the first row to the last output
    found_groups = Groups() if groups else None
    followed = follow(
        tracker, batch_columns, sensors, t0, lag_s=lag,
        each=found_groups.note if found_groups else None,
    )  # fmt: skip
    _write(out, followed.rows, followed.ids)
    if lag:
        _write(beside(out, "lag"), followed.settled_rows, followed.settled_ids)
    if found_groups:
        found_groups.write(beside(out, "groups"))
    learnt = registration(tracker, sensors)
    _write_biases(biases_path(folder, out), learnt)
    cpu_s = time.process_time() - start
    if smooth:
        found = as_it_was(opened(), batch_columns, sensors, t0)
        ids = with_ids_of(found, followed.rows, followed.ids, batch_columns)
        _write(beside(out, "smooth"), smooth_rows(found), ids)
    count = len(batch_columns["time_s"])
    return {
        "detections": count,
        "cpu_s": cpu_s,
        "detections_per_cpu_s": count / max(cpu_s, 1e-9),
        "slowest_scan_ms": followed.slowest_ms,
        "tracks": len(np.unique(followed.ids)),
        "inconsistent_sensors": inconsistent(tracker, sensors, t0),
        "registration": learnt,
        "clutter": clutter(tracker, sensors),
        "unused": tracker.unused,
        "overflow": tracker.unused.get("no room for a new track", 0),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0,
    }


def beside(out: Path, what: str) -> Path:
    """Return the path of a second file: what was known later ("lag"), "smooth", "groups"."""
    return out.with_name(f"{out.stem}.{what}{out.suffix}")


def biases_path(folder: Path, out: Path) -> Path:
    """Return where the sensors' errors go: biases.json beside the tracks. In a scenario folder
    that name is of what was put into the sensors, and ours bears the name of the tracks.
    """
    if out.parent.resolve() == folder.resolve():
        return out.with_name(f"{out.stem}.biases.json")
    return out.with_name("biases.json")


def _write_biases(path: Path, learnt: list[dict[str, Any]]) -> None:
    rows = {
        row["id"]: {k: v if math.isfinite(v) else None for k, v in row.items() if k != "id"}
        for row in learnt
    }
    try:
        path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"{path} cannot be written: {error}", path=str(path)) from None


def smooth_rows(found: "Smoothed") -> "NDArray[np.float64]":
    """Return smoothed tracks as rows of the columns of a file of tracks, but for existence."""
    import numpy as np

    corner = found.covariance[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]]
    return np.column_stack([found.time_s, found.state, corner])


def inconsistent(
    tracker: "TrackerState", sensors: list["Sensor"], t0: float
) -> list[dict[str, Any]]:
    """Return each sensor that contradicts the others, since when in seconds after t0."""
    from tocsin.track import sensor_errors

    return [
        {"id": sensors[e.sensor].id, "since_s": e.inconsistent_since_s - t0}
        for e in sensor_errors(tracker)
        if e.inconsistent_since_s == e.inconsistent_since_s
    ]


def registration(tracker: "TrackerState", sensors: list["Sensor"]) -> list[dict[str, Any]]:
    """Return what was learnt of each sensor's own errors, with one sigma each."""
    from tocsin.track import sensor_errors
    from tocsin.units import DEG

    return [
        {
            "id": sensors[e.sensor].id, "corrected": e.corrected,
            "range_m": e.range_m, "sigma_range_m": e.sigma_range_m,
            "azimuth_deg": e.azimuth_rad / DEG, "sigma_azimuth_deg": e.sigma_azimuth_rad / DEG,
            "elevation_deg": e.elevation_rad / DEG,
            "sigma_elevation_deg": e.sigma_elevation_rad / DEG,
            "time_s": e.time_s, "sigma_time_s": e.sigma_time_s,
            "scatter": round(e.scatter, 3), "detection": round(e.detection, 3),
            "stated_detection": sensors[e.sensor].detection_probability,
        }
        for e in sensor_errors(tracker)
    ]  # fmt: skip


def clutter(tracker: "TrackerState", sensors: list["Sensor"]) -> list[dict[str, Any]]:
    """Return the sensors that report far more falsely than was stated: how much in a scan
    (None: as stated, but for the cells), and in which cells.
    """
    from tocsin.track import sensor_clutter
    from tocsin.units import DEG

    return [
        {
            "id": sensors[s.sensor].id,
            "stated_per_scan": sensors[s.sensor].false_alarms_per_scan,
            "found_per_scan": None if math.isnan(found) else round(found, 2),
            "cells": [
                {"range_m": [round(a, 1), round(b, 1)],
                 "azimuth_deg": [round(c / DEG, 2), round(d / DEG, 2)],
                 "per_scan": round(n, 3)}
                for a, b, c, d, n in s.cells.tolist()
            ],
        }
        for s in sensor_clutter(tracker)
        for found in [s.false_alarms_per_scan]
    ]  # fmt: skip


def _write(path: Path, rows: "NDArray[np.float64]", ids: "NDArray[np.int64]") -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tocsin.cli._follow import SHOWN

    shown = SHOWN[: rows.shape[1]]
    kinds = {
        "time_s": pa.float64(),
        "track_id": pa.int64(),
        **dict.fromkeys(shown[1:], pa.float64()),
    }
    schema = pa.schema(list(kinds.items()))
    try:
        with pq.ParquetWriter(
            path, schema, use_dictionary=["time_s"], compression="lz4"
        ) as file:
            # Part by part: the columns beside the rows would double the memory.
            for begin in range(0, len(rows), _ROW_GROUP):
                part = rows[begin : begin + _ROW_GROUP]
                time_s, *others = (
                    pa.array(np.ascontiguousarray(part[:, c])) for c in range(len(shown))
                )
                own = pa.array(ids[begin : begin + _ROW_GROUP])
                file.write_table(pa.table([time_s, own, *others], schema=schema))
    except OSError as error:
        raise ScenarioError(f"{path} cannot be written: {error}", path=str(path)) from None
