"""A rotating 3-D radar as the bytes that it sends: ASTERIX CAT034 and CAT048, a datagram a
sector.

Each plot bears the time at which the beam passes the thing. A sector's plots leave when the
beam has passed the sector, together with the sector crossing; the crossing at north bears a
north mark.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tocsin import geo
from tocsin.codec.asterix import encode_block, encode_north_mark, encode_plot, encode_sector
from tocsin.model import Sensor
from tocsin.sim import physics
from tocsin.sim.draws import Draws, Use, thing_key
from tocsin.sim.world import World
from tocsin.units import DEG, TAU

__all__ = ["SECTORS", "Plots", "Radar", "datagrams", "turns"]

Floats = NDArray[np.float64]

SECTORS = 32  # the customary number of sector crossings in a rotation
TOGETHER = 4  # rotations that are worked out at once: one call for many things
_ROUNDS = 2  # the beam's passing time is exact to a microsecond after two corrections
_MAX_PLOTS = 60  # in one data block; a record takes about 20 octets, a datagram holds 1,472


@dataclass(frozen=True, slots=True)
class Radar:
    """A radar of the site file with what it truly sees.

    r50_m: range at which 0 dBsm is seen in half of the looks; mast_m: above the site's ground;
    geoid_m: that of the site, since the reported height is above mean sea level.
    """

    sensor: Sensor
    r50_m: float
    mast_m: float
    geoid_m: float


@dataclass(frozen=True, slots=True)
class Plots:
    """Noisy measurements of one rotation, (n,), in order of time (seconds of the day); height_m
    is above the ellipsoid.
    """

    time_s: Floats
    sector: NDArray[np.int64]
    range_m: Floats
    azimuth_rad: Floats
    elevation_rad: Floats
    height_m: Floats
    range_rate_mps: Floats


def datagrams(
    radar: Radar, world: World, draws: Draws, *, day_s: float, from_s: float
) -> Iterator[tuple[float, bytes]]:
    """Give (seconds of the day, datagram) without end, from the rotation under way at from_s.

    day_s: Unix UTC of the day's second 0.
    """
    period_s = radar.sensor.scan_period_s
    for start_s, plots in turns(radar, world, draws, from_s=from_s):
        bounds = np.searchsorted(plots.sector, np.arange(SECTORS + 1)).tolist()
        for sector, (first, last) in enumerate(pairwise(bounds)):
            end_s = start_s + (sector + 1) / SECTORS * period_s
            if end_s >= from_s:
                rows = range(first, min(last, first + _MAX_PLOTS))
                yield end_s, _datagram(radar, plots, rows, sector, day_s, end_s)


def turns(
    radar: Radar, world: World, draws: Draws, *, from_s: float
) -> Iterator[tuple[float, Plots]]:
    """Give (start in seconds of the day, what was seen) of each rotation without end."""
    sensor = radar.sensor
    keys = np.array([thing_key(f"{sensor.id}>{t.id}") for t in world.things], dtype=np.uint64)
    scan = max(0, math.floor((from_s - sensor.phase_s) / sensor.scan_period_s))
    while True:
        scans = range(scan, scan + TOGETHER)
        starts_s = [sensor.phase_s + n * sensor.scan_period_s for n in scans]
        yield from zip(starts_s, _rotations(radar, world, draws, keys, starts_s, scans))
        scan += TOGETHER


def _rotations(
    radar: Radar,
    world: World,
    draws: Draws,
    keys: NDArray[np.uint64],
    starts_s: list[float],
    scans: range,
) -> Iterator[Plots]:
    """Give what is seen in each of these rotations, worked out at once."""
    sensor = radar.sensor
    frame = geo.frame_at(sensor.lat or 0.0, sensor.lon or 0.0, sensor.alt_m)
    which, seen = _echoes(radar, world, draws, frame, keys, starts_s, scans)
    false = [_false_alarms(radar, draws, *one) for one in zip(starts_s, scans, strict=True)]
    which = np.concatenate([which, np.repeat(np.arange(len(scans)), [len(f) for f in false])])
    columns = np.concatenate([seen, *false])
    order = np.lexsort((columns[:, 0], which))
    which, columns = which[order], columns[order]
    since_s = columns[:, 0] - np.array(starts_s)[which]
    sector = np.floor(since_s / sensor.scan_period_s * SECTORS).astype(np.int64)
    sector = np.clip(sector, 0, SECTORS - 1)
    height_m = geo.from_frame(geo.polar_to_local(columns[:, 1:4]), frame)[:, 2]
    ends = np.searchsorted(which, np.arange(len(scans) + 1)).tolist()
    for first, end in pairwise(ends):
        time_s, range_m, azimuth_rad, elevation_rad, range_rate_mps = columns[first:end].T
        yield Plots(
            time_s,
            sector[first:end],
            range_m,
            azimuth_rad,
            elevation_rad,
            height_m[first:end],
            range_rate_mps,
        )


def _echoes(
    radar: Radar,
    world: World,
    draws: Draws,
    frame: geo.Frame,
    keys: NDArray[np.uint64],
    starts_s: list[float],
    scans: range,
) -> tuple[NDArray[np.intp], Floats]:
    """Return in which of the rotations, in their order, and (n, 5): time, range, azimuth,
    elevation, range rate, with this radar's errors.
    """
    sensor, n = radar.sensor, len(world)
    which, row = np.divmod(np.arange(n * len(scans), dtype=np.intp), max(n, 1))
    start_s, scan = np.array(starts_s)[which], np.array(scans, dtype=np.int64)[which]
    time_s = start_s + 0.5 * sensor.scan_period_s
    for _ in range(_ROUNDS):
        share = np.nan_to_num(world.bearings_from(time_s, frame, row)) / TAU
        time_s = start_s + share * sensor.scan_period_s
    view = world.seen_from(time_s, frame, row)
    reach_m = physics.reach_of_size_m(radar.r50_m, world.rcs_dbsm)[row]
    chance = physics.detection_chance(view.range_m, reach_m)
    lucky = draws.uniforms(keys[row], scan, Use.SEEN)[:, 0] < chance
    at = (lucky & physics.in_view(sensor, view, radar.mast_m)).nonzero()[0]
    picked, scan = keys[row[at]], scan[at]
    noise = draws.normals(picked, scan, Use.NOISE)
    more = draws.normals(picked, scan, Use.NOISE_2)
    return which[at], np.stack(
        [
            time_s[at],
            view.range_m[at] + (sensor.sigma_range_m or 0.0) * noise[:, 0],
            view.azimuth_rad[at] + (sensor.sigma_azimuth_deg or 0.0) * DEG * noise[:, 1],
            view.elevation_rad[at] + (sensor.sigma_elevation_deg or 0.0) * DEG * more[:, 0],
            view.range_rate_mps[at] + (sensor.sigma_range_rate_mps or 0.0) * more[:, 1],
        ],
        axis=1,
    )


def _false_alarms(radar: Radar, draws: Draws, start_s: float, scan: int) -> Floats:
    """Return rows as `_echoes`, uniform over the radar's measurement space."""
    sensor = radar.sensor
    key = thing_key(sensor.id)
    share = float(draws.uniforms(key, scan, Use.FALSE_COUNT)[0, 0])
    count = physics.poisson(sensor.false_alarms_per_scan, share)
    keys = [thing_key(f"{sensor.id}#{k}") for k in range(count)]
    place = draws.uniforms(keys, scan, Use.FALSE_PLACE) if count else np.empty((0, 2))
    more = draws.uniforms(keys, scan, Use.FALSE_PLACE_2) if count else np.empty((0, 2))
    low_deg, high_deg = sensor.elevation_min_deg, sensor.elevation_max_deg
    return np.stack(
        [
            start_s + place[:, 1] * sensor.scan_period_s,
            sensor.min_range_m + place[:, 0] * (sensor.max_range_m - sensor.min_range_m),
            place[:, 1] * TAU,
            (low_deg + more[:, 0] * (high_deg - low_deg)) * DEG,
            (2.0 * more[:, 1] - 1.0) * sensor.max_radial_speed_mps,
        ],
        axis=1,
    )


def _datagram(
    radar: Radar, plots: Plots, rows: range, sector: int, day_s: float, end_s: float
) -> bytes:
    sac, sic = radar.sensor.sac or 0, radar.sensor.sic or 0
    payload = encode_block(48, [_plot(radar, plots, r, day_s) for r in rows]) if rows else b""
    azimuth_rad = (sector + 1) % SECTORS * TAU / SECTORS
    marks = [encode_sector(sac, sic, day_s + end_s, azimuth_rad)]
    if sector == SECTORS - 1:
        period_s = radar.sensor.scan_period_s
        marks.append(encode_north_mark(sac, sic, day_s + end_s, rotation_s=period_s))
    return payload + encode_block(34, marks)


def _plot(radar: Radar, plots: Plots, row: int, day_s: float) -> bytes:
    return encode_plot(
        radar.sensor.sac or 0,
        radar.sensor.sic or 0,
        day_s + float(plots.time_s[row]),
        max(0.0, float(plots.range_m[row])),
        float(plots.azimuth_rad[row]),
        height_msl_m=float(plots.height_m[row]) - radar.geoid_m,
        range_rate_mps=float(plots.range_rate_mps[row]),
        simulated=True,
    )
