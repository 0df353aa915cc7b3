"""Loading of all kernels before the first plot."""

from tocsin import _jit

__all__ = ["warm"]


def warm() -> None:
    """Compile or load every kernel of the tracker, so that no plot waits for one."""
    _jit.load_kernels()
