"""GeoJSON and KML of tracks, read by what was not written here: Shapely, an XML parser."""

import json
import math
from xml.etree import ElementTree

import shapely
from hypothesis import given
from hypothesis import strategies as st
from tests.codec.shown import tracks

from tocsin.codec.outgoing_maps import geojson_of, kml_link, kml_of

NS = "{http://www.opengis.net/kml/2.2}"
shown = st.lists(tracks, max_size=4)


@given(shown)
def test_geojson_says_where_each_track_is(many):
    document = geojson_of(many, 1.8e9, "North & <South>")
    points = shapely.from_geojson(document)
    assert len(points.geoms) == len(many)
    for point, track, feature in zip(
        points.geoms, many, json.loads(document)["features"], strict=True
    ):
        assert math.isclose(point.x, track.lon_deg, abs_tol=1e-7)
        assert math.isclose(point.y, track.lat_deg, abs_tol=1e-7)
        assert point.has_z == (not math.isnan(track.alt_m))
        if point.has_z:
            assert math.isclose(point.z, track.alt_m, abs_tol=0.06)
        assert feature["id"] == track.id
        said = feature["properties"]
        assert (said["taken_for"], said["nature"]) == (track.label, track.nature)
        if math.isnan(track.speed_mps):
            assert said["speed_mps"] is None
        else:
            assert abs(said["speed_mps"] - track.speed_mps) < 0.06


@given(shown)
def test_kml_says_the_same_with_heights_above_the_sea(many):
    root = ElementTree.fromstring(kml_of(many, 1.8e9, "North & <South>"))
    marks = list(root.iter(f"{NS}Placemark"))
    assert len(marks) == len(many)
    assert root[0][0].text.startswith("North & <South>, 2027-01-15T08:00:00.000Z")
    for mark, track in zip(marks, many, strict=True):
        lon, lat, *height = mark.find(f"{NS}Point/{NS}coordinates").text.split(",")
        assert math.isclose(float(lon), track.lon_deg, abs_tol=1e-7)
        assert math.isclose(float(lat), track.lat_deg, abs_tol=1e-7)
        mark_of = {"live": "", "exercise": "EXERCISE: ", "simulated": "SIMULATED: "}
        name = mark.find(f"{NS}name").text
        assert name == mark_of[track.nature] + track.name
        mode = mark.find(f"{NS}Point/{NS}altitudeMode").text
        assert mode == ("clampToGround" if math.isnan(track.alt_m) else "absolute")
        if height:
            assert math.isclose(float(height[0]), track.alt_m - track.geoid_m, abs_tol=0.06)


def test_a_link_makes_a_globe_come_again():
    root = ElementTree.fromstring(kml_link("http://h/a?b=1&c=2", "Süd", 2.0))
    assert root.find(f"{NS}NetworkLink/{NS}Link/{NS}href").text == "http://h/a?b=1&c=2"
    assert root.find(f"{NS}NetworkLink/{NS}Link/{NS}refreshInterval").text == "2"
