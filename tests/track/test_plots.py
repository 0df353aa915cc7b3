"""Detections to plots, and late events, against plain columns."""

import math

import numpy as np

from tocsin.model import DetectionBatch, Report
from tocsin.sensor import _kernels as ks
from tocsin.track import _kernels_events as ke
from tocsin.track import _kernels_layout as kl
from tocsin.track import _kernels_plots as kp

NOW_S = 1_772_366_400.0
NAMES = ("range", "azimuth", "elevation", "range_rate")
UNITS = ("m", "rad", "rad", "mps")


def batch_of(rng, n):
    batch = DetectionBatch.blank(n)
    batch.time_s[:] = NOW_S + rng.choice([-30.0, -3.0, -0.1, 0.0, 2.0, math.nan], n)
    batch.sensor[:] = rng.integers(-1, 5, n)
    batch.report[:] = rng.choice([Report.PLOT, Report.DECLARED], n, p=(0.8, 0.2))
    batch.flags[:] = rng.choice([0, DetectionBatch.SIMULATED_TARGET, 5], n)
    for name, unit in zip(NAMES, UNITS, strict=True):
        values = getattr(batch, f"{name}_{unit}")
        values[:] = rng.choice(
            [-1.0, 0.5, 7.0, math.nan, math.inf], n, p=(0.1, 0.5, 0.2, 0.15, 0.05)
        )
        sigmas = getattr(batch, f"sigma_{name}_{unit}")
        sigmas[:] = rng.choice([0.2, math.nan, 0.0, math.inf], n, p=(0.5, 0.4, 0.05, 0.05))
    batch.class_scores[::7, 2] = 0.4
    return batch


def plainly(batch, sensors, row_of_roster, natures, oldest_s):
    """Return (place, plot, why) of each usable report, one at a time."""
    out = []
    for i in range(len(batch)):
        roster = int(batch.sensor[i])
        row = int(row_of_roster[roster]) if 0 <= roster < len(row_of_roster) else -1
        if row < 0 or batch.report[i] != Report.PLOT:
            continue
        plot, bad, mask = np.zeros(kl.PLOT_WIDTH), False, 0
        time_s = plot[kl.P_TIME] = batch.time_s[i]
        for c, (name, unit) in enumerate(zip(NAMES, UNITS, strict=True)):
            value = getattr(batch, f"{name}_{unit}")[i]
            sigma = getattr(batch, f"sigma_{name}_{unit}")[i]
            sigma = sensors[row, ks.SIGMA + c] if np.isnan(sigma) else sigma
            bad = bad or np.isinf(value) or np.isinf(sigma) or sigma <= 0.0
            usable = np.isfinite(value) and np.isfinite(sigma)
            plot[kl.P_RANGE + c] = value if usable else 0.0
            plot[kl.P_VARIANCE + c] = sigma * sigma if usable else 1.0
            mask |= usable << c
        plot[kl.P_MASK] = mask
        azimuth = plot[kl.P_RANGE + 1]
        plot[kl.P_RANGE + 1] = azimuth - np.floor(azimuth / math.tau) * math.tau
        bad = bad or (mask & kl.HAS_RANGE and plot[kl.P_RANGE] <= 0.0)
        bad = bad or abs(plot[kl.P_RANGE + 2]) > math.pi / 2
        plot[kl.P_FALSE], plot[kl.P_BIRTHS] = sensors[row, ks.FALSE_ALARMS], 0.3
        simulated = int(batch.flags[i]) & DetectionBatch.SIMULATED_TARGET
        plot[kl.P_NATURE] = 2 if simulated else natures[row]
        late = time_s < NOW_S - 20.0 or time_s <= oldest_s[row]
        reasons = (
            (bad or not np.isfinite(time_s), kp.NOT_POSSIBLE),
            (not mask & kl.HAS_AZIMUTH, kp.NO_AZIMUTH),
            (time_s > NOW_S + 1.0, kp.FROM_THE_FUTURE),
            (late, kp.TOO_LATE),
        )
        out.append((i, plot, next((why for holds, why in reasons if holds), 0)))
    return out


def test_plots_and_reasons_are_those_of_one_report_after_another():
    rng, n = np.random.default_rng(8), 600
    batch = batch_of(rng, n)
    sensors = np.zeros((3, ks.SLICE_S + 1))
    sensors[:, ks.SIGMA : ks.SIGMA + 4] = [[1.0, 0.1, 0.1, math.nan]] * 3
    sensors[:, ks.FALSE_ALARMS] = [1.0, 2.0, 3.0]
    row_of_roster, natures = np.array([2, -1, 0, 1]), np.array([0, 1, 0])
    oldest_s = NOW_S - np.array([math.inf, 3.0, 0.1])
    where, row = np.empty(n, np.int64), np.empty(n, np.int64)
    count = kp.mine_into(batch.sensor, batch.report, Report.PLOT, row_of_roster, where, row)
    where, row = where[:count], row[:count]
    plots, why = np.zeros((count, kl.PLOT_WIDTH)), np.empty(count, np.uint8)
    columns = [getattr(batch, f"{n}_{u}") for n, u in zip(NAMES, UNITS, strict=True)]
    sigmas = [getattr(batch, f"sigma_{n}_{u}") for n, u in zip(NAMES, UNITS, strict=True)]
    scored = kp.plots_into(
        where, row, batch.time_s, *columns, *sigmas, batch.flags, batch.class_scores, sensors,
        natures, 0.3, DetectionBatch.SIMULATED_TARGET, 2, NOW_S + 1.0, NOW_S - 20.0, oldest_s,
        plots, why,
    )  # fmt: skip
    wanted = plainly(batch, sensors, row_of_roster, natures, oldest_s)
    assert where.tolist() == [i for i, _, _ in wanted]
    assert why.tolist() == [reason for _, _, reason in wanted]
    assert np.array_equal(plots, [plot for _, plot, _ in wanted], equal_nan=True)
    assert set(why.tolist()) == {0, 1, 2, 3, 4}  # each reason stands there
    assert scored == np.isfinite(batch.class_scores[where]).any()


def test_events_are_late_by_time_then_kind_then_sensor_or_cut_already():
    rng, n = np.random.default_rng(9), 500
    events = np.zeros((n, kl.EVENT_WIDTH))
    events[:, kl.E_KIND] = rng.integers(0, 3, n)
    events[:, kl.E_SENSOR] = rng.integers(0, 3, n)
    events[:, kl.E_END_S] = rng.integers(0, 5, n)
    events[:, kl.E_START_S] = events[:, kl.E_END_S] - rng.uniform(0.0, 2.0, n)
    cut_s, high = np.array([-math.inf, 1.0, 2.5]), (3.0, float(kl.LOOK), 1.0)
    late = np.empty(n, np.bool_)
    count = ke.late_into(events, *high, cut_s, late)
    keys = zip(
        *(events[:, c].tolist() for c in (kl.E_END_S, kl.E_KIND, kl.E_SENSOR)), strict=True
    )
    wanted = [
        key <= high or (key[1] == kl.SLICE and start_s <= cut_s[int(key[2])])
        for key, start_s in zip(keys, events[:, kl.E_START_S].tolist(), strict=True)
    ]
    assert late.tolist() == wanted
    assert count == sum(wanted)
    assert 0 < count < n
    # What is applied is the newest end and cut of each sensor's slices; its looks end them.
    sensors = np.zeros((3, ks.SLICE_S + 1))
    sensors[:, ks.SLICE_S] = [0.1, 0.2, 0.3]
    done_s, before_s = np.array([-math.inf, 9.0, -math.inf]), cut_s.copy()
    slices = events[events[:, kl.E_KIND] == kl.SLICE]
    ke.done_into(slices, sensors, done_s, cut_s)
    for k, old_s in enumerate((-math.inf, 9.0, -math.inf)):
        mine = slices[slices[:, kl.E_SENSOR] == k]
        assert done_s[k] == max(old_s, mine[:, kl.E_END_S].max())
        wanted_s = (mine[:, kl.E_START_S] + sensors[k, ks.SLICE_S]).max()
        assert cut_s[k] == max(before_s[k], wanted_s)
    looks = events[:3].copy()
    looks[:, kl.E_KIND], looks[:, kl.E_SENSOR] = kl.LOOK, [0, 1, 2]
    looks[:, kl.E_END_S] = [done_s[0] + 0.01, done_s[1] - 1.0, 99.0]
    wanted = [min(cut_s[0], done_s[0] + 0.01), done_s[1], cut_s[2]]
    ke.done_into(looks, sensors, done_s, cut_s)
    assert cut_s.tolist() == [max(d, w) for d, w in zip(done_s, wanted, strict=True)]
