"""A raid as it comes in life: each source a little late, in many small batches."""

import math
from dataclasses import replace

import numpy as np
import pytest

from bench import watch_play, watch_set
from tocsin.model import Batch
from tocsin.sim import play
from tocsin.sim.sources import batches

LINGER_S = 0.01  # as the engine does


def delayed(delays_s, heard, start_s, end_s):
    """Batches of frames that came so much later, by source, give or take a third of it; of
    each source in their order.
    """
    rng, delay_s, came_s, late = np.random.default_rng(5), {}, {}, []
    for at_s, frame in heard:
        if at_s > end_s:
            break
        own_s = delay_s.setdefault(frame.source, delays_s[len(delay_s) % len(delays_s)])
        arrival_s = frame.arrival_s + own_s * rng.uniform(0.7, 1.3)
        came_s[frame.source] = max(arrival_s, came_s.get(frame.source, 0.0))
        late.append(replace(frame, arrival_s=came_s[frame.source]))
    late.sort(key=lambda frame: frame.arrival_s)
    begin, now_s = 0, start_s
    while now_s < end_s:
        next_s = late[begin].arrival_s + LINGER_S if begin < len(late) else math.inf
        tick_s = (math.floor(5.0 * now_s + 1e-6) + 1) / 5.0
        end, now_s = begin, min(tick_s, max(next_s, now_s + 1e-4))
        while end < len(late) and late[end].arrival_s <= now_s:
            end += 1
        yield Batch(now_s, tuple(late[begin:end]))
        begin = end


def warned(delays_s):
    """What is said of a raid, how many numbers its tracks had, and when alarms were raised."""
    numbers, raised_s, step = set(), [], play.pipeline.step

    def noting(state, batch):
        state, outcome = step(state, batch)
        numbers.update(e.track_id for e in outcome.track_events if e.kind == "confirmed")
        raised_s.extend(e.at_s for e in outcome.alert_events if e.kind == "raised")
        return state, outcome

    def cut(heard, *, start_s, end_s):
        if delays_s is None:
            return batches(heard, start_s=start_s, end_s=end_s)
        return delayed(delays_s, heard, start_s, end_s)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(play, "batches", cut)
        patch.setattr(play.pipeline, "step", noting)
        return watch_play.play_raid(watch_set.friendly, 1212, 4), len(numbers), raised_s


@pytest.fixture(scope="module")
def in_ticks():
    return warned(None)


@pytest.mark.parametrize("delays_s", [(0.0,), (0.04, 0.12), (0.3, 0.05), (0.8, 0.1)])
def test_the_warning_does_not_depend_on_how_the_data_come(in_ticks, delays_s):
    (there, numbers, when_s), (here, more, then_s) = in_ticks, warned(delays_s)
    off_s = 2.0 + max(delays_s)
    assert then_s == pytest.approx(when_s, abs=off_s)
    assert [zone.zone for zone in here.zones] == [zone.zone for zone in there.zones]
    assert len(here.zones) == 2
    for a, b in zip(here.zones, there.zones, strict=True):
        assert a.automatic == pytest.approx(b.automatic, abs=off_s)
        # A probability that stands at the threshold for the three seconds that it has to, to
        # 0.2 s, asks at once or at the next look that says so: earlier does no harm.
        assert a.caution >= b.caution - off_s
        assert a.automatic > 60.0
    assert here.crossings == there.crossings
    assert more <= numbers + 1  # one that was shown too early while it began
