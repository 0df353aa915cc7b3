"""Detections, truth and tracks to Stone Soup and back.

Stone Soup (MIT, github.com/dstl/Stone-Soup) is not needed by anything else here: it is imported
when one of these functions is called. Written for and tested with its version 1.9.1.

Its states are x, vx, y, vy, z, vz: east, north, up of the tracker's frame. Its bearing goes
counterclockwise from east, ours clockwise from north. Each detection carries the measurement
model of its sensor, turned and moved to where the sensor stands, so nothing is lost by the way;
times are naive UTC to the microsecond.
"""

import datetime
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import CallError
from tocsin.geo import frame_at, from_frame, velocity_from_frame
from tocsin.model import DetectionBatch, Report, Sensor, TrackKind, TrackStatus, TrackTable
from tocsin.track._soup import (
    BACK,
    NAMES,
    ORDER,
    Soup,
    as_seconds,
    as_time,
    directed,
    has_date,
    measured_of,
    nearest,
    ours,
    table_of,
    theirs,
    turn_of,
    vector_of,
)
from tocsin.units import DEG

__all__ = [
    "Scans",
    "Truth",
    "detections_from_stonesoup",
    "detections_to_stonesoup",
    "tracks_from_stonesoup",
    "tracks_to_stonesoup",
    "truth_from_stonesoup",
    "truth_to_stonesoup",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scans:
    """scans: (time, set of Detection) in order of time, one a sensor and time; unused: rows
    that were left out, by reason, and range rates that were, as "range rate without range".
    """

    scans: list[tuple[datetime.datetime, set[Any]]]
    unused: dict[str, int]


@dataclass(frozen=True, slots=True)
class Truth:
    """time_s (n,), target_id (n,) as text, state (n, 6): east, north, up and their rates."""

    time_s: Floats
    target_id: NDArray[np.str_]
    state: Floats


def detections_to_stonesoup(
    batch: DetectionBatch,
    sensors: Sequence[Sensor],
    *,
    origin_deg_m: tuple[float, float, float] | None = None,
) -> Scans:
    """Return the plots of a batch as Stone Soup's detections, scan by scan.

    origin_deg_m: of the tracker's frame, by default at the first sensor. A row's sensor id,
    place in the batch and time of arrival (where known) are in `metadata`. A range without an
    elevation or a range rate is taken as one over ground, for Stone Soup has no other; a range
    rate without a range has no form there and is counted, the row's other values stay. Raises
    CallError without Stone Soup, and for two sensors of one id.
    """
    soup = Soup()
    table, _ = table_of(sensors, origin_deg_m)
    row_of = {int(place): row for row, place in enumerate(table.roster)}
    scans: dict[tuple[float, int], set[Any]] = {}
    unused: dict[str, int] = {}
    for n in range(len(batch)):
        k = row_of.get(int(batch.sensor[n]), -1)
        values, sigma = measured_of(batch, n, table, k)
        if batch.report[n] != Report.PLOT:
            reason = "no plot"
        elif k < 0:
            reason = "sensor not known"
        elif (
            np.isinf(values).any() or not _are_possible(sigma) or not has_date(batch.time_s[n])
        ):
            reason = "value not possible"
        elif not (has := np.isfinite(values) & np.isfinite(sigma))[1]:
            reason = "no azimuth"
        else:
            at_s = float(batch.time_s[n])
            detection = soup.detection(values, sigma**2, table, k, at_s)
            detection.metadata.update(sensor_id=sensors[int(batch.sensor[n])].id, row=n)
            if math.isfinite(batch.arrival_s[n]):
                detection.metadata["arrival_s"] = float(batch.arrival_s[n])
            scans.setdefault((at_s, k), set()).add(detection)
            if not has[3] or has[0]:
                continue
            reason = "range rate without range"
        unused[reason] = unused.get(reason, 0) + 1
    return Scans([(as_time(at_s), scans[at_s, k]) for at_s, k in sorted(scans)], unused)


def _are_possible(sigma: Floats) -> bool:
    """Tell whether each is positive and its square a number, or NaN where it is not known."""
    with np.errstate(over="ignore", under="ignore"):
        square = sigma**2
    return bool(np.all(np.isnan(sigma) | ((sigma > 0.0) & (square > 0.0) & (square < np.inf))))


def detections_from_stonesoup(
    detections: Iterable[Any],
    sensors: Sequence[Sensor],
    *,
    origin_deg_m: tuple[float, float, float] | None = None,
) -> DetectionBatch:
    """Return Stone Soup's detections as rows, in order of time.

    A detection is of the sensor that its metadata name ("sensor_id"), or else of the one that
    stands where its measurement model does; its sigmas are those of the model, and it arrived
    when its metadata say ("arrival_s"), or else at its own time. Known are the
    models of bearing, elevation, range and range rate. Raises CallError for another model and
    for a detection of none of the sensors.
    """
    table, _ = table_of(sensors, origin_deg_m)
    rows = sorted(detections, key=lambda d: d.timestamp)
    batch = DetectionBatch.blank(len(rows))
    place_of = {sensor.id: place for place, sensor in enumerate(sensors)}
    row_of = {int(place): row for row, place in enumerate(table.roster)}
    for n, detection in enumerate(rows):
        model = detection.measurement_model
        names = NAMES.get(type(model).__name__)
        if names is None:
            raise CallError(
                f"a detection has the model {type(model).__name__}; known are"
                f" {', '.join(sorted(NAMES))}",
                model=type(model).__name__,
            )
        at = vector_of(model.translation_offset, 3)
        name = detection.metadata.get("sensor_id")
        place = place_of.get(name, -1) if name is not None else nearest(table, at, names)
        if place not in row_of:
            raise CallError(
                f"a detection at {detection.timestamp} is of no sensor: its metadata say"
                f" {name!r}, its model stands at {at.round(1).tolist()} m",
                sensor=name, at_m=at.tolist(),
            )  # fmt: skip
        batch.sensor[n] = place
        batch.time_s[n] = as_seconds(detection.timestamp)
        batch.arrival_s[n] = detection.metadata.get("arrival_s", batch.time_s[n])
        values = dict(zip(names, vector_of(detection.state_vector, len(names)).tolist()))
        sigma = np.sqrt(np.diag(np.asarray(model.noise_covar, dtype=float)))
        axes = table.packed[row_of[place], 3:12].reshape(3, 3) @ turn_of(model).T
        azimuth, elevation = directed(values["bearing"], values.get("elevation", 0.0), axes)
        batch.azimuth_rad[n] = azimuth
        if "elevation" in values:
            batch.elevation_rad[n] = elevation
        batch.range_m[n] = values.get("range", math.nan)
        batch.range_rate_mps[n] = values.get("range_rate", math.nan)
        for label, one in zip(names, sigma.tolist()):
            column = {"bearing": "azimuth_rad", "elevation": "elevation_rad",
                      "range": "range_m", "range_rate": "range_rate_mps"}[label]  # fmt: skip
            getattr(batch, f"sigma_{column}")[n] = one
    return batch


def truth_to_stonesoup(time_s: Floats, target_id: Sequence[Any], state: Floats) -> set[Any]:
    """Return ground truth paths, one a target: time_s (n,), target_id (n,), state (n, 6) east,
    north, up and their rates. A path's id is the target's as text.
    """
    soup = Soup()
    names = np.asarray(target_id).astype(str)
    shape = np.shape(state)
    if shape != (len(names), len(ORDER)) or np.shape(time_s) != (len(names),):
        raise CallError(
            f"time_s, target_id and state have shapes {np.shape(time_s)}, {names.shape} and"
            f" {shape}; they must be (n,), (n,) and (n, 6)",
            shape=shape,
        )
    paths = set()
    for name in sorted(set(names.tolist())):
        own = np.flatnonzero(names == name)
        own = own[np.argsort(np.asarray(time_s)[own], kind="stable")]
        states = [
            soup.truth_state(
                theirs(np.asarray(state, dtype=float)[n]), timestamp=as_time(time_s[n])
            )
            for n in own.tolist()
        ]
        paths.add(soup.truth_path(states, id=name))
    return paths


def truth_from_stonesoup(paths: Iterable[Any]) -> Truth:
    """Return the states of ground truth paths, in order of target and time."""
    rows = sorted(
        (
            (str(path.id), as_seconds(state.timestamp), ours(state.state_vector))
            for path in paths
            for state in path
        ),
        key=lambda row: row[:2],
    )
    return Truth(
        np.array([row[1] for row in rows], dtype=float),
        np.array([row[0] for row in rows], dtype=np.str_),
        np.array([row[2] for row in rows], dtype=float).reshape(-1, 6),
    )


def tracks_to_stonesoup(tables: Iterable[TrackTable], *, tentative: bool = False) -> set[Any]:
    """Return tracks from the tables of successive steps; a track's id is ours as text.

    tentative: also tracks that are not confirmed. Existence is in each track's metadata, from
    the newest of its rows.
    """
    soup = Soup()
    tracks: dict[int, Any] = {}
    for rows in tables:
        for n in range(len(rows)):
            if rows.status[n] == TrackStatus.TENTATIVE and not tentative:
                continue
            name = int(rows.track_id[n])
            state = soup.state(
                theirs(rows.state[n]),
                rows.covariance[n][np.ix_(BACK, BACK)],
                timestamp=as_time(rows.time_s[n]),
            )
            track = tracks.setdefault(name, soup.track(id=str(name)))
            track.append(state)
            track.metadata["existence"] = float(rows.existence[n])
    return set(tracks.values())


def _is_number_of_ours(name: Any) -> bool:
    """Tell whether an id is a number as we write it, with room for others above it."""
    text = str(name)
    return text.isdecimal() and len(text) < 20 and str(int(text)) == text and int(text) < 2**62


def tracks_from_stonesoup(
    tracks: Iterable[Any], *, origin_deg_m: tuple[float, float, float]
) -> TrackTable:
    """Return one row for each state of each track, in order of time; tracks count as confirmed,
    and one without states has no row.

    A track whose id is a number keeps it; others are numbered above those, in the order of
    their first state. Existence is that of the metadata, else NaN. Raises CallError for a state
    without six numbers and a covariance.
    """
    listed = sorted(
        (track for track in tracks if track.states),
        key=lambda track: (track.states[0].timestamp, str(track.id)),
    )
    given = [int(t.id) for t in listed if _is_number_of_ours(t.id)]
    fresh = max(given, default=0)
    rows = []
    for track in listed:
        if _is_number_of_ours(track.id):
            name = int(track.id)
        else:
            fresh += 1
            name = fresh
        existence = float(track.metadata.get("existence", math.nan))
        for state in track.states:
            covariance = np.asarray(getattr(state, "covar", np.zeros(0)), dtype=float)
            if covariance.shape != (6, 6):
                raise CallError(
                    f"track {track.id} has a state with a covariance of {covariance.shape};"
                    " it must be Gaussian with six numbers: x, vx, y, vy, z, vz",
                    track=str(track.id),
                )
            rows.append((as_seconds(state.timestamp), name, state, covariance, existence))
    rows.sort(key=lambda row: row[:2])
    table = TrackTable.blank(len(rows))
    for n, (at_s, name, state, covariance, existence) in enumerate(rows):
        table.time_s[n], table.track_id[n], table.existence[n] = at_s, name, existence
        table.state[n] = ours(state.state_vector)
        table.covariance[n] = covariance[np.ix_(ORDER, ORDER)]
    table.status[:], table.kind[:] = TrackStatus.CONFIRMED, TrackKind.MEASURED
    table.hits[:] = 1
    for name in np.unique(table.track_id):
        own = table.track_id == name
        table.born_s[own] = table.first_seen_s[own] = table.time_s[own].min()
    table.updated_s[:] = table.time_s
    if rows:
        frame = frame_at(*origin_deg_m)
        places = from_frame(table.state[:, :3].copy(), frame)
        table.lat_deg[:], table.lon_deg[:] = places[:, 0] / DEG, places[:, 1] / DEG
        table.alt_m[:] = places[:, 2]
        velocity = velocity_from_frame(table.state[:, 3:].copy(), places, frame).T
        table.vel_east_mps[:], table.vel_north_mps[:], table.vel_up_mps[:] = velocity
    return table
