"""`tocsin sentinel FILE`: watches the watch, from another machine."""

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tocsin.errors import CallError

__all__ = ["sentinel"]


def sentinel(
    settings: Path,
    *,
    check: Annotated[bool, Parameter(negative="")] = False,
    test: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Sound an alarm of its own when a watch, its siren path or every armed page is gone.

    It runs until it is stopped (Ctrl-C, SIGTERM); Enter says that somebody has heard it.

    Example: ``tocsin sentinel sentinel.toml``

    Parameters
    ----------
    settings
        The sentinel's file (TOML): which watch, how the alarm sounds.
    check
        Look once and leave: status 0 where everything is heard, 1 where something is gone.
    test
        Sound the alarm once by every way, and leave.
    json
        Print what a check found as one JSON object.
    """
    if json and not check:
        raise CallError("--json is what a check prints; give --check with it")
    if check and test:
        raise CallError("give --check or --test, not both")
    words = [str(settings)]
    words += [
        f"--{name}" for name, on in (("check", check), ("test", test), ("json", json)) if on
    ]
    sys.stdout.flush()
    # Another process image in this one's place: it needs little memory for months.
    os.execv(sys.executable, [sys.executable, "-m", "tocsin.sentinel", *words])  # noqa: S606
