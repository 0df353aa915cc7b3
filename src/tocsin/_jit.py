"""The one door to Numba: `kernel` fixes the choices once.

A kernel has one explicit signature (a sliced or float32 array is refused, not compiled anew
in mid-stream), is cached on disk, gives up the interpreter lock, and divides as NumPy does.
No fastmath: a replay must give the same bits, and NaN means "not measured".

Kernels live in files named ``_kernels*.py``. Numba's own cache looks only at the file that
holds a function, so a change in a callee elsewhere would go unseen: the cache folder is
therefore named by a digest of all kernel sources and of `units`.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba

__all__ = ["cache_folder", "kernel", "kernel_digest"]

_ROOT = Path(__file__).parent
_F = TypeVar("_F", bound=Callable[..., object])


def kernel_digest() -> str:
    """Return 16 hex digits that change whenever a kernel, `units`, or Numba changes."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted([*_ROOT.rglob("_kernels*.py"), _ROOT / "units.py", Path(__file__)]):
        digest.update(path.relative_to(_ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Return where compiled kernels are kept: ``NUMBA_CACHE_DIR`` if set, else the user's
    cache.
    """
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(given)
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "tocsin" / f"kernels-{kernel_digest()}"


def _use_cache_folder() -> None:
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    folder = cache_folder()
    # 0700: who can write here can run code as the service's user.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid == os.getuid():
        numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]


_use_cache_folder()


def kernel(signature: str) -> Callable[[_F], _F]:
    """Compile a plain loop over rows, with this one signature; the function keeps its type."""
    decorate = numba.njit(signature, cache=True, nogil=True, error_model="numpy")
    return cast("Callable[[_F], _F]", decorate)
