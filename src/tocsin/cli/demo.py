"""`tocsin demo`: the two-bases day, live on the map; watch and sensors as processes."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tocsin.cli._numbers import Whole
from tocsin.cli._output import print_json, print_words
from tocsin.errors import CallError

__all__ = ["demo"]

_FASTEST = 20.0
_HIGHEST_PORT = 65_535


def demo(
    *,
    port: Whole = 8080,
    speed: float = 1.0,
    data: Path | None = None,
    fresh: Annotated[bool, Parameter(negative="")] = False,
    seed: Whole | None = None,
    leave_when_over: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Play a simulated day at two air bases, live on the map.

    Starts the watch and its simulated sensors, which send real formats over real sockets of
    this machine: a radar (ASTERIX) and a camera (HTTP) at one base, both as SAPIENT nodes at
    the other, ADS-B receivers (Beast), a Remote ID receiver (pcap). The day takes 20 minutes;
    afterwards the sky stays open with what still flies. Ctrl-C ends it.

    Example: tocsin demo --speed 10

    Parameters
    ----------
    port
        Where the page is, on this machine only.
    speed
        How many times faster than the world, 1 to 20.
    data
        Folder of journal, ledger and accounts (default: tocsin/demo in the user's data folder).
        A demo that was cut off goes on from there while its day lasts.
    fresh
        Begin the day anew.
    seed
        Another seed gives another day: other speeds, heights, birds.
    leave_when_over
        End when the day is over, instead of staying with the open sky.
    json
        Print one JSON object at the end.
    """
    from tocsin.cli._supervisor import Supervisor
    from tocsin.sim.draws import Draws

    if not 1.0 <= speed <= _FASTEST:
        raise CallError(f"--speed {speed:g} cannot be; give 1 to {_FASTEST:g}", speed=speed)
    if not 0 < port <= _HIGHEST_PORT:
        raise CallError(f"--port {port} cannot be; give 1 to {_HIGHEST_PORT}", port=port)
    if seed is not None:
        Draws(seed)  # what no day can be drawn from is refused before a day is kept
    supervisor = Supervisor(
        port=port, speed=speed, data=data or _data_folder(), leave_when_over=leave_when_over
    )
    result = supervisor.run(fresh=fresh, seed=seed)
    if json:
        print_json(result)
    else:
        print_words("The demo has ended.")


def _data_folder() -> Path:
    """Return tocsin/demo in the user's data folder (XDG Base Directory Specification 0.8)."""
    import os

    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "tocsin" / "demo"
