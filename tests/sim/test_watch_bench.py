"""The bench of the watch measures what it says: bounds, crews, the crossing of the line."""

import math
import random
import urllib.request

import numpy as np
import pytest
from scipy.stats import beta

from bench import warning, watch, watch_classes, watch_pieces, watch_play, watch_set
from tocsin.codec.site_toml import read_site
from tocsin.sim import adsb
from tocsin.sim.draws import Draws
from tocsin.sim.raids import DAY_S
from tocsin.sim.sources import frames
from tocsin.sim.world import open_world


@pytest.mark.parametrize(("count", "bound"), [(0, 2.996), (1, 4.744), (2, 6.296), (10, 16.962)])
def test_the_bound_of_a_count_is_the_published_one(count, bound):
    """One-sided 95 % upper limits of a Poisson mean (Garwood 1936; Gehrels 1986, table 1)."""
    assert watch_pieces.poisson_bound(count) == pytest.approx(bound, abs=2e-3)


@pytest.mark.parametrize(("count", "of"), [(0, 40), (2, 50), (100, 7300), (7299, 7300)])
def test_the_bound_of_a_share_is_the_exact_binomial_one(count, of):
    """Clopper and Pearson's limit is a quantile of a beta distribution (SciPy's)."""
    assert watch.binomial_bound(count, of) == pytest.approx(
        beta.ppf(0.95, count + 1, of - count), rel=1e-9
    )


def test_what_must_never_happen_misses_once_it_has():
    assert "none of 40: at most 7.22 %" in watch.never(0, 40, "crossed")
    assert watch.never(0, 40, "crossed").endswith("holds as far as it goes")
    assert watch.never(1, 40, "crossed").endswith("MISSES")
    assert watch.never(0, 0, "crossed") == ""


def test_the_interval_of_a_calibration_error_holds_none_of_true_probabilities():
    """And not the error of probabilities that are 0.3 off."""
    rng = np.random.default_rng(5)
    chance = rng.random(400)
    rows = [(10, bool(rng.random() < p), p) for p in chance]
    off = [(10, drone, min(p + 0.3, 1.0)) for _, drone, p in rows]
    assert watch_classes.error_intervals(rows)[10][0] <= 0.03
    low, high = watch_classes.error_intervals(off)[10]
    assert 0.03 < low < high


@pytest.mark.parametrize(
    ("seconds", "word"),
    [
        ([0.1] * 39 + [0.4], "holds as far as it goes"), ([0.1] * 999 + [0.6], "holds"),
        ([0.1] * 39 + [0.6], "open"), ([0.1] * 30 + [0.6] * 9, "MISSES"), ([], "MISSES"),
    ],
)  # fmt: skip
def test_warnings_that_take_too_long_miss(seconds, word):
    """So few as 40 bound no 99 % quantile from above; one in 1,000 may take longer."""
    assert warning.row("told", seconds, 0.5).endswith(word)


def test_the_desk_notes_alerts_by_zone_and_no_other_message():
    desk = warning.Desk()
    try:
        for kind, zone in (("Alert", "zone-7"), ("Cancel", "zone-8")):
            body = f"<alert><msgType>{kind}</msgType><areaDesc>{zone}</areaDesc></alert>"
            urllib.request.urlopen(desk.url, body.encode(), timeout=60).read()
        assert list(desk.at_s) == ["zone-7"]
    finally:
        desk.server.shutdown()
        desk.server.server_close()


def test_an_officer_releases_only_while_the_proposal_stands():
    zone = watch_play.Zone("ramp", 9000.0, proposed=[(95.0, 90.0)], automatic=70.0)
    quick = watch_set.Officer("quick", 1.0, 1e-9)
    slow = watch_set.Officer("slow", 10.0, 1e-9)
    assert 90.0 <= watch.warned_s(zone, quick, random.Random(1)) <= 93.0
    assert 66.0 <= watch.warned_s(zone, slow, random.Random(1)) <= 69.0


def test_a_zone_that_nobody_released_was_never_warned():
    zone = watch_play.Zone("ramp", 9000.0, proposed=[(95.0, -math.inf)])
    absent = watch_set.OFFICERS[-1]
    assert watch.warned_s(zone, absent, random.Random(1)) == -math.inf


def test_the_friend_changes_nothing_about_the_drone():
    node = watch_set.node()
    worlds = [
        open_world(watch_set.friendly(5, with_friend=friend), node, Draws(3, 5))
        for friend in (True, False)
    ]
    ways = [w.things[w.row("drone-1")].way for w in worlds]
    assert ways[0] == ways[1]


def test_a_fast_drone_is_attended_and_everybody_is_warned():
    played = watch_play.play_raid(watch_set.fast, 1, 1)
    assert played.crossings == ["called"]
    assert all(zone.automatic > 60.0 for zone in played.zones)


def test_a_day_on_which_nothing_sends_ends():
    """An ADS-B receiver that hears nobody must not wait for a message for ever."""
    node = read_site(watch_set.SITE.encode(), "set.toml")
    scenario = watch_set.quiet(1)
    heard = list(frames(scenario, node, Draws(1), day_s=DAY_S, from_s=0.0, until_s=3.0))
    assert {frame.source for _, frame in heard} <= {"radar", "camera"}
    world = open_world(watch_set.friendly(0), node, Draws(1))
    antenna = adsb.Antenna(
        next(s for s in node.sensors if s.id == "adsb"), 2e5, 15.0, 46.0, 0.0
    )
    last_s = list(adsb.squitters(antenna, world, Draws(1), from_s=500.0))[-1][0]
    assert 600.0 < last_s <= world.things[world.row("scout")].way[-1][0]
