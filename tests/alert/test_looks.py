"""The kernels of a look against plain NumPy: who may begin what, and which rows count."""

from dataclasses import fields

import numpy as np
import pytest
from tests.alert.scenes import node_of

from tocsin.alert import _rules
from tocsin.alert._threats import marks_of, rows_of
from tocsin.model import Sensor, ThreatTable, TrackKind, TrackStatus, TrackTable

NOW_S = 1_772_366_400.0
SENSORS = (
    Sensor("radar", "radar", sites=("base",), sigma_range_m=10.0),
    Sensor("camera", "camera", sites=("base", "far")),
    Sensor("rf", "rf", sites=("far",)),
)


def tracks_of(rng, n):
    table = TrackTable.blank(n)
    table.track_id[:] = rng.permutation(n) + 1
    table.site[:] = rng.integers(0, 3, n)  # 2: of no site of the node
    table.kind[:] = rng.choice(3, n, p=(0.8, 0.1, 0.1))
    table.status[:] = rng.integers(0, 3, n)
    table.hits[:] = rng.integers(1, 9, n)
    table.born_s[:] = NOW_S - rng.uniform(0.0, 12.0, n)
    table.updated_s[:] = NOW_S - rng.uniform(0.0, 9.0, n)
    table.sensors[:] = rng.integers(0, 8, n)
    table.state[:] = rng.normal(0.0, 25.0, (n, 6))
    for axis in (3, 4):
        table.covariance[:, axis, axis] = rng.uniform(0.0, 300.0, n)
    table.state[::11, 3] = np.nan
    table.covariance[::13, 4, 4] = np.nan
    return table


def plain_marks(tracks):
    """The same by columns: (settled, seen, proven, in view, placed)."""
    variance = np.maximum(tracks.covariance[:, 3, 3], tracks.covariance[:, 4, 4])
    spread, speed = np.sqrt(variance), np.hypot(tracks.state[:, 3], tracks.state[:, 4])
    known = spread <= np.maximum(_rules.KNOWN_MPS, _rules.KNOWN_SHARE * speed)
    told, age_s = tracks.kind != TrackKind.MEASURED, NOW_S - tracks.born_s
    many = tracks.hits >= _rules.SETTLED_HITS
    fast = (tracks.hits >= _rules.SETTLED_HITS - 1) & (speed - 2 * spread >= _rules.FAST_MPS)
    radar = np.array([1, 0, 0], np.uint64)[tracks.site]  # the one that measures range
    several = np.array([bin(mask).count("1") > 1 for mask in tracks.sensors.tolist()], bool)
    placed = ((tracks.sensors & radar) > 0) | (radar == 0) | several
    return (
        told | fast | (many & (age_s >= _rules.SETTLED_S)),
        told | (placed & known & (tracks.status == TrackStatus.CONFIRMED)),
        told | (many & (age_s >= _rules.PROVEN_S)),
        NOW_S - tracks.updated_s <= _rules.IN_VIEW_S,
        told | placed,
    )


@pytest.mark.parametrize("n", [0, 1, 400])
def test_marks_are_those_of_plain_columns(n):
    node = node_of()
    node = type(node)(sites=node.sites, sensors=SENSORS)
    tracks = tracks_of(np.random.default_rng(5), n)
    marks = marks_of(tracks, node, NOW_S)
    wanted = [set(tracks.track_id[mark].tolist()) for mark in plain_marks(tracks)]
    assert [getattr(marks, field.name) for field in fields(marks)] == wanted
    if n > 1:
        assert all(0 < len(one) < n for one in wanted)  # each says something


def test_rows_and_shares_are_those_of_plain_columns_in_any_order():
    rng, n, horizon_s = np.random.default_rng(6), 300, 250.0
    threats = ThreatTable.blank(n)
    threats.track_id[:] = rng.integers(1, 90, n)  # rows of a track need not stand together
    threats.zone[:] = np.arange(n)
    for column in (threats.p_zone, threats.p_harm, threats.p_asked):
        column[:] = rng.choice([0.0, 0.05, 0.3, 0.9], n)
    threats.p_harm[::17] = np.nan
    threats.arrival_early_s[:] = NOW_S + rng.uniform(-5.0, 500.0, n)
    threats.arrival_early_s[::19] = np.inf
    asked = np.maximum(threats.p_harm, threats.p_asked)
    keep = (asked >= _rules.MONITOR_HARM * _rules.HOLD_PROBABILITY) & (
        threats.p_zone >= _rules.MONITOR_ZONE * _rules.HOLD_PROBABILITY
    )
    keep &= threats.arrival_early_s - NOW_S <= horizon_s
    rows = rows_of(threats, horizon_s, NOW_S)
    assert [row.zone for row in rows] == np.flatnonzero(keep).tolist()
    for row in rows:
        best = threats.p_zone[threats.track_id == row.track].max()
        assert row.share == threats.p_zone[row.zone] / best
        assert row.asked == asked[row.zone]
        assert row.soon_s == max(0.0, row.early_s - NOW_S)
    assert 0 < len(rows) < n
