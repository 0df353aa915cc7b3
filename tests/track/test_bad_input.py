"""What a caller hands in wrongly is refused with its name; what the world sends is counted."""

from dataclasses import fields, replace

import numpy as np
import pytest

from tocsin.errors import CallError, SiteError
from tocsin.model import Coverage, DetectionBatch, Node, Sensor, Site
from tocsin.track import Options, Tracker, metrics, open_tracker, step_into

T0 = 1.7e9
RADAR = Sensor(
    id="r1", lat=48.0, lon=11.0, alt_m=510.0, sigma_range_m=8.0, sigma_azimuth_deg=0.5,
    sigma_elevation_deg=0.8,
)  # fmt: skip
NAN, INF = float("nan"), float("inf")


def plots(at_s, *range_m):
    batch = DetectionBatch.blank(len(range_m))
    batch.time_s[:], batch.sensor[:], batch.range_m[:] = at_s, 0, range_m
    batch.azimuth_rad[:], batch.elevation_rad[:] = 1.2, 0.1
    return batch


def look(at_s):
    return [Coverage(0, at_s - 0.01, at_s)]


def followed(scans=10):
    tracker = Tracker([RADAR])
    for n in range(scans):
        tracks = tracker.step(plots(T0 + n, 4000.0 + 10 * n), look(T0 + n))
    return tracker, tracks


USED = (
    "arrival_s", "sensor", "report", "range_m", "azimuth_rad", "elevation_rad",
    "range_rate_mps", "sigma_range_m", "sigma_azimuth_rad", "sigma_elevation_rad",
    "sigma_range_rate_mps", "class_scores", "flags",
)  # fmt: skip


@pytest.mark.parametrize("name", USED)
@pytest.mark.parametrize("count", [1, 5])
def test_a_column_of_another_length_is_named_and_nothing_read_beyond_it(name, count):
    tracker, _ = followed(3)
    batch = plots(T0 + 3, 4030.0, 4030.0, 4030.0)
    column = getattr(batch, name)
    setattr(batch, name, np.zeros((count, *column.shape[1:]), column.dtype))
    with pytest.raises(CallError, match=f"column {name} has shape"):
        tracker.step(batch)
    assert tracker.unused == {}


def shaped(how, column):
    if how == "strided":
        return np.repeat(column, 2, axis=0)[::2]
    if how == "swapped":
        return column.astype(column.dtype.newbyteorder())
    if how == "fixed":
        column = column.copy()
        column.setflags(write=False)
        return column
    if how == "fortran":
        return np.asfortranarray(column)
    return column.astype(how)


@pytest.mark.parametrize("how", ["strided", "swapped", "fixed", "fortran", "i8", "f8", "O"])
def test_columns_of_another_layout_give_the_same_tracks_and_stay_as_they_are(how):
    expected, tracker = followed(3)[0], followed(3)[0]
    batch, other = plots(T0 + 3, 4030.0, 9000.0), plots(T0 + 3, 4030.0, 9000.0)
    for part in (batch, other):
        part.azimuth_rad[:] = 1.0  # a whole number, so that each type can hold it
        part.elevation_rad[:] = 0.0
    names = ("time_s", "sensor", "report", "range_m", "azimuth_rad", "flags")
    if how in ("strided", "swapped", "fixed", "fortran"):
        names = (*names, "class_scores", "sigma_range_m")
    for name in names:
        setattr(other, name, shaped(how, getattr(other, name)))
    before = {f.name: getattr(other, f.name) for f in fields(other)}
    copies = {name: column.copy() for name, column in before.items()}
    if how == "O":
        with pytest.raises(CallError, match="time_s holds object"):
            tracker.step(other)
        return
    one, two = expected.step(batch), tracker.step(other)
    np.testing.assert_array_equal(one.state, two.state)
    np.testing.assert_array_equal(one.covariance, two.covariance)
    for name, column in before.items():
        assert getattr(other, name) is column
        np.testing.assert_array_equal(column, copies[name])


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("sensor", [0, 2**40]), ("sensor", [0.0, 0.5]), ("sensor", [0.0, NAN]),
        ("report", [0, 256]), ("report", [0, -1]), ("flags", [0, 70_000]),
        ("range_m", ["far", "near"]), ("range_m", [1j, 2.0]),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_refused_with_their_column(name, values):
    batch = plots(T0, 4000.0, 4100.0)
    setattr(batch, name, np.array(values))
    with pytest.raises(CallError, match=f"column {name} holds"):
        Tracker([RADAR]).step(batch)


def test_a_masked_column_is_refused_since_what_it_hides_would_be_used():
    batch = plots(T0, 4000.0, 4100.0)
    batch.range_m = np.ma.masked_greater(batch.range_m, 4050.0)
    with pytest.raises(CallError, match="column range_m is masked"):
        Tracker([RADAR]).step(batch)


def test_rows_of_no_known_sensor_and_no_plots_are_counted_and_so_are_looks():
    tracker = Tracker([RADAR])
    batch = plots(T0, 4000.0, 4000.0, 4000.0, 70e3, 4000.0)
    batch.sensor[:], batch.report[2] = [-1, 7, 0, 0, 0], 1
    looks = [Coverage(9, T0 - 1, T0), Coverage(-1, T0 - 1, T0), Coverage(0, T0 - 1, T0, NAN)]
    tracks = tracker.step(batch, looks)
    assert len(tracks) == 1
    assert tracker.unused == {
        "sensor not known": 2, "no plot": 1, "beyond radius_m": 1, "look of no known sensor": 2,
        "look not possible": 1,
    }  # fmt: skip
    with pytest.raises(CallError, match="whole number"):
        tracker.step(batch, [Coverage(None, T0 - 1, T0)])


def test_a_node_passes_over_what_is_of_its_other_sites_without_a_count():
    site = Site(id="s", name="s", lat=48.0, lon=11.0, alt_m=510.0)
    tracker = open_tracker(site, 0, Node(number=1, sites=(site,), sensors=(RADAR,)))
    batch = plots(T0, 4000.0, 4000.0, 4000.0, 70e3)
    batch.sensor[:], batch.report[2] = [-1, 7, 0, 0], 1
    step_into(tracker, batch, [Coverage(9, T0 - 1, T0)], T0)
    assert tracker.unused == {}


@pytest.mark.parametrize("wrong_s", [1.7e12, T0 + 1e6, T0 + 4000.0])
@pytest.mark.parametrize("name", ["time_s", "arrival_s"])
def test_one_wrong_clock_ends_no_track(name, wrong_s):
    tracker, before = followed()
    batch = plots(T0 + 10, 4100.0, 4101.0)  # two, for a plot said twice is no second one
    getattr(batch, name)[1] = wrong_s
    after = tracker.step(batch, look(T0 + 10))
    assert after.track_id[0] == before.track_id[0]
    assert after.time_s[0] == T0 + 10
    assert tracker.events == ()
    assert tracker.unused == ({"from the future": 1} if name == "time_s" else {})
    last = tracker.step(plots(T0 + 11, 4110.0), look(T0 + 11))
    assert last.track_id[0] == before.track_id[0]


def test_a_wrong_clock_beside_late_plots_alone_does_not_move_time():
    tracker, _ = followed()
    batch = plots(T0 + 8.5, 4085.0, 4085.0)
    batch.time_s[1] = 1.7e12
    assert tracker.step(batch).time_s[0] == T0 + 9
    assert tracker.unused == {"from the future": 1}


def test_the_time_of_a_sensor_that_is_not_known_does_not_count():
    tracker, _ = followed()
    batch = plots(T0 + 10, 4100.0, 4100.0)
    batch.sensor[1], batch.time_s[1] = -1, 1.7e12
    assert tracker.step(batch, look(T0 + 10)).time_s[0] == T0 + 10
    with pytest.raises(CallError, match="no plot of a known sensor"):
        Tracker([RADAR]).step(batch.take(np.array([1])))


def test_a_batch_that_is_wholly_later_is_a_gap():
    tracker, _ = followed()
    at_s = T0 + 20_000.0
    tracks = tracker.step(plots(at_s, 4000.0, 1.7e3), look(at_s))
    assert [e.kind for e in tracker.events] == ["ended"]
    assert np.all(tracks.time_s == at_s)
    assert tracker.unused == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lat", 91.0), ("lat", 91), ("lat", NAN), ("lon", 361.0), ("lon", INF), ("alt_m", NAN),
        ("alt_m", INF), ("max_range_by_kind_m", {"x": NAN}),
        ("max_range_by_kind_m", {"x": -1.0}),
        ("azimuth_width_deg", NAN), ("azimuth_center_deg", INF), ("elevation_min_deg", -INF),
        ("phase_s", NAN), ("nature", "x"), ("lat", "48"), ("max_radial_speed_mps", NAN),
        ("false_alarms_per_scan", INF), ("min_radial_speed_mps", True),
        ("scan_period_s", 1e-9),
    ],
)  # fmt: skip
def test_an_impossible_sensor_is_refused_with_its_value(name, value):
    with pytest.raises(SiteError, match=f"'r1' has {name} "):
        Tracker([replace(RADAR, **{name: value})])


@pytest.mark.parametrize(
    "origin", [(NAN, 0, 0), (100.0, 11.0, 0.0), (48.0, 11.0), (48, 11, INF), "x"]
)
def test_an_impossible_origin_is_refused(origin):
    with pytest.raises(CallError, match="origin_deg_m"):
        Tracker([RADAR], origin_deg_m=origin)


@pytest.mark.parametrize("radius_m", [NAN, -1.0, 0.0, INF])
def test_an_impossible_radius_is_refused(radius_m):
    with pytest.raises(CallError, match="radius_m"):
        Tracker([RADAR], radius_m=radius_m)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("confirm", 99.0), ("confirm", 1.0), ("gate_probability", 1.5), ("drop", 2.0),
        ("drop", 0.995), ("most", 0.98), ("clear", 5.0), ("max_tracks", 10.5),
        ("max_tracks", True), ("late_s", "a"), ("late_s", None), ("learn_errors", "no"),
        ("clutter", None), ("coast_s", INF),
    ],
)  # fmt: skip
def test_an_impossible_option_is_refused_with_its_name(name, value):
    with pytest.raises(CallError, match=name):
        Options(**{name: value})


@pytest.mark.parametrize("at_s", [INF, NAN, "now"])
def test_a_time_that_is_none_is_refused(at_s):
    tracker, _ = followed(3)
    with pytest.raises(CallError):
        tracker.settled(at_s)
    with pytest.raises(CallError):
        tracker.step(plots(T0 + 3, 4030.0), now_s=at_s)


def test_a_position_that_is_not_there_is_not_judged():
    truth, found = [[NAN, 0, 0], [0, 0, 0]], [[0, NAN, 0], [500, 0, 0], [1, 0, 0]]
    one = metrics.gospa(truth, found, 10.0)
    assert (one.missed, one.false, one.localisation) == (0, 1, 1.0)
    assert one.pairs.tolist() == [[1, 2]]
    two = metrics.siap([truth], [found], 10.0)
    assert (two.completeness, two.spuriousness, two.position_m) == (1.0, 0.5, 1.0)
    with pytest.raises(CallError, match="as many"):
        metrics.siap([truth, truth], [found], 10.0)
    window = np.zeros((4, 1, 3))
    broken = window.copy()
    broken[0, 0, 1] = NAN
    gone = window.copy()
    gone[0] = NAN
    assert metrics.ospa2(window, broken, 10.0) == metrics.ospa2(window, gone, 10.0) == 2.5


def test_plots_that_are_said_twice_give_one_track_a_target_and_are_counted():
    once, twice = Tracker([RADAR]), Tracker([RADAR])
    for n in range(8):
        single = plots(T0 + n, 4000.0 + 10 * n, 6000.0)
        double = plots(T0 + n, 4000.0 + 10 * n, 6000.0, 6000.0, 4000.0 + 10 * n)
        expected = once.step(single, look(T0 + n))
        tracks = twice.step(double, look(T0 + n))
    assert twice.unused == {"said twice": 16}
    np.testing.assert_array_equal(tracks.state, expected.state)


def test_equal_bearings_are_two_things_behind_each_other():
    camera = replace(RADAR, id="c1", kind="camera", sigma_range_m=None)
    tracker = Tracker([camera])
    batch = plots(T0, NAN, NAN)
    tracker.step(batch, look(T0))
    assert tracker.unused == {}
