"""Codecs that other people write: a package registers a function under the entry-point group
`tocsin.codecs`, and the site file names it as a `format`.

The function gets one datagram and its time of arrival and returns detections with the names of
docs/formats/detections.md; they are checked like a posted body. It holds no state, so that a
replay gives the same; what it raises is counted and stops nothing. A plug-in can only read:
there is no entry point for anything that leaves.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points

import msgspec

from tocsin.codec import detections
from tocsin.codec._work import Work, reject
from tocsin.errors import CallError
from tocsin.model import Frame, Sensor

__all__ = ["GROUP", "decoder_of", "plugin_names"]

GROUP = "tocsin.codecs"
DETAIL_LIMIT = 200
Decoder = Callable[[Work, Frame, Sensor | None], None]


@cache
def plugin_names() -> tuple[str, ...]:
    """Return the formats that installed packages add, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


@cache
def decoder_of(name: str) -> Decoder | None:
    """Return the decoder of an installed plug-in, None where there is none of that name.

    Raises CallError for one that cannot be loaded: better at the start than in mid-stream.
    """
    if name not in plugin_names():
        return None
    (point, *_) = entry_points(group=GROUP, name=name)
    try:
        read = point.load()
    except Exception as error:
        raise CallError(
            f"the plug-in {name!r} ({point.value}) cannot be loaded: {error}", plugin=name
        ) from error
    if not callable(read):
        raise CallError(f"the plug-in {name!r} ({point.value}) is no function", plugin=name)

    def decode_frame(work: Work, frame: Frame, sensor: Sensor | None) -> None:
        try:
            body = msgspec.json.encode(read(frame.payload, frame.arrival_s))
        except Exception as error:
            detail = f"{name}: {type(error).__name__}: {error}"[:DETAIL_LIMIT]
            reject(work, frame.source, "plug-in failed", detail, frame.payload)
            return
        detections.decode_frame(work, replace(frame, payload=body), sensor)

    return decode_frame
