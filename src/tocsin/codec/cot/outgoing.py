"""Tracks as Cursor on Target events.

Types are those of MITRE's list (CoTtypes.xml), each beginning with a-u: of an affiliation that
nobody has set. A track that has ended is told once more, with a `stale` before its `start`:
"drop track" (The Developer's Guide to Cursor on Target, 2005).
"""

import math
import re
from collections.abc import Iterable
from dataclasses import replace

from tocsin.codec.cot.events import CotEvent
from tocsin.codec.cot.framing import MAGIC, MESH
from tocsin.codec.cot.protobuf import varint, write_protobuf
from tocsin.codec.cot.xml import write_xml
from tocsin.codec.shown_tracks import ShownTrack
from tocsin.model import Nature, TrackKind

__all__ = ["TYPES", "dropped", "event_of", "is_told_on", "own_prefix", "payloads_of"]

HOLD_S = 10.0  # an event holds so long at least, and five periods
PERIODS = 5.0
NO_SPEED_MPS = 0.05  # slower has no course
# By label. The list has no birds, no aircraft of which wing or rotor is open, and rotary drones
# in one place only; what it does not have is a thing in the air.
TYPES = {
    "unknown": "a-u-A",
    "drone_multirotor": "a-u-A-M-H-Q",
    "drone_fixed_wing": "a-u-A-C-F-q",
    "drone": "a-u-A-M-H-Q",
    "bird": "a-u-A",
    "aircraft": "a-u-A-C-F",
    "balloon": "a-u-A-C-L",
    "other": "a-u-A",
}
ROTORCRAFT = "a-u-A-C-H"
_HOW = {"measured": "m-f", "declared": "m-g", "system": "m-r"}
_TOLD_ON = re.compile(r"^tocsin\.\d+\.d\.")
_OPEX = {Nature.LIVE: "", Nature.EXERCISE: "e", Nature.SIMULATED: "s"}


def own_prefix(node_number: int) -> str:
    """Return what the uid of every event of a node begins with."""
    return f"tocsin.{node_number}."


def is_told_on(uid: str) -> bool:
    """Tell whether an event bears the uid that nodes give to what only declares itself."""
    return _TOLD_ON.match(uid) is not None


def event_of(track: ShownTrack, node_number: int, period_s: float) -> CotEvent:
    """Return the event of a track that is told of every period_s."""
    kind = TYPES[track.label]
    if track.label == "aircraft" and track.category == "A7":  # ICAO Doc 9871: rotorcraft
        kind = ROTORCRAFT
    # The id of a declared thing is its own; those of tracks are numbers.
    word = track.id if track.kind != TrackKind.WORDS[TrackKind.DECLARED] else f"d.{track.id}"
    moves = track.speed_mps >= NO_SPEED_MPS
    return CotEvent(
        type=kind,
        uid=own_prefix(node_number) + word,
        time_s=track.time_s,
        start_s=track.time_s,
        stale_s=track.time_s + max(HOLD_S, PERIODS * period_s),
        how="m-s" if track.nature == Nature.SIMULATED else _HOW[track.kind],
        lat_deg=track.lat_deg,
        lon_deg=track.lon_deg,
        alt_m=track.alt_m,
        sigma_position_m=track.sigma_position_m,
        sigma_alt_m=track.sigma_alt_m,
        callsign=track.name[:64],
        course_deg=track.course_deg if moves else math.nan,
        speed_mps=track.speed_mps if moves else math.nan,
        opex=_OPEX[track.nature],
    )


def dropped(event: CotEvent, now_s: float) -> CotEvent:
    """Return the last word on a track."""
    return replace(event, time_s=now_s, start_s=now_s, stale_s=now_s - 1.0)


def payloads_of(events: Iterable[CotEvent], *, protobuf: bool, stream: bool) -> list[bytes]:
    """Return one payload an event: XML, or TAK Protocol 1 as a stream or for datagrams."""
    if not protobuf:
        return [write_xml(event) for event in events]
    if not stream:
        return [MESH + write_protobuf(event) for event in events]
    bodies = map(write_protobuf, events)
    return [bytes([MAGIC]) + varint(len(body)) + body for body in bodies]
