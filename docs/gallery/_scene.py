"""What the scripts of the gallery share: a made-up scene and a picture of it, as SVG."""

import sys
from pathlib import Path

import numpy as np

from tocsin.geo import frame_at
from tocsin.model import Coverage, DetectionBatch
from tocsin.sensor import measure, pack

ORIGIN = (48.0, 11.0, 500.0)
T0 = 1_780_000_000.0
COLOURS = {"truth": "#9aa5b1", "plots": "#c9d1d9", "tracks": "#0a6e8f", "other": "#b0603a"}


def scans(sensors, truth, seconds, seed=1, bias=None):
    """Return [(arrival, DetectionBatch, Coverage)] of all looks, in the order of time.

    truth: a function of the seconds since T0 that gives states (n, 6); bias: {sensor's place:
    (range m, azimuth rad, elevation rad)} that is added to what it measures.
    """
    rng, table, out = np.random.default_rng(seed), pack(sensors, frame_at(*ORIGIN)), []
    for k, s in enumerate(sensors):
        for t in np.arange(s.phase_s, seconds, s.scan_period_s):
            z = measure(table, k, truth(t))
            z = z[(rng.random(len(z)) < s.detection_probability) & (z[:, 0] < s.max_range_m)]
            z[:, :3] += (bias or {}).get(k, 0.0)
            z += np.nan_to_num(table.packed[k, 12:16]) * rng.standard_normal(z.shape)
            false = rng.uniform(
                [100, 0, 0.0, -60], [s.max_range_m, 2 * np.pi, 0.5, 60],
                (rng.poisson(s.false_alarms_per_scan), 4),
            )  # fmt: skip
            z = np.vstack([z, false])
            batch = DetectionBatch.blank(len(z))
            batch.time_s[:], batch.arrival_s[:], batch.sensor[:] = T0 + t, T0 + t, k
            batch.azimuth_rad[:], batch.elevation_rad[:] = z[:, 1] % (2 * np.pi), z[:, 2]
            if s.sigma_range_m:
                batch.range_m[:], batch.range_rate_mps[:] = z[:, 0], z[:, 3]
            out.append((T0 + t, batch, Coverage(k, T0 + t - 1e-3, T0 + t)))
    return sorted(out, key=lambda look: look[0])


def straight(*targets):
    """Return a function of time: targets (east, north, up and their rates at T0) flying on."""
    start = np.array(targets, dtype=float)
    return lambda t: np.hstack([start[:, :3] + t * start[:, 3:], start[:, 3:]])


def error_m(tracks, truth):
    """Return (n,) how far each confirmed track is from the nearest target."""
    shown = tracks.state[tracks.status > 0, :3]
    if not len(shown):
        return np.zeros(0)
    gaps = shown[:, None] - truth[None, :, :3]
    return np.linalg.norm(gaps, axis=2).min(axis=1)


def picture(name, title, layers, legend, *, equal=True, of="metres"):
    """Write a picture beside the script, or into the folder that the first argument names.

    layers: [(kind, colour, points (n, 2))], kind "dots", "marks" or "line"; legend: [(colour, words)].
    equal: the same metres both ways, east and north; else each axis fills the picture, seconds
    to the right and upwards what `of` names.
    """
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "img"
    every = np.vstack([p for _, _, p in layers if len(p)])
    low, high = every.min(axis=0), every.max(axis=0)
    scale = np.array([640.0, 400.0]) / np.maximum(high - low, 1e-9)
    if equal:
        scale[:] = scale.min()
    left = 50 + (640.0 - scale[0] * (high - low)[0]) / 2  # in the middle
    parts = [
        f'<text x="20" y="24" font-size="15" font-weight="bold">{title}</text>',
        '<rect x="40" y="52" width="660" height="418" fill="none" stroke="#dde3e8"/>',
    ]
    for kind, colour, points in layers:
        xy = (points - low) * scale
        xy[:, 0], xy[:, 1] = xy[:, 0] + left, 460 - xy[:, 1]
        if kind != "line":
            r = 5 if kind == "marks" else 1.8
            parts += [
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" fill="{colour}"/>' for x, y in xy
            ]
        else:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in xy)
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
            )
    for n, (colour, words) in enumerate(legend):
        parts.append(
            f'<rect x="{20 + 215 * n}" y="482" width="12" height="12" fill="{colour}"/>'
        )
        parts.append(f'<text x="{38 + 215 * n}" y="493">{words}</text>')
    x_unit, y_unit = ("east", "north") if equal else ("seconds", of)
    parts.append(f'<text x="20" y="44" fill="#5a6572">{x_unit} {low[0]:,.0f} to {high[0]:,.0f},'
                 f' {y_unit} {low[1]:,.0f} to {high[1]:,.0f}</text>')  # fmt: skip
    (folder / f"{name}.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 740 510" font-family="sans-serif"'
        ' font-size="12" fill="#1d2733"><rect width="740" height="510" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )
