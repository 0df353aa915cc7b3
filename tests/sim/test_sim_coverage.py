"""How far sensors see, against closed forms: horizon, sector, cone, Doppler notch, size."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import shapely

from tocsin.cli import main
from tocsin.codec.site_toml import read_site
from tocsin.errors import CallError, SiteError
from tocsin.model import Node, Sensor, Site, Zone
from tocsin.sim import scenario_named
from tocsin.sim.coverage import Question, coverage_of
from tocsin.sim.coverage_areas import geojson_of, zones_seen
from tocsin.sim.coverage_svg import coverage_svg

EARTH_M = 4.0 / 3.0 * 6_371_000.0  # ITU-R P.310: effective radius in a standard atmosphere
GROUND_M = 545.6
PAGE = Path(__file__).parents[2] / "docs" / "simulator.md"


def node_with(**sensor):
    site = Site(id="a", name="A", lat=48.0, lon=11.0, alt_m=GROUND_M, geoid_m=45.6)
    given = {"lat": 48.0, "lon": 11.0, "alt_m": GROUND_M + 12.0, "sites": ("a",), **sensor}
    return Node(name="N", number=1, sites=(site,), sensors=(Sensor(id="s", **given),))


def rays_of(node, question):
    found = coverage_of(node, question)[0]
    return found.of_sensors[0][1]


@pytest.mark.parametrize("mast_m", [2.0, 12.0, 60.0])
def test_the_horizon_is_that_of_a_four_thirds_earth(mast_m):
    node = node_with(alt_m=GROUND_M + mast_m, max_range_m=200_000.0)
    for rays in rays_of(node, Question(heights_m=(10.0, 50.0, 300.0), step_deg=30.0)):
        reach_m = math.sqrt(2.0 * EARTH_M * mast_m) + math.sqrt(2.0 * EARTH_M * rays.height_m)
        for far_m in rays.far_m():
            assert far_m == pytest.approx(reach_m, rel=1e-3)  # slant against plan range


def test_range_limits_are_slant_ranges():
    node = node_with(min_range_m=500.0, max_range_m=8000.0)
    rays = rays_of(node, Question(heights_m=(312.0,), step_deg=30.0))[0]
    for near_m, far_m in zip(rays.near_m(), rays.far_m()):
        assert near_m == pytest.approx(math.sqrt(500.0**2 - 300.0**2), abs=0.5)
        assert far_m == pytest.approx(math.sqrt(8000.0**2 - 300.0**2), abs=0.5)


def test_nothing_is_seen_in_the_cone_above_a_sensor():
    node = node_with(elevation_max_deg=30.0)
    rays = rays_of(node, Question(heights_m=(312.0,), step_deg=30.0))[0]
    for near_m in rays.near_m():
        assert near_m == pytest.approx(300.0 / math.tan(math.radians(30.0)), abs=0.5)


@pytest.mark.parametrize(("centre", "width"), [(225.0, 120.0), (10.0, 90.0), (0.0, 40.0)])
def test_a_sector_is_seen_and_the_rest_is_not(centre, width):
    node = node_with(azimuth_center_deg=centre, azimuth_width_deg=width)
    rays = rays_of(node, Question(heights_m=(100.0,)))[0]
    edge = 0
    for bearing, far_m in zip(rays.bearing_deg, rays.far_m()):
        turn = abs((bearing - centre + 180.0) % 360.0 - 180.0)
        edge += abs(turn - width / 2.0) < 2e-3
        if abs(turn - width / 2.0) > 1e-4:
            assert (far_m is not None) == (turn < width / 2.0), bearing
    assert edge >= 4  # both sides of both edges were asked


def test_what_crosses_is_lost_in_the_doppler_notch():
    # A radar 1 km east; a target from the north makes half its speed good towards it where
    # d / sqrt(d^2 + 1 km^2) = 1/2; it is level with the radar.
    away_deg = 1000.0 / (111_320.0 * math.cos(math.radians(48.0)))
    node = node_with(
        lon=11.0 + away_deg, alt_m=GROUND_M + 50.0, sigma_range_rate_mps=1.0,
        min_radial_speed_mps=20.0,
    )  # fmt: skip
    found = coverage_of(node, Question(heights_m=(50.0,), speed_mps=40.0))[0]
    assert found.of_site[0].near_m()[0] == pytest.approx(1000.0 / math.sqrt(3.0), rel=5e-3)


def test_a_sensor_that_is_less_sure_than_asked_sees_nothing():
    node = node_with(detection_probability=0.8)
    question = Question(heights_m=(100.0,), probability=0.9)
    assert set(rays_of(node, question)[0].far_m()) == {None}
    area = geojson_of(coverage_of(node, question), question)["features"][0]
    assert area["geometry"] is None
    assert "no-such" not in coverage_svg(coverage_of(node, question)[0], question)


def test_a_kind_of_target_has_its_own_range():
    node = node_with(max_range_m=9000.0, max_range_by_kind_m={"drone_multirotor": 3000.0})
    far = {
        kind: max(rays_of(node, Question(heights_m=(12.0,), kind=kind))[0].far_m())
        for kind in (None, "drone_multirotor", "aircraft")
    }
    assert far["drone_multirotor"] == pytest.approx(3000.0, abs=0.5)
    assert far[None] == far["aircraft"] == pytest.approx(9000.0, abs=1.0)


def test_by_a_scenario_the_range_grows_with_the_fourth_root_of_the_size(node):
    day = scenario_named("two-bases")
    for rcs_dbsm in (-5.0, -25.0):
        question = Question(heights_m=(200.0,), scenario=day, rcs_dbsm=rcs_dbsm)
        found = coverage_of(node, question)[0]
        (radar, rays), *others = found.of_sensors
        assert radar.kind == "radar"
        assert not others
        expected_m = 19_500.0 * 10.0 ** (rcs_dbsm / 40.0)  # r50_m of its [[visibility]]
        assert max(rays[0].far_m()) == pytest.approx(expected_m, rel=1e-3)
        assert any("give --kind" in why for _, why in found.left_out)


def test_areas_are_sound_polygons_of_the_right_size():
    node = node_with(azimuth_center_deg=90.0, azimuth_width_deg=120.0, max_range_m=6000.0)
    question = Question(heights_m=(12.0,), step_deg=1.0)
    collection = json.loads(json.dumps(geojson_of(coverage_of(node, question), question)))
    areas = [f for f in collection["features"] if "coverage" in f["properties"]["what"]]
    assert {f["properties"]["what"] for f in areas} == {"site coverage", "sensor coverage"}
    for feature in areas:
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid
        assert shape.exterior.is_ccw
        per_deg2 = 111_195.0**2 * math.cos(math.radians(48.0))
        assert shape.area * per_deg2 == pytest.approx(math.pi * 6000.0**2 / 3.0, rel=0.01)
        east, north = shape.centroid.x - 11.0, shape.centroid.y - 48.0
        assert east > 0.02
        assert abs(north) < 1e-3


def test_the_picture_is_whole_xml_and_says_what_it_shows():
    question = Question(heights_m=(50.0, 300.0))
    text = coverage_svg(coverage_of(node_with(), question)[0], question)
    ElementTree.fromstring(text)
    for words in ("SENSITIVE", "no terrain", "50 m", "300 m", ">s<"):
        assert words in text


@pytest.mark.parametrize(
    ("asked", "word"),
    [({"heights_m": ()}, "--heights"), ({"heights_m": (-5.0,)}, "--heights"),
     ({"heights_m": (math.nan,)}, "--heights"), ({"heights_m": (5.0, 5.0)}, "--heights"),
     ({"probability": 0.0}, "--probability"), ({"kind": "zeppelin"}, "drone_multirotor"),
     ({"speed_mps": -1.0}, "--speed"), ({"step_deg": 0.0}, "--step"),
     ({"rcs_dbsm": -10.0}, "--scenario")],
)  # fmt: skip
def test_a_question_that_cannot_be_is_a_sentence(asked, word):
    with pytest.raises(CallError, match=word):
        coverage_of(node_with(), Question(**asked))


def test_a_node_without_sites_is_a_sentence():
    with pytest.raises(SiteError, match="site"):
        coverage_of(Node(name="N", number=1, sites=(), sensors=()), Question())


def example():
    """Return the site file of the page, its command's words, and the table it shows."""
    text = PAGE.read_text()
    site = next(b for b in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if "[node]" in b)
    words = re.search(r"`tocsin (sim coverage valley.toml[^`]*)`", text)[1].split()
    rows = re.findall(r"^\S+ (\d{3} - \d{3}.*\d) \S+$", text, re.MULTILINE)
    return site, words, rows


def test_the_example_of_the_page_runs_and_prints_the_table_of_the_page(
    tmp_path, monkeypatch, capsys
):
    site, words, rows = example()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "valley.toml").write_text(site)
    with pytest.raises(SystemExit) as left:
        main(words)
    assert not left.value.code
    printed = [line.strip("│ ") for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 12
    for row in rows:
        assert row.strip() in printed
    assert {p.name for p in (tmp_path / "coverage").iterdir()} == {
        "coverage.geojson", "coverage-valley.svg",
    }  # fmt: skip


def test_one_json_object_names_every_file_and_what_was_left_out(tmp_path, capsys, node):
    from tocsin.sim import default_site

    (tmp_path / "two.toml").write_text(default_site(1_772_366_400.0))
    words = [
        str(tmp_path / "two.toml"),
        "--heights",
        "50",
        "--out",
        str(tmp_path / "o"),
        "--json",
    ]
    with pytest.raises(SystemExit) as left:
        main(["sim", "coverage", *words])
    assert not left.value.code
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [s["id"] for s in result["sites"]] == ["al-asad", "al-harir"]
    assert result["sites"][0]["left_out"][0]["sensor"] == "asad-adsb"
    assert all(Path(name).stat().st_size > 1000 for name in result["written"])
    assert read_site(default_site(0.0).encode(), "x").sites[0].id == "al-asad"


@pytest.mark.parametrize(
    ("words", "says"),
    [(["/no/such/file"], "/no/such/file"), (["SITE", "--heights", "low"], "50,120,300"),
     (["SITE", "--scenario", "no-such"], "two-bases"), (["SITE", "--out", "SITE/x"], "--out")],
)  # fmt: skip
def test_a_bad_call_is_a_sentence(tmp_path, capsys, words, says):
    site = tmp_path / "s.toml"
    site.write_text(example()[0])
    with pytest.raises(SystemExit) as left:
        main(["sim", "coverage", *(w.replace("SITE", str(site)) for w in words)])
    assert left.value.code == 2
    assert says in capsys.readouterr().err


def away(**sensor):
    """A node whose sensor stands 3 km east of the reference point."""
    east_deg = 3000.0 / (111_320.0 * math.cos(math.radians(48.0)))
    return node_with(lon=11.0 + east_deg, max_range_m=9000.0, **sensor)


@pytest.mark.parametrize("node_of", [node_with, away])
@pytest.mark.parametrize("centre", [2.5, 92.6, 271.3])
def test_no_sector_and_no_gap_is_too_narrow_for_the_table_of_a_site(node_of, centre):
    question = Question(heights_m=(100.0,), step_deg=5.0)
    for width in (0.2, 4.0):
        node = node_of(azimuth_center_deg=centre, azimuth_width_deg=width)
        (seen,) = coverage_of(node, question)[0].of_site
        assert any(far is not None for far in seen.far_m())
    # 1.5 degrees that lie between two bearings are left out.
    node = node_of(azimuth_center_deg=centre + 180.0, azimuth_width_deg=358.5)
    (gap,) = coverage_of(node, question)[0].of_site
    (whole,) = coverage_of(node_of(), question)[0].of_site
    most = dict(zip(whole.bearing_deg, zip(whole.far_m(), whole.unseen_m())))
    lost = [
        far is None or unseen > 50.0 or (b in most and far < most[b][0] - 50.0)
        for b, far, unseen in zip(gap.bearing_deg, gap.far_m(), gap.unseen_m())
    ]
    assert any(lost)


def printed(tmp_path, capsys, *words, **changed):
    """Return what the command prints of the page's site file, changed by key."""
    site = example()[0]
    for name, value in changed.items():
        site, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", site)
        assert count
    (tmp_path / "s.toml").write_text(site)
    with pytest.raises(SystemExit) as left:
        main(
            ["sim", "coverage", str(tmp_path / "s.toml"), "--out", str(tmp_path / "o"), *words]
        )
    assert not left.value.code
    return capsys.readouterr().out


def test_what_is_not_seen_nearer_than_the_range_is_marked_and_said(tmp_path, capsys):
    told = printed(tmp_path, capsys, "--heights", "50")
    assert "* 9.8 - 11.0" in told
    assert re.search(
        r"from radar-1, on some bearing: at 50 m nothing nearer than 0.\d km", told
    )
    assert "zone Apron is seen in part at 50 m (88 %)" in told
    sure = printed(tmp_path, capsys, "--heights", "50", "--probability", "1")
    assert "*" not in sure
    assert "zone Apron is not seen at 50 m" in sure
    seen = json.loads(printed(tmp_path, capsys, "--json").splitlines()[-1])
    assert seen["sites"][0]["zones"][0]["seen_share"] == pytest.approx([0.88] * 3, abs=0.01)


@pytest.mark.parametrize("name", ["Field [/] north", "Base [north]", "A [b]c[/b]"])
def test_a_name_with_brackets_is_printed_as_it_is(tmp_path, capsys, name):
    told = printed(tmp_path, capsys, "--heights", "50", name=f'"{name}"')
    assert name in " ".join(told.replace("\n", " ").split())


def test_the_areas_say_what_they_are_of():
    day = scenario_named("two-bases")
    question = Question(heights_m=(50.0,), scenario=day, rcs_dbsm=-12.0, speed_mps=30.0)
    made = geojson_of(coverage_of(node_with(), question), question)
    named = {name: made[name] for name in ("scenario", "rcs_dbsm", "speed_mps", "kind")}
    assert named == {
        "scenario": "two-bases", "rcs_dbsm": -12.0, "speed_mps": 30.0, "kind": None,
    }  # fmt: skip
    assert made["terrain"] == "none: smooth earth"


@pytest.mark.parametrize("rcs_dbsm", [math.nan, math.inf, 99_999.0, -61.0])
def test_a_size_that_no_target_has_is_a_sentence(rcs_dbsm):
    question = Question(scenario=scenario_named("two-bases"), rcs_dbsm=rcs_dbsm)
    with pytest.raises(CallError, match="--rcs-dbsm lies from -60 to 60"):
        coverage_of(node_with(), question)


@pytest.mark.parametrize("lon", [179.99, -179.99, 180.0])
def test_a_site_at_the_180th_meridian_sees_as_far_as_any_other(lon):
    def seen(lon):
        corners = tuple(
            (900.0 * math.sin(k), 900.0 * math.cos(k)) for k in (0.0, 1.5, 3.0, 4.5)
        )
        zone = Zone("z", "Z", corners, ceiling_m=600.0, shelter_s=60.0)
        node = node_with(lat=-17.0, lon=lon, max_range_m=20_000.0)
        site = replace(node.sites[0], lat=-17.0, lon=lon, zones=(zone,))
        question = Question(heights_m=(120.0,))
        found = coverage_of(replace(node, sites=(site,)), question)
        (_, _, shares), *_ = zones_seen(found[0])
        return shares, geojson_of(found, question)["features"], coverage_svg(found[0], question)

    (shares, features, picture), (usual, others, drawn) = seen(lon), seen(20.0)
    assert shares == pytest.approx(usual, abs=1e-6)
    for feature, other in zip(features[:2], others[:2]):
        area = shapely.geometry.shape(feature["geometry"])
        assert area.geom_type == "MultiPolygon"  # RFC 7946, 3.1.9: cut in two
        assert area.is_valid
        assert -180.0 <= area.bounds[0] <= area.bounds[2] <= 180.0
        whole = shapely.geometry.shape(other["geometry"])
        assert area.area == pytest.approx(whole.area, rel=1e-4)
    # The picture spreads over the same places, to what seven decimals of a degree are.
    numbers = [
        [float(x) for x in re.findall(r"[-\d.]+", re.search(r' d="([^"]*)"', text)[1])]
        for text in (picture, drawn)
    ]
    assert [min(numbers[0]), max(numbers[0])] == pytest.approx(
        [min(numbers[1]), max(numbers[1])], abs=0.2
    )


def test_a_reach_over_a_pole_is_a_sentence():
    node = node_with(lat=89.9, max_range_m=20_000.0)
    with pytest.raises(SiteError, match=r"'s' .* goes over a pole"):
        coverage_of(node, Question())


@pytest.mark.parametrize(("away_m", "reach_m"), [(6000, 250), (10_000, 400), (30_000, 1000)])
@pytest.mark.parametrize("bearing_deg", [32.5, 182.4])
def test_a_short_reach_far_from_the_reference_point_is_in_the_table_of_its_site(
    away_m, reach_m, bearing_deg
):
    turn = math.radians(bearing_deg)
    node = node_with(
        lat=48.0 + away_m * math.cos(turn) / 111_200.0,
        lon=11.0 + away_m * math.sin(turn) / (111_320.0 * math.cos(math.radians(48.0))),
        max_range_m=float(reach_m), elevation_min_deg=-90.0, elevation_max_deg=90.0,
    )  # fmt: skip
    (seen,) = coverage_of(node, Question(heights_m=(50.0,)))[0].of_site
    spans = [one for ray in seen.spans for one in ray]
    assert len(spans) >= 4
    assert max(b - a for a, b in spans) == pytest.approx(2.0 * reach_m, rel=0.1)
