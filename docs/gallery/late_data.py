"""Late data: a third of the scans arrive seconds late, and ten seconds later nobody can tell."""

import numpy as np
from _scene import COLOURS, ORIGIN, T0, picture, scans, straight

from tocsin.model import DetectionBatch, Sensor
from tocsin.track import Tracker

radars = [
    Sensor(id=f"radar-{n}", lat=48.0 + 0.01 * n, lon=11.0, alt_m=510.0, sigma_range_m=8.0,
           sigma_azimuth_deg=0.7, sigma_elevation_deg=1.0, sigma_range_rate_mps=0.8,
           phase_s=0.4 * n, false_alarms_per_scan=3.0, max_range_m=9000.0) for n in range(2)
]  # fmt: skip
truth = straight((4000, 3000, 200, -40, -25, 0), (-3000, 4000, 150, 30, -30, 1))
looks = scans(radars, truth, 40.0)

rng = np.random.default_rng(3)
delay_s = np.where(rng.random(len(looks)) < 0.33, rng.exponential(3.0, len(looks)), 0.0)
delay_s = np.minimum(delay_s, 8.0)
late = [(at_s + delay, batch, look) for (at_s, batch, look), delay in zip(looks, delay_s)]
late.sort(key=lambda row: row[0])


def followed(rows):
    """Return the tracker and how far its tracks were from the targets, second by second."""
    tracker, seen = Tracker(radars, origin_deg_m=ORIGIN), {}
    for now_s, batch, look in rows:
        tracks = tracker.step(batch, [look], now_s=now_s)
        places = tracks.state[tracks.status > 0, :3]
        if len(places) == 2:
            gaps = np.linalg.norm(places[:, None] - truth(now_s - T0)[None, :, :3], axis=2)
            seen[now_s - T0] = gaps.min(axis=1).mean()
    tracker.step(DetectionBatch.blank(0), now_s=T0 + 49.0)
    return tracker, seen


in_order, seen_in_order = followed(looks)
as_it_came, seen_late = followed(late)
ten_ago = T0 + 39.0
one, two = in_order.settled(ten_ago), as_it_came.settled(ten_ago)
same = np.array_equal(one.state[one.status > 0], two.state[two.status > 0])
print(f"{(delay_s > 0.0).sum()} of {len(late)} scans came late")
print(f"ten seconds later both know the same, to the last bit: {same}")

picture(
    "late_data", "mean error of two tracks while a third of the scans is late",
    [("line", colour, np.array(list(seen.items()))) for colour, seen in
     ((COLOURS["other"], seen_late), (COLOURS["tracks"], seen_in_order))],
    [(COLOURS["tracks"], "all in order"), (COLOURS["other"], "as it came")], equal=False,
)  # fmt: skip
