"""Heights of many looks together are known better than that of one, and say so of the class."""

import numpy as np
import pytest

from tocsin import identity
from tocsin.identity import _kernels
from tocsin.identity._kernels_columns import HEIGHT_KNOWN, HEIGHT_SUM, WIDTH
from tocsin.model import CLASSES, DeclaredTable, Node, Site, TrackStatus, TrackTable

T0_S, GRID_S = 1e9, 0.2
OTHER = CLASSES.index("other")
NODE = Node(sites=(Site("base", "Base", 48.0, 11.0, 500.0),))


def seen(seconds, height_of, sigma_m):
    """Return what is remembered of a track that flies east at heights of which each look knows
    sigma_m, and the last table.
    """
    state, told = identity.open_identity(), None
    for k in range(1, round(seconds / GRID_S) + 1):
        now_s = round(T0_S + k * GRID_S, 3)
        table = TrackTable.blank(1)
        table.track_id[0], table.status[0] = 1, TrackStatus.CONFIRMED
        table.time_s[0] = table.updated_s[0] = now_s
        table.first_seen_s[0] = T0_S
        table.state[0] = 10.0 * k * GRID_S, 500.0, height_of(k * GRID_S), 10.0, 0.0, 0.0
        sigma = sigma_m(k * GRID_S)
        table.covariance[0] = np.diag([100.0, 100.0, sigma**2, 0.5, 0.5, 0.2])
        told = identity.assess_into(state, table, DeclaredTable.blank(0), NODE, now_s)
    return state.motion[0], told


def mean_and_sigma(row):
    return row[HEIGHT_SUM] / row[HEIGHT_KNOWN], row[HEIGHT_KNOWN] ** -0.5


def test_a_height_is_known_as_well_as_so_many_looks_that_share_no_error_would_know_it():
    for seconds in (20.0, 60.0, 180.0):
        row, _ = seen(seconds, lambda _: 50.0, lambda _: 30.0)
        fades = np.exp(-np.arange(0.0, seconds, GRID_S) / _kernels.HEIGHT_FORGET_S)
        looks = fades[-1] + fades.sum() * GRID_S / _kernels.HEIGHT_LOOK_S
        mean, sigma = mean_and_sigma(row)
        assert mean == pytest.approx(50.0, abs=0.5)  # and the curve of the earth
        assert sigma == pytest.approx(30.0 / np.sqrt(looks), rel=0.02)


def test_the_first_look_counts_in_full_and_better_ones_for_more():
    row, _ = seen(GRID_S, lambda _: 120.0, lambda _: 60.0)
    assert mean_and_sigma(row) == pytest.approx((120.0, 60.0), abs=0.1)
    row, _ = seen(
        40.0, lambda t: 120.0 if t < 2.0 else 50.0, lambda t: 60.0 if t < 2.0 else 15.0
    )
    assert mean_and_sigma(row)[0] == pytest.approx(50.0, abs=3.0)


def test_what_flies_at_60_metres_for_a_minute_is_no_vehicle_though_no_look_could_say_so():
    _, early = seen(4.0, lambda _: 60.0, lambda _: 30.0)
    _, late = seen(60.0, lambda _: 60.0, lambda _: 30.0)
    _, low = seen(60.0, lambda _: 5.0, lambda _: 30.0)
    assert late.probability[0, OTHER] < 0.35 * early.probability[0, OTHER]
    assert low.probability[0, OTHER] > late.probability[0, OTHER] * 5.0


def test_a_row_that_nobody_has_looked_at_has_no_likelihood():
    out = np.full((1, len(CLASSES) + 1), 9.0)
    tables = identity._tables
    _kernels.kinematics_into(
        np.zeros((1, WIDTH)), np.ones(1, dtype=np.bool_), tables.SPEED, tables.HEIGHT,
        tables.SPREAD_LN_MEAN, tables.SPREAD_LN_SD, tables.HOVER, tables.AIRCRAFT, out,
    )  # fmt: skip
    assert not out.any()
