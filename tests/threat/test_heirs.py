"""A thing that is lost and found again under another number keeps the way that it has come."""

import numpy as np
import pytest
from tests.identity.flights import T0_S
from tests.threat.raids import ZONE_AT
from tests.threat.test_threat import ONE, table_of, taken_for

from tocsin import threat
from tocsin.codec.snapshot import freeze, thaw

SPEED_MPS = 14.0
FROM_M = 5500.0


def row_at(t, aside_m=0.0, turned_rad=0.0):
    """Return a state t seconds into a straight flight from the east to the zone's middle."""
    north = ZONE_AT[1] + aside_m
    ve, vn = -SPEED_MPS * np.cos(turned_rad), SPEED_MPS * np.sin(turned_rad)
    return [ZONE_AT[0] + FROM_M - SPEED_MPS * t, north, 80.0, ve, vn, 0.0]


def asked(lives, seconds, thaw_at_s=-1.0):
    """Return p_asked of each track at the end. lives: (id, from s, until s, aside, turned)."""
    state, looks_like = threat.open_threat(), taken_for("bird", 0.05)
    for k in range(round(seconds / 0.2)):
        t = 0.2 * k
        here = [life for life in lives if life[1] <= t < life[2]]
        table = table_of(*[row_at(t, *life[3:]) for life in here]) if here else None
        if table is None:
            continue
        table.track_id[:] = [life[0] for life in here]
        table.born_s[:] = [T0_S + life[1] for life in here]
        table.updated_s[:] = T0_S + t
        found = threat.assess_into(state, table, looks_like(table), ONE, T0_S + t)
        if abs(t - thaw_at_s) < 0.1:
            state = thaw(freeze(state))
    return dict(zip(found.track_id.tolist(), found.p_asked.tolist()))


def test_found_again_after_a_gap_it_is_asked_about_as_if_never_lost():
    whole = asked([(1, 0.0, 999.0)], 200.0)[1]
    anew = asked([(2, 100.0, 999.0)], 200.0)[2]
    again = asked([(1, 0.0, 90.0), (2, 100.0, 999.0)], 200.0)[2]
    assert anew < 0.5 < whole
    assert again == pytest.approx(whole, abs=0.05)
    stored = asked([(1, 0.0, 90.0), (2, 100.0, 999.0)], 200.0, thaw_at_s=89.8)[2]
    assert stored == again


@pytest.mark.parametrize(
    "other",
    [
        (2, 100.0, 999.0, 900.0),  # begins elsewhere
        (2, 100.0, 999.0, 0.0, 0.6),  # flies another way
        (2, 70.0, 999.0),  # was there beside the old one, which sensors still saw
        (2, 150.0, 999.0),  # a minute later
    ],
)
def test_another_thing_takes_over_nothing(other):
    alone = asked([other], 200.0)[2]
    beside = asked([(1, 0.0, 90.0), other], 200.0)[2]
    assert beside == pytest.approx(alone)
