"""Intervals of what is counted over raids: proportions and quantiles."""

import math
from collections.abc import Sequence
from statistics import NormalDist

__all__ = ["CONFIDENCE", "order_ranks", "proportion", "quantile", "wilson"]

CONFIDENCE = 0.95
_EXACT = 500  # up to here binomial coefficients and powers are floats without loss


def wilson(count: int, of: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the score interval of a proportion.

    E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209; without continuity correction. Where
    nothing (or everything) was counted, the other end is a true bound, never 0 (or 1).
    """
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    share, z2 = count / of, z * z / of
    middle = share + z2 / 2.0
    half = math.sqrt(share * (1.0 - share) * z2 + z2 * z2 / 4.0)
    low = 0.0 if count == 0 else (middle - half) / (1.0 + z2)
    high = 1.0 if count == of else (middle + half) / (1.0 + z2)
    return low, high


def proportion(count: int, of: int) -> dict[str, object]:
    """Return {value, low, high, count, of, words}; none and all are said as bounds."""
    low, high = wilson(count, of)
    if count == 0:
        words = f"none of {of}: at most {100.0 * high:.1f} %"
    elif count == of:
        words = f"all of {of}: at least {100.0 * low:.1f} %"
    else:
        words = f"{100.0 * count / of:.1f} % ({100.0 * low:.1f} to {100.0 * high:.1f} %)"
    return {
        "value": count / of, "low": low, "high": high, "count": count, "of": of, "words": words,
    }  # fmt: skip


def order_ranks(
    n: int, share: float, confidence: float = CONFIDENCE
) -> tuple[int | None, int | None]:
    """Return the ranks (from 1) of the values between which a quantile lies.

    H. A. David, H. N. Nagaraja, Order Statistics (2003), 7.1: the number of values below the
    quantile is binomial whatever their distribution. Each tail holds at most half of what
    confidence leaves; None where n is too small for that end.
    """
    tail = (1.0 - confidence) / 2.0
    low, high, below = None, None, 0.0
    for rank in range(n + 1):  # below: P(fewer than `rank` values lie under the quantile)
        if rank and below <= tail:
            low = rank
        if rank and high is None and below >= 1.0 - tail:
            high = rank
        below += _binomial(n, rank, share)
    return low, high


def _binomial(n: int, k: int, share: float) -> float:
    """Return the chance of exactly k of n. By logarithms: 1030 over 515 is beyond a float."""
    if n <= _EXACT:
        return math.comb(n, k) * share**k * (1.0 - share) ** (n - k)
    ways = math.lgamma(n + 1.0) - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0)
    return math.exp(ways + k * math.log(share) + (n - k) * math.log1p(-share))


def quantile(values: Sequence[float], share: float) -> dict[str, float | None]:
    """Return {value, low, high} of a quantile by order statistics: values that occurred.

    -inf stands for "it never happened", and comes out as None, as does an end of the interval
    that so few values do not bound.
    """
    ordered = sorted(values)
    rank = max(1, math.ceil(len(ordered) * share - 1e-9))
    low, high = order_ranks(len(ordered), share)
    return {
        "value": _at(ordered, rank), "low": _at(ordered, low), "high": _at(ordered, high),
    }  # fmt: skip


def _at(ordered: list[float], rank: int | None) -> float | None:
    value = -math.inf if rank is None else ordered[rank - 1]
    return round(value, 3) if math.isfinite(value) else None
