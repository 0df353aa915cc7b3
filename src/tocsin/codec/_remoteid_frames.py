"""Remote ID for the pipeline: captured frames to declared rows, counts and words."""

import dataclasses
import math
from typing import Any

from tocsin.codec._work import Work, add_row, count, is_duplicate, place_of, reject
from tocsin.codec.remoteid import (
    KINDS,
    BasicId,
    Broadcast,
    Heard,
    IdType,
    Message,
    RemoteIdSession,
    plain_text,
    take_into,
)
from tocsin.model import Frame, Rejected, Sensor

__all__ = ["NOT_REMOTE_ID", "decode_frame"]

NOT_REMOTE_ID = "not Remote ID"  # sound frames of a radio that are about something else


def decode_frame(work: Work, frame: Frame, _sensor: Sensor | None) -> None:
    """Take a capture of any number of packets, the last of which arrived with the frame.

    Operator places and registrations go into no row: they are personal data.
    """
    place = place_of(work, frame.source)
    if place < 0:
        return
    session = work.session.remoteid.get(frame.source)
    if session is None:
        session = work.session.remoteid[frame.source] = RemoteIdSession()

    def is_known(broadcast: Broadcast) -> bool:
        return is_duplicate(work, frame, broadcast.transmitter + broadcast.content)

    taken = take_into(
        session, frame.payload, frame.arrival_s, source=frame.source, is_known=is_known
    )
    for refused in taken.rejected:
        _refuse(work, frame.source, refused)
    if taken.others:
        reject(work, frame.source, NOT_REMOTE_ID, n=taken.others)
    for kind, n in taken.records.items():
        count(work, kind, n)
    for (arrival_s, heard), broadcast in zip(taken.heard, taken.broadcasts, strict=True):
        if work.trace is not None:
            work.trace += _words(broadcast, heard)
        if heard.columns is not None:
            add_row(work, sensor=place, arrival_s=arrival_s, **heard.columns)


def _refuse(work: Work, source: str, refused: Rejected) -> None:
    # No octets of it: what could not be read may be somebody's serial number or place.
    reject(work, source, refused.reason, refused.detail, n=refused.count)


def _words(broadcast: Broadcast, heard: Heard) -> list[dict[str, Any]]:
    """Return each message of a broadcast in the words of the format, hints with the last."""
    found = []
    for message in broadcast.messages:
        found.append(
            {
                "record": KINDS[type(message)],
                "heard_s": broadcast.time_s,
                "transport": broadcast.transport,
                "transmitter": broadcast.transmitter.hex(),
                **{name: _plain(message, name) for name in _names(message)},
            }
        )
    if found and heard.hints:
        found[-1]["hints"] = list(heard.hints)
    return found


def _names(message: Message) -> list[str]:
    return [f.name for f in dataclasses.fields(message)]


def _plain(message: Message, name: str) -> Any:
    value = getattr(message, name)
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if not isinstance(value, bytes):
        return value
    is_binary = isinstance(message, BasicId) and message.id_type in (IdType.UTM, IdType.SESSION)
    return value.hex() if is_binary or name == "data" else plain_text(value)
