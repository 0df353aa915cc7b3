"""The site file: what is read, and the sentences about what is wrong."""

import math

import pymap3d
import pytest

from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.model import is_inside_m

GOOD = """
schema = 1
[node]
name = "Test"
number = 3
[[site]]
id = "north"
name = "North"
lat = 36.5
lon = 44.3
elevation_m = 600
geoid_m = 14.0
[site.rules]
monitor_s = 500
[[site.zone]]
id = "ramp"
center_offset_m = [100, -200]
radius_m = 900
ceiling_m = 600
shelter_s = 45
[[site.zone]]
id = "field"
polygon = [[44.30, 36.50], [44.31, 36.50], [44.31, 36.51], [44.30, 36.51]]
ceiling_m = 500
shelter_s = 60
release = "automatic"
[[sensor]]
id = "radar-1"
kind = "radar"
format = "asterix"
listen = "udp://127.0.0.1:8600"
sites = ["north"]
lat = 36.52
lon = 44.31
height_m = 12
sac = 1
sic = 2
sigma_range_m = 10
sigma_azimuth_deg = 0.5
[[authorisation]]
declared_id = "A1B2C3"
owner = "base operations"
from = 2026-01-01T00:00:00Z
until = 2026-12-31T00:00:00Z
sites = ["north"]
"""


def test_a_whole_site_file_is_read():
    node = read_site(GOOD.encode(), "site.toml")
    site = node.sites[0]
    assert (node.number, site.alt_m, site.rules.monitor_s) == (3, 614.0, 500)
    assert node.sensors[0].alt_m == 626.0
    assert node.sensors[0].listen == ("udp://127.0.0.1:8600",)
    assert node.authorisations[0].declared_id == "a1b2c3"
    assert node.authorisations[0].until_s - node.authorisations[0].from_s == 364 * 86400


def test_a_circle_is_held_by_its_ring_and_hardly_exceeded():
    ring = read_site(GOOD.encode(), "s").sites[0].zones[0].outline_m
    for k in range(720):
        angle = math.tau * k / 720
        east, north = 100 + 899.9 * math.cos(angle), -200 + 899.9 * math.sin(angle)
        assert is_inside_m(ring, east, north)
    assert max(math.hypot(e - 100, n + 200) for e, n in ring) < 904


def test_a_polygon_lies_where_pymap3d_puts_it():
    ring = read_site(GOOD.encode(), "s").sites[0].zones[1].outline_m
    east, north, _ = pymap3d.geodetic2enu(36.51, 44.31, 614.0, 36.5, 44.3, 614.0)
    assert any(math.hypot(e - east, n - north) < 1e-3 for e, n in ring)
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, (*ring[1:], ring[0])))
    assert area > 0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("shelter_s = 45\n", "", ["'ramp'", "shelter_s", "for example 90"]),
        ("lat = 36.5\n", "lat = 136.5\n", ["lat", "136.5", "90"]),
        ("lat = 36.5\n", 'lat = "36.5"\n', ["lat", "'36.5'"]),
        ("radius_m = 900\n", "radius = 900\n", ["'radius'", "did you mean 'radius_m'"]),
        ('release = "automatic"', 'release = "automatik"', ["did you mean 'automatic'"]),
        ('kind = "radar"', 'kind = "radr"', ["did you mean 'radar'"]),
        ('sites = ["north"]\nlat', 'sites = ["nord"]\nlat', ["'nord'", "'north'"]),
        ("udp://127.0.0.1:8600", "127.0.0.1:8600", ["udp://HOST:PORT"]),
        ("udp://127.0.0.1:8600", "udp://127.0.0.1:86000", ["86000"]),
        ("height_m = 12\n", "", ["alt_m", "height_m"]),
        ("sigma_range_m = 10", "sigma_range_m = -1", ["sigma_range_m", "-1"]),
        ("schema = 1", "schema = 9", ["schema = 1"]),
        ('owner = "base operations"', 'owner = " "', ["owner"]),
        ("until = 2026-12-31T00:00:00Z", "until = 2025-12-31T00:00:00Z", ["swap"]),
        ("until = 2026-12-31T00:00:00Z", "until = 2026-12-31T00:00:00", ["Z for UTC"]),
        ('id = "field"', 'id = "ramp"', ["stands twice"]),
        ("[44.31, 36.51], [44.30, 36.51]]", "[44.30, 36.51], [44.31, 36.51]]", ["plain area"]),
        ("[[44.30, 36.50],", "[[36.50, 44.30],", ["longitude stands first"]),
        ("center_offset_m = [100, -200]\nradius_m = 900\n", "", ["needs an outline"]),
        ("[node]", "[node", ["not TOML"]),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(old, new, words):
    assert old in GOOD
    with pytest.raises(SiteError) as error:
        read_site(GOOD.replace(old, new, 1).encode(), "site.toml")
    for word in words:
        assert word in str(error.value)


def test_two_sensors_on_one_address_need_different_data_sources():
    second = GOOD[GOOD.index("[[sensor]]") : GOOD.index("[[authorisation]]")]
    twin = second.replace("radar-1", "radar-2")
    with pytest.raises(SiteError, match="both listen"):
        read_site((GOOD + twin).encode(), "s")
    assert (
        len(read_site((GOOD + twin.replace("sic = 2", "sic = 3")).encode(), "s").sensors) == 2
    )


CHANNEL = '\n[[channel]]\nid = "desk"\nto = "https://example.org/cap"\n'


def test_a_channel_is_for_what_is_live_at_all_sites_unless_said_otherwise():
    channel = read_site((GOOD + CHANNEL).encode(), "site.toml").channels[0]
    assert (channel.kind, channel.sites, channel.natures) == ("cap", (), ("live",))
    assert read_site(GOOD.encode(), "site.toml").channels == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("https://example.org/cap", "ftp://example.org", 'write "file:FOLDER"'),
        ("https://example.org/cap", "https://", 'write "file:FOLDER"'),
        ("https://example.org/cap", "https://user:word@example.org/", 'write "file:FOLDER"'),
        ("https://example.org/cap", "http://example.org:99999/", 'write "file:FOLDER"'),
        ("https://example.org/cap", "file:", 'write "file:FOLDER"'),
        ("https://example.org/cap", "file:../elsewhere", "without .."),
        ('id = "desk"', 'id = "desk"\nkind = "cup"', "did you mean 'cap'?"),
        ('id = "desk"', 'id = "desk"\nsites = ["nord"]', "did you mean 'north'?"),
        ('id = "desk"', 'id = "desk"\nnatures = []', "channel 'desk'"),
        ('id = "desk"', 'id = "desk"\nnatures = ["simulated"]', "would be taken for real"),
        ('id = "desk"', 'id = "desk"\ntoo = 1', "did you mean 'to'?"),
        ('to = "https://example.org/cap"', "", "has no to; give for example"),
        (
            'to = "https://example.org/cap"',
            'to = "http://example.org/cap"\nsecret = "desk"',
            "write https://",
        ),
        (CHANNEL, CHANNEL + CHANNEL, "stands twice"),
    ],
)
def test_what_is_wrong_with_a_channel_is_said(old, new, words):
    with pytest.raises(SiteError) as caught:
        read_site((GOOD + CHANNEL.replace(old, new)).encode(), "site.toml")
    assert words in str(caught.value)


@pytest.mark.parametrize("to", ["file:out", "http://127.0.0.1:9/x", "http://localhost/x"])
def test_what_is_not_live_may_stay_on_this_machine(to):
    text = GOOD + CHANNEL.replace("https://example.org/cap", to) + 'natures = ["exercise"]\n'
    assert read_site(text.encode(), "site.toml").channels[0].natures == ("exercise",)


WATCH = """
[[playbook]]
id = "hold"
when = "CAUTION"
threats = ["drone", "sighting"]
zones = ["ramp"]
words = "Hold departures"
tell = [{ post = "Tower", telephone = "ext. 210" }]
lead_s = 90
[[playbook]]
id = "count"
when = "TAKE SHELTER"
words = "Count people"
"""


def test_playbook_minimum_coverage_and_criteria_are_read():
    text = GOOD.replace(
        "[site.rules]",
        'clear_criteria = ["Area searched"]\n[[site.minimum_coverage]]\nfrom_deg = 90\n'
        "to_deg = 180\nheight_m = 60\n[site.rules]",
    )
    node = read_site((text + WATCH).encode(), "t")
    hold, count = node.playbook
    assert (hold.step, hold.zones, hold.lead_s) == ("CAUTION", ("ramp",), 90.0)
    assert (hold.tell[0].post, hold.tell[0].telephone) == ("Tower", "ext. 210")
    assert math.isnan(count.lead_s)
    assert node.sites[0].clear_criteria == ("Area searched",)
    (demand,) = node.sites[0].minimum_coverage
    assert (demand.sensors, demand.needed, demand.height_m) == (("radar-1",), 1, 60.0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('when = "CAUTION"', 'when = "ALARM"', "playbook 'hold' when is 'ALARM'"),
        ('"drone", "sighting"', '"drones"', "did you mean 'drone'"),
        ('zones = ["ramp"]', 'zones = ["roof"]', "zones is 'roof'"),
        ('words = "Count people"', 'words = " "', "has no words"),
        ('words = "Count people"\n', "", "playbook 'count' has no words"),
        ('post = "Tower", ', "", "has no post"),
        ('id = "count"', 'id = "hold"', "stands twice"),
    ],
)
def test_a_line_that_could_never_be_shown_is_refused(old, new, words):
    with pytest.raises(SiteError) as caught:
        read_site((GOOD + WATCH.replace(old, new)).encode(), "site.toml")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('sensors = ["radar-9"]', "did you mean 'radar-1'"),
        ("needed = 2", "needs 2 of 1 sensors"),
        ("from_deg = 400", "from_deg"),
    ],
)
def test_a_minimum_that_cannot_be_met_is_refused(lines, words):
    text = GOOD.replace("[site.rules]", f"[[site.minimum_coverage]]\n{lines}\n[site.rules]")
    with pytest.raises(SiteError) as caught:
        read_site(text.encode(), "site.toml")
    assert words in str(caught.value)


def test_a_post_of_people_has_a_place_and_the_format_of_sightings():
    post = GOOD + '[[sensor]]\nid = "tower"\nkind = "person"\nformat = "sightings"\n'
    with pytest.raises(SiteError, match="give it lat, lon"):
        read_site(post.encode(), "site.toml")
    with pytest.raises(SiteError, match='kind = "person" and format = "sightings"'):
        read_site(post.replace("sightings", "asterix").encode(), "site.toml")
