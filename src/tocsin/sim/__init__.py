"""Scenarios and simulated sensors that emit bytes in real formats. The live product cannot get
here.

A scenario (`scenario_named`) with a seed and a raid's number gives a `World` (who is where
when), and sensors of a site file watch it: `streams` for feeders that send over sockets,
`frames` and `batches` for raids that run through the pipeline without any. Figures from here
are simulated, never field results.
"""

from tocsin.sim.draws import Draws
from tocsin.sim.sapient import greeting
from tocsin.sim.scenario import SCENARIOS, Scenario, read_scenario, scenario_named
from tocsin.sim.site import default_site, features_of, render_site
from tocsin.sim.sources import TICK_S, Sent, batches, frames, streams
from tocsin.sim.world import World, entries, open_world

__all__ = [
    "SCENARIOS",
    "TICK_S",
    "Draws",
    "Scenario",
    "Sent",
    "World",
    "batches",
    "default_site",
    "entries",
    "features_of",
    "frames",
    "greeting",
    "open_world",
    "read_scenario",
    "render_site",
    "scenario_named",
    "streams",
]
