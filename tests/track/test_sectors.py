"""Radars that tell the ends of their sectors: a look comes after the plots that are in it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.track.scene import ORIGIN

from tocsin.geo import frame_at
from tocsin.model import Coverage, DetectionBatch, Sensor, TrackStatus
from tocsin.sensor import measure, pack
from tocsin.track import Tracker
from tocsin.track import _kernels_layout as kl
from tocsin.track.slices import cut

T0 = 1.7e9
SECTORS = 32
# Turning together and close to each other: what one of them misses, the others miss at once.
RADARS = tuple(
    Sensor(
        id=f"radar-{n}", lat=48.0 + 0.002 * n, lon=11.0, alt_m=510.0, sigma_range_m=8.0,
        sigma_azimuth_deg=0.3, sigma_elevation_deg=0.5, scan_period_s=1.0,
        false_alarms_per_scan=0.5, max_range_m=20_000.0, elevation_min_deg=-3.0,
        elevation_max_deg=60.0, detection_probability=0.95,
    )
    for n in range(5)
)  # fmt: skip


def turns(radars, seconds, seed=4):
    """[(time, batch, look)] of every sector of every radar, in order: 40 targets, none missed,
    each plot stamped with the end of its sector, as a radar does that reports them together.
    """
    rng = np.random.default_rng(seed)
    bearing, reach_m = rng.uniform(0.0, 2 * np.pi, 40), rng.uniform(3_000.0, 9_000.0, 40)
    start = np.column_stack(
        [reach_m * np.sin(bearing), reach_m * np.cos(bearing), rng.uniform(100.0, 400.0, 40)]
    )
    speed = rng.uniform(-20.0, 20.0, (40, 3)) * [1.0, 1.0, 0.0]
    table, out = pack(radars, frame_at(*ORIGIN)), []
    for step in range(seconds * SECTORS):
        end_s, sector = (step + 1) / SECTORS, step % SECTORS
        states = np.hstack([start + end_s * speed, speed])
        for k in range(len(radars)):
            z = measure(table, k, states)
            mine = np.floor(z[:, 1] / (2 * np.pi) * SECTORS).astype(int) % SECTORS == sector
            z = z[mine] + rng.standard_normal((mine.sum(), 4)) * np.nan_to_num(
                table.packed[k, 12:16]
            )
            batch = DetectionBatch.blank(len(z))
            batch.time_s[:] = batch.arrival_s[:] = T0 + end_s
            batch.sensor[:], batch.range_m[:] = k, z[:, 0]
            batch.azimuth_rad[:], batch.elevation_rad[:] = z[:, 1] % (2 * np.pi), z[:, 2]
            width = 2 * np.pi / SECTORS
            look = Coverage(
                k, T0 + end_s - 1 / SECTORS, T0 + end_s, sector * width,
                (sector + 1) % SECTORS * width,
            )  # fmt: skip
            out.append((T0 + end_s, batch, look))
    return out


def run(radars, arrivals, step_s, seconds):
    """What a tracker shows that took arrivals in steps of that length, and what happened."""
    tracker, events, begin = Tracker(radars, origin_deg_m=ORIGIN), [], 0
    for now_s in T0 + step_s * np.arange(1, round(seconds / step_s) + 1):
        end = begin
        while end < len(arrivals) and arrivals[end][0] <= now_s + 1e-6:
            end += 1
        batch = DetectionBatch.join([a[1] for a in arrivals[begin:end]])
        table = tracker.step(batch, [a[2] for a in arrivals[begin:end]], now_s=now_s)
        events += tracker.events
        begin = end
    return table, events


@pytest.mark.parametrize("step_s", [1 / SECTORS, 0.25, 1.0])
def test_no_look_misses_what_its_own_plots_saw(step_s):
    """However many sectors come in one batch: the looks are judged after their own plots. Of a
    radar that is said to miss nothing, one miss ends a track.
    """
    radars = [replace(RADARS[0], detection_probability=0.999)]
    table, events = run(radars, turns(radars, 12), step_s, 12)
    assert len(table) == 40
    assert {event.kind for event in events} == {"confirmed"}
    assert np.all(table.status == TrackStatus.CONFIRMED)


def test_slices_end_with_the_looks_of_their_own_sensor():
    rng = np.random.default_rng(2)
    table = pack(RADARS, frame_at(*ORIGIN)).packed
    time_s, sensors = np.sort(rng.uniform(0.0, 5.0, 400)), rng.integers(0, 5, 400)
    looks = np.zeros((60, kl.EVENT_WIDTH))
    looks[:, kl.E_KIND], looks[:, kl.E_SENSOR] = kl.LOOK, rng.integers(0, 4, 60)
    looks[:, kl.E_END_S] = np.where(
        rng.random(60) < 0.3, rng.choice(time_s, 60), rng.uniform(0.0, 5.0, 60)
    )
    order, slices = cut(table, time_s, sensors, looks)
    assert slices[:, kl.E_COUNT].sum() == 400
    for _, k, first, count, begin_s, end_s, *_ in slices.tolist():
        mine = order[int(first) : int(first + count)]
        assert np.all(sensors[mine] == k)
        assert [begin_s, end_s] == [time_s[mine[0]], time_s[mine[-1]]]
        assert end_s - begin_s <= 0.1
        ends = looks[looks[:, kl.E_SENSOR] == k, kl.E_END_S]
        assert not np.any((begin_s <= ends) & (ends < end_s))
    # Nothing is torn apart but for a reason: a slice's length, or the end of a look.
    for one, two in pairwise(slices):
        if one[kl.E_SENSOR] == two[kl.E_SENSOR]:
            ends = looks[looks[:, kl.E_SENSOR] == one[kl.E_SENSOR], kl.E_END_S]
            between = (one[kl.E_START_S] <= ends) & (ends < two[kl.E_START_S])
            assert two[kl.E_START_S] - one[kl.E_START_S] > 0.1 or np.any(between)


def test_how_sectors_are_batched_does_not_matter():
    arrivals = turns(RADARS[:1], 8)
    tables = [run(RADARS[:1], arrivals, step_s, 8)[0] for step_s in (1 / SECTORS, 1.0)]
    for name in ("state", "covariance", "existence", "hits", "sensors"):
        np.testing.assert_array_equal(*(getattr(table, name) for table in tables))


def test_radars_that_turn_together_and_come_late_renumber_nothing():
    """Each radar's datagrams arrive a little after the other's, so all of it is put in its
    place afterwards, every 2 s; the tracks stay who they are.
    """
    rng = np.random.default_rng(8)
    delay_s = rng.uniform(0.0, 0.08, len(RADARS))
    arrivals = [
        (at_s + delay_s[look.sensor], batch, look) for at_s, batch, look in turns(RADARS, 14)
    ]
    arrivals.sort(key=lambda row: row[0])
    table, events = run(RADARS, arrivals, 1 / SECTORS, 14.2)
    assert len(table) == 40
    # In the first turns one may be shown earlier than it would be in the order that counts.
    assert [event for event in events if event.at_s > T0 + 5.0] == []
