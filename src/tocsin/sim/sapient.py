"""Radars and cameras that speak SAPIENT: the looks of `radar` and `camera` in other bytes.

All detections of a scan share one stamp. A camera's scan is a look. A radar turns, so that one
stamp for a whole turn would be wrong by up to half of it; its scan is a sixteenth of a turn,
stamped in its middle. Stamps lie at least 80 ms apart: the reference middleware rejects what
follows sooner.
"""

import hashlib
import heapq
import math
from collections.abc import Iterator, Sequence

import numpy as np

from tocsin.codec.sapient import (
    Sighted,
    encode_registration,
    encode_scan,
    encode_status,
    ulid,
)
from tocsin.errors import ScenarioError
from tocsin.model import Sensor
from tocsin.sim import camera, radar
from tocsin.sim.draws import Draws
from tocsin.sim.world import World
from tocsin.units import DEG

__all__ = ["STATUS_S", "camera_messages", "greeting", "radar_messages"]

Timed = Iterator[tuple[float, bytes]]

STATUS_S = 5.0  # between status reports
_LEAST_STEP_S = 0.08  # between stamps that differ
_GROUPS = 16  # scans in a radar's turn


def greeting(sensor: Sensor, time_s: float) -> bytes:
    """Return what a connection begins with: registration and status, stamped time_s (Unix)."""
    registration = encode_registration(
        sensor.node_id, time_s, kind=sensor.kind, name=sensor.id, status_s=STATUS_S,
        scan_s=sensor.scan_period_s, range_rate=sensor.sigma_range_rate_mps is not None,
    )  # fmt: skip
    return registration + _status(sensor, time_s)


def radar_messages(
    one: radar.Radar, world: World, draws: Draws, *, day_s: float, from_s: float
) -> Timed:
    """Give (seconds of the day, frames) without end, from the turn under way at from_s."""
    scans = _radar_scans(one, world, draws, day_s, from_s)
    return heapq.merge(scans, _statuses(one.sensor, day_s, from_s))


def camera_messages(
    one: camera.Camera, world: World, draws: Draws, *, day_s: float, from_s: float
) -> Timed:
    """Give (seconds of the day, frames) without end, the first look at or after from_s."""
    scans = _camera_scans(one, world, draws, day_s, from_s)
    return heapq.merge(scans, _statuses(one.sensor, day_s, from_s))


def _statuses(sensor: Sensor, day_s: float, from_s: float) -> Timed:
    number = max(0, math.ceil((from_s - sensor.phase_s) / STATUS_S))
    while True:
        time_s = sensor.phase_s + number * STATUS_S
        yield time_s, _status(sensor, day_s + time_s)
        number += 1


def _status(sensor: Sensor, time_s: float) -> bytes:
    return encode_status(
        sensor.node_id, time_s, _new_id(time_s, sensor.id, "status", f"{time_s:.6f}"),
        lat_deg=sensor.lat or 0.0, lon_deg=sensor.lon or 0.0, alt_m=sensor.alt_m,
        azimuth_deg=sensor.azimuth_center_deg, width_deg=sensor.azimuth_width_deg,
        range_m=sensor.max_range_m,
    )  # fmt: skip


def _radar_scans(
    one: radar.Radar, world: World, draws: Draws, day_s: float, from_s: float
) -> Timed:
    sensor = one.sensor
    step_s = sensor.scan_period_s / _GROUPS
    if step_s < _LEAST_STEP_S:
        raise ScenarioError(
            f"radar {sensor.id!r} turns in {sensor.scan_period_s:g} s; for SAPIENT it takes "
            f"{_LEAST_STEP_S * _GROUPS:g} s or more, so that its stamps lie far enough apart"
        )
    for start_s, plots in radar.turns(one, world, draws, from_s=from_s):
        group = np.clip(np.floor((plots.time_s - start_s) / step_s), 0, _GROUPS - 1)
        for number in range(_GROUPS):
            end_s = start_s + (number + 1) * step_s
            rows = np.flatnonzero(group == number)
            if end_s < from_s or not rows.size:
                continue
            stamp_s = day_s + end_s - step_s / 2.0
            seen = [_plot(sensor, plots, int(row), stamp_s, draws) for row in rows]
            yield end_s, _scan(sensor, stamp_s, seen, draws)


def _plot(
    sensor: Sensor, plots: radar.Plots, row: int, stamp_s: float, draws: Draws
) -> Sighted:
    name = f"{plots.time_s[row]!r} {plots.range_m[row]!r}"
    return Sighted(
        _object_id(sensor, stamp_s, name, draws),
        azimuth_rad=float(plots.azimuth_rad[row]),
        elevation_rad=float(plots.elevation_rad[row]),
        range_m=max(1.0, float(plots.range_m[row])),
        sigma_azimuth_rad=(sensor.sigma_azimuth_deg or math.nan) * DEG,
        sigma_elevation_rad=(sensor.sigma_elevation_deg or math.nan) * DEG,
        sigma_range_m=sensor.sigma_range_m or math.nan,
        range_rate_mps=float(plots.range_rate_mps[row]),
        sigma_range_rate_mps=sensor.sigma_range_rate_mps or math.nan,
    )


def _camera_scans(
    one: camera.Camera, world: World, draws: Draws, day_s: float, from_s: float
) -> Timed:
    sensor = one.sensor
    for look in camera.glances(one, world, draws, from_s=from_s):
        stamp_s = day_s + look.time_s
        seen = [
            Sighted(
                _object_id(sensor, stamp_s, repr(float(azimuth)), draws),
                azimuth_rad=float(azimuth),
                elevation_rad=float(elevation),
                sigma_azimuth_rad=(sensor.sigma_azimuth_deg or math.nan) * DEG,
                sigma_elevation_rad=(sensor.sigma_elevation_deg or math.nan) * DEG,
                scores=tuple(float(score) for score in scores),
            )
            for azimuth, elevation, scores in zip(
                look.azimuth_rad, look.elevation_rad, look.scores
            )
        ]
        if seen:
            yield look.time_s, _scan(sensor, stamp_s, seen, draws)


def _scan(sensor: Sensor, stamp_s: float, seen: Sequence[Sighted], draws: Draws) -> bytes:
    reports = [
        _new_id(stamp_s, sensor.id, item.object_id, f"{draws.seed} {draws.raid}")
        for item in seen
    ]
    return encode_scan(sensor.node_id, stamp_s, seen, reports)


def _object_id(sensor: Sensor, stamp_s: float, name: str, draws: Draws) -> str:
    """Return an id of its own for each detection: these sensors do not track."""
    return _new_id(stamp_s, sensor.id, name, f"{draws.seed} {draws.raid} object")


def _new_id(time_s: float, *names: str) -> str:
    """Return a ULID that another run of the same raid gives again."""
    digest = hashlib.blake2b("\n".join(names).encode(), digest_size=10).digest()
    return ulid(time_s, int.from_bytes(digest, "big"))
