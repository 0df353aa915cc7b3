"""Signing in through a provider, over HTTP: where to go, and the way back."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.params import FromQuery
from litestar.response import Redirect

from tocsin.service.access import check_host, hall_of, session_cookie_into
from tocsin.service.hall import Hall
from tocsin.service.oidc import SignInError, SignIns

__all__ = ["OIDC_ROUTES"]

TICKET_COOKIE = "tocsin_sign_in"
TICKET_S = 600
BACK = "/oidc/return"

Req = Request[Any, Any, Any]


class SignInWays(msgspec.Struct, frozen=True):
    """How one can sign in, besides by a link. provider: its host, "" where there is none."""

    provider: str


@get("/api/v1/sign-in", sync_to_thread=False, summary="How one can sign in")
def ways(request: Req) -> SignInWays:
    """Return what a page offers to who is not signed in."""
    check_host(request)
    found = hall_of(request).sign_ins
    return SignInWays("" if found is None else found.provider.host)


@get("/oidc/start", include_in_schema=False, sync_to_thread=True)
def start(request: Req) -> Response[Any]:
    """Send the browser to the provider."""
    check_host(request)
    hall = hall_of(request)
    sign_ins = _of(hall)
    scheme = "https" if hall.is_encrypted else "http"
    try:
        where, ticket = sign_ins.begin(f"{scheme}://{request.headers.get('host', '')}{BACK}")
    except SignInError as error:
        raise HTTPException(str(error), status_code=502) from error
    response = Redirect(where, status_code=303, headers={"Cache-Control": "no-store"})
    # Lax: it has to come with the browser that another site sends back.
    response.set_cookie(
        key=TICKET_COOKIE, value=ticket, httponly=True, samesite="lax", path=BACK,
        max_age=TICKET_S, secure=hall.secure_cookies,
    )  # fmt: skip
    return response


@get(BACK, include_in_schema=False, sync_to_thread=True)
def come_back(
    request: Req, code: FromQuery[str] = "", error: FromQuery[str] = ""
) -> Response[Any]:
    """Take who comes back from the provider: set the session's cookie and go to the page."""
    check_host(request)
    hall = hall_of(request)
    sign_ins = _of(hall)
    state = request.query_params.get("state", "")  # "state" as an argument is the server's own
    mine = request.cookies.get(TICKET_COOKIE, "")
    if not sign_ins.is_of(mine, state):
        raise NotAuthorizedException("this sign-in was not begun in this browser: begin again")
    if error or not code:
        raise NotAuthorizedException(f"the provider refused: {error[:80] or 'it sent no code'}")
    try:
        name = sign_ins.finish(mine, code)
    except SignInError as problem:
        raise NotAuthorizedException(str(problem)) from problem
    host = sign_ins.provider.host
    session = hall.ledger.sign_in(name, through=host)
    if session is None:
        hall.ledger.note("not signed in", user=hall.people.staff(name), through=host)
        raise NotAuthorizedException(
            f"{host} knows you as {name!r}; no person has that account here, or it is shut: "
            "ask an administrator"
        )
    response = Redirect("/", status_code=303, headers={"Cache-Control": "no-store"})
    response.delete_cookie(TICKET_COOKIE, path=BACK)
    session_cookie_into(response, session, secure=hall.secure_cookies)
    return response


def _of(hall: Hall) -> SignIns:
    if hall.sign_ins is None:
        raise HTTPException("this service knows no provider to sign in at", status_code=404)
    return hall.sign_ins


OIDC_ROUTES = [ways, start, come_back]
