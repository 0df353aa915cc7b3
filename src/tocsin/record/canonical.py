"""Canonical JSON (RFC 8785): one value, one sequence of bytes, on every machine."""

import math
from json.encoder import encode_basestring

__all__ = ["canonical"]

_MAX_SAFE = 2**53 - 1  # RFC 8785, 3.2.2.3: larger whole numbers lose digits in other readers


def canonical(value: object) -> bytes:
    """Return the canonical bytes of a JSON value.

    NaN and infinity are null ("not measured"); whole numbers beyond 2**53 become strings, as
    RFC 8785 appendix D advises. Raises TypeError for what is not JSON.
    """
    out: list[str] = []
    _write(value, out)
    return "".join(out).encode("utf-8", "replace")


def _write(value: object, out: list[str]) -> None:
    if value is None:
        out.append("null")
    elif isinstance(value, bool):
        out.append("true" if value else "false")
    elif isinstance(value, str):
        out.append(encode_basestring(value))
    elif isinstance(value, int):
        out.append(str(value) if abs(value) <= _MAX_SAFE else f'"{value}"')
    elif isinstance(value, float):
        out.append(_number(float(value)))
    elif isinstance(value, dict):
        _write_object(value, out)
    elif isinstance(value, list | tuple):
        out.append("[")
        for k, item in enumerate(value):
            out.append("," if k else "")
            _write(item, out)
        out.append("]")
    else:
        raise TypeError(f"{type(value).__name__} is not JSON: give numbers, text, lists, dicts")


def _write_object(value: dict[object, object], out: list[str]) -> None:
    names = [name for name in value if isinstance(name, str)]
    if len(names) != len(value):
        raise TypeError("a JSON object has names of text only")
    out.append("{")
    # RFC 8785, 3.2.3: names are sorted by their UTF-16 code units.
    for k, name in enumerate(
        sorted(names, key=lambda n: n.encode("utf-16-be", "surrogatepass"))
    ):
        out.append("," if k else "")
        out.append(encode_basestring(name))
        out.append(":")
        _write(value[name], out)
    out.append("}")


def _number(value: float) -> str:
    """Write a double as ECMAScript does (ECMA-262, Number::toString): shortest digits."""
    if not math.isfinite(value):
        return "null"
    if value == 0.0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    # point: the decimal point stands after this many digits.
    leading = len(whole.lstrip("0")) or -(len(fraction) - len(fraction.lstrip("0")))
    point = leading + int(exponent or 0)
    digits = digits.rstrip("0")
    return sign + _place_point(digits, point)


def _place_point(digits: str, point: int) -> str:
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    power = point - 1
    tail = f"e{'+' if power >= 0 else '-'}{abs(power)}"
    return (digits if count == 1 else f"{digits[0]}.{digits[1:]}") + tail
