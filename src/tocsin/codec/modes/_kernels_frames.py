"""Which Mode S frames are intact, and what each of them can tell of."""

import numpy as np
from numpy.typing import NDArray

from tocsin._jit import kernel
from tocsin.codec.modes._kernels_beast import HEAD, LONG, MODE_AC, SHORT, STATUS

Octets = NDArray[np.uint8]
Table = NDArray[np.int64]
Int = int | np.int64

SQUITTER, REPLY = 1, 2  # of `takes`
NO_ICAO = 1 << 24  # of a key: the address is one that the owner chose
# Why a frame is refused, of `whys`.
(
    UNKNOWN_FORMAT, WRONG_LENGTH, CHECKSUM, NO_ADDRESS, CLOCK_FAULT, TOO_MANY, GROUND_JUMP,
    AIR_JUMP, BEYOND_HORIZON,
) = range(1, 10)  # fmt: skip
# Rows of `tally`: downlink formats, formats 24 to 31 being one (Comm-D), then what is counted.
COMM_D, MODE_AC_COUNT, STATUS_COUNT, TALLY = 24, 25, 26, 27
NUMBER, FIRST = 0, 1  # of a row: how many, and the event of the first
# Downlink formats in use (Annex 10 vol. IV, table 3-3), a bit each.
_IN_USE = sum(1 << form for form in (0, 4, 5, 11, 16, 17, 18, 19, 20, 21, COMM_D))


@kernel("int64(uint8[:,::1], int64, int64, int64[::1])")
def _remainder(messages: Octets, i: Int, size: Int, table: Table) -> Int:
    """Return the parity error of a frame: what `_crc.remainder` says."""
    value: Int = np.int64(0)
    end = HEAD + size - 3
    for k in range(HEAD, end):
        octet = np.int64(messages[i, k])
        value = (value << 8 & 0xFFFFFF) ^ table[value >> 16 ^ octet]
    for k in range(3):
        value ^= np.int64(messages[i, end + k]) << (16 - 8 * k)
    return value


@kernel("int64(int64, int64, int64)")
def _why_not(form: Int, size: Int, parity: Int) -> Int:
    """Return why a frame is refused, 0 where it is not."""
    if not _IN_USE >> form & 1:
        return UNKNOWN_FORMAT
    if size != (14 if form >= 16 else 7):
        return WRONG_LENGTH
    # The parity of an all-call reply holds the interrogator's code, 7 bits (3.1.2.3.3.2).
    if (form in (17, 18) and parity) or (form == 11 and parity >= 128):
        return CHECKSUM
    return 0


@kernel("void(int64[:,::1], int64, int64)")
def _count_into(tally: Table, row: Int, i: Int) -> None:
    if not tally[row, NUMBER]:
        tally[row, FIRST] = i
    tally[row, NUMBER] += 1


@kernel(
    "int64(uint8[::1], uint8[:,::1], int64[::1], uint8[::1], uint8[::1], int64[::1],"
    " int64[:,::1])"
)
def judge_into(
    kinds: Octets, messages: Octets, table: Table, whys: Octets, takes: Octets, keys: Table,
    tally: Table,
) -> int:  # fmt: skip
    """Judge frames (of kind SHORT or LONG, behind HEAD octets of a row): why each is refused,
    whether it is a squitter (its key: the address) or a reply (the address by its parity).

    tally (TALLY, 2) counts what there is of each kind; it must be 0 before. Returns how many
    squitters there are.
    """
    n = 0
    for i in range(kinds.shape[0]):
        kind = kinds[i]
        whys[i], takes[i], keys[i] = 0, 0, 0
        if kind == MODE_AC:
            _count_into(tally, MODE_AC_COUNT, i)
        elif kind == STATUS:
            _count_into(tally, STATUS_COUNT, i)
        if kind not in (SHORT, LONG):
            continue
        size = 7 if kind == SHORT else 14
        head = np.int64(messages[i, HEAD])
        form = head >> 3 if head >> 3 < COMM_D else COMM_D
        parity = _remainder(messages, i, size, table)
        whys[i] = _why_not(form, size, parity)
        if whys[i]:
            continue
        _count_into(tally, form, i)
        # Of DF18 what speaks for itself: CF 2 to 6 are told by ground stations of others.
        if form == 17 or (form == 18 and head & 7 <= 1):
            address = (
                np.int64(messages[i, HEAD + 1]) << 16
                | np.int64(messages[i, HEAD + 2]) << 8
                | np.int64(messages[i, HEAD + 3])
            )
            if address in (0, 0xFFFFFF):
                whys[i] = NO_ADDRESS
                continue
            # DF18, CF 1: an address that the owner chose (DO-260B, table 2-8).
            keys[i] = address | NO_ICAO if form == 18 and head & 7 == 1 else address
            takes[i] = SQUITTER
            n += 1
        elif form not in (11, 18):
            takes[i], keys[i] = REPLY, parity
    return n
