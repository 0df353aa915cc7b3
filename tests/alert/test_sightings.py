"""Sightings: a question to the officer, beside what the sensors covered; nobody runs by it."""

import json
import math

import numpy as np
import pymap3d
import pytest

from tocsin import pipeline
from tocsin.codec.acts import encode_act
from tocsin.codec.site_toml import read_site
from tocsin.model import (
    OFFICER,
    Act,
    Batch,
    Frame,
    Headcount,
    Ladder,
    SightingReport,
)
from tocsin.sensor import place_of, plot_of, post_of, with_posts

SITE = """
[node]
name = "Field"
[[site]]
id = "north"
name = "North"
lat = 48.0
lon = 11.0
elevation_m = 500
[[site.zone]]
id = "apron"
radius_m = 900
ceiling_m = 600
shelter_s = 60
[[site]]
id = "south"
lat = 47.0
lon = 11.0
elevation_m = 500
[[site.zone]]
id = "apron"
radius_m = 900
ceiling_m = 600
shelter_s = 60
[[sensor]]
id = "radar"
kind = "radar"
format = "detections"
listen = "http"
sites = ["north"]
lat = 48.0
lon = 11.0
height_m = 10
sigma_range_m = 10
sigma_azimuth_deg = 0.5
sigma_elevation_deg = 0.5
max_range_m = 8000
min_radial_speed_mps = 3
sigma_range_rate_mps = 1
elevation_min_deg = -1
elevation_max_deg = 40
[[sensor]]
id = "tower"
kind = "person"
format = "sightings"
sites = ["north"]
lat = 48.002
lon = 11.001
height_m = 20
"""
T0_S = 1_790_000_000.0


class Driven:
    """The whole pipeline, tick by tick, with a radar that hears nothing but its own looks."""

    def __init__(self, *, radar=True, text=SITE):
        self.node = read_site(text.encode(), "site.toml")
        self.state, _ = pipeline.open_state(self.node, mode="live", now_s=T0_S, live=True)
        self.now_s, self.number, self.radar = T0_S, 0, radar
        self.events, self.entries, self.picture = [], [], None

    def tick(self, seconds=0.2, *frames):
        for _ in range(max(1, round(seconds / 0.2))):
            self.now_s = round(self.now_s + 0.2, 3)
            heard = list(frames)
            frames = ()
            if self.radar and round(self.now_s * 5) % 5 == 0:
                scan = b'{"scan": {"start_s": %.1f, "end_s": %.1f}, "detections": []}'
                heard.append(self.frame("radar", scan % (self.now_s - 1.0, self.now_s)))
            self.state, outcome = pipeline.step(self.state, Batch(self.now_s, tuple(heard)))
            self.events += outcome.alert_events
            self.entries += outcome.entries
            self.picture = outcome.picture or self.picture
            self.answers = outcome.acts or getattr(self, "answers", ())
            self.counts = outcome.detections
        return self

    def frame(self, source, payload):
        self.number += 1
        return Frame(source, self.number, self.now_s, payload)

    def report(self, site="north", text="", user="gate", **fields):
        act = Act(
            "sighting", key=f"k{self.number}", user=user, at_s=self.now_s, site=site, text=text,
            sighting=SightingReport(**fields),
        )  # fmt: skip
        self.tick(0.2, self.frame(OFFICER, encode_act(act)))
        return self.answers[-1][1], self.answers[-1][2]


def test_a_sighting_stands_in_picture_ledger_and_alarms_and_raises_no_zone():
    watch = Driven().tick(5.0)
    accepted, sentence = watch.report(
        lat=48.02, lon=11.0, count=2, kind="drone", text="two, low"
    )
    assert accepted
    assert "about 2.2 km north of North" in sentence
    watch.tick(60.0)
    (sighting,) = watch.picture.sightings
    assert (sighting.id, sighting.count, sighting.text) == ("S-1-1", 2, "two, low")
    (alarm,) = watch.picture.alarms
    assert (alarm.cause, alarm.step, alarm.state) == ("sighting", "CAUTION", "unacknowledged")
    assert [e.kind for e in watch.events if e.alarm_id == alarm.id].count("escalated") >= 1
    steps = {zone.step for zone in watch.picture.zones if zone.site_id == "north"}
    assert steps == {Ladder.QUIET}
    assert any(b'"what":"sighting"' in entry.body for entry in watch.entries)
    assert [n.site_id for n in watch.picture.notices] == ["south"]


@pytest.mark.parametrize(
    ("lat", "radar", "words"),
    [
        (48.02, True, r"radar covered this place \d s ago and reported nothing"),
        (48.02, False, r"radar would cover this place, but it is (silent|never heard)"),
        (48.20, True, "no sensor covers this place"),
    ],
)
def test_beside_it_stands_what_the_sensors_covered_there(lat, radar, words):
    import re

    watch = Driven(radar=radar).tick(10.0)
    watch.report(lat=lat, lon=11.0)
    watch.tick(1.0)
    (line,) = watch.picture.sightings[0].beside
    assert re.fullmatch(words, line), line
    event = next(e for e in watch.events if e.kind == "sighting")
    assert line in event.text


def test_a_direction_from_a_post_is_beside_what_covers_that_direction():
    watch = Driven().tick(5.0)
    accepted, sentence = watch.report(azimuth_deg=90.0, post="tower")
    assert accepted, sentence
    watch.tick(1.0)
    sighting = watch.picture.sightings[0]
    assert math.isnan(sighting.lat)
    assert "radar covered this place" in sighting.beside[0]


def test_it_enters_the_tracker_as_a_detection_and_repeated_ones_shelter_nobody():
    watch = Driven().tick(5.0)
    for second in range(40):
        watch.report(lat=48.03 - second * 4e-4, lon=11.0, sigma_m=50.0, user=f"p{second}")
        watch.tick(0.8)
    assert watch.picture.sightings[-1].id == "S-1-40"
    used = watch.state.counts["sighting"]
    assert (used, watch.state.counts["detections"]) == (40, 40)
    assert not watch.state.trackers[0].unused
    zones = [zone for zone in watch.picture.zones if zone.site_id == "north"]
    assert {zone.step for zone in zones} <= {Ladder.QUIET}
    assert not [e for e in watch.events if e.kind in ("proposed", "released")]
    assert len([a for a in watch.picture.alarms if a.cause == "sighting"]) == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "say where"),
        ({"lat": 48.0}, "both lat and lon"),
        ({"lat": 95.0, "lon": 0.0}, "no place"),
        ({"azimuth_deg": 400.0}, "0 to 360"),
        ({"azimuth_deg": 4.0, "post": "gate-9"}, "no post 'gate-9'"),
        ({"lat": 48.0, "lon": 11.0, "count": -1}, "count is -1"),
        ({"lat": 48.0, "lon": 11.0, "sigma_m": 0.0}, "sigma_m is 0"),
        ({"lat": 48.0, "lon": 11.0, "seen_s": T0_S + 1e6}, "future"),
        ({"lat": 48.0, "lon": 11.0, "seen_s": T0_S - 1e6}, "over a day ago"),
        ({"lat": 48.0, "lon": 11.0, "site": "east"}, "north, south"),
        ({"lat": 48.0, "lon": 11.0, "site": ""}, "name the site"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence_and_leaves_nothing(fields, words):
    watch = Driven().tick(1.0)
    accepted, sentence = watch.report(**fields)
    assert not accepted
    assert words in sentence
    watch.tick(1.0)
    assert watch.picture.sightings == ()
    assert watch.picture.alarms == ()
    assert watch.state.counts["detections"] == 0


def test_the_question_closes_once_it_is_decided():
    watch = Driven().tick(1.0)
    watch.report(lat=48.02, lon=11.0)
    watch.tick(1.0)
    for verb in ("acknowledge", "decide"):
        act = Act(verb, key=verb, user="o", at_s=watch.now_s, alarm="A-1-1", text="a kite")
        watch.tick(0.4, watch.frame(OFFICER, encode_act(act)))
    watch.tick(1.0)
    assert watch.picture.alarms[0].state == "closed"


def test_a_site_without_a_post_has_one_at_its_reference_point():
    node = with_posts(read_site(SITE.encode(), "site.toml"))
    assert [s.id for s in node.sensors if s.kind == "person"] == ["tower", "people-south"]
    assert with_posts(node) == node
    assert post_of(node, "south", "").id == "people-south"
    assert post_of(node, "south", "tower") is None


@pytest.mark.parametrize(("lat", "lon"), [(48.02, 11.0), (48.01, 11.03), (47.99, 10.98)])
def test_a_place_is_measured_from_its_post_as_geodesy_says(lat, lon):
    node = with_posts(read_site(SITE.encode(), "site.toml"))
    post = post_of(node, "north", "tower")
    plot = plot_of(SightingReport(lat=lat, lon=lon), post)
    azimuth, _, range_m = pymap3d.geodetic2aer(
        lat, lon, post.alt_m, post.lat, post.lon, post.alt_m
    )
    assert plot["range_m"] == pytest.approx(range_m, abs=0.01)
    assert np.degrees(plot["azimuth_rad"]) % 360 == pytest.approx(azimuth, abs=1e-4)
    assert plot["sigma_range_m"] == 300.0


def test_a_direction_with_a_distance_or_from_elsewhere_is_a_place_that_is_wide():
    node = with_posts(read_site(SITE.encode(), "site.toml"))
    post = post_of(node, "north", "tower")
    told = place_of(SightingReport(azimuth_deg=90.0, distance_m=4000.0), post)
    lat, lon, _ = pymap3d.aer2geodetic(90.0, 0.0, 4000.0, post.lat, post.lon, post.alt_m)
    assert (told.lat, told.lon) == pytest.approx((lat, lon), abs=1e-6)
    assert told.sigma_m == 2000.0
    elsewhere = place_of(SightingReport(lat=48.0, lon=11.1, azimuth_deg=0.0), post)
    assert elsewhere.lat > 48.0
    assert elsewhere.sigma_m >= 700.0
    ray = plot_of(SightingReport(azimuth_deg=90.0), post)
    assert "range_m" not in ray


def act_frame(watch, verb, **fields):
    act = Act(verb, key=f"{verb}{watch.number}", user="o", at_s=watch.now_s, **fields)
    return watch.frame(OFFICER, encode_act(act))


def live_through(watch, *, halt_s):
    """Sighting, warning by hand, readiness, headcount; halt_s: freeze and thaw there."""
    for second in range(30):
        frames = ()
        if second == 5:
            report = SightingReport(lat=48.02, lon=11.0, kind="drone")
            frames = (act_frame(watch, "sighting", site="north", sighting=report),)
        elif second == 10:
            frames = (act_frame(watch, "raise", site="north", step="TAKE SHELTER"),)
        elif second == 12:
            frames = (act_frame(watch, "readiness", site="south", until_s=watch.now_s + 9.0),)
        elif second == 15:
            frames = (
                act_frame(
                    watch, "account", site="north", zones=("apron",), headcount=Headcount(3)
                ),
            )
        if second == halt_s:
            watch.state = pipeline.thaw(pipeline.freeze(watch.state))
        watch.tick(1.0, *frames)
    return watch


@pytest.mark.parametrize("halt_s", [6, 11, 20])
def test_a_snapshot_and_what_follows_give_the_same_as_a_watch_that_never_stopped(halt_s):
    whole = live_through(Driven(), halt_s=-1)
    halted = live_through(Driven(), halt_s=halt_s)
    assert pipeline.outcome_digest(halted.state) == pipeline.outcome_digest(whole.state)
    kinds = {event.kind for event in whole.events}
    assert kinds >= {
        "sighting", "raised by hand", "released", "readiness", "readiness over", "account",
        "notice",
    }  # fmt: skip
    assert whole.picture.zones[0].accounted == 3.0


def test_advice_stands_in_the_ledger_when_it_changes_and_not_again():
    text = SITE + (
        '[[playbook]]\nid = "ask"\nwhen = "CAUTION"\nthreats = ["sighting"]\n'
        'words = "Call them back"\ntell = [{ post = "Guard", telephone = "ext. 1" }]\n'
    )
    watch = Driven(text=text).tick(1.0)
    watch.report(lat=48.02, lon=11.0)
    watch.tick(20.0)
    (option,) = watch.picture.advice
    assert (option.words, option.tell[0].telephone) == ("Call them back", "ext. 1")
    noted = [json.loads(e.body) for e in watch.entries if e.kind == "advice"]
    assert [(n["alarm"], [line["line"] for line in n["lines"]]) for n in noted] == [
        ("A-1-1", ["ask"])
    ]
    assert noted[0]["lines"][0]["tell"] == ["Guard"]
