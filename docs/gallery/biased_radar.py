"""A biased radar: nobody says which one is wrong, or by how much."""

import numpy as np
from _scene import COLOURS, ORIGIN, T0, error_m, picture, scans, straight

from tocsin.model import Sensor
from tocsin.track import Options, Tracker, sensor_errors

radars = [
    Sensor(id=f"radar-{n}", lat=48.0 + 0.012 * n, lon=11.0 - 0.02 * (n % 2), alt_m=510.0,
           sigma_range_m=8.0, sigma_azimuth_deg=0.5, sigma_elevation_deg=0.8,
           sigma_range_rate_mps=0.8, phase_s=0.3 * n, false_alarms_per_scan=2.0,
           max_range_m=9000.0) for n in range(3)
]  # fmt: skip
wrong = {1: (40.0, np.radians(1.2), np.radians(-0.6))}
start = straight(*[
    (4500 * np.sin(a), 4500 * np.cos(a), 250, -45 * np.sin(a + 0.5), -45 * np.cos(a + 0.5), 0)
    for a in np.linspace(0.0, 5.0, 6)
])  # fmt: skip
looks = scans(radars, start, 120.0, bias=wrong)


def followed(options):
    tracker, errors = Tracker(radars, options, origin_deg_m=ORIGIN), []
    for now_s, batch, look in looks:
        tracks = tracker.step(batch, [look], now_s=now_s)
        found = error_m(tracks, start(now_s - T0))
        if len(found):
            errors.append((now_s - T0, float(np.median(found))))
    return tracker, np.array(errors)


tracker, learnt = followed(Options())
_, plain = followed(Options(learn_errors=False))
for e in sensor_errors(tracker.state()):
    print(f"{radars[e.sensor].id}: range {e.range_m:+.0f} ± {e.sigma_range_m:.0f} m,"
          f" azimuth {np.degrees(e.azimuth_rad):+.2f} ± {np.degrees(e.sigma_azimuth_rad):.2f}°,"
          f" taken off: {e.corrected}")  # fmt: skip
last = [np.median(errors[errors[:, 0] > 90.0, 1]) for errors in (plain, learnt)]
print(f"median error after 90 s: {last[0]:.0f} m without learning, {last[1]:.0f} m with it")

picture(
    "biased_radar", "median error of six tracks; one of three radars is wrong by 1.2 degrees",
    [("line", COLOURS["other"], plain), ("line", COLOURS["tracks"], learnt)],
    [(COLOURS["other"], "errors not learnt"), (COLOURS["tracks"], "learnt and taken off")],
    equal=False,
)  # fmt: skip
