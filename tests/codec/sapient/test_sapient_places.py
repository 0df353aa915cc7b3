"""Units, datums and zones: degrees, radians, UTM against PROJ, and what is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient._utm import from_utm
from tocsin.codec.sapient.classes import class_scores, taxonomy_of
from tocsin.codec.sapient.places import bearing_columns, geodetic, location_columns
from tocsin.model import CLASSES, AltRef

pyproj = pytest.importorskip("pyproj")
M = load()
UTM = M.LOCATION_COORDINATE_SYSTEM_UTM_M
DEGREES = M.LOCATION_COORDINATE_SYSTEM_LAT_LNG_DEG_M
RADIANS = M.LOCATION_COORDINATE_SYSTEM_LAT_LNG_RAD_M


@given(
    st.floats(170_000.0, 830_000.0), st.floats(10_000.0, 9_300_000.0), st.integers(1, 60),
    st.booleans(),
)  # fmt: skip
def test_utm_agrees_with_proj_to_a_tenth_of_a_millimetre(easting, northing, zone, is_north):
    northing = northing if is_north else 10_000_000.0 - northing
    code = (32_600 if is_north else 32_700) + zone
    proj = pyproj.Transformer.from_crs(f"EPSG:{code}", "EPSG:4326", always_xy=True)
    lon, lat = proj.transform(easting, northing)
    ours = from_utm(easting, northing, zone, is_north=is_north)
    assert ours[0] == pytest.approx(lat, abs=1e-9)
    turn = (ours[1] - lon + 180.0) % 360.0 - 180.0
    assert abs(turn) * math.cos(math.radians(lat)) < 1e-9


def location(x, y, system=DEGREES, **more):
    datum = more.pop("datum", M.LOCATION_DATUM_WGS84_E)
    return M.Location(x=x, y=y, coordinate_system=system, datum=datum, **more)


def test_degrees_radians_and_utm_of_one_place_agree():
    lat, lon = 51.1739726374, -1.82237671048
    proj = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:32630", always_xy=True)
    easting, northing = proj.transform(lon, lat)
    for item in (
        location(lon, lat),
        location(math.radians(lon), math.radians(lat), RADIANS),
        location(easting, northing, UTM, utm_zone="30U"),
        location(easting, northing, UTM, utm_zone="30N"),
    ):
        columns = location_columns(item, 0.0)
        assert columns["lat_deg"] == pytest.approx(lat, abs=1e-9)
        assert columns["lon_deg"] == pytest.approx(lon, abs=1e-9)


def test_zone_38s_is_the_band_over_baghdad_and_the_southern_half_elsewhere():
    assert geodetic(location(440_000.0, 3_690_000.0, UTM, utm_zone="38S"))[0] > 33.0
    assert geodetic(location(440_000.0, 7_000_000.0, UTM, utm_zone="38S"))[0] < -20.0


def test_the_zone_of_the_registration_serves_where_a_location_names_none():
    item = location(500_000.0, 5_600_000.0, UTM)
    assert geodetic(item, "30U") == geodetic(location(5e5, 5.6e6, UTM, utm_zone="30U"))


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (location(51.17, -1.82, UTM, utm_zone="30U"), "degrees labelled as UTM"),
        (location(500_000.0, 5_600_000.0, UTM), "is none; write for example 30U"),
        (location(500_000.0, 5_600_000.0, UTM, utm_zone="61U"), "is none"),
        (location(318_720.0, 176_487.0, UTM, utm_zone="30U"), "not in zone 30U"),
        (location(45.0, 120.0), "x is the longitude"),
        (location(400.0, 120.0), "no longitude and latitude in degrees"),
        (location(30.0, 45.0, RADIANS), "in radians"),
        (location(math.nan, 45.0), "must be numbers"),
        (location(7.0, 45.0, M.LOCATION_COORDINATE_SYSTEM_UNSPECIFIED), "is not said"),
    ],
)
def test_what_is_no_place_is_said_in_a_sentence(item, words):
    assert words in geodetic(item)


def test_heights_over_the_geoid_become_heights_over_the_ellipsoid():
    over_sea = location(7.0, 45.0, z=100.0, z_error=5.0, datum=M.LOCATION_DATUM_WGS84_G)
    columns = location_columns(over_sea, 48.5)
    assert (columns["alt_m"], columns["alt_ref"]) == (148.5, AltRef.ELLIPSOID)
    assert columns["sigma_alt_m"] == 5.0
    assert location_columns(location(7.0, 45.0, z=100.0), 48.5)["alt_m"] == 100.0
    assert "alt_m" not in location_columns(location(7.0, 45.0), 48.5)


def test_errors_are_in_the_unit_of_their_axis_unless_that_cannot_be():
    small = location(7.0, 60.0, x_error=2e-4, y_error=1e-4)
    assert location_columns(small, 0.0)["sigma_position_m"] == pytest.approx(11.132, rel=1e-3)
    metres = location(7.0, 60.0, x_error=5.0, y_error=5.0)
    assert location_columns(metres, 0.0)["sigma_position_m"] == pytest.approx(5.0)
    radians = location(0.1, 1.0, RADIANS, x_error=5.0, y_error=5.0)
    assert location_columns(radians, 0.0)["sigma_position_m"] == pytest.approx(5.0)


def bearing(system, datum=M.RANGE_BEARING_DATUM_TRUE, **said):
    return M.RangeBearing(coordinate_system=system, datum=datum, **said)


@pytest.mark.parametrize(
    "item",
    [
        bearing(1, azimuth=-90.0, elevation=10.0, range=2500.0, azimuth_error=1.0),
        bearing(3, azimuth=270.0, elevation=10.0, range=2.5, azimuth_error=1.0),
        bearing(2, azimuth=1.5 * math.pi, elevation=math.pi / 18, range=2500.0,
                azimuth_error=math.pi / 180),
        bearing(4, azimuth=1.5 * math.pi, elevation=math.pi / 18, range=2.5,
                azimuth_error=math.pi / 180),
    ],
)  # fmt: skip
def test_all_four_units_of_a_bearing_give_the_same(item):
    columns = bearing_columns(item)
    assert columns["azimuth_rad"] == pytest.approx(1.5 * math.pi)
    assert columns["elevation_rad"] == pytest.approx(math.pi / 18)
    assert columns["range_m"] == pytest.approx(2500.0)
    assert columns["sigma_azimuth_rad"] == pytest.approx(math.pi / 180)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (bearing(0, azimuth=1.0), "units are not said"),
        (bearing(1, M.RANGE_BEARING_DATUM_MAGNETIC, azimuth=1.0), "magnetic"),
        (bearing(1, M.RANGE_BEARING_DATUM_PLATFORM, azimuth=1.0), "platform"),
        (bearing(1, range=5.0), "no azimuth"),
        (bearing(2, azimuth=270.0), "none in radians"),
        (bearing(1, azimuth=1.0, elevation=100.0), "zenith"),
        (bearing(1, azimuth=1.0, range=-5.0), "outside"),
        (bearing(3, azimuth=1.0, range=2500.0), "outside"),
    ],
)
def test_what_is_no_direction_is_said_in_a_sentence(item, words):
    assert words in bearing_columns(item)


def classification(*branches):
    report = M.DetectionReport()
    for names, confidences in branches:
        top = report.classification.add(type=names[0], confidence=confidences[0])
        for level, (name, value) in enumerate(zip(names[1:], confidences[1:]), 1):
            top = top.sub_class.add(type=name, confidence=value, level=level)
    return report.classification


def test_the_deepest_known_name_counts():
    scores = dict(zip(CLASSES, class_scores(
        classification((("Air Vehicle", "UAV Rotary Wing", "Military"), (0.9, 0.8, 0.5)))
    )))  # fmt: skip
    assert scores["drone_multirotor"] == pytest.approx(0.5, abs=0.01)
    assert scores["drone_multirotor"] == max(scores.values())


def test_a_name_that_leaves_it_open_is_shared():
    scores = dict(zip(CLASSES, class_scores(classification((("UAV",), (0.9,))))))
    assert (
        scores["drone_multirotor"]
        == scores["drone_fixed_wing"]
        == pytest.approx(0.45, abs=0.01)
    )
    assert sum(scores.values()) == pytest.approx(1.0)


def test_names_of_another_namespace_and_unknown_names():
    assert taxonomy_of("sapient_core:UAV rotary wing") == ("drone_multirotor",)
    assert class_scores(classification((("Teapot",), (0.9,)))) is None
    assert class_scores([]) is None


@given(st.lists(st.tuples(st.sampled_from(["Bird", "UAV", "Human", "Teapot", "Air vehicle"]),
                          st.floats(-1.0, 2.0) | st.just(math.nan)), max_size=6))  # fmt: skip
def test_scores_are_a_distribution_whatever_is_said(said):
    scores = class_scores(classification(*(((name,), (value,)) for name, value in said)))
    if scores is not None:
        assert sum(scores) == pytest.approx(1.0)
        assert min(scores) > 0.0
