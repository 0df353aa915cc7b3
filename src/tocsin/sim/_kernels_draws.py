"""Counter-based random numbers: Philox 4x32 with 10 rounds.

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC'11),
section 3.3 and table 2; the known answers of its Random123 distribution are the test's judge.
A draw is a pure function of (key, counter): no thing's draws depend on those of another.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel

Words = NDArray[np.uint64]
Array = NDArray[np.float64]

_MASK = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_M0 = np.uint64(0xD2511F53)
_M1 = np.uint64(0xCD9E8D57)
_W0 = np.uint64(0x9E3779B9)  # golden ratio
_W1 = np.uint64(0xBB67AE85)  # sqrt(3) - 1
_TO_53 = np.uint64(11)
_UNIT = 2.0**-53


@kernel("void(uint64[::1], uint64[::1], uint64[::1])")
def philox_into(key: Words, counter: Words, out: Words) -> None:
    """Key (2,), counter (4,) and out (4,) hold 32-bit words."""
    k0 = key[0]
    k1 = key[1]
    c0 = counter[0]
    c1 = counter[1]
    c2 = counter[2]
    c3 = counter[3]
    for _ in range(10):
        p0 = _M0 * c0
        p1 = _M1 * c2
        c0, c1, c2, c3 = (
            (p1 >> _SHIFT) ^ c1 ^ k0,
            p1 & _MASK,
            (p0 >> _SHIFT) ^ c3 ^ k1,
            p0 & _MASK,
        )
        k0 = (k0 + _W0) & _MASK
        k1 = (k1 + _W1) & _MASK
    out[0] = c0
    out[1] = c1
    out[2] = c2
    out[3] = c3


@kernel("void(uint64[::1], uint64[:,::1], float64[:,::1])", allocates=True, entry=True)
def uniforms_into(key: Words, counters: Words, out: Array) -> None:
    """Two numbers in [0, 1) with 53 bits for each counter row; out is (n, 2)."""
    words = np.empty(4, np.uint64)
    for i in range(counters.shape[0]):
        philox_into(key, counters[i], words)
        out[i, 0] = float(((words[0] << _SHIFT) | words[1]) >> _TO_53) * _UNIT
        out[i, 1] = float(((words[2] << _SHIFT) | words[3]) >> _TO_53) * _UNIT


@kernel("void(uint64[::1], uint64[:,::1], float64[:,::1])")
def normals_into(key: Words, counters: Words, out: Array) -> None:
    """Two standard normal numbers for each counter row (Box and Muller 1958); out is (n, 2)."""
    uniforms_into(key, counters, out)
    for i in range(out.shape[0]):
        radius = math.sqrt(-2.0 * math.log(1.0 - out[i, 0]))
        angle = math.tau * out[i, 1]
        out[i, 0] = radius * math.cos(angle)
        out[i, 1] = radius * math.sin(angle)
