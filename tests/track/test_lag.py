"""Late data: whatever the order of arrival within the lag, the same is known afterwards."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.track.scene import CAMERAS, ORIGIN, RADARS, scans, straight

from tocsin.errors import CallError
from tocsin.model import DetectionBatch, TrackStatus
from tocsin.track import Options, Tracker

T0 = 1.7e9
TARGETS = straight((4000, 3000, 200, -40, -25, 0), (-3000, 4000, 150, 30, -30, 1))
SENSORS = (*RADARS, *CAMERAS)
ROWS = scans(SENSORS, TARGETS, 16.0)
END_S = T0 + 30.0
OPTIONS = Options(late_s=10.0)


def split(rows):
    """Every plot by itself, and every look."""
    out = []
    for at_s, batch, look in rows:
        out += [(at_s, batch.take(np.array([n])), []) for n in range(len(batch))]
        out.append((at_s, DetectionBatch.blank(0), [look]))
    return out


def after(arrivals, step_s=0.5, stored_at=None):
    """A tracker that has had the (arrival, batch, looks) in steps of that length."""
    tracker = Tracker(SENSORS, OPTIONS, origin_deg_m=ORIGIN)
    arrivals = sorted(arrivals, key=lambda a: a[0])
    events, begin, number = [], 0, 0
    for now_s in np.arange(T0 + step_s, END_S, step_s):
        end = begin
        while end < len(arrivals) and arrivals[end][0] <= now_s:
            end += 1
        batch = DetectionBatch.join([a[1] for a in arrivals[begin:end]])
        tracker.step(batch, [look for a in arrivals[begin:end] for look in a[2]], now_s=now_s)
        events += tracker.events
        begin, number = end, number + 1
        if number == stored_at:
            stored = pickle.dumps(tracker.state())
            tracker = Tracker(SENSORS, OPTIONS, origin_deg_m=ORIGIN)
            tracker.restore(pickle.loads(stored))
    return tracker, events


def known(tracker, at_s):
    """What is known of that time but for the ids, which depend on what was shown."""
    out = tracker.settled(at_s)
    return [out.state, out.covariance, out.existence, out.status, out.hits, out.first_seen_s]


def delayed(parts, delay_s):
    return [(at_s + d, batch, looks) for (at_s, batch, looks), d in zip(parts, delay_s)]


IN_ORDER, IN_ORDER_EVENTS = after(delayed(split(ROWS), [0.0] * len(split(ROWS))))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.5, 1.0]), st.floats(0.1, 1.0))
def test_any_order_of_arrival_within_the_lag_gives_the_same_tracks(seed, step_s, share):
    rng = np.random.default_rng(seed)
    parts = split(ROWS)
    delay_s = np.where(rng.random(len(parts)) < share, rng.uniform(0.0, 8.9, len(parts)), 0.0)
    tracker, _ = after(delayed(parts, delay_s), step_s)
    assert not tracker.unused
    for at_s in (T0 + 20.0, END_S - 1.0):
        want = known(IN_ORDER, at_s)
        assert len(want[0]) >= 2
        for a, b in zip(want, known(tracker, at_s)):
            np.testing.assert_array_equal(a, b)


def late_arrivals(seed=3):
    rng = np.random.default_rng(seed)
    parts = split(ROWS)
    return delayed(parts, np.where(rng.random(len(parts)) < 0.3, rng.exponential(2.0), 0.0))


@pytest.mark.parametrize("stored_at", [3, 11, 24])
def test_a_state_stored_in_the_midst_of_late_data_goes_on_to_the_same_bits(stored_at):
    whole, events = after(late_arrivals())
    second, again = after(late_arrivals(), stored_at=stored_at)
    assert events == again
    for a, b in zip(known(whole, END_S - 1.0), known(second, END_S - 1.0)):
        np.testing.assert_array_equal(a, b)


def test_a_shown_track_keeps_its_id_and_never_leaves_without_a_word():
    for seed in range(6):
        rng = np.random.default_rng(seed)
        parts = split(ROWS)
        tracker = Tracker(SENSORS, OPTIONS, origin_deg_m=ORIGIN)
        arrivals = sorted(delayed(parts, rng.uniform(0.0, 6.0, len(parts))), key=lambda a: a[0])
        standing = set()
        for now_s in np.arange(T0 + 0.5, END_S, 0.5):
            now = [a for a in arrivals if now_s - 0.5 < a[0] <= now_s]
            out = tracker.step(
                DetectionBatch.join([a[1] for a in now]), [k for a in now for k in a[2]],
                now_s=now_s,
            )  # fmt: skip
            for event in tracker.events:
                if event.kind == "confirmed":
                    assert event.track_id not in standing
                    standing.add(event.track_id)
                else:
                    standing.remove(event.track_id)
            assert set(out.track_id[out.status != TrackStatus.TENTATIVE].tolist()) == standing
            assert len(set(out.track_id.tolist())) == len(out)
        assert len(standing) == 2


def test_a_second_target_is_not_taken_for_the_first_after_a_rewind():
    _, events = after(late_arrivals())
    confirmed = [e.track_id for e in events if e.kind == "confirmed"]
    assert len(confirmed) == len(set(confirmed))


def test_what_comes_later_than_the_lag_is_counted_and_changes_nothing():
    tracker, _ = after(delayed(split(ROWS), [0.0] * len(split(ROWS))))
    before = known(tracker, END_S - 1.0)
    old = ROWS[0][1]
    tracker.step(old, now_s=END_S)
    assert tracker.unused == {"too late": len(old)}
    for a, b in zip(before, known(tracker, END_S - 1.0)):
        np.testing.assert_array_equal(a, b)


def test_a_time_beyond_the_lag_cannot_be_asked_for():
    with pytest.raises(CallError, match="within the lag"):
        IN_ORDER.settled(T0 + 1.0)


def test_what_is_kept_does_not_grow():
    rows = scans(RADARS, TARGETS, 60.0)
    tracker = Tracker(RADARS, replace(OPTIONS, late_s=5.0), origin_deg_m=ORIGIN)
    most = 0
    for now_s, batch, look in rows:
        tracker.step(batch, [look], now_s=now_s)
        lag = tracker.state().lag if now_s - T0 > 30.0 else None
        if lag:
            assert len(lag.moments) <= 4
            most = max(most, sum(len(p) for p in lag.plots))
    assert 0 < most < 0.4 * sum(len(r[1]) for r in rows)


def test_going_back_again_begins_where_it_ended_last():
    """A rotating radar in batches of 0.2 s: its slices are torn apart, so it goes back every
    second or two; what it takes again is not all since the last regular moment.
    """
    parts = [a for a in delayed(split(ROWS), [0.0] * len(split(ROWS))) if a[0] < T0 + 16.0]
    hold = [(at_s + 0.2 * (n % 2), *rest) for n, (at_s, *rest) in enumerate(parts)]
    tracker = Tracker(SENSORS, OPTIONS, origin_deg_m=ORIGIN)
    ends = []
    for now_s in np.arange(T0 + 0.2, T0 + 16.0, 0.2):
        now = [a for a in hold if now_s - 0.2 < a[0] <= now_s]
        batch = DetectionBatch.join([a[1] for a in now])
        tracker.step(batch, [look for a in now for look in a[2]], now_s=now_s)
        lag = tracker.state().lag
        regular = [m.at_s for m in lag.moments if m.at_s % 5.0 == 0.0]
        between = [m.at_s for m in lag.moments if np.isfinite(m.at_s) and m.at_s % 5.0]
        assert len(between) <= 2
        if now_s - T0 > 10.0:
            newest = lag.moments[-1].at_s
            assert lag.rewound - newest <= 1.0
            ends.append(newest - max(regular))
    assert max(ends) > 1.0
