"""A raid through the product's own pipeline, without sockets: bytes in, outcomes out."""

from collections.abc import Iterator

from tocsin import pipeline
from tocsin.model import Node, Outcome
from tocsin.sim.draws import Draws
from tocsin.sim.scenario import Scenario
from tocsin.sim.sources import batches, frames
from tocsin.sim.world import World

__all__ = ["play"]


def play(
    scenario: Scenario,
    node: Node,
    draws: Draws,
    *,
    day_s: float,
    from_s: float = 0.0,
    until_s: float | None = None,
    world: World | None = None,
) -> Iterator[tuple[pipeline.State, Outcome]]:
    """Give the state and what came of each batch of one raid, in order of time.

    day_s: Unix UTC of the day's second 0; from_s, until_s: seconds of the day (default: all of
    it); world: see `sources.frames`. Nobody is at the keyboard. The state belongs to the
    pipeline: look, do not keep.
    """
    end_s = scenario.duration_s if until_s is None else until_s
    state, _ = pipeline.open_state(node, mode="simulated", now_s=day_s + from_s, live=True)
    heard = frames(
        scenario, node, draws, day_s=day_s, from_s=from_s, until_s=end_s, world=world
    )
    for batch in batches(heard, start_s=day_s + from_s, end_s=day_s + end_s):
        state, outcome = pipeline.step(state, batch)
        yield state, outcome
