"""Run Stone Soup: `peer_stonesoup.py FOLDER gnn-ekf|gnn-ekf-kdtree OUT.parquet`.

Constant velocity, extended Kalman filter, global nearest neighbour by 2-D assignment (with or
without a k-d tree), tracks begun after six updates, deleted after four seconds or once their
place is unknown. Detections are converted by `tocsin.track.stonesoup` beforehand; timed is the
loop of tracking alone. The last line is a JSON object with `det_per_s`, of CPU time.
"""

import argparse
import dataclasses
import datetime
import json
import time
from pathlib import Path

import numpy as np
from stonesoup.dataassociator.neighbour import GNNWith2DAssignment
from stonesoup.dataassociator.tree import DetectionKDTreeGNN2D
from stonesoup.deleter.error import CovarianceBasedDeleter
from stonesoup.deleter.multi import CompositeDeleter
from stonesoup.deleter.time import UpdateTimeDeleter
from stonesoup.hypothesiser.distance import DistanceHypothesiser
from stonesoup.initiator.simple import MultiMeasurementInitiator
from stonesoup.measures import Mahalanobis
from stonesoup.models.transition.linear import (
    CombinedLinearGaussianTransitionModel,
    ConstantVelocity,
)
from stonesoup.predictor.kalman import ExtendedKalmanPredictor
from stonesoup.types.state import GaussianState
from stonesoup.updater.kalman import ExtendedKalmanUpdater

from bench.own.score import columns
from tocsin.model import DetectionBatch, Sensor
from tocsin.track.stonesoup import detections_to_stonesoup

GATE, CONFIRM = 4.0, 6
Q = {"pair": 0.5, "swarm": 0.5, "crossing": 0.5, "bearing": 2.0}  # m^2/s^3; else 4
LIMIT_S = 120.0  # of CPU time in the loop
RANGING = "Range"


def read(folder):
    site, known = (json.loads((folder / f"{n}.json").read_text()) for n in ("site", "sensors"))
    fields = {f.name for f in dataclasses.fields(Sensor)}
    sensors = [Sensor(**{k: v for k, v in s.items() if k in fields}) for s in known]
    d, place = columns(folder / "detections.parquet"), {s.id: n for n, s in enumerate(sensors)}
    batch = DetectionBatch.blank(len(d["time_s"]))
    batch.time_s[:], batch.sensor[:] = d["time_s"], [place[n] for n in d["sensor_id"]]
    batch.range_m[:], batch.range_rate_mps[:] = d["range_m"], d["range_rate_mps"]
    batch.azimuth_rad[:] = np.radians(d["azimuth_deg"])
    batch.elevation_rad[:] = np.radians(d["elevation_deg"])
    origin = site["lat"], site["lon"], site["alt_m"]
    return site, detections_to_stonesoup(batch, sensors, origin_deg_m=origin).scans


class Gnn:
    """The parts of a tracker, joined as its documentation does."""

    def __init__(self, q, *, tree):
        motion = [ConstantVelocity(q), ConstantVelocity(q), ConstantVelocity(q / 4)]
        self.predictor = ExtendedKalmanPredictor(CombinedLinearGaussianTransitionModel(motion))
        self.updater = ExtendedKalmanUpdater(measurement_model=None)
        self.tracks = set()
        self.associator = self.nearest(tree)
        unknown = CovarianceBasedDeleter(covar_trace_thresh=400.0**2, mapping=[0, 2, 4])

        def deleter(seconds):
            silent = UpdateTimeDeleter(datetime.timedelta(seconds=seconds))
            return CompositeDeleter([silent, unknown], intersect=False)

        self.deleter = deleter(4.0)
        prior = GaussianState([0] * 6, np.diag([0, 1600.0, 0, 1600.0, 0, 64.0]))
        self.initiator = MultiMeasurementInitiator(
            prior, deleter(1.6), self.nearest(tree), self.updater, min_points=CONFIRM,
            skip_non_reversible=True,
        )  # fmt: skip

    def nearest(self, tree):
        distance = DistanceHypothesiser(
            self.predictor, self.updater, Mahalanobis(), missed_distance=GATE
        )
        if not tree:
            return GNNWith2DAssignment(distance)
        return DetectionKDTreeGNN2D(
            distance, self.predictor, self.updater, number_of_neighbours=5,
            max_distance_covariance_multiplier=GATE,
        )  # fmt: skip

    def step(self, at, detections):
        used = set()
        for track, found in self.associator.associate(self.tracks, detections, at).items():
            track.append(self.updater.update(found) if found else found.prediction)
            if found:
                used.add(found.measurement)
        self.tracks -= self.deleter.delete_tracks(self.tracks)
        ranged = {d for d in detections - used if RANGING in type(d.measurement_model).__name__}
        self.tracks |= self.initiator.initiate(ranged, at)


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("tracker", choices=["gnn-ekf", "gnn-ekf-kdtree"])
    parser.add_argument("out", type=Path, help="not written: only speed is asked for")
    a = parser.parse_args(words)
    site, scans = read(a.folder)
    tracker = Gnn(Q.get(site["scenario"], 4.0), tree=a.tracker.endswith("kdtree"))
    spent_s, count, most_s, done = 0.0, 0, 0.0, 0
    for at, detections in scans:
        before_s = time.process_time()
        tracker.step(at, detections)
        used_s = time.process_time() - before_s
        spent_s, most_s, count, done = (
            spent_s + used_s,
            max(most_s, used_s),
            count + len(detections),
            done + 1,
        )
        if spent_s > LIMIT_S:
            break
    print(json.dumps({
        "tracker": a.tracker, "cpu_s": spent_s, "detections": count, "det_per_s": count / spent_s,
        "slowest_scan_s": most_s, "tracks": len(tracker.tracks), "finished": done == len(scans),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
