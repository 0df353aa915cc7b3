"""People's data over HTTP: an operator's place opened by name and reason; holds.

Who looked, and why, stands in the service ledger before the answer goes out.
"""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.exceptions import HTTPException
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta

from tocsin.errors import CallError
from tocsin.model import Ladder
from tocsin.service.access import account_of, hall_of, needs, needs_look
from tocsin.service.api_structs import Pin
from tocsin.service.hall import Hall
from tocsin.service.holding import Hold, holds, incident_span, place_hold, release_hold
from tocsin.service.identifying import identified
from tocsin.service.subject import find_names, operators_of

__all__ = ["PEOPLE_ROUTES", "standing_alarm"]

MAX_PLACES = 20  # the newest that are shown
DAY_S = 86_400.0
UNVERIFIED = "declared by the aircraft, unverified"

Req = Request[Any, Any, Any]
Text = Annotated[str, Meta(max_length=1_000)]
Id = Annotated[str, Meta(min_length=1, max_length=64)]


class OperatorRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """declared: what the drone goes by on the page. reason: needed below CAUTION. person, pin:
    needed at a duty position.
    """

    declared: Id
    reason: Text = ""
    person: Annotated[str, Meta(max_length=64)] = ""
    pin: Pin = ""


class OperatorPlace(msgspec.Struct, frozen=True):
    """What a drone said of its operator at a time (Unix UTC); null where it said nothing.

    location_type: 0 the place of take-off, 1 live, 2 fixed (ASTM F3411-22a, table 11).
    """

    at_s: float
    operator_id: str | None = None
    lat: float | None = None
    lon: float | None = None
    alt_m: float | None = None
    location_type: int | None = None
    says: str | None = None


class OperatorAnswer(msgspec.Struct, frozen=True):
    """The newest statements last; how: what they are worth."""

    declared: str
    how: str
    places: list[OperatorPlace]


class SourceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """sealed: the commitment that the record holds."""

    sealed: Id
    reason: Annotated[str, Meta(min_length=1, max_length=1_000)]


class SourceAnswer(msgspec.Struct, frozen=True):
    """Who it is."""

    sealed: str
    identity: str


class HoldRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keep what came in during an incident for so many days, at most 366."""

    incident: Id
    reason: Text
    days: Annotated[float, Meta(gt=0, le=366)] = 90.0


class HoldRelease(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Let a hold go."""

    hold: int
    reason: Text


class HoldRow(msgspec.Struct, frozen=True):
    """Times are Unix UTC; released_s: when it was let go, null while it stands."""

    id: int
    incident: str
    first_s: float
    last_s: float
    until_s: float
    by: str
    reason: str
    set_s: float
    released_s: float | None


class HoldPage(msgspec.Struct, frozen=True):
    """All holds, oldest first."""

    holds: list[HoldRow]


def standing_alarm(hall: Hall) -> str:
    """Return the first zone at CAUTION or above, as words; "" where there is none."""
    scene = hall.hub.scene
    frame = scene.standing.get("zones") if scene is not None else None
    zones = msgspec.json.decode(frame)["zones"] if frame else []
    for zone in zones:
        if zone["step"] in (Ladder.CAUTION, Ladder.TAKE_SHELTER):
            return f"{zone['step']} stands for {zone['zone_id']}"
    return ""


@post("/api/v1/operator", guards=[needs("open an operator")], status_code=HTTP_200_OK,
      sync_to_thread=True, summary="What a drone says of its operator")  # fmt: skip
def open_operator(request: Req, data: JSONBody[OperatorRequest]) -> OperatorAnswer:
    """Return it, after the name and the reason were noted. Below CAUTION a reason is needed."""
    hall, account = hall_of(request), account_of(request)
    assert account is not None
    if account.is_position or data.person:
        account = identified(hall, account, data.person, data.pin, "open an operator")
    why = data.reason.strip() or standing_alarm(hall)
    if not why:
        raise HTTPException(
            "operators are hidden until a zone is at CAUTION; say why you need to know",
            status_code=403,
        )
    hall.people.flush()
    names = [name.form.shown for name in find_names(hall.people, data.declared)]
    hall.ledger.note(
        "operator opened", by=hall.people.staff(account.user), reason=why, pseudonyms=names
    )
    said = operators_of(hall.people, data.declared)[-MAX_PLACES:]
    places = [msgspec.convert(place, OperatorPlace) for place in said]
    return OperatorAnswer(data.declared, UNVERIFIED, places)


@post("/api/v1/source", guards=[needs("open a source")], status_code=HTTP_200_OK,
      sync_to_thread=True, summary="Who a sealed source is")  # fmt: skip
def open_source(request: Req, data: JSONBody[SourceRequest]) -> SourceAnswer:
    """Return it, after the name and the reason were noted."""
    hall, account = hall_of(request), account_of(request)
    assert account is not None
    if not data.reason.strip():
        raise HTTPException("say why you need to know", status_code=403)
    by = hall.people.staff(account.user)
    hall.ledger.note("sealed source opened", by=by, reason=data.reason, sealed=data.sealed)
    identity = hall.people.opened_source(data.sealed)
    if not identity:
        raise HTTPException(
            "that is no commitment of this house, or it was erased", status_code=404
        )
    return SourceAnswer(data.sealed, identity)


@get("/api/v1/holds", guards=[needs_look], sync_to_thread=True, summary="Holds")
def list_holds(request: Req) -> HoldPage:
    """Return what is kept past its time, by whom and why."""
    return HoldPage([_row(hold) for hold in holds(hall_of(request).keys)])


@post("/api/v1/holds", guards=[needs("hold")], status_code=HTTP_200_OK,
      sync_to_thread=True, summary="Keep an incident's input past its time")  # fmt: skip
def add_hold(request: Req, data: JSONBody[HoldRequest]) -> HoldRow:
    """Place a hold; it ends by itself."""
    hall, account = hall_of(request), account_of(request)
    assert account is not None
    by, now_s = hall.people.staff(account.user), hall.clock.now_s()
    try:
        with hall.shelf.reading() as (register, _):
            span = incident_span(register, data.incident)
        hold = place_hold(
            hall.keys, data.incident, span, until_s=now_s + data.days * DAY_S, by=by,
            reason=data.reason, now_s=now_s,
        )  # fmt: skip
    except CallError as error:
        raise HTTPException(str(error), status_code=400) from error
    row = _row(hold)
    hall.ledger.note("hold", **msgspec.structs.asdict(row))
    return row


@post("/api/v1/holds/release", guards=[needs("hold")], status_code=HTTP_200_OK,
      sync_to_thread=True, summary="Let a hold go")  # fmt: skip
def drop_hold(request: Req, data: JSONBody[HoldRelease]) -> HoldRow:
    """Let a hold go before its end."""
    hall, account = hall_of(request), account_of(request)
    assert account is not None
    try:
        row = _row(release_hold(hall.keys, data.hold, hall.clock.now_s()))
    except CallError as error:
        raise HTTPException(str(error), status_code=400) from error
    by = hall.people.staff(account.user)
    hall.ledger.note("hold released", hold=row.id, by=by, reason=data.reason)
    return row


def _row(hold: Hold) -> HoldRow:
    return HoldRow(
        hold.id, hold.incident, hold.first_s, hold.last_s, hold.until_s, hold.by, hold.reason,
        hold.set_s, hold.released_s,
    )  # fmt: skip


PEOPLE_ROUTES = [open_operator, open_source, list_holds, add_hold, drop_hold]
