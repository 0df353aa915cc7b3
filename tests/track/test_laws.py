"""Laws of bad input: whatever comes, each row is used or counted, nothing is changed, and what
is known stays sound.
"""

import functools
import json
import math
from dataclasses import asdict, fields

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.track.scene import CAMERAS, ORIGIN, RADARS, scans, straight
from tests.track.test_track_verb import write

from tocsin.cli.track import run
from tocsin.errors import DataError
from tocsin.geo import geodetic_to_ecef
from tocsin.model import Coverage, DetectionBatch, Report
from tocsin.track import Options, Tracker

T0 = 1.7e9
SENSORS = (*RADARS, *CAMERAS)
TARGETS = straight((4000, 3000, 200, -40, -25, 0), (-3000, 4000, 150, 30, -30, 1))
ODD = st.sampled_from(
    [math.nan, math.inf, -math.inf, 0.0, -0.0, -1.0, 1e-320, 5e-324, 1e-30, 1e30, 1e308, -1e308]
)
ANY = st.one_of(ODD, st.floats(width=64), st.floats(-10.0, 10.0), st.floats(100.0, 9000.0))
TIMES = st.one_of(ODD, st.floats(T0 - 30.0, T0 + 30.0), st.just(T0))
VALUES = ("range_m", "azimuth_rad", "elevation_rad", "range_rate_mps")


@st.composite
def rows(draw):
    n = draw(st.integers(1, 12))
    batch = DetectionBatch.blank(n)
    batch.sensor[:] = draw(st.lists(st.integers(-3, 9), min_size=n, max_size=n))
    batch.report[:] = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    batch.time_s[:] = draw(st.lists(TIMES, min_size=n, max_size=n))
    for name in (*VALUES, *(f"sigma_{name}" for name in VALUES)):
        if draw(st.booleans()):
            getattr(batch, name)[:] = draw(st.lists(ANY, min_size=n, max_size=n))
    if draw(st.booleans()):
        batch.class_scores[:] = np.array(draw(st.lists(ANY, min_size=6, max_size=6)))
    return batch


def reason_of(batch, n, limit_s):
    """The plain twin: why a row is not used, "" where it is."""
    k = int(batch.sensor[n])
    if not 0 <= k < len(SENSORS):
        return "sensor not known"
    if batch.report[n] != Report.PLOT:
        return "no plot"
    usable = set()
    for name in VALUES:
        value, sigma = (float(getattr(batch, c)[n]) for c in (name, f"sigma_{name}"))
        if math.isnan(sigma):
            own = getattr(SENSORS[k], f"sigma_{name.replace('_rad', '_deg')}")
            sigma = math.nan if own is None else own
        if math.isinf(value) or math.isinf(sigma) or sigma <= 0.0:
            return "value not possible"
        if not math.isnan(value) and not math.isnan(sigma):
            usable.add(name)
    if not math.isfinite(batch.time_s[n]):
        return "value not possible"
    if "range_m" in usable and batch.range_m[n] <= 0.0:
        return "value not possible"
    if "elevation_rad" in usable and abs(batch.elevation_rad[n]) > math.pi / 2:
        return "value not possible"
    if "azimuth_rad" not in usable:
        return "no azimuth"
    if batch.time_s[n] > T0 + 1.0:
        return "from the future"
    return "too late" if batch.time_s[n] < limit_s else ""


def is_sound(table):
    assert np.isfinite(table.state).all()
    assert np.isfinite(table.covariance).all()
    assert np.all((table.existence >= 0.0) & (table.existence <= 1.0))
    for p in table.covariance:
        assert np.linalg.eigvalsh(p / np.abs(p).max()).min() > -1e-6
    np.testing.assert_allclose(table.modes.sum(axis=1), 1.0)


@pytest.mark.jit
@settings(max_examples=120)
@given(rows())
def test_each_row_is_used_or_counted_by_its_reason_and_none_is_changed(batch):
    copy = batch.take(np.arange(len(batch)))
    tracker = Tracker(SENSORS, origin_deg_m=ORIGIN)
    is_sound(tracker.step(batch, now_s=T0))
    expected = {}
    for n in range(len(batch)):
        reason = reason_of(batch, n, -math.inf)
        if reason:
            expected[reason] = expected.get(reason, 0) + 1
    # Rows beyond the radius are good ones that begin no track.
    lost = ("track no longer sound", "no room for a ray", "beyond radius_m")
    assert {k: v for k, v in tracker.unused.items() if k not in lost} == expected
    for f in fields(batch):
        np.testing.assert_array_equal(getattr(batch, f.name), getattr(copy, f.name))


@functools.cache
def known():
    """A tracker that follows two targets, as a state to go on from."""
    tracker = Tracker(RADARS, origin_deg_m=ORIGIN)
    for now_s, batch, look in scans(RADARS, TARGETS, 8.0):
        out = tracker.step(batch, [look], now_s=now_s)
    assert (out.status > 0).sum() == 2
    return tracker.state()


@pytest.mark.jit
@settings(max_examples=40)
@given(st.data())
def test_what_cannot_be_leaves_what_is_known_as_it_was(data):
    """Rows that are all refused change no track, whatever they hold."""
    batch = data.draw(rows())
    one, other = (Tracker(RADARS, origin_deg_m=ORIGIN) for _ in range(2))
    one.restore(known())
    other.restore(known())
    batch.range_m[:], batch.time_s[:] = np.inf, T0 + 8.0
    a = one.step(batch, now_s=T0 + 8.5)
    b = other.step(DetectionBatch.blank(0), now_s=T0 + 8.5)
    for f in fields(a):
        np.testing.assert_array_equal(getattr(a, f.name), getattr(b, f.name))


@pytest.mark.jit
@settings(max_examples=40)
@given(st.data())
def test_whatever_comes_in_between_tracks_stay_sound_and_are_found_again(data):
    batch = data.draw(rows())
    tracker = Tracker(RADARS, origin_deg_m=ORIGIN)
    tracker.restore(known())
    batch.time_s[:] = T0 + 8.0
    is_sound(tracker.step(batch, now_s=T0 + 8.1))
    for now_s, more, look in scans(RADARS, TARGETS, 14.0, seed=2):
        if now_s > T0 + 8.1:
            out = tracker.step(more, [look], now_s=now_s)
    is_sound(out)
    found = out.state[out.status > 0, :3]
    gaps = np.linalg.norm(found[:, None] - TARGETS(now_s - T0)[None, :, :3], axis=2)
    assert set(gaps.argmin(axis=1).tolist()) == {0, 1}


@pytest.mark.jit
@settings(max_examples=4)
@given(st.floats(-0.25, 0.25), st.floats(-0.35, 0.35))
def test_where_the_frame_begins_changes_no_place_on_earth(north_deg, east_deg):
    """Up to 40 km off. The axes are then tilted, and the motion's noise with them: what that
    moves grows with the tilt, 1.3 m a degree here.
    """
    found = []
    for origin in (ORIGIN, (ORIGIN[0] + north_deg, ORIGIN[1] + east_deg, ORIGIN[2])):
        tracker = Tracker(RADARS, origin_deg_m=origin)
        for now_s, batch, look in scans(RADARS, TARGETS, 8.0, false_alarms=False):
            out = tracker.step(batch, [look], now_s=now_s)
        found.append(geodetic_to_ecef(np.column_stack(
            [np.radians(out.lat_deg), np.radians(out.lon_deg), out.alt_m]
        )[out.status > 0]))  # fmt: skip
    assert found[0].shape == found[1].shape == (2, 3)
    atol = 0.02 + 1.6 * math.hypot(north_deg, east_deg)
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=atol)


@pytest.mark.jit
@settings(max_examples=50)
@given(st.integers(-5, 9), TIMES, TIMES, ANY, ANY, st.booleans())
def test_a_look_that_cannot_be_harms_nothing(sensor, start, end, begin, width, complete):
    tracker = Tracker(RADARS, origin_deg_m=ORIGIN)
    tracker.restore(known())
    look = Coverage(sensor, start, end, begin, begin + width, complete)
    is_sound(tracker.step(DetectionBatch.blank(0), [look], now_s=T0 + 9.0))


@pytest.mark.jit
@settings(max_examples=25)
@given(st.integers(1, 40), st.integers(1, 60))
def test_what_has_room_and_what_has_none_add_up(room, count):
    batch = DetectionBatch.blank(count)
    batch.time_s[:], batch.sensor[:] = T0, 0
    batch.range_m[:], batch.azimuth_rad[:] = 3000.0, np.linspace(0.0, 6.0, count)
    batch.elevation_rad[:], batch.range_rate_mps[:] = 0.05, 1.0
    tracker = Tracker(RADARS, Options(max_tracks=room), origin_deg_m=ORIGIN)
    have = len(tracker.step(batch, now_s=T0))
    assert have == min(room, count)
    assert have + tracker.unused.get("no room for a new track", 0) == count


def refusal(folder):
    """Track a folder; return the sentence if it was refused as bad data."""
    try:
        run(folder, folder / "tracks.parquet")
    except DataError as error:
        return str(error)
    return None


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.mark.jit
@settings(max_examples=40)
@given(st.data())
def test_a_sensors_file_of_any_kind_is_tracked_or_refused_in_a_sentence(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("any")
    write(folder)
    sensors = json.loads(json.dumps([asdict(s) for s in RADARS]))
    what = data.draw(st.sampled_from(["all", "row", "field"]))
    if what == "all":
        sensors = data.draw(JSON)
    elif what == "row":
        sensors[0] = data.draw(JSON)
    else:
        sensors[0][data.draw(st.sampled_from(sorted(sensors[0])))] = data.draw(JSON)
    (folder / "sensors.json").write_text(json.dumps(sensors))
    said = refusal(folder)
    assert said is None or len(said.split()) > 5


@pytest.mark.jit
@settings(max_examples=25)
@given(JSON, st.sampled_from(["all", "lat", "lon", "alt_m", "t0"]))
def test_a_site_file_of_any_kind_is_tracked_or_refused_in_a_sentence(
    tmp_path_factory, value, name
):
    folder = tmp_path_factory.mktemp("any")
    write(folder)
    site = {"lat": ORIGIN[0], "lon": ORIGIN[1], "alt_m": ORIGIN[2], "t0": T0}
    site = value if name == "all" else {**site, name: value}
    (folder / "site.json").write_text(json.dumps(site))
    said = refusal(folder)
    assert said is None or "site.json" in said


@pytest.mark.jit
@pytest.mark.parametrize("what", ["empty", "nulls", "text", "bare", "lists"])
def test_a_table_of_detections_of_any_kind_is_tracked_or_refused(tmp_path, what):
    columns = write(tmp_path)
    if what == "empty":
        write(tmp_path, **{k: v[:0] for k, v in columns.items()})
    elif what == "nulls":
        table = {k: pa.array(v, mask=np.arange(len(v)) % 3 == 0) for k, v in columns.items()}
        pq.write_table(pa.table(table), tmp_path / "detections.parquet")
    elif what == "text":
        write(tmp_path, range_m=np.array(["near"] * len(columns["range_m"])))
    elif what == "lists":
        write(tmp_path, azimuth_deg=pa.array([[1.0, 2.0]] * len(columns["range_m"])))
    else:
        write(tmp_path, arrival_s=None)
    if what in ("text", "lists"):
        with pytest.raises(DataError, match="range_m" if what == "text" else "azimuth_deg"):
            run(tmp_path, tmp_path / "tracks.parquet")
        return
    result = run(tmp_path, tmp_path / "tracks.parquet", lag=5.0, smooth=True)
    assert result["tracks"] == (0 if what == "empty" else 2)
    assert pq.read_table(tmp_path / "tracks.smooth.parquet").num_rows >= 0
