"""Standing still in the air: what flew and then stays is no bird; a mast never flew."""

import math

import numpy as np
import pytest
from tests.identity.flights import GRID_S, fly, follow

from tocsin import identity
from tocsin.identity import _kernels as k
from tocsin.identity import _kernels_still as still
from tocsin.identity._kernels_columns import FLOWN, HOVER_SUM, LONGEST, SPELL, WIDTH
from tocsin.model import CLASSES, LABELS, DeclaredTable, Node, Site

NODE = Node(sites=(Site("base", "Base", 48.0, 11.0, 500.0),))
NOBODY = DeclaredTable.blank(0)
BIRD, WING, PLANE = (CLASSES.index(n) for n in ("bird", "drone_fixed_wing", "aircraft"))
DRONES = tuple(LABELS.index(n) for n in ("drone", "drone_multirotor", "drone_fixed_wing"))
GOOD = np.diag([25.0, 25.0, 25.0, 0.5, 0.5, 0.2])


def looked_at(speeds, covariance=GOOD):
    """Return what is remembered of a thing that goes east at these speeds, a look each."""
    acc, state, east = np.zeros((1, WIDTH)), np.zeros((1, 6)), 0.0
    for step, speed in enumerate(speeds):
        east += GRID_S * speed
        state[0] = east, 0.0, 60.0, speed, 0.0, 0.0
        now_s, use = 1e9 + GRID_S * step, np.ones(1, np.uint8)
        k.accumulate_into(now_s, state, covariance[None], use, acc)
    return acc[0]


def looks(*parts):
    """Return speeds, a look each: (m/s, seconds) one after the other."""
    return [speed for speed, seconds in parts for _ in range(round(seconds / GRID_S))]


def test_a_spell_is_as_long_as_it_stood_and_fades_when_it_is_over():
    row = looked_at(looks((10.0, 20), (0.0, 60)))
    assert row[FLOWN] == pytest.approx(20.0)
    assert row[SPELL] == row[LONGEST] == pytest.approx(60.0)
    row = looked_at(looks((10.0, 20), (0.0, 60), (10.0, 90)))
    assert row[SPELL] == 0.0
    assert row[LONGEST] == pytest.approx(60.0 * math.exp(-90.0 / still.FORGET_S), rel=1e-6)


def test_what_never_flew_has_no_spell_however_long_it_stands():
    """A mast, a crane, a tethered balloon."""
    row = looked_at(looks((0.0, 600)))
    assert row[LONGEST] == still.spell_ln(row) == 0.0


def test_short_bouts_in_one_place_after_another_say_nothing():
    """The hunting flight of a kestrel (Videler and others 1983)."""
    row = looked_at(looks(*[(8.0, 6), (0.3, 18)] * 10))
    assert still.spell_ln(row) == 0.0


def test_who_drifts_away_begins_a_new_spell():
    row = looked_at(looks((10.0, 20), (1.5, 120)))
    reach_m = still.STAYS_M + 2.0 * math.sqrt(GOOD[0, 0])
    assert 0.0 < row[LONGEST] < reach_m / 1.5 + 1.0


def test_a_spell_counts_more_the_longer_it_is_and_never_more_than_its_bound():
    said = [still.spell_ln(looked_at(looks((10.0, 20), (0.0, s)))) for s in (15, 30, 45, 300)]
    assert said[0] == 0.0
    assert said == sorted(set(said))
    assert said[-1] == pytest.approx(still.MOST_LN)


def test_a_poor_radar_that_sees_it_in_one_place_for_long_sees_it_stand_still():
    """And not one that cannot know: its mean over 20 s has to be known to 2 m/s."""
    poor, hopeless = GOOD.copy(), GOOD.copy()
    poor[3, 3] = poor[4, 4] = 9.0
    hopeless[3, 3] = hopeless[4, 4] = 36.0
    stands = looks((10.0, 20), (0.0, 60))
    assert looked_at(stands, poor)[HOVER_SUM] > 10.0
    assert looked_at(stands, hopeless)[HOVER_SUM] == 0.0


def watched(kind, n, seconds, still_s, seed):
    """Return the last table of n things that fly and, for still_s at the end, stand still."""
    rng, state = np.random.default_rng(seed), identity.open_identity()
    states = fly(kind, n, seconds, rng)
    if still_s:
        stop = np.repeat(states[-1:], round(still_s / GRID_S), axis=0)
        stop[:, :, 3:] = 0.0
        stop[:, :, 2] = 60.0
        states[:, :, 2] = 60.0
        states = np.concatenate([states, stop])
    for now_s, tracks in follow(states, rng, sigma_m=(4.0, 10.0)):
        table = identity.assess_into(state, tracks, NOBODY, NODE, now_s)
    return table, state


def test_a_multirotor_that_hovers_for_a_minute_is_called_a_drone_and_harmful():
    table, _ = watched("multirotor", 40, 25, 75, 3)
    assert np.isin(table.label, DRONES).mean() >= 0.8
    assert np.median(table.harm) >= 0.6
    assert np.median(table.probability[:, BIRD]) <= 0.05


def test_motion_alone_never_makes_it_certain_that_it_is_no_light_aircraft():
    table, state = watched("one_way", 60, 30, 0, 4)
    gap = state.motion_ln[:, WING] - state.motion_ln[:, PLANE]
    assert gap.max() == pytest.approx(k.WING_LN)
    assert (table.probability[:, WING] < 0.9).all()
    assert np.median(table.harm) >= 0.8  # and it is as harmful as ever
