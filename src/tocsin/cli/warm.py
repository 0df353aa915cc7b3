"""`tocsin warm`: compile all kernels now, so that no start has to wait for them."""

import importlib
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tocsin.cli._output import print_json, print_words

__all__ = ["warm"]


def warm(*, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Compile and cache all kernels; done once at installation.

    Example: tocsin warm

    Parameters
    ----------
    json
        Print one JSON object instead of words.
    """
    started = time.perf_counter()
    modules = load_kernels()
    seconds = round(time.perf_counter() - started, 1)
    if json:
        print_json({"modules": len(modules), "seconds_wall": seconds})
    else:
        print_words(f"{len(modules)} files of kernels are ready ({seconds} s)")


def load_kernels() -> list[str]:
    """Import every module of kernels and load all that is in them; return their names."""
    import tocsin
    from tocsin import _jit

    root = Path(tocsin.__file__).parent
    paths = sorted(root.rglob("_kernels*.py"))
    names = [".".join(("tocsin", *p.relative_to(root).with_suffix("").parts)) for p in paths]
    for name in names:
        importlib.import_module(name)
    _jit.load_kernels()
    return names
