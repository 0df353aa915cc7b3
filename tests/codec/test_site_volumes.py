"""Protected volumes and profiles in the site file: what is read, and what is said of errors."""

import math

import pymap3d
import pytest
import shapely

from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.model import PROFILE_NAMES, Node

SITE = """
schema = 1
[node]
name = "Field"
{node}
[[site]]
id = "field"
lat = 48.0
lon = 11.0
elevation_m = 500
{site}
[[site.zone]]
id = "apron"
radius_m = 500
ceiling_m = 300
shelter_s = 60
{more}
"""
CORRIDOR = """
[[site.volume]]
id = "final-26"
name = "Final runway 26"
kind = "approach"
line = [[11.02, 48.0], [11.15, 48.01]]
width_m = 900
floor_m = -20
ceiling_m = 150
far_floor_m = 250
far_ceiling_m = 700
"""


def read(*, node="", site="", more="") -> Node:
    return read_site(SITE.format(node=node, site=site, more=more).encode(), "field.toml")


def test_a_corridor_lies_along_its_line_and_slopes_from_its_near_to_its_far_end():
    (volume,) = read(more=CORRIDOR).sites[0].volumes
    assert (volume.floor_m, volume.far_floor_m) == (-20, 250)
    assert (volume.ceiling_m, volume.far_ceiling_m) == (150, 700)
    near, far = volume.line_m
    east, north, _ = pymap3d.geodetic2enu(48.01, 11.15, 500.0, 48.0, 11.0, 500.0)
    assert math.dist(far, (east, north)) < 1.0
    shape = shapely.Polygon(volume.outline_m)
    assert shape.exterior.is_ccw
    assert shape.is_valid
    assert shape.area == pytest.approx(900.0 * math.dist(near, far), rel=1e-9)
    middle = shapely.LineString(volume.line_m)
    assert shape.covers(middle)
    assert shape.hausdorff_distance(middle) == pytest.approx(450.0)


def test_a_volume_may_be_a_circle_or_a_polygon_with_level_bounds():
    text = (
        '[[site.volume]]\nid = "strip"\nkind = "runway"\n'
        "polygon = [[11.0, 48.0], [11.03, 48.0], [11.03, 48.004], [11.0, 48.004]]\n"
        "ceiling_m = 120\nseparation_m = 900\n"
        '[[site.volume]]\nid = "round"\nkind = "area"\nradius_m = 400\nceiling_m = 100\n'
    )
    strip, round_ = read(more=text).sites[0].volumes
    assert (strip.line_m, strip.far_ceiling_m, strip.separation_m) == ((), 120, 900)
    assert (strip.name, round_.separation_m, round_.separation_up_m) == ("strip", 600, 75)
    assert shapely.Polygon(round_.outline_m).area >= math.pi * 400**2


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('kind = "approach"', 'kind = "aproach"', "did you mean 'approach'?"),
        ("width_m = 900", "", "has a line but no width_m"),
        ("far_floor_m = 250", "far_floor_m = 900", "far_ceiling_m 700 not above its far_floor"),
        ("ceiling_m = 150\n", "ceiling_m = -30\n", "ceiling_m -30 not above its floor_m -20"),
        ("[11.15, 48.01]", "[11.0201, 48.0]", "has a line of 7 m"),
        ("[11.15, 48.01]", "[48.01, 11.15]", "longitude stands first"),
        (", [11.15, 48.01]]", "]", "a line of 1 points; give two"),
        ("width_m = 900", "width_m = 900\nradius_m = 3", "has a line and an area"),
        ("line = [[11.02, 48.0], [11.15, 48.01]]", "radius_m = 3", "has width_m but no line"),
        ("width_m = 900", "widht_m = 900", "did you mean 'width_m'?"),
        ("far_floor_m = 250", "separation_m = 0", "separation_m"),
    ],
)
def test_what_is_wrong_with_a_volume_is_said_with_what_would_be_right(old, new, says):
    assert old in CORRIDOR
    with pytest.raises(SiteError, match=r"field\.toml") as error:
        read(more=CORRIDOR.replace(old, new))
    assert says in str(error.value)
    assert "final-26" in str(error.value)


def test_more_volumes_than_are_looked_at_are_refused():
    many = "".join(CORRIDOR.replace("final-26", f"v{k}") for k in range(17))
    with pytest.raises(SiteError, match="17 volumes; it takes 16"):
        read(more=many)


def test_a_site_file_without_a_profile_is_as_it_was():
    plain, base = read(), read(node='profile = "base"')
    assert plain == base
    assert plain.playbook == ()
    assert plain.preset.name == "base"
    assert plain.sites[0].resume_criteria == ()


@pytest.mark.parametrize("name", PROFILE_NAMES)
def test_each_profile_has_its_words_and_only_lines_that_a_site_file_could_hold(name):
    node = read(node=f'profile = "{name}"')
    preset = node.preset
    assert preset.name == node.profile == name
    assert preset.first in ("zones", "operations")
    assert all(w for w in (preset.operations, preset.people, preset.told, preset.report))
    assert node.playbook == preset.playbook
    assert (name == "base") == (not node.playbook)
    ids = [line.id for line in node.playbook]
    assert len(set(ids)) == len(ids)
    assert all(line.id.startswith(f"{name}-") and line.tell for line in node.playbook)
    assert node.sites[0].resume_criteria == preset.resume_criteria


def test_a_stadium_is_cautioned_as_early_as_its_stands_take_to_empty_unless_it_says_otherwise():
    rules = read(node='profile = "stadium"').sites[0].rules
    assert (rules.caution_s, rules.monitor_s) == (480, 660)
    own = "[site.rules]\ncaution_s = 300\n"
    rules = read(node='profile = "stadium"', site=own).sites[0].rules
    assert (rules.caution_s, rules.monitor_s, rules.unattended_s) == (300, 660, 5)


def test_a_line_of_the_site_takes_the_place_of_the_profiles_line_of_that_id():
    own = (
        '[[playbook]]\nid = "airport-search"\nwhen = "CAUTION"\nwords = "Our own search"\n'
        '[[playbook]]\nid = "mine"\nwhen = "CAUTION"\nwords = "Ours"\n'
    )
    node = read(node='profile = "airport"', more=own)
    words = {line.id: line.words for line in node.playbook}
    assert words["airport-search"] == "Our own search"
    assert list(words)[:2] == ["airport-search", "mine"]
    assert "airport-suspend" in words


def test_a_site_may_resume_by_criteria_of_its_own_or_by_none():
    own = 'resume_criteria = ["Runway inspected", " "]'
    sites = read(node='profile = "airport"', site=own).sites
    assert sites[0].resume_criteria == ("Runway inspected",)
    assert read(node='profile = "airport"', site="resume_criteria = []").sites[0] != sites[0]


def test_an_unknown_profile_is_refused_with_those_that_there_are():
    with pytest.raises(SiteError, match="did you mean 'airport'"):
        read(node='profile = "airprot"')
