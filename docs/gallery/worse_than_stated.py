"""A radar that is worse than its data sheet: noise, misses and false alarms are found."""

from dataclasses import replace

import numpy as np
from _scene import COLOURS, ORIGIN, T0, picture, scans, straight

from tocsin.model import Sensor
from tocsin.track import Options, Tracker, sensor_clutter, sensor_errors

sheet = Sensor(id="radar", lat=48.0, lon=11.0, alt_m=510.0, sigma_range_m=8.0,
               sigma_azimuth_deg=0.4, sigma_elevation_deg=0.6, sigma_range_rate_mps=0.8,
               detection_probability=0.9, false_alarms_per_scan=1.0,
               max_range_m=9000.0)  # fmt: skip
truly = replace(sheet, sigma_range_m=20.0, sigma_azimuth_deg=1.0, sigma_elevation_deg=1.5,
                sigma_range_rate_mps=2.0, detection_probability=0.5,
                false_alarms_per_scan=12.0)  # fmt: skip
start = straight(*[
    (3500 * np.sin(a), 3500 * np.cos(a), 250, -15 * np.sin(a + 0.5), -15 * np.cos(a + 0.5), 0)
    for a in np.linspace(0.0, 5.0, 6)
])  # fmt: skip
looks = scans([truly], start, 180.0)


def followed(options):
    """The tracker, and how many ids have been shown by each moment: six would be right."""
    tracker, ids, counted = Tracker([sheet], options, origin_deg_m=ORIGIN), set(), []
    for now_s, batch, look in looks:
        tracks = tracker.step(batch, [look], now_s=now_s)
        ids |= set(tracks.track_id[tracks.status > 0].tolist())
        counted.append((now_s - T0, len(ids)))
    return tracker, np.array(counted, dtype=float)


tracker, learnt = followed(Options())
_, plain = followed(Options(learn_errors=False))
(error,), (clutter,) = sensor_errors(tracker.state()), sensor_clutter(tracker.state())
print(f"noise {error.scatter:.1f} times what is stated; sees {error.detection:.0%} in a look;"
      f" {clutter.false_alarms_per_scan:.0f} false alarms a scan")  # fmt: skip
print(f"ids shown in 3 minutes for 6 targets: {plain[-1, 1]:.0f} as stated,"
      f" {learnt[-1, 1]:.0f} with what was found")  # fmt: skip

picture(
    "worse_than_stated", "ids shown for six targets by one radar, worse than its data sheet",
    [("line", COLOURS["other"], plain), ("line", COLOURS["tracks"], learnt)],
    [(COLOURS["other"], "taken at its word"), (COLOURS["tracks"], "found and used as it is")],
    equal=False, of="ids",
)  # fmt: skip
