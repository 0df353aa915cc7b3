"""From your detections to tracks in ten lines."""

from pathlib import Path

import numpy as np
from _scene import COLOURS, picture

from tocsin.model import Coverage, DetectionBatch, Sensor
from tocsin.track import Tracker

rows = np.genfromtxt(Path(__file__).with_name("detections.csv"), delimiter=",", names=True)
radar = Sensor(id="radar", lat=48.0, lon=11.0, alt_m=510.0, sigma_range_m=8.0,
               sigma_azimuth_deg=0.5, sigma_elevation_deg=0.8, false_alarms_per_scan=3.0,
               max_range_m=9000.0)  # fmt: skip
tracker, shown = Tracker([radar]), []
for t in np.unique(rows["time_s"]):
    scan = rows[rows["time_s"] == t]
    batch = DetectionBatch.blank(len(scan))
    batch.time_s[:], batch.sensor[:], batch.range_m[:] = t, 0, scan["range_m"]
    batch.azimuth_rad[:] = np.radians(scan["azimuth_deg"])
    batch.elevation_rad[:] = np.radians(scan["elevation_deg"])
    tracks = tracker.step(batch, [Coverage(0, t - 0.01, t)], now_s=t)
    shown.append(tracks.take(tracks.status > 0))

for name, place, spread in zip(tracks.track_id, tracks.state, tracks.covariance):
    if name in shown[-1].track_id:
        sigma_m = np.sqrt(spread[0, 0] + spread[1, 1])
        print(
            f"track {name}: {place[0]:.0f} m east, {place[1]:.0f} m north, within {sigma_m:.0f} m"
        )

names = sorted({name for table in shown for name in table.track_id.tolist()})
azimuth = np.radians(rows["azimuth_deg"])
plots = rows["range_m"][:, None] * np.column_stack([np.sin(azimuth), np.cos(azimuth)])
paths = [np.vstack([t.state[t.track_id == name, :2] for t in shown]) for name in names]
picture(
    "ten_lines", "one radar, 60 scans, three false alarms in each",
    [("dots", COLOURS["plots"], plots), *(("line", COLOURS["tracks"], path) for path in paths)],
    [(COLOURS["plots"], "detections"), (COLOURS["tracks"], "confirmed tracks")],
)  # fmt: skip
