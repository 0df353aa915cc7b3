"""Who may do what: denied unless a rule here allows it.

People come with a session cookie (HttpOnly, SameSite=Strict), sensors with a bearer token.
What comes from another web page (a wrong Origin, a foreign Host) is refused.
"""

import asyncio
import base64
import hashlib
import hmac
import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from litestar import Response, WebSocket
from litestar.connection import ASGIConnection
from litestar.exceptions import (
    HTTPException,
    NotAuthorizedException,
    PermissionDeniedException,
)
from litestar.handlers import BaseRouteHandler

from tocsin.model import Channel, Peer, Sentinel
from tocsin.service.account import Account
from tocsin.service.rights import KEPT, POSITION_RIGHTS, RIGHTS, ROLES

if TYPE_CHECKING:
    from tocsin.service.hall import Hall

__all__ = [
    "COOKIE",
    "SHUT_OUT",
    "AskError",
    "account_of",
    "admit",
    "check_host",
    "check_origin",
    "check_right",
    "hall_of",
    "is_from_here",
    "needs",
    "needs_look",
    "needs_peer",
    "needs_reader",
    "needs_scraper",
    "needs_sensor",
    "needs_sentinel",
    "peer_of",
    "reader_of",
    "sensor_of",
    "sentinel_of",
    "session_cookie_into",
    "until_shut_out",
]  # fmt: skip

COOKIE = "tocsin_session"
LOOK_AGAIN_S = 1.0  # between two looks whether the viewer of a socket still may look
SHUT_OUT = 4401  # close code
COOKIE_S = 400 * 86_400  # the longest that browsers keep one (RFC 6265bis, 5.5)
Connection = ASGIConnection[Any, Any, Any, Any]
Guard = Callable[[Connection, BaseRouteHandler], None]


class AskError(PermissionDeniedException):
    """Refused until something is told or done at this place; ask: "person" (a name and its
    PIN) or "shift" (begin one), for the page to ask for it.
    """

    def __init__(self, sentence: str, ask: str) -> None:
        super().__init__(sentence)
        self.ask = ask


def hall_of(connection: Connection) -> "Hall":
    """Return what the service's parts share."""
    hall: Hall = connection.app.state["hall"]
    return hall


def account_of(connection: Connection) -> Account | None:
    """Return who is signed in on this connection."""
    session = connection.cookies.get(COOKIE)
    return hall_of(connection).ledger.account(session) if session else None


def session_cookie_into(response: Response[Any], session: str, *, secure: bool) -> None:
    """Let a browser keep a session; the service knows when it ends, the browser need not."""
    response.set_cookie(
        key=COOKIE, value=session, httponly=True, samesite="strict", path="/",
        max_age=COOKIE_S, secure=secure,
    )  # fmt: skip


def sensor_of(connection: Connection) -> str | None:
    """Return the id of the sensor whose token the connection bears."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    digest = hashlib.sha256(token.strip().encode()).digest()
    for known, sensor in hall_of(connection).tokens.items():
        if hmac.compare_digest(known, digest):
            return sensor
    return None


def reader_of(connection: Connection) -> Channel | None:
    """Return the channel whose token the connection bears: as a bearer, or as the password of
    any name (globes ask people for these).
    """
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            token = base64.b64decode(token, validate=True).decode().partition(":")[2]
        except ValueError:
            return None
    elif scheme.lower() != "bearer":
        return None
    digest = hashlib.sha256(token.strip().encode()).digest()
    for known, channel in hall_of(connection).readers.items():
        if hmac.compare_digest(known, digest):
            return channel
    return None


def peer_of(connection: Connection) -> Peer | None:
    """Return the peer whose token the connection bears."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    digest = hashlib.sha256(token.strip().encode()).digest()
    for known, peer in hall_of(connection).peers.items():
        if hmac.compare_digest(known, digest):
            return peer
    return None


def sentinel_of(connection: Connection) -> Sentinel | None:
    """Return the sentinel whose token the connection bears."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    digest = hashlib.sha256(token.strip().encode()).digest()
    for known, sentinel in hall_of(connection).sentinels.items():
        if hmac.compare_digest(known, digest):
            return sentinel
    return None


async def admit(socket: WebSocket[Any, Any, Any]) -> Account | None:
    """Accept a socket of somebody who is signed in, from our own page, and return who it is;
    else close it and return None.
    """
    try:
        check_origin(socket)
    except HTTPException:
        await socket.close(code=4403)
        return None
    account = account_of(socket)
    if account is None or not account.has("look"):
        await socket.close(code=SHUT_OUT)  # before it is accepted: the browser sees HTTP 403
        return None
    await socket.accept()
    return account


async def until_shut_out(socket: WebSocket[Any, Any, Any]) -> None:
    """Return once who was admitted is signed in no more, or may not look: an account was shut,
    a session ended.
    """
    while True:
        await asyncio.sleep(LOOK_AGAIN_S)
        account = account_of(socket)
        if account is None or not account.has("look"):
            return


def is_from_here(connection: Connection) -> bool:
    """Tell whether the caller is on this machine and not behind a proxy."""
    headers = connection.headers
    if "x-forwarded-for" in headers or "forwarded" in headers or connection.client is None:
        return False
    try:
        address = ipaddress.ip_address(connection.client.host)
    except ValueError:
        return False
    return address.is_loopback


def check_host(connection: Connection) -> None:
    """Refuse a Host that is not ours: another site's name that was pointed at us."""
    allowed = hall_of(connection).hosts
    host = _host_name(connection.headers.get("host", ""))
    if allowed and host not in allowed:
        raise PermissionDeniedException(
            f"this service does not answer for the host {host!r}; call it by "
            f"{' or '.join(sorted(allowed))}"
        )


def check_origin(connection: Connection) -> None:
    """Refuse what another web page sends in the name of somebody who is signed in here."""
    check_host(connection)
    origin = connection.headers.get("origin")
    site = connection.headers.get("sec-fetch-site")
    own = connection.headers.get("host", "")
    if origin is not None and _netloc(origin) != own:
        raise PermissionDeniedException(f"the page at {origin} may not act here")
    if site is not None and site not in ("same-origin", "none"):
        raise PermissionDeniedException("another site's page may not act here")


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # such as a bracket that is never closed
        return None


def needs_look(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: anybody who is signed in."""
    _needs(connection, "look")


def needs(*rights: str) -> Guard:
    """Return a guard: any of these rights, from our own page."""

    def guard(connection: Connection, _: BaseRouteHandler) -> None:
        check_origin(connection)
        _needs(connection, *rights)

    return guard


def check_right(hall: "Hall", account: Account, *rights: str) -> None:
    """Refuse who has none of the rights, or has them no longer or not at this place; counted
    by the first of them.
    """
    why = _why_not(account, rights)
    if why:
        hall.denied[rights[0]] = hall.denied.get(rights[0], 0) + 1
        if account.is_position and account.is_over() and any(map(account.has, rights)):
            raise AskError(why, "shift")
        raise PermissionDeniedException(why)


def _why_not(account: Account, rights: tuple[str, ...]) -> str:
    mine = [right for right in rights if account.has(right)]
    if not mine:
        who = [role for role in ROLES if any(role in RIGHTS[right] for right in rights)]
        return (
            f"{account.user} may not {' or '.join(rights)}: that takes the role "
            f"{' or '.join(who)}"
        )
    if account.is_position and POSITION_RIGHTS.isdisjoint(mine):
        return f"{account.user} is a duty position; sign in by your own name to {mine[0]}"
    if account.is_over() and KEPT.isdisjoint(mine):
        return _over(account)
    return ""


def _over(account: Account) -> str:
    kept = "picture, sound and the right to warn stay"
    if account.is_position:
        return f"no shift runs at {account.user}: begin one with your name and PIN; {kept}"
    return f"the session of {account.user} has run out: sign in by a new link; {kept}"


def needs_sensor(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: a sensor of the site file, by its token."""
    check_host(connection)
    if sensor_of(connection) is None:
        raise NotAuthorizedException(
            "no sensor has this token; send `Authorization: Bearer TOKEN` with the secret that "
            "the site file names for the sensor"
        )


def needs_reader(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: a partner that a channel of the site file lets fetch, or who is signed in."""
    check_host(connection)
    if reader_of(connection) is None:
        _needs(connection, "look")


def needs_peer(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: another site that the site file names as a [[peer]], by its token."""
    check_host(connection)
    if peer_of(connection) is None:
        raise NotAuthorizedException(
            "no peer has this token; send `Authorization: Bearer TOKEN` with the secret that "
            "both site files name for each other"
        )


def needs_sentinel(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: a sentinel of the site file, by its token, or who is signed in."""
    check_host(connection)
    if sentinel_of(connection) is None:
        _needs(connection, "look")


def needs_scraper(connection: Connection, _: BaseRouteHandler) -> None:
    """Guard: metrics are for this machine, or for who is signed in."""
    check_host(connection)
    if not is_from_here(connection):
        _needs(connection, "look")


def _needs(connection: Connection, *rights: str) -> None:
    check_host(connection)
    account = account_of(connection)
    if account is None:
        raise NotAuthorizedException(
            "nobody is signed in; open the link that the service printed at its start, or ask "
            "an administrator for one"
        )
    check_right(hall_of(connection), account, *rights)


def _host_name(host: str) -> str:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return name.strip("[]").lower()
