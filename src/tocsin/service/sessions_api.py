"""What an account holds in its hands, and what machines bear: sessions, PINs, tokens.

No secret is told again once it was made: a lost token is replaced by a new one, shown once.
"""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta

from tocsin.errors import ServiceError
from tocsin.service.access import COOKIE, account_of, hall_of, needs
from tocsin.service.account import NEVER_S, Account
from tocsin.service.account_care import (
    end_session,
    links_of,
    session_id,
    sessions_of,
    set_disabled,
)
from tocsin.service.accounts_api import Done, NameRequest, keep_an_administrator, known_account
from tocsin.service.tokens import bearers, renew

__all__ = ["SESSION_ROUTES"]

Req = Request[Any, Any, Any]
Kind = Literal["sensor", "reader", "peer", "sentinel"]


class AbleRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account, and whether it may be used."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    disabled: bool


class SessionRow(msgspec.Struct, frozen=True):
    """A session: Unix UTC from when to when, null for what is not known or has no end; id: by
    which it can be ended, of use for nothing else. is_mine: the one that asks.
    """

    id: str
    began_s: float | None
    until_s: float | None
    is_mine: bool


class SessionPage(msgspec.Struct, frozen=True):
    """The sessions of one account, newest first; links: how many wait to be used."""

    name: str
    sessions: list[SessionRow]
    links: int


class EndRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One session of an account."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    id: Annotated[str, Meta(min_length=1, max_length=64)]


class TokenRow(msgspec.Struct, frozen=True):
    """A token that a machine bears. secret: its name; from_environment: it stands in an
    environment variable, and is changed there.
    """

    kind: Kind
    id: str
    secret: str
    from_environment: bool


class TokenPage(msgspec.Struct, frozen=True):
    """Every token that the site file asks for; none is told."""

    tokens: list[TokenRow]


class TokenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose token is to be replaced."""

    kind: Kind
    id: Annotated[str, Meta(min_length=1, max_length=64)]


class NewToken(msgspec.Struct, frozen=True):
    """The new token: told this once."""

    token: str
    sentence: str


@post("/api/v1/users/disable", guards=[needs("give roles")], status_code=HTTP_200_OK,
      sync_to_thread=True, summary="Shut an account, or open it again")  # fmt: skip
def disable_user(request: Req, data: JSONBody[AbleRequest]) -> Done:
    """Shut an account: its sessions, links and shift end, its PIN does nothing. What it did
    stays in the record under its name.
    """
    hall = hall_of(request)
    known_account(hall, data.name)
    by = _account(request).user
    with hall.ledger.changing:
        if data.disabled:
            keep_an_administrator(hall, data.name)
        set_disabled(hall.ledger, data.name, disabled=data.disabled, by=by)
    word = "shut: its sessions have ended" if data.disabled else "open again; it needs a link"
    return Done(f"{data.name} is {word}")


@post("/api/v1/users/pin-reset", guards=[needs("give roles")], status_code=HTTP_200_OK,
      sync_to_thread=True, summary="Take a forgotten PIN away")  # fmt: skip
def reset_pin(request: Req, data: JSONBody[NameRequest]) -> Done:
    """Take a person's PIN away. Nobody sets another's: whose it is sets a new one."""
    hall = hall_of(request)
    known_account(hall, data.name)
    if not hall.pins.remove(data.name, by=_account(request).user):
        raise HTTPException(f"{data.name} has no PIN", status_code=404)
    return Done(f"the PIN of {data.name} is gone; a new one is set on the page of the shift")


@get("/api/v1/users/sessions", guards=[needs("give roles")], sync_to_thread=True,
     summary="Sessions of an account")  # fmt: skip
def list_sessions(request: Req, name: FromQuery[str] = "") -> SessionPage:
    """Return when each began and ends."""
    hall = hall_of(request)
    known_account(hall, name)
    mine = session_id(hall.ledger, request.cookies.get(COOKIE, ""))
    rows = [
        SessionRow(which, began_s, until_s if until_s < NEVER_S else None, which == mine)
        for which, began_s, until_s in sessions_of(hall.ledger, name)
    ]
    return SessionPage(name, rows, links_of(hall.ledger, name))


@post("/api/v1/users/sessions/end", guards=[needs("give roles")], status_code=HTTP_200_OK,
      sync_to_thread=True, summary="End one session")  # fmt: skip
def end_one_session(request: Req, data: JSONBody[EndRequest]) -> Done:
    """End one session of an account: a screen that was lost, and no other."""
    hall = hall_of(request)
    known_account(hall, data.name)
    if not end_session(hall.ledger, data.name, data.id, by=_account(request).user):
        raise HTTPException(f"{data.name} has no such session", status_code=404)
    return Done(f"one session of {data.name} ended")


@get("/api/v1/tokens", guards=[needs("give roles")], sync_to_thread=True,
     summary="Tokens of machines")  # fmt: skip
def list_tokens(request: Req) -> TokenPage:
    """Return who bears a token here: sensors that push, readers, peers, sentinels."""
    rows = bearers(hall_of(request))
    return TokenPage([TokenRow(b.kind, b.id, b.secret, b.from_environment) for b in rows])


@post("/api/v1/tokens", guards=[needs("give roles")], status_code=HTTP_200_OK,
      sync_to_thread=True, summary="Replace a machine's token")  # fmt: skip
def renew_token(request: Req, data: JSONBody[TokenRequest]) -> NewToken:
    """Return a new token, once; the old one is of no use from now on."""
    hall, by = hall_of(request), _account(request).user
    try:
        with hall.ledger.changing:
            token = renew(hall, data.kind, data.id)
    except ServiceError as error:
        raise HTTPException(str(error), status_code=409) from error
    if token is None:
        raise HTTPException(f"no {data.kind} {data.id!r} bears a token here", status_code=404)
    hall.ledger.note("token renewed", of=data.kind, id=data.id, by=hall.people.staff(by))
    return NewToken(
        token, f"the token of {data.id} is new; take it down now, it is not shown again"
    )


def _account(request: Req) -> Account:
    account = account_of(request)
    assert account is not None
    return account


SESSION_ROUTES = [
    disable_user, reset_pin, list_sessions, end_one_session, list_tokens, renew_token,
]  # fmt: skip
