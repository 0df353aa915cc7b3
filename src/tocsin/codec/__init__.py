"""Bytes to nouns and back, one file a format. Nothing here reads a clock, a file or a
socket.
"""

from tocsin.codec._decode import (
    FORMATS,
    Decoded,
    decode_into,
    decode_records,
    open_session,
    origins_of,
    reopen_session,
    sensor_status,
)
from tocsin.codec._session import Session
from tocsin.codec.site_changes import change_in

__all__ = [
    "FORMATS",
    "Decoded",
    "Session",
    "change_in",
    "decode_into",
    "decode_records",
    "open_session",
    "origins_of",
    "reopen_session",
    "sensor_status",
]
