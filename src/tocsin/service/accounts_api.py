"""Accounts over HTTP: who is signed in, who there is, what each may do, PINs.

Every change stands in the service ledger with who made it.
"""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, get, post
from litestar.exceptions import HTTPException
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta

from tocsin.errors import CallError
from tocsin.service.access import account_of, hall_of, needs, needs_look
from tocsin.service.account import NEVER_S, Account
from tocsin.service.api_structs import Me, Pin
from tocsin.service.hall import Hall
from tocsin.service.rights import POSITION_ROLES, RIGHTS, ROLES, rights_of

__all__ = ["ACCOUNT_ROUTES", "Done", "NameRequest", "keep_an_administrator", "known_account"]

Req = Request[Any, Any, Any]
Role = Literal[
    "viewer", "watch officer", "site commander", "incident officer", "planner", "technician",
    "auditor", "privacy officer", "administrator",
]  # fmt: skip
Name = Annotated[str, Meta(pattern=r"^[\w][\w .-]{0,63}$")]


class UserRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user to be made, or to be given other roles. position: a place on duty and no person:
    it stays signed on, and people say by PIN who they are. Who is one stays one. was: the roles
    as who asks saw them, [] no such user; where they are others by now it is refused. Left out,
    nothing is compared.
    """

    name: Name
    roles: Annotated[list[Role], Meta(min_length=1, max_length=9)]
    position: bool = False
    was: Annotated[list[Role], Meta(max_length=9)] | None = None


class LinkAnswer(msgspec.Struct, frozen=True):
    """A link that signs the user in: once, within ten minutes."""

    user: str
    path: str


class NameRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account."""

    name: Name


class PinRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Six to twelve digits."""

    pin: Pin


class AccountRow(msgspec.Struct, frozen=True):
    """An account. locked_until_s: of its PIN, Unix UTC, null where it is not locked out;
    shift_by, shift_until_s: of a position whose shift was begun; disabled: it is shut.
    """

    name: str
    roles: list[str]
    rights: list[str]
    position: bool
    has_pin: bool
    locked_until_s: float | None
    sessions: int
    shift_by: str = ""
    shift_until_s: float | None = None
    disabled: bool = False


class AccountPage(msgspec.Struct, frozen=True):
    """All accounts by name; rights: which roles have each."""

    accounts: list[AccountRow]
    roles: list[str]
    rights: dict[str, list[str]]
    position_roles: list[str]


class Done(msgspec.Struct, frozen=True):
    """What was done."""

    sentence: str


@get("/api/v1/me", guards=[needs_look], sync_to_thread=True, summary="Who is signed in")
def me(request: Req) -> Me:
    """Return user, roles and rights; 401 where nobody is signed in."""
    account = _account(request)
    until_s = account.until_s if 0.0 < account.until_s < NEVER_S else None
    return Me(
        account.user, list(account.roles), list(rights_of(account.roles)), account.is_position,
        until_s, account.is_over(), account.by,
        account.user in hall_of(request).pins.standing(),
    )  # fmt: skip


@post("/api/v1/users", guards=[needs("give roles")], status_code=HTTP_200_OK,
      summary="Make a user, or give one other roles", sync_to_thread=True)  # fmt: skip
def set_user(request: Req, data: JSONBody[UserRequest]) -> LinkAnswer:
    """Return a link that signs the user in: once, within ten minutes."""
    hall, account = hall_of(request), _account(request)
    roles = tuple(dict.fromkeys(data.roles))
    known = data.name in hall.ledger.users()
    is_position = data.name in hall.ledger.positions()
    if data.name in hall.ledger.disabled():
        raise HTTPException(f"{data.name} is shut; open the account first", status_code=409)
    if known and data.position != is_position:
        was = "a duty position" if is_position else "a person"
        raise HTTPException(f"{data.name} is {was} and stays one", status_code=409)
    wrong = [role for role in roles if role not in POSITION_ROLES]
    if data.position and wrong:
        raise HTTPException(
            f"a duty position is no {' and no '.join(wrong)}; it can be "
            f"{', '.join(POSITION_ROLES)}: for the rest people sign in by their own name",
            status_code=400,
        )
    with hall.ledger.changing:
        _keep_what_was_changed(hall, data)
        keep_an_administrator(hall, data.name, roles)
        hall.ledger.set_user(data.name, roles, by=account.user, is_position=data.position)
    token = hall.ledger.new_link(data.name, loopback=False)
    return LinkAnswer(data.name, f"/enter?token={token}")


@get("/api/v1/users", guards=[needs("give roles")], sync_to_thread=True,
     summary="All accounts")  # fmt: skip
def list_users(request: Req) -> AccountPage:
    """Return names, roles, shifts, and whose PIN is locked out."""
    ledger, pins = hall_of(request).ledger, hall_of(request).pins.standing()
    positions, sessions, shifts = ledger.positions(), ledger.sessions(), ledger.shifts()
    shut = ledger.disabled()
    rows = []
    for name, roles in ledger.users().items():
        by, until_s = shifts.get(name, ("", None))
        rows.append(AccountRow(
            name, list(roles), list(rights_of(roles)), name in positions, name in pins,
            pins.get(name) or None, sessions.get(name, 0), by, until_s, name in shut,
        ))  # fmt: skip
    who = {right: [role for role in ROLES if role in has] for right, has in RIGHTS.items()}
    return AccountPage(rows, list(ROLES), who, list(POSITION_ROLES))


@post("/api/v1/users/sign-out", guards=[needs("give roles")], status_code=HTTP_200_OK,
      sync_to_thread=True, summary="End all sessions of an account")  # fmt: skip
def sign_user_out(request: Req, data: JSONBody[NameRequest]) -> Done:
    """End sessions and links of an account: somebody left, or a screen was lost."""
    hall = hall_of(request)
    known_account(hall, data.name)
    ended = hall.ledger.end_sessions(data.name, by=_account(request).user)
    return Done(f"{ended} session{'s' * (ended != 1)} of {data.name} ended")


@post("/api/v1/users/unlock", guards=[needs("give roles")], status_code=HTTP_200_OK,
      sync_to_thread=True, summary="Let a locked-out PIN be tried again")  # fmt: skip
def unlock_user(request: Req, data: JSONBody[NameRequest]) -> Done:
    """Let a name try its PIN again at once."""
    hall = hall_of(request)
    known_account(hall, data.name)
    hall.pins.unlock(data.name, by=_account(request).user)
    return Done(f"{data.name} can try again")


@post("/api/v1/pin", guards=[needs("look")], status_code=HTTP_200_OK, sync_to_thread=True,
      summary="Set one's own PIN")  # fmt: skip
def set_pin(request: Req, data: JSONBody[PinRequest]) -> Done:
    """Set the PIN by which one says who one is at a duty position."""
    hall, account = hall_of(request), _account(request)
    if account.is_position:
        raise HTTPException(
            "a duty position has no PIN; sign in by your own link to set yours", status_code=409
        )
    if account.is_over():
        raise HTTPException("this session has run out; sign in by a new link", status_code=403)
    try:
        hall.pins.set_pin(account.user, data.pin)
    except CallError as error:
        raise HTTPException(str(error), status_code=400) from error
    return Done("your PIN is set")


def _account(request: Req) -> Account:
    account = account_of(request)
    assert account is not None
    return account


def _keep_what_was_changed(hall: Hall, data: UserRequest) -> None:
    """Refuse roles that were chosen over others than stand now: whoever changed them meanwhile
    would see a role come back that was taken away. Those that stand already change nothing:
    the same sent again is no fault. Raises HTTPException 409.
    """
    now = hall.ledger.users().get(data.name, ())
    if data.was is None or set(now) in (set(data.was), set(data.roles)):
        return
    stands = f"{data.name} is {', '.join(now)} by now" if now else f"{data.name} is gone"
    raise HTTPException(
        f"{stands}: somebody else has changed it; look at the roles, then choose anew",
        status_code=409,
    )


def known_account(hall: Hall, name: str) -> None:
    """Raise HTTPException 404 where there is no account of that name."""
    if name not in hall.ledger.users():
        raise HTTPException(f"there is no account {name!r}", status_code=404)


def keep_an_administrator(hall: Hall, name: str, roles: tuple[str, ...] = ()) -> None:
    """Refuse to take the last administrator's role: nobody could give it back.

    roles: what is left to the name; raises HTTPException 409.
    """
    if "administrator" in roles:
        return
    shut = hall.ledger.disabled() | {name}
    users = hall.ledger.users().items()
    left = [n for n, r in users if "administrator" in r and n not in shut]
    if not left:
        raise HTTPException(
            f"{name} is the only administrator: give the role to somebody else first",
            status_code=409,
        )


ACCOUNT_ROUTES = [me, set_user, list_users, sign_user_out, unlock_user, set_pin]
