"""Acts of people, as canonical JSON in frames whose source is `OFFICER`.

The service authenticates, adds the user and the time, and journals the bytes; what comes out
here is decided by the bytes alone, in a replay as in the live watch.
"""

from typing import Literal

import msgspec

from tocsin.model import OFFICER, Act, Rejected

__all__ = ["VERBS", "decode_act", "encode_act"]

VERBS = ("acknowledge", "release", "refuse", "cancel", "clear", "decide", "dispose")
MAX_TEXT = 4_000  # characters; a decision is a paragraph, not a file


class _Act(msgspec.Struct, forbid_unknown_fields=True):
    verb: Literal["acknowledge", "release", "refuse", "cancel", "clear", "decide", "dispose"]
    key: str
    user: str
    at_s: float
    site: str = ""
    zones: tuple[str, ...] = ()
    alarm: str = ""
    track: int = 0
    reason: str = ""
    text: str = ""
    view_s: float | None = None


_DECODER = msgspec.json.Decoder(_Act)
_ENCODER = msgspec.json.Encoder(order="sorted")


def decode_act(payload: bytes) -> Act | Rejected:
    """Return the act, or why the bytes are none."""
    try:
        raw = _DECODER.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Rejected(OFFICER, "not an act", str(error), payload[:64])
    if not raw.key or not raw.user:
        return Rejected(OFFICER, "act without key or user", "an act names who and which one")
    if len(raw.text) > MAX_TEXT or len(raw.reason) > MAX_TEXT:
        return Rejected(OFFICER, "act too long", f"at most {MAX_TEXT} characters a text")
    view_s = float("nan") if raw.view_s is None else raw.view_s
    return Act(
        verb=raw.verb, key=raw.key, user=raw.user, at_s=raw.at_s, site=raw.site,
        zones=raw.zones, alarm=raw.alarm, track=raw.track, reason=raw.reason, text=raw.text,
        view_s=view_s,
    )  # fmt: skip


def encode_act(act: Act) -> bytes:
    """Return the canonical bytes of an act: sorted keys, no blanks, NaN as null."""
    return _ENCODER.encode(act)
