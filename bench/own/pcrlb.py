"""The oracle: `pcrlb.py FOLDER --oracle-tracks OUT.parquet --q Q --qv QV`.

An extended Kalman filter of constant velocity that is told which detection is whose
(origins.parquet), begun by a target's first detection with a range, or by two of different
sensors whose rays meet. A reference, not a limit: it has one motion model.
"""

import argparse
import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.own.score import columns
from tocsin.geo import frame_at
from tocsin.model import Sensor
from tocsin.sensor import jacobian, measure, pack

NAMES = ("time_s", "track_id", "east_m", "north_m", "up_m", "ve", "vn", "vu",
         "see", "sen", "seu", "snn", "snu", "suu")  # fmt: skip
CORNER = ([0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2])


def ahead(x, p, dt_s, q):
    """Predict by constant velocity with noise densities q (3)."""
    f, noise = np.eye(6), np.zeros((6, 6))
    f[:3, 3:] = dt_s * np.eye(3)
    noise[:3, :3], noise[3:, 3:] = np.diag(q) * dt_s**3 / 3, np.diag(q) * dt_s
    noise[:3, 3:] = noise[3:, :3] = np.diag(q) * dt_s**2 / 2
    return f @ x, f @ p @ f.T + noise


def begun(table, k, z, ray):
    """Return state and covariance from a first detection, or the ray to keep, one of them None."""
    if not np.isfinite(z[1:3]).all():
        return None, None, ray
    s = table.packed[k]
    local = [np.cos(z[2]) * np.sin(z[1]), np.cos(z[2]) * np.cos(z[1]), np.sin(z[2])]
    toward, sigma = s[3:12].reshape(3, 3).T @ local, max(s[13], s[14])
    if np.isfinite(z[0]):
        place, spread = s[:3] + z[0] * toward, (z[0] * sigma) ** 2 + s[12] ** 2
    else:
        if ray is None or ray[0] == k:
            return None, None, (k, s[:3], toward, sigma)
        _, other, along, other_sigma = ray
        cos = along @ toward
        if (
            1.0 - cos * cos < np.sin(np.radians(8.0)) ** 2
        ):  # too nearly parallel to have a depth
            return None, None, (k, s[:3], toward, sigma)
        a, b = np.linalg.lstsq(np.column_stack([along, -toward]), s[:3] - other, rcond=None)[0]
        place = 0.5 * (other + a * along + s[:3] + b * toward)
        spread = max(a * other_sigma, b * sigma) ** 2 / (1.0 - cos * cos) + 30.0**2
    return np.append(place, np.zeros(3)), np.diag([spread] * 3 + [3600.0, 3600.0, 100.0]), None


def follow(table, time_s, sensor, z, until_s, q):
    """Yield time, state and covariance at each whole second while the target is there."""
    x = p = ray = None
    done = 0
    for t in until_s:
        while done < len(time_s) and time_s[done] <= t:
            k, row, at_s = sensor[done], z[done], time_s[done]
            done += 1
            if x is None:
                x, p, ray = begun(table, k, row, ray)
                now_s = at_s
            else:
                (x, p), now_s = ahead(x, p, at_s - now_s, q), at_s
            if x is None:
                continue
            use = np.isfinite(row)
            h = jacobian(table, k, x[None])[0][use]
            gap = row - measure(table, k, x[None])[0]
            gap[1] = (gap[1] + np.pi) % (2 * np.pi) - np.pi
            noise = np.diag(table.packed[k, 12:16][use] ** 2)
            gain = np.linalg.solve(h @ p @ h.T + noise, h @ p).T
            x, p = x + gain @ gap[use], p - gain @ h @ p
            p = 0.5 * (p + p.T)
        if x is not None:
            yield t, *ahead(x, p, t - now_s, q)


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--oracle-tracks", type=Path, required=True)
    parser.add_argument("--q", type=float, default=1.0)
    parser.add_argument("--qv", type=float, default=0.02)
    a = parser.parse_args(words)
    site, known = (
        json.loads((a.folder / f"{n}.json").read_text()) for n in ("site", "sensors")
    )
    fields = {f.name for f in dataclasses.fields(Sensor)}
    sensors = [Sensor(**{k: v for k, v in s.items() if k in fields}) for s in known]
    table = pack(sensors, frame_at(site["lat"], site["lon"], site["alt_m"]))
    d, truth, origins = (
        columns(a.folder / f"{n}.parquet") for n in ("detections", "truth", "origins")
    )
    z = np.column_stack([d["range_m"], np.radians(d["azimuth_deg"]),
                         np.radians(d["elevation_deg"]), d["range_rate_mps"]])  # fmt: skip
    place = {s.id: n for n, s in enumerate(sensors)}
    sensor = np.array([place[n] for n in d["sensor_id"]])
    rows = []
    for target in np.unique(truth["target_id"]).tolist():
        own = np.flatnonzero(origins["target_id"] == target)
        own = own[np.argsort(d["time_s"][own], kind="stable")]
        until_s = truth["time_s"][truth["target_id"] == target]
        for t, x, p in follow(
            table, d["time_s"][own], sensor[own], z[own], until_s, [a.q, a.q, a.qv]
        ):
            rows.append((t, target, *x, *p[CORNER]))
    out = np.array(rows).reshape(-1, len(NAMES))
    pq.write_table(
        pa.table({n: out[:, c].astype(int) if n == "track_id" else out[:, c] for c, n in enumerate(NAMES)}),
        a.oracle_tracks,
    )  # fmt: skip


if __name__ == "__main__":
    main()
