"""Bearings only: two cameras and a microphone array, and not one range."""

import numpy as np
from _scene import COLOURS, ORIGIN, T0, error_m, picture, scans, straight

from tocsin.model import Sensor
from tocsin.track import Tracker

cameras = [
    Sensor(id=f"camera-{n}", kind="camera", lat=48.0, lon=11.0 + 0.02 * n, alt_m=510.0,
           sigma_azimuth_deg=0.1, sigma_elevation_deg=0.1, scan_period_s=0.5, phase_s=0.2 * n,
           false_alarms_per_scan=0.5, max_range_m=4000.0) for n in range(2)
]  # fmt: skip
array = Sensor(id="array", kind="acoustic", lat=48.012, lon=11.01, alt_m=510.0,
               sigma_azimuth_deg=2.5, sigma_elevation_deg=4.0, scan_period_s=0.5, phase_s=0.35,
               false_alarms_per_scan=0.3, max_range_m=4000.0)  # fmt: skip
truth = straight((700, 3000, 150, -15, -40, 0), (2200, 2400, 120, -30, -25, 0))

tracker, paths = Tracker([*cameras, array], origin_deg_m=ORIGIN), {}
for now_s, batch, look in scans([*cameras, array], truth, 30.0, seed=2):
    tracks = tracker.step(batch, [look], now_s=now_s)
    for name, place in zip(tracks.track_id[tracks.status > 0], tracks.state[tracks.status > 0]):
        paths.setdefault(int(name), []).append(place[:2])

errors = error_m(tracks, truth(now_s - T0))
print(f"{len(errors)} tracks, the farthest {errors.max():.1f} m from its target")

flown = [np.array([truth(t)[n, :2] for t in range(31)]) for n in range(2)]
picture(
    "bearings_only", "two cameras and a microphone array: tracks where rays cross",
    [*(("line", COLOURS["truth"], path) for path in flown),
     *(("line", COLOURS["tracks"], np.array(path)) for path in paths.values()),
     ("marks", COLOURS["other"], tracker.state().sensors[:, :2])],
    [(COLOURS["truth"], "truth"), (COLOURS["tracks"], "tracks"), (COLOURS["other"], "sensors")],
)  # fmt: skip
