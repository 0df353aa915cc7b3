"""Does the arrival band hold what it says: 50, 80, 90 and 95 % of arrivals, early and late.

    python -m bench.watch_arrival [--raids N] [--seed S] [--kinds fast slow] [--to-the-end]

Raids of bench/watch_set.py, many sites side by side and past the codecs as in
bench/watch_birds.py, without birds: tracker, identity, threat and ladder are the product's. Looked
at once a raid, at the first CAUTION of a zone that the drone enters. The product says three
figures, early (5 %), middle and late (95 %); another level's band is read from them as from a
log-normal distribution with two halves, each with its own spread. Simulated; not a field result.
"""

import argparse
import dataclasses
import math
from collections import defaultdict
from statistics import NormalDist

from bench import watch_set
from bench.watch_birds import Skies, Watch
from bench.watch_play import SERIOUS
from tocsin import alert
from tocsin.sim.draws import Draws
from tocsin.sim.raids import DAY_S
from tocsin.sim.statistics import wilson
from tocsin.sim.world import entries, open_world

LEVELS = (0.50, 0.80, 0.90, 0.95)
AT_ONCE = 20
LONGEST_S = 2400.0


@dataclasses.dataclass(frozen=True)
class Said:
    """What was said at the first CAUTION and what came, all in seconds from then."""

    raid: int
    manner: str
    zone: str
    early_s: float
    middle_s: float
    late_s: float
    true_s: float
    warned_s: float  # from the software's own release to the entry, the least of all zones

    def is_early(self, level):
        """Tell whether it came before the band of a level."""
        z = NormalDist().inv_cdf(0.5 + level / 2.0) / NormalDist().inv_cdf(0.95)
        return self.true_s < self.middle_s * (self.early_s / self.middle_s) ** z

    def is_late(self, level):
        """Tell whether it came after the band of a level."""
        z = NormalDist().inv_cdf(0.5 + level / 2.0) / NormalDist().inv_cdf(0.95)
        return self.true_s > self.middle_s * (self.late_s / self.middle_s) ** z


def play(kind, seed, raids, *, to_the_end=False):
    """Return a Said for each of these raids in which a zone that is entered had a CAUTION."""
    draws = [Draws(seed, k) for k in raids]
    node = watch_set.node()
    worlds = [open_world(_scenario(kind, k), node, d) for k, d in zip(raids, draws)]
    coming = [entries(world, stopped=False) for world in worlds]
    skies = Skies(worlds, draws, from_s=25.0)
    watch, found, released = Watch(skies.node), {}, {}
    ends_s = min(max(max(times.values(), default=0.0) for times in coming), LONGEST_S)
    while skies.at_s < ends_s and (to_the_end or len(found) < len(raids)):
        at_s, tracks = skies.step()
        events = watch.look(at_s, tracks)[2]
        for event in events:
            if event.kind == "released":
                released.setdefault((event.site_id, event.zone_id), at_s)
        if not any(event.kind == "step" for event in events):
            continue
        for place, raid in enumerate(raids):
            if place not in found:
                times = {zone: s for (_, _, zone), s in coming[place].items()}
                said = _first(watch, f"base-{place}", times, at_s)
                if said:
                    found[place] = raid, watch_set.manner(kind, raid), *said
    out = []
    for place, said in found.items():
        warned = [
            at_s - released.get((f"base-{place}", zone), math.inf if to_the_end else -math.inf)
            for (_, _, zone), at_s in coming[place].items()
        ]
        out.append(Said(*said, min(warned)))
    return out


def _scenario(kind, raid):
    scenario = getattr(watch_set, kind)(raid)
    return type(scenario)(
        name=scenario.name, version=scenario.version, note=scenario.note,
        duration_s=scenario.duration_s, approach=scenario.approach,
        visibility=scenario.visibility, receiver=scenario.receiver,
    )  # fmt: skip


def _first(watch, site, times, at_s):
    """Return (zone, early, middle, late, true) of the zone in CAUTION that is threatened first."""
    serious = [
        z for z in alert.zones(watch.alert)
        if z.site_id == site and z.step in SERIOUS and z.zone_id in times
        and math.isfinite(z.arrival_early_s)
    ]  # fmt: skip
    if not serious:
        return None
    zone = min(serious, key=lambda z: z.arrival_early_s)
    said = (zone.arrival_early_s, zone.arrival_median_s, zone.arrival_late_s)
    return (zone.zone_id, *(s - DAY_S - at_s for s in said), times[zone.zone_id] - at_s)


def table(kind, rows):
    """Return the lines of the table of one kind of raid."""
    out = [
        f"| {kind} | raids | held | 95 % of it | earlier | later |",
        "|---|---|---|---|---|---|",
    ]
    for level in LEVELS:
        early = sum(r.is_early(level) for r in rows)
        late = sum(r.is_late(level) for r in rows)
        held = len(rows) - early - late
        low, high = wilson(held, len(rows))
        out.append(
            f"| {100 * level:.0f} % | {len(rows)} | {100 * held / len(rows):.1f} %"
            f" | {100 * low:.1f}-{100 * high:.1f} | {100 * early / len(rows):.1f} %"
            f" | {100 * late / len(rows):.1f} % |"
        )
    of = defaultdict(list)
    warned = sorted(row.warned_s for row in rows)
    if math.isfinite(warned[-1]):
        told = f"Released by the software alone >= 64 s before entry in {sum(s >= 64.0 for s in warned)}"
        out += ["", f"{told}, least {warned[0]:.0f} s, half {warned[len(warned) // 2]:.0f} s."]
    for row in rows:
        of[row.manner].append(not (row.is_early(0.9) or row.is_late(0.9)))
    told = ", ".join(f"{name} {sum(h)}/{len(h)}" for name, h in sorted(of.items()))
    wide = sorted((r.late_s - r.early_s) / r.middle_s for r in rows)[len(rows) // 2]
    return [*out, "", f"In the 90 % band by manner: {told}; half of the bands are at most"
            f" {100 * wide:.0f} % of the middle wide.", ""]  # fmt: skip


def main(words=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raids", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="raid to begin with")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", default=["fast", "slow"])
    parser.add_argument(
        "--to-the-end", action="store_true", help="also when zones are released"
    )
    options = parser.parse_args(words)
    print(f"{watch_set.NAME}, seed {options.seed}")
    for kind in options.kinds:
        rows = []
        for k in range(options.first, options.first + options.raids, AT_ONCE):
            some = range(k, min(k + AT_ONCE, options.first + options.raids))
            rows += play(kind, options.seed, some, to_the_end=options.to_the_end)
        print("\n".join(table(kind, rows)), flush=True)


if __name__ == "__main__":
    main()
