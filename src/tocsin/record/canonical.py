"""Canonical JSON (RFC 8785): one value, one sequence of bytes, on every machine."""

import math
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

__all__ = ["MAX_SAFE", "canonical", "number_text"]

MAX_SAFE = 2**53 - 1  # RFC 8785, 3.2.2.3: larger whole numbers lose digits in other readers


def canonical(value: object) -> bytes:
    """Return the canonical bytes of a JSON value.

    NaN and infinity are null ("not measured"); whole numbers beyond 2**53 become strings, as
    RFC 8785 appendix D advises. Raises TypeError for what is not JSON.
    """
    return _text(value).encode("utf-8", "replace")


def _text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is dict:
        return _object(value)
    if kind is float:
        return number_text(value)
    if kind is list or kind is tuple:
        return "[" + ",".join(map(_text, value)) + "]"
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) <= MAX_SAFE:
        return str(int(value))
    return _text(_plain(value))


def _plain(value: Any) -> Any:
    """Return the built-in value of a subclass (NumPy's, an enumeration's), or of a long int."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} is not JSON: give numbers, text, lists, dicts")


def _object(value: dict[Any, Any]) -> str:
    parts = []
    for name, head in _members(tuple(value)):
        item = value[name]
        kind = type(item)
        # Most members are one of these two: a call less for each.
        if kind is str:
            parts.append(head + encode_basestring(item))
        elif kind is float:
            parts.append(head + number_text(item))
        else:
            parts.append(head + _text(item))
    return "{" + ",".join(parts) + "}"


@lru_cache(maxsize=4096)  # a kind of entry has the same few names, thousands of times
def _members(names: tuple[Any, ...]) -> tuple[tuple[str, str], ...]:
    """Return the names in their order, each with what it is written as."""
    try:
        # RFC 8785, 3.2.3: names are sorted by their UTF-16 code units; ASCII sorts as it is.
        if "".join(names).isascii():
            ordered = sorted(names)
        else:
            ordered = sorted(names, key=lambda n: n.encode("utf-16-be", "surrogatepass"))
    except TypeError:
        raise TypeError("a JSON object has names of text only") from None
    return tuple((name, encode_basestring(name) + ":") for name in ordered)


@lru_cache(maxsize=4096)  # the entries of a step share their time
def number_text(value: float) -> str:
    """Write a double as ECMAScript does (ECMA-262, Number::toString): shortest digits."""
    if value == 0.0:
        return "0"
    text = repr(value)
    # Python and ECMAScript write alike where Python uses no exponent (1e-4 to 1e16).
    if "e" not in text and math.isfinite(value):
        return text.removesuffix(".0")
    return _with_exponent(value)


def _with_exponent(value: float) -> str:
    if not math.isfinite(value):
        return "null"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).rstrip("0")
    # point: the decimal point stands after this many digits.
    return sign + _place_point(digits, len(whole) + int(exponent))


def _place_point(digits: str, point: int) -> str:
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    power = point - 1
    tail = f"e{'+' if power >= 0 else '-'}{abs(power)}"
    return (digits if count == 1 else f"{digits[0]}.{digits[1:]}") + tail
