"""The one door to Numba: `kernel` fixes the choices once.

A kernel has one explicit signature (a sliced or float32 array is refused, not compiled anew
in mid-stream), is cached on disk, gives up the interpreter lock, and divides as NumPy does.
No fastmath: a replay must give the same bits, and NaN means "not measured".

Numba is imported, and a kernel compiled or loaded from the cache, when a kernel is first
called: most verbs of the command line need few kernels or none, and a kernel that only others
call is part of their machine code. Who cannot wait in mid-stream calls `load_kernels` first.

Kernels live in files named ``_kernels*.py``. Numba's own cache looks only at the file that
holds a function, so a change in a callee elsewhere would go unseen: the cache folder of a
room is therefore named by a digest of the room's kernels and of those that it may call.
"""

import contextlib
import functools
import hashlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

__all__ = ["cache_folder", "kernel", "kernel_digest", "load_kernels"]

_ROOT = Path(__file__).parent
_SHARED = ("geo", "sensor")  # rooms whose kernels every room may call
_F = TypeVar("_F", bound=Callable[..., object])


@cache
def kernel_digest(room: str) -> str:
    """Return 16 hex digits that change with a kernel of the room or below it, or with Numba."""
    digest = hashlib.sha256(_numba().__version__.encode())
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


def kernel(
    signature: str, *, allocates: bool = False, entry: bool = False
) -> Callable[[_F], _F]:
    """Compile a plain loop over rows, with this one signature; the function keeps its type.

    A kernel that makes arrays of its own says so. The others work on what they are given, which
    whoever calls them holds: so they need not count who holds an array. At each call each array
    would be counted up and down, atomically, which was a third of the tracker's time.

    entry: Python calls it, though kernels name it too. One that no kernel names is an entry
    point anyhow; what kernels name is inside their machine code and not loaded by itself.
    """

    def compile_it(function: _F) -> _F:
        made = _Kernel(function, signature, allocates, entry)
        _made.append(made)
        return cast("_F", made)

    return compile_it


def load_kernels() -> int:
    """Compile or load every kernel that Python calls, of the modules imported so far.

    Return how many. Those that only kernels call are two thirds of all; loading them from the
    cache as well would take a second of each start.
    """
    inner = {function for made in _made for function in made.called()}
    entries = [made for made in _made if made.entry or made.function not in inner]
    for made in entries:
        made.loaded()
    return len(entries)


class _Kernel:
    """A kernel before and after it is loaded."""

    def __init__(
        self,
        function: Callable[..., object],
        signature: str,
        allocates: bool,
        entry: bool = False,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self._signature = signature
        self._allocates = allocates
        self.entry = entry
        self._run: Callable[..., object] = self._load_and_run

    def __call__(self, *args: object) -> object:
        return self._run(*args)

    def called(self) -> set[object]:
        """Return the functions of the kernels that this one names, loaded or not."""
        held = sys.modules[self.__module__].__dict__
        named = (held.get(name) for name in self.function.__code__.co_names)
        return {getattr(found, "__wrapped__", None) for found in named}

    def loaded(self) -> Any:
        """Return Numba's dispatcher; the plain function under ``NUMBA_DISABLE_JIT``."""
        with _loading:
            if self._run == self._load_and_run:
                self._run = self._load()
                # Who calls it as `module.name` calls Numba's own from now on: with twenty
                # arrays to hand on, going through here costs a microsecond a call.
                module, name = sys.modules[self.__module__], self.function.__name__
                if getattr(module, name, None) is self:
                    setattr(module, name, self._run)
        return self._run

    def _load_and_run(self, *args: object) -> object:
        return self.loaded()(*args)

    def _load(self) -> Callable[..., object]:
        function, numba = self.function, _numba()
        if folder := cache_folder(function.__module__.split(".")[1]):
            numba.config.CACHE_DIR = str(folder)
        options = {
            "cache": True,
            "nogil": True,
            "error_model": "numpy",
            "_nrt": self._allocates,
        }
        return cast("Callable[..., object]", numba.njit(self._signature, **options)(function))


_made: list[_Kernel] = []
_loading = threading.RLock()  # a kernel that is compiled loads those that it calls


@cache
def _numba() -> Any:
    """Return Numba, told that a kernel which names another means its dispatcher."""
    import numba  # noqa: PLC0415
    from numba.extending import typeof_impl  # noqa: PLC0415

    with _without_blas():
        from numba.core.registry import cpu_target  # noqa: PLC0415

        cpu_target.target_context.refresh()

    @typeof_impl.register(_Kernel)
    def _of_kernel(made: _Kernel, context: object) -> object:
        return typeof_impl(made.loaded(), context)

    return numba


@contextlib.contextmanager
def _without_blas() -> Iterator[None]:
    """Keep Numba from importing SciPy's linear algebra as it gets ready (0.2 s of each start).

    It looks whether there is a BLAS; kernels may not call one, since its bits depend on the
    machine. Whoever does call one from a function of their own still gets it.
    """
    from numba.np import linalg  # noqa: PLC0415

    def none_wanted() -> None:
        raise ImportError("no kernel calls a BLAS")

    asked = getattr(linalg, "ensure_blas", None)
    if asked is None:  # not this Numba's name for it: the start takes longer, no more
        yield
        return
    linalg.ensure_blas = none_wanted
    try:
        yield
    finally:
        linalg.ensure_blas = asked
