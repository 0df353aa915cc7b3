"""To Stone Soup and back, with Stone Soup itself, and its metrics as judges of ours."""

import datetime
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest
from tests.track.scene import CAMERAS, ORIGIN, RADARS, scans, straight

from tocsin.errors import CallError
from tocsin.geo import frame_at
from tocsin.model import DetectionBatch, Report, Sensor, TrackStatus
from tocsin.sensor import measure, pack
from tocsin.track import Tracker, _soup, metrics
from tocsin.track import stonesoup as ss

pytestmark = [pytest.mark.filterwarnings("ignore::DeprecationWarning")]

T0 = 1.7e9
TARGETS = straight((4000, 3000, 200, -40, -25, 0), (-3000, 4000, 150, 30, -30, 1))
RF = Sensor(id="rf", kind="rf", lat=48.02, lon=11.03, alt_m=520.0, sigma_azimuth_deg=2.0)
SENSORS = (*RADARS, *CAMERAS, RF)
MEASURED = ("range_m", "azimuth_rad", "elevation_rad", "range_rate_mps")


def batch_of_all(seconds=4.0):
    return DetectionBatch.join(
        [b for _, b, _ in scans((*RADARS, *CAMERAS), TARGETS, seconds)] + [bearings()]
    )


def bearings():
    batch = DetectionBatch.blank(3)
    batch.time_s[:], batch.arrival_s[:], batch.sensor[:] = T0 + 1.25, T0 + 1.25, 4
    batch.azimuth_rad[:] = [0.1, 3.0, 6.2]
    return batch


def test_detections_come_back_as_they_went():
    batch = batch_of_all()
    found = ss.detections_to_stonesoup(batch, SENSORS, origin_deg_m=ORIGIN)
    assert found.unused == {}
    assert sum(len(d) for _, d in found.scans) == len(batch)
    assert [t for t, _ in found.scans] == sorted(t for t, _ in found.scans)
    for _, scan in found.scans:
        assert len({id(d.measurement_model) for d in scan}) == 1  # its k-d tree wants one
    every = [d for _, scan in found.scans for d in scan]
    back = ss.detections_from_stonesoup(every, SENSORS, origin_deg_m=ORIGIN)
    rows = [d.metadata["row"] for d in sorted(every, key=lambda d: d.timestamp)]
    for name in MEASURED:
        np.testing.assert_allclose(
            getattr(back, name), getattr(batch, name)[rows], rtol=1e-12, atol=1e-9
        )
    np.testing.assert_array_equal(back.sensor, batch.sensor[rows])
    np.testing.assert_allclose(back.time_s, batch.time_s[rows], rtol=0, atol=1e-6)
    sigma = np.array([np.radians(SENSORS[k].sigma_azimuth_deg) for k in batch.sensor[rows]])
    np.testing.assert_allclose(back.sigma_azimuth_rad, sigma)


def test_its_models_measure_what_ours_do():
    """A target's noise-free plot is what Stone Soup's model of it computes from the state."""
    from stonesoup.types.state import State

    table = pack(SENSORS, frame_at(*ORIGIN))
    truth = TARGETS(0.0)
    for k, sensor in enumerate(SENSORS):
        batch = DetectionBatch.blank(2)
        batch.time_s[:], batch.sensor[:] = T0, k
        z = measure(table, k, truth)
        for c, name in enumerate(MEASURED):
            if getattr(sensor, f"sigma_{name.replace('rad', 'deg')}"):
                getattr(batch, name)[:] = z[:, c]
        ((_, scan),) = ss.detections_to_stonesoup(batch, SENSORS, origin_deg_m=ORIGIN).scans
        for detection in scan:
            state = State(np.array(_soup.theirs(truth[detection.metadata["row"]]))[:, None])
            got = detection.measurement_model.function(state, noise=False)
            want = np.asarray(detection.state_vector, dtype=float)
            gap = np.asarray(got, dtype=float) - want
            if sensor.id == "rf":  # it knows a bearing in the plane only: the tilt stays
                assert abs(gap.item()) < 1e-4
            else:
                np.testing.assert_allclose(gap, 0.0, atol=1e-8)


def test_a_detection_without_metadata_is_of_the_sensor_that_stands_there():
    batch = batch_of_all(1.0)
    scans_of = ss.detections_to_stonesoup(batch, SENSORS, origin_deg_m=ORIGIN).scans
    every = [d for _, scan in scans_of for d in scan]
    for detection in every:
        detection.metadata.pop("sensor_id")
    back = ss.detections_from_stonesoup(every, SENSORS, origin_deg_m=ORIGIN)
    rows = [d.metadata["row"] for d in sorted(every, key=lambda d: d.timestamp)]
    np.testing.assert_array_equal(back.sensor, batch.sensor[rows])
    with pytest.raises(CallError, match="no sensor"):
        ss.detections_from_stonesoup(every, SENSORS[-1:], origin_deg_m=(48.3, 11.0, 0.0))


def test_what_has_no_form_there_is_counted():
    batch = batch_of_all(1.0)
    batch.report[0], batch.sensor[1], batch.azimuth_rad[2] = Report.TRACK, 99, np.nan
    batch.time_s[3] = np.nan
    found = ss.detections_to_stonesoup(batch, SENSORS, origin_deg_m=ORIGIN)
    assert found.unused == {
        "no plot": 1, "sensor not known": 1, "no azimuth": 1, "value not possible": 1,
    }  # fmt: skip
    assert sum(len(d) for _, d in found.scans) == len(batch) - 4


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("sigma_azimuth_rad", np.inf, "value not possible"),
        ("sigma_range_m", -3.0, "value not possible"),
        ("sigma_range_m", np.inf, "value not possible"),
        ("sigma_range_m", 1e-200, "value not possible"),
        ("time_s", 1e300, "value not possible"),
        ("range_m", np.inf, "value not possible"),
    ],
)
def test_a_value_that_has_no_form_there_is_counted(column, value, reason):
    batch = batch_of_all(1.0)
    getattr(batch, column)[0] = value
    found = ss.detections_to_stonesoup(batch, SENSORS, origin_deg_m=ORIGIN)
    assert found.unused == {reason: 1}
    assert sum(len(d) for _, d in found.scans) == len(batch) - 1


def test_a_bearing_without_a_sigma_is_counted_as_the_tracker_does():
    sensor = Sensor(id="x", lat=48.0, lon=11.0, sigma_range_m=5.0)
    batch = DetectionBatch.blank(1)
    batch.time_s[:], batch.sensor[:], batch.range_m[:], batch.azimuth_rad[:] = T0, 0, 4e3, 1.0
    tracker = Tracker([sensor])
    tracker.step(batch)
    assert ss.detections_to_stonesoup(batch, [sensor]).unused == tracker.unused
    assert tracker.unused == {"no azimuth": 1}


@pytest.mark.parametrize("elevation", [0.1, np.nan])
def test_a_range_rate_without_a_range_is_counted_and_the_bearing_kept(elevation):
    sensor = Sensor(
        id="x", lat=48.0, lon=11.0, sigma_azimuth_deg=0.5, sigma_elevation_deg=0.5,
        sigma_range_rate_mps=1.0,
    )  # fmt: skip
    batch = DetectionBatch.blank(1)
    batch.time_s[:], batch.sensor[:], batch.azimuth_rad[:] = T0, 0, 1.0
    batch.elevation_rad[:], batch.range_rate_mps[:] = elevation, 12.0
    found = ss.detections_to_stonesoup(batch, [sensor])
    assert found.unused == {"range rate without range": 1}
    assert [len(d) for _, d in found.scans] == [1]


def test_the_time_of_arrival_comes_back():
    batch = batch_of_all(1.0)
    batch.arrival_s[:] = batch.time_s + 3.25
    batch.arrival_s[0] = np.nan
    found = ss.detections_to_stonesoup(batch, SENSORS, origin_deg_m=ORIGIN)
    every = [d for _, scan in found.scans for d in scan]
    back = ss.detections_from_stonesoup(every, SENSORS, origin_deg_m=ORIGIN)
    late_s = np.sort(back.arrival_s - back.time_s)
    assert late_s[0] == 0.0
    np.testing.assert_allclose(late_s[1:], 3.25, atol=2e-6)


def test_two_sensors_of_one_id_are_refused():
    twice = (SENSORS[0], SENSORS[0])
    with pytest.raises(CallError, match="2 sensors"):
        ss.detections_to_stonesoup(batch_of_all(1.0), twice, origin_deg_m=ORIGIN)
    with pytest.raises(CallError, match="2 sensors"):
        ss.detections_from_stonesoup([], twice, origin_deg_m=ORIGIN)


def test_tracks_and_truth_that_cannot_be_are_refused_and_an_empty_track_has_no_row():
    from stonesoup.types.groundtruth import GroundTruthPath, GroundTruthState
    from stonesoup.types.state import GaussianState
    from stonesoup.types.track import Track

    at = _soup.as_time(T0)
    assert len(ss.tracks_from_stonesoup([Track()], origin_deg_m=ORIGIN)) == 0
    named = [
        Track([GaussianState(np.arange(6.0), np.eye(6), timestamp=at)], id=name)
        for name in ("007", "7", str(2**63 - 1))
    ]
    ids = ss.tracks_from_stonesoup(named, origin_deg_m=ORIGIN).track_id.tolist()
    assert sorted(ids) == [7, 8, 9]
    for time_s, state in ((np.nan, np.zeros((1, 6))), (T0, np.zeros((1, 3)))):
        with pytest.raises(CallError):
            ss.truth_to_stonesoup([time_s], ["a"], state)
    timeless = GroundTruthPath([GroundTruthState(np.arange(6.0))], id="1")
    with pytest.raises(CallError, match="datetime"):
        ss.truth_from_stonesoup([timeless])


def test_stone_soups_own_filter_follows_a_target_on_converted_detections():
    from stonesoup.models.transition.linear import (
        CombinedLinearGaussianTransitionModel,
        ConstantVelocity,
    )
    from stonesoup.predictor.kalman import ExtendedKalmanPredictor
    from stonesoup.types.hypothesis import SingleHypothesis
    from stonesoup.types.state import GaussianState
    from stonesoup.updater.kalman import ExtendedKalmanUpdater

    truth = straight((4000, 3000, 200, -40, -25, 0))
    batch = DetectionBatch.join(
        [b for _, b, _ in scans((*RADARS, *CAMERAS), truth, 15.0, false_alarms=False)]
    )
    first = truth(0.0)[0] + [60, -60, 30, 10, 10, 0]
    state = GaussianState(
        _soup.theirs(first),
        np.diag([1e4, 400.0, 1e4, 400.0, 1e4, 25.0]),
        timestamp=_soup.as_time(T0),
    )
    predictor = ExtendedKalmanPredictor(
        CombinedLinearGaussianTransitionModel([ConstantVelocity(0.1)] * 3)
    )
    updater = ExtendedKalmanUpdater(measurement_model=None)
    for at, scan in ss.detections_to_stonesoup(batch, SENSORS, origin_deg_m=ORIGIN).scans:
        for detection in scan:
            ahead = predictor.predict(state, timestamp=at)
            state = updater.update(SingleHypothesis(ahead, detection))
    last_s = _soup.as_seconds(state.timestamp) - T0
    gap = _soup.ours(state.state_vector) - truth(last_s)[0]
    assert np.linalg.norm(gap[:3]) < 10.0
    assert np.linalg.norm(gap[3:]) < 3.0


def test_tracks_and_truth_come_back_as_they_went():
    tracker, tables = Tracker(RADARS, origin_deg_m=ORIGIN), []
    for now_s, batch, look in scans(RADARS, TARGETS, 10.0):
        tables.append(tracker.step(batch, [look], now_s=now_s))
    tracks = ss.tracks_to_stonesoup(tables)
    shown = [t.take(t.status != TrackStatus.TENTATIVE) for t in tables]
    want = type(tables[0]).join(shown)
    want = want.take(np.lexsort((want.track_id, want.time_s)))
    assert {t.id for t in tracks} == {str(n) for n in want.track_id}
    back = ss.tracks_from_stonesoup(tracks, origin_deg_m=ORIGIN)
    for name in (
        "track_id",
        "state",
        "covariance",
        "lat_deg",
        "lon_deg",
        "alt_m",
        "vel_up_mps",
    ):
        np.testing.assert_allclose(
            getattr(back, name), getattr(want, name), rtol=1e-9, atol=1e-9, err_msg=name
        )
    np.testing.assert_allclose(back.time_s, want.time_s, rtol=0, atol=1e-6)
    times = np.repeat(T0 + np.arange(5.0), 2)
    names, states = np.tile(["a", "b"], 5), np.vstack([TARGETS(t) for t in range(5)])
    truth = ss.truth_from_stonesoup(ss.truth_to_stonesoup(times, names, states))
    order = np.lexsort((times, names))
    np.testing.assert_array_equal(truth.target_id, names[order])
    np.testing.assert_allclose(truth.state, states[order])
    np.testing.assert_allclose(truth.time_s, times[order], rtol=0, atol=1e-6)


def test_tracks_with_ids_of_their_own_are_numbered_and_others_refused():
    from stonesoup.types.state import GaussianState, State
    from stonesoup.types.track import Track

    at = datetime.datetime(2026, 1, 1)  # noqa: DTZ001 - naive, as it has them
    state = GaussianState([1, 2, 3, 4, 5, 6], np.eye(6), timestamp=at)
    table = ss.tracks_from_stonesoup(
        [Track([state]), Track([state], id="7")], origin_deg_m=ORIGIN
    )
    assert sorted(table.track_id.tolist()) == [7, 8]
    assert table.state[0].tolist() == [1, 3, 5, 2, 4, 6]
    assert np.isnan(table.existence).all()
    with pytest.raises(CallError, match="Gaussian"):
        ss.tracks_from_stonesoup([Track([State([1, 2], timestamp=at)])], origin_deg_m=ORIGIN)
    empty = ss.tracks_from_stonesoup([], origin_deg_m=ORIGIN)
    assert [len(getattr(empty, f.name)) for f in fields(empty)] == [0] * len(fields(empty))


def random_picture(rng):
    """Truth and tracks at five times: some tracks near a truth, some of none, gaps."""
    truth = rng.uniform(-400, 400, (rng.integers(1, 5), 3))[None] + rng.normal(0, 5, (5, 1, 3))
    tracks = truth[:, rng.integers(0, truth.shape[1], rng.integers(1, 6))]
    tracks = tracks + rng.normal(0, 1, tracks.shape[1:]) * rng.choice([5.0, 200.0])
    return truth, tracks + rng.normal(0, 3, tracks.shape)


def as_paths(kind, positions):
    times = np.repeat(T0 + np.arange(len(positions), dtype=float), positions.shape[1])
    names = np.tile([f"{kind}{n}" for n in range(positions.shape[1])], len(positions))
    states = np.zeros((len(times), 6))
    states[:, :3] = positions.reshape(-1, 3)
    return ss.truth_to_stonesoup(times, names, states)


def test_gospa_and_its_parts_are_stone_soups():
    from stonesoup.measures import Euclidean
    from stonesoup.metricgenerator.ospametric import GOSPAMetric

    rng = np.random.default_rng(3)
    for _ in range(15):
        truth, tracks = random_picture(rng)
        c = float(rng.uniform(30.0, 200.0))
        judge = GOSPAMetric(p=2, c=c, measure=Euclidean(mapping=[0, 2, 4]))
        of = GOSPAMetric.extract_states
        found = judge.compute_over_time(
            *of(as_paths("t", tracks), True), *of(as_paths("g", truth), True)
        )
        for k, one in enumerate(found.value):
            mine = metrics.gospa(truth[k], tracks[k], c)
            assert mine.total == pytest.approx(one.value["distance"])
            assert mine.localisation == pytest.approx(one.value["localisation"])
            assert 0.5 * c * c * mine.missed == pytest.approx(one.value["missed"])
            assert 0.5 * c * c * mine.false == pytest.approx(one.value["false"])


def test_siap_is_stone_soups_on_the_same_associations():
    from stonesoup.dataassociator.tracktotrack import TrackToTruth
    from stonesoup.measures import Euclidean
    from stonesoup.metricgenerator.manager import MultiManager
    from stonesoup.metricgenerator.tracktotruthmetrics import SIAPMetrics

    rng = np.random.default_rng(4)
    for _ in range(8):
        # Well apart: its associator, which goes by whole tracks, then finds the nearest too.
        truth = np.array([[0.0, 0, 0], [2000, 0, 0], [0, 2000, 0]])[None] + np.zeros((5, 1, 1))
        pick = rng.integers(0, 3, rng.integers(2, 6))
        tracks = truth[:, pick] + rng.normal(0, 10, (5, len(pick), 3))
        tracks = np.concatenate([tracks, np.full((5, 1, 3), 9000.0)], axis=1)
        siap = SIAPMetrics(
            position_measure=Euclidean((0, 2, 4)), velocity_measure=Euclidean((1, 3, 5)),
            tracks_key="tracks", truths_key="truths",
        )  # fmt: skip
        manager = MultiManager(
            [siap], TrackToTruth(association_threshold=100.0, measure=Euclidean((0, 2, 4)),
                                 consec_misses_end=1)
        )  # fmt: skip
        manager.add_data(
            {"tracks": as_tracks(tracks), "truths": as_paths("g", truth)}, overwrite=False
        )
        found = manager.generate_metrics()["siap_generator"]
        mine = metrics.siap(list(truth), list(tracks), 100.0)
        assert mine.completeness == pytest.approx(found["SIAP Completeness"].value)
        assert mine.ambiguity == pytest.approx(found["SIAP Ambiguity"].value)
        assert mine.spuriousness == pytest.approx(found["SIAP Spuriousness"].value)
        assert mine.position_m == pytest.approx(found["SIAP Position Accuracy"].value)


def as_tracks(positions):
    from stonesoup.types.track import Track

    return {Track(list(path), id=path.id) for path in as_paths("t", positions)}


def test_the_library_does_without_it_and_says_what_to_do():
    code = (
        "import sys\n"
        "sys.modules['stonesoup'] = None\n"
        "import numpy as np\n"
        "from tocsin.track import stonesoup\n"
        "try:\n"
        "    stonesoup.truth_to_stonesoup(np.zeros(1), ['a'], np.zeros((1, 6)))\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("CallError Stone Soup cannot be imported")
    assert "pip install stonesoup" in done.stdout
