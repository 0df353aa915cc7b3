"""Acts of people, as canonical JSON in frames whose source is `OFFICER`.

The service authenticates, adds the user and the time, and journals the bytes; what comes out
here is decided by the bytes alone, in a replay as in the live watch.
"""

from typing import Any, Literal, get_args

import msgspec

from tocsin.codec._act_bodies import (
    HeadcountBody,
    PointingBody,
    SightingBody,
    headcount_of,
    or_nan,
    pointing_of,
    report_of,
)
from tocsin.model import OFFICER, Act, Rejected
from tocsin.model.records import RECORD_VERBS, RecordAct

__all__ = ["MAX_RECORD_BYTES", "VERBS", "Verb", "decode_act", "encode_act", "why_not_body"]

Verb = Literal[
    "acknowledge", "release", "refuse", "cancel", "clear", "decide", "dispose",
    "raise", "sighting", "readiness", "account", "explain",
    "point", "shelve", "unshelve", "end_shift", "begin_shift", "suspend", "resume",
    "accept_rule", "end_rule",
]  # fmt: skip
VERBS: tuple[str, ...] = get_args(Verb)
MAX_TEXT = 4_000  # characters; a decision is a paragraph, not a file
MAX_RECORD_BYTES = 1024 * 1024  # a document of 200,000 characters, most of them not ASCII
MAX_DEPTH = 8  # lists and objects in each other; the deepest noun, a corrected chain, has 4
MAX_WORD = 200  # characters of a kind, a post, a criterion


class _Act(msgspec.Struct, forbid_unknown_fields=True):
    verb: Verb
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
    step: str = ""
    option: str = ""
    until_s: float | None = None
    criteria: tuple[str, ...] = ()
    headcount: HeadcountBody | None = None
    sighting: SightingBody | None = None
    pointing: PointingBody | None = None


class _Record(msgspec.Struct, forbid_unknown_fields=True):
    verb: str
    key: str
    user: str
    at_s: float
    body: dict[str, Any]
    rules: int = 0  # acts of before there were editions name none


class _Verb(msgspec.Struct):
    verb: str = ""


_VERB = msgspec.json.Decoder(_Verb)
_RECORD = msgspec.json.Decoder(_Record)
_DECODER = msgspec.json.Decoder(_Act)
_ENCODER = msgspec.json.Encoder(order="sorted")


def decode_act(payload: bytes) -> Act | RecordAct | Rejected:
    """Return the act of the watch or of the record, or why the bytes are none."""
    try:
        if _VERB.decode(payload).verb in RECORD_VERBS:
            return _record_act(_RECORD.decode(payload), payload)
        raw = _DECODER.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejected(OFFICER, "not an act", str(error), payload[:64])
    if not raw.key or not raw.user:
        return Rejected(OFFICER, "act without key or user", "an act names who and which one")
    if len(raw.text) > MAX_TEXT or len(raw.reason) > MAX_TEXT:
        return Rejected(OFFICER, "act too long", f"at most {MAX_TEXT} characters a text")
    words = (*raw.criteria, raw.step, raw.option)
    if raw.sighting is not None:
        words += (raw.sighting.kind, raw.sighting.post)
    if raw.pointing is not None:
        words += (raw.pointing.sensor, raw.pointing.what, raw.pointing.value)
    if any(len(word) > MAX_WORD for word in words) or len(raw.criteria) > MAX_WORD:
        return Rejected(OFFICER, "act too long", f"at most {MAX_WORD} characters a word")
    return Act(
        verb=raw.verb, key=raw.key, user=raw.user, at_s=raw.at_s, site=raw.site,
        zones=raw.zones, alarm=raw.alarm, track=raw.track, reason=raw.reason, text=raw.text,
        view_s=or_nan(raw.view_s), step=raw.step, option=raw.option,
        until_s=or_nan(raw.until_s), criteria=raw.criteria,
        headcount=headcount_of(raw.headcount), sighting=report_of(raw.sighting),
        pointing=pointing_of(raw.pointing),
    )  # fmt: skip


def _record_act(raw: _Record, payload: bytes) -> RecordAct | Rejected:
    if not raw.key or not raw.user:
        return Rejected(OFFICER, "act without key or user", "an act names who and which one")
    wrong = why_not_body(raw.body)
    if wrong or len(payload) > MAX_RECORD_BYTES:
        return Rejected(OFFICER, "act too long", wrong or f"at most {MAX_RECORD_BYTES} bytes")
    return RecordAct(raw.verb, raw.key, raw.user, raw.at_s, raw.body, raw.rules)


def why_not_body(body: dict[str, Any]) -> str:
    """Say why the body of an act of the record is read by nobody, or "" where it can be."""
    level: list[Any] = [body]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    if any(isinstance(value, dict | list) for value in level):
        return f"the body has more than {MAX_DEPTH} levels of lists and objects in each other"
    return ""


def encode_act(act: Act | RecordAct) -> bytes:
    """Return the canonical bytes of an act: sorted keys, no blanks, NaN as null."""
    return _ENCODER.encode(act)
