"""A piece of the two-bases day as batches, without sockets: what replays are judged on."""

from functools import cache
from itertools import islice

from tocsin.codec.site_toml import read_site
from tocsin.model import Batch, Node
from tocsin.sim.draws import Draws
from tocsin.sim.scenario import scenario_named
from tocsin.sim.site import default_site
from tocsin.sim.sources import batches, frames

__all__ = ["NODE", "scene"]

DAY_S = 1_790_000_000.0  # any time
NODE: Node = read_site(default_site(DAY_S).encode(), "two-bases")


@cache
def scene(seconds: float, from_s: float = 260.0) -> tuple[Batch, ...]:
    """Return batches of the day from `from_s` on: two drones in coverage, birds, airliners."""
    heard = frames(
        scenario_named("two-bases"),
        NODE,
        Draws(seed=1),
        day_s=DAY_S,
        until_s=from_s + seconds,
    )
    late = (pair for pair in heard if pair[0] >= DAY_S + from_s)
    return tuple(
        islice(
            batches(late, start_s=DAY_S + from_s, end_s=DAY_S + from_s + seconds),
            int(seconds / 0.2),
        )
    )
