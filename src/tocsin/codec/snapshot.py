"""A state to bytes and back, exactly: what a journal's snapshots are made of.

Takes dataclasses of this package, tuples, lists, dicts, NumPy arrays, numbers, text, bytes and
None, and gives back the same types with the same bits. MessagePack, where everything that it
does not tell apart by itself is a list headed by a letter; then deflated (RFC 1950), for a
journal holds some 70 snapshots an hour and a register is text.

A dataclass that is never changed once it is made may keep its own bytes from one snapshot to
the next, in a field `field(..., metadata={"snapshot": "bytes"})` that holds a list: then a
register of years costs a snapshot no more than what was added since the one before. Where each
of a list has grown out of the one before it, as the versions of a row do, a field
`field(metadata={"snapshot": "grown"})` has each told by what is new in it.
"""

import dataclasses
import importlib
import math
import zlib
from functools import cache
from typing import Any

import msgspec
import numpy as np

from tocsin.errors import JournalError

__all__ = ["freeze", "pack", "squeeze", "thaw"]

_PLAIN = (bool, int, str, bytes)
_ROOT = "tocsin."
_NO_STATE = ("tocsin.sim", "tocsin.cli")  # what bytes name is imported: never these
_FAST = 1  # of zlib's levels: 10 ms for 4 MB, a sixteenth remains; 6 takes thrice as long
_PACKER = msgspec.msgpack.Encoder()
_UNREADABLE = (
    zlib.error, msgspec.DecodeError, KeyError, TypeError, ValueError, LookupError, ImportError,
    AttributeError,
)  # fmt: skip
_WHOLE, _AFTER = 1, 2  # kept: its bytes; its bytes as news, and the object before it
_MAX_INT = 2**64 - 1  # the largest whole number that MessagePack holds


def freeze(value: object) -> bytes:
    """Return the bytes of a state. Raises TypeError for what cannot be restored exactly."""
    return squeeze(pack(value))


def pack(value: object, room: int = 0) -> bytearray:
    """Return the first half of `freeze`, after which the state may change again.

    room: bytes to begin with; as many as the one before had spare half of the time (28 MB for
    1,000 tracks: 13 ms, not 30), which is spent on a buffer that grows.
    """
    packed = bytearray(room)
    _PACKER.encode_into(_plain(value), packed)
    return packed


def squeeze(packed: bytearray) -> bytes:
    """Return the second half of `freeze`, on whatever thread: it is most of the work."""
    return zlib.compress(packed, _FAST)


def thaw(data: bytes) -> Any:
    """Return the state that `freeze` made the bytes of; JournalError for other bytes."""
    try:
        return _value(msgspec.msgpack.decode(zlib.decompress(data)))
    except _UNREADABLE as error:
        raise JournalError(
            f"a snapshot cannot be read ({error}); replay an older one or the whole journal"
        ) from error


def _plain(value: object) -> Any:
    if value is None or type(value) in _PLAIN:
        if type(value) is int and not -(2**63) <= value <= _MAX_INT:
            return ["i", str(value)]
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else ["f", repr(float(value))]
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise TypeError("an array of objects cannot be restored; use columns")
        return ["a", value.dtype.str, list(value.shape), np.ascontiguousarray(value).tobytes()]
    if isinstance(value, np.generic):
        return ["g", value.dtype.str, value.tobytes()]
    if isinstance(value, list):
        return ["l", *map(_plain, value)]
    if isinstance(value, tuple):
        return ["t", *map(_plain, value)]
    if isinstance(value, dict):
        flat: list[Any] = ["d"]
        for name, item in value.items():
            flat += (_plain(name), _plain(item))
        return flat
    if isinstance(value, bytearray):
        return ["b", bytes(value)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain_dataclass(value)
    raise TypeError(f"a state cannot hold {type(value).__module__}.{type(value).__name__}")


def _plain_dataclass(value: object) -> Any:
    kind: Any = type(value)
    keeper = _keeper_of(kind)
    kept: list[Any] | None = getattr(value, keeper) if keeper else None
    if kept and len(kept) == _WHOLE:
        return kept[0]
    plain = _plain_fields(kind, value)
    if kept is None:
        return plain
    kept[:] = [msgspec.Raw(msgspec.msgpack.encode(plain))]
    return kept[0]


def _plain_fields(kind: Any, value: object) -> list[Any]:
    if not kind.__module__.startswith(_ROOT):
        raise TypeError(f"a state cannot hold {kind.__module__}.{kind.__qualname__}")
    place, grown = f"{kind.__module__}:{kind.__qualname__}", _grown_names(kind)
    plain: list[Any] = ["c", place]
    for name in _field_names(kind):
        item = getattr(value, name)
        plain.append(_plain_grown(item) if name in grown else _plain(item))
    return plain


def _plain_grown(items: list[Any]) -> list[Any]:
    """Tell each of a list by what is other than in the one before: an incident to which two
    hundred tracks were added one by one has 20,000 of them in its versions.
    """
    plain: list[Any] = ["w"]
    before: Any = None
    for item in items:
        plain.append(_plain(item) if before is None else _plain_after(before, item))
        before = item
    return plain


def _plain_after(before: object, value: object) -> Any:
    """Return `_news` as bytes, which a value that keeps its own keeps with what was before."""
    kind: Any = type(value)
    keeper = _keeper_of(kind) if dataclasses.is_dataclass(value) else ""
    kept: list[Any] | None = getattr(value, keeper) if keeper else None
    if kept and len(kept) == _AFTER and kept[1] is before:
        return kept[0]
    news = _news(before, value)
    if kept is None:
        return news
    kept[:] = [msgspec.Raw(msgspec.msgpack.encode(news)), before]
    return kept[0]


def _news(before: object, value: object) -> Any:
    if _is_same(before, value):
        return ["="]
    if isinstance(value, tuple) and isinstance(before, tuple):
        n = len(before)
        if n and len(value) > n and _is_same(before, value[:n]):
            return ["+", *map(_plain, value[n:])]
        return _plain(value)
    kind: Any = type(value)
    if kind is not type(before) or not dataclasses.is_dataclass(kind):
        return _plain(value)
    names: tuple[str, ...] = _field_names(kind)
    return ["~", *(_news(getattr(before, name), getattr(value, name)) for name in names)]


def _is_same(one: object, other: object) -> bool:
    """Tell whether two values have the same bytes: equal numbers may differ in type or sign."""
    if one is other:
        return True
    kind: Any = type(one)
    if kind is not type(other):
        return False
    if kind in _PLAIN:
        return one == other
    if isinstance(one, float) and isinstance(other, float):
        return repr(one) == repr(other)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if not dataclasses.is_dataclass(kind):
        return False
    names: tuple[str, ...] = _field_names(kind)
    return all(_is_same(getattr(one, name), getattr(other, name)) for name in names)


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind) if f.name != _keeper_of(kind))


@cache
def _grown_names(kind: Any) -> tuple[str, ...]:
    return _marked(kind, "grown")


@cache
def _keeper_of(kind: Any) -> str:
    """Return the name of the field in which a kind keeps its own bytes, "" where in none."""
    return next(iter(_marked(kind, "bytes")), "")


def _marked(kind: Any, mark: str) -> tuple[str, ...]:
    fields = dataclasses.fields(kind)
    return tuple(f.name for f in fields if f.metadata.get("snapshot") == mark)


def _value(data: Any) -> Any:
    if not isinstance(data, list):
        return data
    letter = data[0]
    if letter == "a":
        return np.frombuffer(data[3], dtype=data[1]).reshape(data[2]).copy()
    if letter == "l":
        return [_value(item) for item in data[1:]]
    if letter == "t":
        return tuple(_value(item) for item in data[1:])
    if letter == "d":
        return {_value(data[k]): _value(data[k + 1]) for k in range(1, len(data), 2)}
    if letter == "c":
        return _rebuilt(data)
    if letter == "w":
        return _grown(data[1:])
    if letter == "f":
        return float(data[1])
    if letter == "g":
        return np.frombuffer(data[2], dtype=data[1])[0]
    if letter == "i":
        return int(data[1])
    if letter == "b":
        return bytearray(data[1])
    raise ValueError(f"unknown letter {letter!r}")


def _rebuilt(data: list[Any]) -> Any:
    kind = _dataclass(data[1])
    return _made(kind, [_value(item) for item in data[2:]])


def _grown(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        found.append(_after(found[-1], item) if found else _value(item))
    return found


def _after(before: Any, data: Any) -> Any:
    letter = data[0] if isinstance(data, list) else ""
    if letter == "=":
        return before
    if letter == "+":
        return (*before, *map(_value, data[1:]))
    if letter != "~":
        return _value(data)
    kind: Any = type(before)
    parts = zip(_field_names(kind), data[1:], strict=True)
    return _made(kind, [_after(getattr(before, name), item) for name, item in parts])


def _made(kind: Any, values: list[Any]) -> Any:
    names = _field_names(kind)
    if len(names) != len(values):
        raise ValueError(f"{kind} has {len(names)} fields, the snapshot {len(values)}")
    made: Any = object.__new__(kind)
    for name, item in zip(names, values, strict=True):
        # Past __init__ and past frozen: the value is restored as it was, not checked anew.
        object.__setattr__(made, name, item)
    if keeper := _keeper_of(kind):
        object.__setattr__(made, keeper, [])
    return made


@cache
def _dataclass(place: str) -> type:
    module, _, name = place.partition(":")
    if not module.startswith(_ROOT) or module.startswith(_NO_STATE):
        raise ValueError(f"{place} is not of this package's live part")
    kind: Any = importlib.import_module(module)
    for part in name.split("."):
        kind = getattr(kind, part)
    if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
        raise ValueError(f"{place} is no dataclass")
    return kind
