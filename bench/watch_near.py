"""What the raids leave out: a drone that rises near by, one that circles there, and a light
aircraft that passes.

All are of bench/watch_set.py and go through the product's pipeline, without sockets. Nobody asks
a figure of either; they say what a rule that spares birds, or warns early, costs here.
"""

import math
from dataclasses import dataclass

import numpy as np

from bench import watch_set
from tocsin.model import Ladder
from tocsin.sim.draws import Draws
from tocsin.sim.play import play
from tocsin.sim.raids import DAY_S
from tocsin.sim.statistics import quantile, wilson
from tocsin.sim.world import entries, open_world

SAME_M = 200.0  # a track nearer than this is the thing's
ASKS = (Ladder.CAUTION, Ladder.TAKE_SHELTER)


@dataclass
class Near:
    """What came of one of them. Seconds of the day, inf where never.

    seen_s: its first track; raised_s: the first alarm of tracks, whatever its step; asked_s: the first zone's CAUTION; proposed_s, released_s: of TAKE
    SHELTER, any zone; enters_s: when it entered the zone that it flew at.
    """

    seen_s: float
    asked_s: float
    proposed_s: float
    released_s: float
    enters_s: float
    raised_s: float = math.inf


def play_near(kind, seed, raid):
    """Play one to its end, with nobody at the keyboard."""
    scenario, node, draws = getattr(watch_set, kind)(raid), watch_set.node(), Draws(seed, raid)
    world = open_world(scenario, node, draws)
    row = next(k for k, thing in enumerate(world.things) if thing.id == watch_set.NEAR)
    way = world.things[row].way
    at = {zone: s for (_, _, zone), s in entries(world, stopped=False).items()}
    found = Near(*[math.inf] * 4, at.get(watch_set.NEAR_ZONE, math.inf))
    until_s = min(way[-1][0], scenario.duration_s)
    from_s = max(0.0, math.floor(way[0][0] - 30.0))
    for _, outcome in play(
        scenario, node, draws, day_s=DAY_S, from_s=from_s, until_s=until_s, world=world
    ):
        for event in outcome.alert_events:
            at_s = event.at_s - DAY_S
            if event.kind == "raised" and event.tracks:
                found.raised_s = min(found.raised_s, at_s)
            elif event.kind == "step" and event.step in ASKS:
                found.asked_s = min(found.asked_s, at_s)
            elif event.kind == "proposed" and event.step == Ladder.TAKE_SHELTER:
                found.proposed_s = min(found.proposed_s, at_s)
            elif event.kind == "released":
                found.released_s = min(found.released_s, at_s)
        if outcome.picture is not None and math.isinf(found.seen_s):
            now_s = outcome.picture.now_s - DAY_S
            place, _ = world.plan(np.array([now_s]), np.array([row]))
            off2 = ((outcome.picture.tracks.state[:, :2] - place[0, :2]) ** 2).sum(1)
            if (off2 <= SAME_M * SAME_M).any():
                found.seen_s = now_s
    return found


def rows(found):
    """Return the lines of what came of each kind; `found`: results by kind."""
    return [
        *_popup(found["popup"]), *_circles(found["circles"]), *_passing(found["passing"]),
    ]  # fmt: skip


def _popup(every):
    if not every:
        return []
    out = []
    for what, name in (("CAUTION", "asked_s"), ("TAKE SHELTER proposed", "proposed_s")):
        after = [getattr(r, name) - r.seen_s for r in every if getattr(r, name) < r.enters_s]
        text = f"drone that rises near by: {what} after its first track"
        if after:
            half, most = (quantile(after, p)["value"] for p in (0.5, 0.95))
            text = f"{text:62s} half {half:.0f} s, 95 % {most:.0f} s"
        out.append(f"{text}; before it entered {len(after)}/{len(every)}")
    return out


def _circles(every):
    if not every:
        return []
    after = [r.raised_s - r.seen_s for r in every if math.isfinite(r.raised_s)]
    text = "drone that circles near by: an alarm after its first track"
    if after:
        half, most = (quantile(after, p)["value"] for p in (0.5, 0.95))
        text = f"{text:62s} half {half:.0f} s, 95 % {most:.0f} s"
    return [f"{text}; of any {len(after)}/{len(every)}"]


def _passing(every):
    out = []
    for what, name in (("proposed", "proposed_s"), ("released by itself", "released_s")):
        if every:
            count = sum(math.isfinite(getattr(r, name)) for r in every)
            low, high = wilson(count, len(every))
            text = f"light aircraft that passes, undeclared: TAKE SHELTER {what}"
            out.append(
                f"{text:62s} {count}/{len(every)} = {100 * count / len(every):.1f} %"
                f" ({100 * low:.1f}-{100 * high:.1f})"
            )
    return out
