"""Many raids on one or more processes, and the figures that come of them."""

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from tocsin import __version__
from tocsin.codec.site_toml import read_site
from tocsin.errors import CallError, ServiceError
from tocsin.model import Node
from tocsin.sim.draws import Draws
from tocsin.sim.raids import DAY_S, Raid, ZoneArrival, play_raid
from tocsin.sim.scenario import Scenario, scenario_named
from tocsin.sim.site import default_site
from tocsin.sim.statistics import CONFIDENCE, proportion, quantile

__all__ = ["NOT_FIELD", "run_raids", "run_scenario", "summary", "summary_words"]

NOT_FIELD = "simulated; not a field result"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_MEANING = {
    "warned": "every zone that a drone would enter, were it not stopped, was released at least "
    "its shelter time before that entry; released, not heard: no channel is simulated",
    "warned_by_zone": "of the raids in which a drone would enter the zone: released before "
    "that (before_arrival), and at least its shelter time before (in_time)",
    "warning_s": "entry minus release of a zone, for the first drone; shortest of each raid, "
    "and by zone; null: not released, or not bounded by so few raids",
    "intercepted": "every drone was stopped before the point it flew at",
    "leaked": "at least one drone reached the point it flew at",
    "entered": "at least one drone entered a zone, stopped later or not",
    "false_shelter": "a zone of an attacked site was released that no drone would enter, or "
    "before any drone was in reach",
}


def run_scenario(
    name: str,
    *,
    raids: int,
    seed: int,
    workers: int = 1,
    on_raid: Callable[[int], None] | None = None,
) -> dict[str, object]:
    """Play raids 0 to raids - 1 of a scenario that comes with Tocsin; return its `summary`.

    on_raid is told how many are done. Raises CallError for an unknown name, raids or workers
    below 1. Workers change the time that it takes and nothing else.
    """
    scenario = scenario_named(name)
    node = read_site(default_site(DAY_S).encode(), f"{name}.toml")
    results = []
    for result in run_raids(scenario, node, raids=raids, seed=seed, workers=workers):
        results.append(result)
        if on_raid is not None:
            on_raid(len(results))
    return summary(scenario, results, seed=seed)


def run_raids(
    scenario: Scenario, node: Node, *, raids: int, seed: int, workers: int = 1
) -> Iterator[Raid]:
    """Give what came of each raid, in the order of their numbers."""
    if raids < 1:
        raise CallError(f"--raids is at least 1, not {raids}", raids=raids)
    if workers < 1:
        raise CallError(f"--workers is at least 1, not {workers}", workers=workers)
    Draws(seed, raids - 1)  # a seed or number that cannot be is refused before anything runs
    if min(workers, raids) == 1:
        return (play_raid(scenario, node, Draws(seed, raid)) for raid in range(raids))
    return _in_processes(scenario, node, raids, seed, min(workers, raids))


def _in_processes(
    scenario: Scenario, node: Node, raids: int, seed: int, workers: int
) -> Iterator[Raid]:
    # Spawned, not forked: the same start on every system, and no lock taken along half-held.
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(scenario, node, seed),
    )
    try:
        yield from pool.map(_one, range(raids))
    except BrokenProcessPool as error:
        raise ServiceError(
            "a worker process ended by itself, perhaps for want of memory; give fewer --workers"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_given: list[tuple[Scenario, Node, int]] = []  # of a worker process: what it plays


def _begin(scenario: Scenario, node: Node, seed: int) -> None:
    # Ctrl-C goes to the whole group of processes; the parent alone answers it.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    _given.append((scenario, node, seed))


def _one(raid: int) -> Raid:
    scenario, node, seed = _given[-1]
    return play_raid(scenario, node, Draws(seed, raid))


def summary(scenario: Scenario, raids: Sequence[Raid], *, seed: int) -> dict[str, object]:
    """Return the figures: proportions per raid with Wilson intervals, quantiles by order
    statistics. Nothing of it depends on the machine.
    """
    n = len(raids)
    leaked = sum(r.stopped < r.drones for r in raids)
    in_vain = [r for r in raids if r.sheltered_in_vain]
    return {
        "nature": NOT_FIELD,
        "scenario": scenario.name,
        "scenario_version": scenario.version,
        "tocsin_version": __version__,
        "seed": seed,
        "raids": n,
        "confidence": CONFIDENCE,
        "warned": proportion(sum(r.warned for r in raids), n),
        "warned_by_zone": _warned_by_zone(raids),
        "warning_s": {
            **_quantiles([min(a.warning_s for a in r.arrivals) for r in raids if r.arrivals]),
            "by_zone": _by_zone(raids),
        },
        "intercepted": proportion(n - leaked, n),
        "leaked": proportion(leaked, n),
        "entered": proportion(sum(r.entered > 0 for r in raids), n),
        "false_shelter": {
            **proportion(len(in_vain), n),
            "zones_per_raid": sum(len(r.sheltered_in_vain) for r in raids) / n,
            "by_zone": _in_vain_by_zone(raids),
            "in_raids": [{"raid": r.raid, "zones": r.sheltered_in_vain} for r in in_vain],
        },
        "not_warned": [_missed(r, a) for r in raids for a in r.arrivals if not a.warned],
        "seconds_simulated": round(sum(r.played_s for r in raids), 1),
        "meaning": _MEANING,
    }


def _by_zone(raids: Sequence[Raid]) -> dict[str, object]:
    zones: dict[str, list[float]] = {}
    for raid in raids:
        for arrival in raid.arrivals:
            zones.setdefault(f"{arrival.site}/{arrival.zone}", []).append(arrival.warning_s)
    return {name: _quantiles(values) for name, values in sorted(zones.items())}


def _warned_by_zone(raids: Sequence[Raid]) -> dict[str, object]:
    zones: dict[str, list[ZoneArrival]] = {}
    for raid in raids:
        for arrival in raid.arrivals:
            zones.setdefault(f"{arrival.site}/{arrival.zone}", []).append(arrival)
    return {
        name: {
            "before_arrival": proportion(sum(a.warning_s > 0.0 for a in found), len(found)),
            "in_time": proportion(sum(a.warned for a in found), len(found)),
        }
        for name, found in sorted(zones.items())
    }


def _in_vain_by_zone(raids: Sequence[Raid]) -> dict[str, object]:
    names = sorted({name for raid in raids for name in raid.sheltered_in_vain})
    return {
        name: proportion(sum(name in r.sheltered_in_vain for r in raids), len(raids))
        for name in names
    }


def _quantiles(values: list[float]) -> dict[str, object]:
    """Return p05 to p95; one value a raid, so that they are independent."""
    found: dict[str, object] = {
        f"p{100 * q:02.0f}": quantile(values, q) for q in QUANTILES if values
    }
    return {**found, "raids": len(values), "not_released": values.count(float("-inf"))}


def _missed(raid: Raid, arrival: ZoneArrival) -> dict[str, object]:
    released = arrival.released_s
    return {
        "raid": raid.raid,
        "site": arrival.site,
        "zone": arrival.zone,
        "drone": arrival.drone,
        "enters_s": round(arrival.enters_s, 1),
        "released_s": None if released is None else round(released, 1),
        "needed_s": arrival.needed_s,
        "why": arrival.why,
    }


def summary_words(result: dict[str, object]) -> str:
    """Return a summary as lines for people."""
    lines = [
        f"{result['scenario']} version {result['scenario_version']}, {result['raids']} raids, "
        f"seed {result['seed']} - {result['nature']}"
    ]
    for key in ("warned", "intercepted", "leaked", "entered", "false_shelter"):
        lines.append(f"{key.replace('_', ' '):14}{_words_of(result[key])}")
    warning = result["warning_s"]
    assert isinstance(warning, dict)
    lines.append("warning, seconds (5 % / half / 95 % of raids):")
    for name, row in [("shortest", warning), *warning["by_zone"].items()]:
        three = " / ".join(_seconds(row.get(key)) for key in ("p05", "p50", "p95"))
        lines.append(f"  {name:26}{three}")
    missed = result["not_warned"]
    assert isinstance(missed, list)
    lines += [f"raid {m['raid']}: {m['site']}/{m['zone']}: {m['why']}" for m in missed]
    return "\n".join(lines)


def _words_of(row: object) -> str:
    assert isinstance(row, dict)
    return str(row["words"])


def _seconds(row: dict[str, float | None] | None) -> str:
    value = None if row is None else row["value"]
    return "none" if value is None else f"{value:.0f}"
