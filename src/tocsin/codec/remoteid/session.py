"""Messages of each transmitter joined into declared reports.

A drone sends who it is and where it is in separate messages. Its reports bear the serial number
once that is known, and the transmitter's address until then (after HOLD_S, in which a drone
that sends at the rates of the standard has said who it is). The operator's place and
registration are personal data: they come as a separate `Operator` and never stand in a
detection.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from tocsin.codec.remoteid._hints import (
    FIXES,
    Fix,
    Hint,
    is_elsewhere,
    is_jump,
    is_serial,
    moves_otherwise,
)
from tocsin.codec.remoteid._report import columns_of, declared_name
from tocsin.codec.remoteid.accuracy import sigma_position_m
from tocsin.codec.remoteid.authentication import Authentication, AuthPages, add_page_into
from tocsin.codec.remoteid.broadcasts import Broadcast
from tocsin.codec.remoteid.encode import encode_message
from tocsin.codec.remoteid.messages import (
    AuthPage,
    BasicId,
    IdType,
    Location,
    OperatorId,
    SelfId,
    System,
    plain_text,
)

__all__ = ["Heard", "Operator", "RemoteIdSession", "Transmitter", "hear_into"]

NAN = math.nan
TRANSMITTER_LIMIT = 4_096  # of one receiver at once; more are refused and counted
FORGET_S = 300.0  # a transmitter not heard for so long starts anew
HOLD_S = 3.0  # F3411-22a, 5.4.3: static messages at least every 3 s
REPEAT_S = 1.0  # the same Location again within this is the same measurement
REMIND_S = 10.0  # a drone without a position is reported this often
MAX_LAG_S, MAX_LEAD_S = (
    30.0,
    2.0,
)  # of the drone's time against arrival; else its clock is wrong
SHARED_ID_LIMIT = 8  # transmitters of one id that are compared


@dataclass(frozen=True, slots=True)
class Operator:
    """Who flies, in the drone's own words, unverified. Personal data: keep it apart.

    Place in degrees, altitude above the ellipsoid, NaN where not said; location_type: 0
    take-off place, 1 live, 2 fixed.
    """

    declared_id: str
    transmitter: bytes
    operator_id: str
    lat_deg: float
    lon_deg: float
    altitude_m: float
    location_type: int
    heard_s: float


@dataclass(slots=True)
class Transmitter:
    """What one address has said. ids: by type of id; key_*: what was given last, so that the
    same is not given again; held: reports not given while the id was awaited.
    """

    first_s: float
    heard_s: float
    ids: dict[int, bytes] = field(default_factory=dict)
    ua_type: int = 0
    name: str = ""
    description: str = ""
    operator_id: str = ""
    system: System | None = None
    key_operator: str = ""
    key_location: bytes = b""
    location_s: float = NAN
    reported_s: float = NAN
    fixes: list[Fix] = field(default_factory=list)
    authentication: AuthPages = field(default_factory=AuthPages)
    held: int = 0


@dataclass(slots=True)
class RemoteIdSession:
    """One receiver's transmitters, by address; by_name: addresses that send the same id."""

    transmitters: dict[bytes, Transmitter] = field(default_factory=dict)
    by_name: dict[str, list[bytes]] = field(default_factory=dict)
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Heard:
    """What one broadcast gave. columns: a row of DetectionBatch (without sensor and arrival),
    or None where it says nothing new; repeated: it was the same Location again; hints: see
    `Hint`; refused: there was no room for another transmitter.
    """

    columns: dict[str, Any] | None = None
    operator: Operator | None = None
    authentication: Authentication | None = None
    hints: tuple[str, ...] = ()
    repeated: bool = False
    refused: bool = False


def hear_into(session: RemoteIdSession, broadcast: Broadcast) -> Heard:
    """Take one broadcast, whose time_s is that of its arrival."""
    if not broadcast.messages:
        return Heard()
    now_s = broadcast.time_s
    known = _transmitter_into(session, broadcast.transmitter, now_s)
    if known is None:
        session.refused += 1
        return Heard(refused=True)
    location: Location | None = None
    proof: Authentication | None = None
    for message in broadcast.messages:
        if isinstance(message, Location):
            location = message
        elif isinstance(message, AuthPage):
            proof = add_page_into(known.authentication, message, now_s) or proof
        else:
            _learn_into(known, message)
    _name_into(session, broadcast.transmitter, known)
    operator = _operator_into(known, broadcast.transmitter, now_s)
    if not known.ids and now_s - known.first_s < HOLD_S:
        known.held += location is not None
        return Heard(None, operator, proof)
    if location is None:
        columns = _reminder_into(known, broadcast.transmitter, now_s)
        return Heard(columns, operator, proof)
    key = encode_message(location)
    if key == known.key_location and abs(now_s - known.location_s) <= REPEAT_S:
        return Heard(None, operator, proof, repeated=True)
    known.key_location, known.location_s = key, now_s
    time_s, is_clock_right = _valid_s(location.time_of_hour_s, now_s)
    hints = _judge_into(session, known, location, time_s)
    if not is_clock_right:
        hints = (*hints, Hint.CLOCK)
    known.reported_s = now_s
    columns = columns_of(
        location, known.name, broadcast.transmitter, known.ua_type, time_s,
        is_contradictory=Hint.JUMP in hints or Hint.MOTION in hints,
        is_cloned=Hint.CLONE in hints,
    )  # fmt: skip
    return Heard(columns, operator, proof, hints)


def _transmitter_into(
    session: RemoteIdSession, address: bytes, now_s: float
) -> Transmitter | None:
    known = session.transmitters.get(address)
    if known is not None and now_s - known.heard_s <= FORGET_S:
        known.heard_s = max(known.heard_s, now_s)
        return known
    if known is None and len(session.transmitters) >= TRANSMITTER_LIMIT:
        for old in [
            name
            for name, item in session.transmitters.items()
            if now_s - item.heard_s > FORGET_S
        ]:
            _forget_into(session, old)
        if len(session.transmitters) >= TRANSMITTER_LIMIT:
            return None
    if known is not None:
        _forget_into(session, address)
    known = session.transmitters[address] = Transmitter(first_s=now_s, heard_s=now_s)
    return known


def _forget_into(session: RemoteIdSession, address: bytes) -> None:
    gone = session.transmitters.pop(address)
    _unname_into(session, address, gone.name)


def _unname_into(session: RemoteIdSession, address: bytes, name: str) -> None:
    sharing = session.by_name.get(name, [])
    if address in sharing:
        sharing.remove(address)
    if not sharing:
        session.by_name.pop(name, None)


def _learn_into(known: Transmitter, message: BasicId | SelfId | System | OperatorId) -> None:
    if isinstance(message, BasicId):
        if message.uas_id.strip(b"\0"):
            known.ids[message.id_type] = message.uas_id
        known.ua_type = message.ua_type or known.ua_type
    elif isinstance(message, SelfId):
        known.description = plain_text(message.description)
    elif isinstance(message, System):
        known.system = message
    else:
        known.operator_id = plain_text(message.operator_id)


def _name_into(session: RemoteIdSession, address: bytes, known: Transmitter) -> None:
    name = declared_name(known.ids, address)
    if name == known.name:
        return
    _unname_into(session, address, known.name)
    known.name = name
    sharing = session.by_name.setdefault(name, [])
    sharing.append(address)
    del sharing[:-SHARED_ID_LIMIT]


def _operator_into(known: Transmitter, address: bytes, now_s: float) -> Operator | None:
    """Return the operator where anything new was said of them."""
    said = known.system
    if said is None and not known.operator_id:
        return None
    found = Operator(
        declared_id=known.name,
        transmitter=address,
        operator_id=known.operator_id,
        lat_deg=said.operator_lat_deg if said is not None else NAN,
        lon_deg=said.operator_lon_deg if said is not None else NAN,
        altitude_m=said.operator_altitude_m if said is not None else NAN,
        location_type=said.location_type if said is not None else 0,
        heard_s=now_s,
    )
    if not found.operator_id and math.isnan(found.lat_deg):
        return None
    # As text, so that "not said" equals itself.
    key = f"{found.declared_id}|{found.operator_id}|{found.lat_deg}|{found.lon_deg}|"
    key += f"{found.altitude_m}|{found.location_type}"
    if key == known.key_operator:
        return None
    known.key_operator = key
    return found


def _reminder_into(known: Transmitter, address: bytes, now_s: float) -> dict[str, Any] | None:
    """Return a report without a position for who has said none for REMIND_S."""
    if now_s - known.reported_s < REMIND_S:
        return None
    known.reported_s = now_s
    return columns_of(None, known.name, address, known.ua_type, now_s)


def _valid_s(time_of_hour_s: float, arrival_s: float) -> tuple[float, bool]:
    """Return the time of validity nearest to arrival; arrival, False for a wrong clock."""
    if math.isnan(time_of_hour_s):
        return arrival_s, True
    lag_s = (arrival_s % 3600.0 - time_of_hour_s + 1800.0) % 3600.0 - 1800.0
    if -MAX_LEAD_S <= lag_s <= MAX_LAG_S:
        return arrival_s - lag_s, True
    return arrival_s, False


def _judge_into(
    session: RemoteIdSession, known: Transmitter, location: Location, time_s: float
) -> tuple[str, ...]:
    """Return the hints against this report, and remember its position."""
    hints: list[str] = []
    serial = known.ids.get(IdType.SERIAL)
    if serial is not None and not is_serial(plain_text(serial)):
        hints.append(Hint.SERIAL)
    if math.isnan(location.lat_deg):
        return tuple(hints)
    fix = Fix(
        time_s,
        location.lat_deg,
        location.lon_deg,
        location.speed_mps,
        sigma_position_m(location.horizontal_accuracy_code),
    )
    if known.fixes and is_jump(known.fixes[-1], fix):
        hints.append(Hint.JUMP)
        known.fixes.clear()
    known.fixes.append(fix)
    del known.fixes[:-FIXES]
    if moves_otherwise(known.fixes):
        hints.append(Hint.MOTION)
    if any(_is_cloned(session, other, known, fix) for other in session.by_name[known.name]):
        hints.append(Hint.CLONE)
    return tuple(hints)


def _is_cloned(session: RemoteIdSession, other: bytes, known: Transmitter, fix: Fix) -> bool:
    sharing = session.transmitters.get(other)
    if sharing is None or sharing is known or not sharing.fixes:
        return False
    return is_elsewhere(sharing.fixes[-1], fix)
