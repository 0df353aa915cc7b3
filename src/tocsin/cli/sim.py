"""`tocsin sim`: simulated raids in numbers, and how far sensors see."""

import os
import sys
import time
from collections.abc import Callable
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from tocsin.cli._numbers import Whole
from tocsin.cli._output import print_json, print_words
from tocsin.cli._sim_coverage import coverage

__all__ = ["app"]

app = cyclopts.App(
    name="sim",
    help="""Play simulated raids and count what came of them; tell how far sensors see.

Example: tocsin sim run two-bases --raids 50 --seed 1 --json""",
)
app.command(coverage)


@app.command
def run(
    scenario: str,
    /,
    *,
    raids: Whole = 50,
    seed: Whole = 1,
    workers: Whole | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Play raids through the pipeline, without sockets, and count. Not a field result.

    Example: tocsin sim run two-bases --raids 50 --seed 1 --workers 2 --json

    Parameters
    ----------
    scenario
        A scenario that comes with Tocsin: two-bases.
    raids
        How many. Raid k is the same whatever the number, and can be played alone.
    seed
        A whole number; the same seed gives the same bytes, on any number of workers.
    workers
        Processes. All of the machine's cores, if not given.
    json
        Print one JSON object instead of words.
    """
    from tocsin.sim.campaign import run_scenario, summary_words

    started = time.perf_counter()
    most = len(os.sched_getaffinity(0)) if workers is None else workers
    result = run_scenario(scenario, raids=raids, seed=seed, workers=most, on_raid=_bar(raids))
    if json:
        print_json(result)
    else:
        print_words(summary_words(result))
    # Timings stay out of standard output: it is the same on every machine.
    seconds = time.perf_counter() - started
    sys.stderr.write(f"{raids} raids in {seconds:.1f} s on {min(most, raids)} processes\n")


def _bar(raids: int) -> Callable[[int], None] | None:
    """Return what draws a progress bar, or None where nobody watches."""
    if not sys.stderr.isatty():
        return None

    def show(done: int) -> None:
        filled = "#" * (30 * done // raids)
        end = "\n" if done == raids else ""
        sys.stderr.write(f"\r[{filled:30}] {done} of {raids} raids{end}")
        sys.stderr.flush()

    return show
