"""The one door to Numba: `kernel` fixes the choices once.

A kernel has one explicit signature (a sliced or float32 array is refused, not compiled anew
in mid-stream), is cached on disk, gives up the interpreter lock, and divides as NumPy does.
No fastmath: a replay must give the same bits, and NaN means "not measured".

Kernels live in files named ``_kernels*.py``. Numba's own cache looks only at the file that
holds a function, so a change in a callee elsewhere would go unseen: the cache folder of a
room is therefore named by a digest of the room's kernels and of those that it may call.
"""

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

import numba

__all__ = ["cache_folder", "kernel", "kernel_digest"]

_ROOT = Path(__file__).parent
_SHARED = ("geo", "sensor")  # rooms whose kernels every room may call
_F = TypeVar("_F", bound=Callable[..., object])


@cache
def kernel_digest(room: str) -> str:
    """Return 16 hex digits that change with a kernel of the room or below it, or with Numba."""
    digest = hashlib.sha256(numba.__version__.encode())
    paths = [_ROOT / "units.py", Path(__file__)]
    for name in sorted({*_SHARED, room}):
        paths += sorted((_ROOT / name).rglob("_kernels*.py"))
    for path in paths:
        digest.update(path.relative_to(_ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def cache_folder(room: str) -> Path | None:
    """Return where a room's compiled kernels are kept; None leaves it to Numba.

    ``NUMBA_CACHE_DIR`` wins if set. Otherwise the folder lies in the user's cache and is made
    with mode 0700 (who can write there can run code as this user); one that belongs to
    somebody else, or cannot be made, is not used.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return None
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "tocsin" / "kernels" / f"{room}-{kernel_digest(room)}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mine = folder.stat().st_uid == os.getuid()
    except OSError:
        return None
    return folder if mine else None


def kernel(signature: str) -> Callable[[_F], _F]:
    """Compile a plain loop over rows, with this one signature; the function keeps its type."""

    def compile_it(function: _F) -> _F:
        room = function.__module__.split(".")[1]
        if folder := cache_folder(room):
            numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
        decorate = numba.njit(signature, cache=True, nogil=True, error_model="numpy")
        return cast("_F", decorate(function))

    return compile_it
