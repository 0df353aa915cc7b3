"""The HTTP API: one function a route. Every error is {"error": sentence}."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from litestar import MediaType, Request, Response, get, post
from litestar.exceptions import HTTPException, NotAuthorizedException, PermissionDeniedException
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK

from tocsin.codec.detections import parse_body
from tocsin.service.access import (
    COOKIE,
    AskError,
    account_of,
    check_host,
    check_origin,
    hall_of,
    is_from_here,
    needs,
    needs_look,
    needs_scraper,
    needs_sensor,
    sensor_of,
    session_cookie_into,
)
from tocsin.service.api_structs import (
    ActAnswer,
    ActPost,
    LedgerEntry,
    LedgerPage,
    NodeInfo,
    PostAnswer,
    Status,
)
from tocsin.service.engine import PutAsideError
from tocsin.service.hall import NoAnswerError, NoPlaceError, OtherActError
from tocsin.service.identifying import actor_of, keep_shift
from tocsin.service.journal import TAKEN_AWAY, NoRoomError, read_entries
from tocsin.service.metrics import metrics_text
from tocsin.service.node_info import site_features
from tocsin.service.openapi import DetectionsOperation

__all__ = ["ROUTES", "on_error"]

POST_BYTES = 4 * 1024 * 1024  # of one body of detections
ACT_BYTES = 64 * 1024
MAX_ENTRIES = 1000  # of one page of the ledger
FAILED = "the service failed; the log says where"

Req = Request[Any, Any, Any]
_log = structlog.get_logger("tocsin.api")


@get("/healthz", media_type=MediaType.TEXT, include_in_schema=True, summary="Alive")
async def healthz() -> str:
    """Answer while the process lives."""
    return "alive\n"


@get("/readyz", media_type=MediaType.TEXT, summary="Ready")
async def readyz(request: Req) -> Response[str]:
    """Answer 200 once kernels are loaded and the journal is recovered, else 503 and why."""
    reason = hall_of(request).engine.not_ready
    if reason:
        raise HTTPException(reason, status_code=503)
    return Response("ready\n", media_type=MediaType.TEXT)


@get("/api/v1/openapi.json", include_in_schema=False)
async def openapi(request: Req) -> dict[str, Any]:
    """Return the description of this API, generated from its structs."""
    return request.app.openapi_schema.to_schema()


@get("/metrics", guards=[needs_scraper], summary="Prometheus metrics", sync_to_thread=True)
def metrics(request: Req) -> Response[bytes]:
    """Return the counters in Prometheus' text format."""
    return Response(metrics_text(hall_of(request)), media_type="text/plain; version=0.0.4")


@get("/enter", include_in_schema=False, sync_to_thread=True)
def enter(request: Req, token: FromQuery[str] = "") -> Response[Any]:
    """Use up a sign-in link: set the session's cookie and go to the page."""
    check_host(request)
    hall = hall_of(request)
    session = hall.ledger.enter(token, is_loopback=is_from_here(request))
    if session is None:
        raise NotAuthorizedException(
            "this link is used up, older than ten minutes, or not for this machine; start the "
            "service with --link for a new one, or ask an administrator"
        )
    response = Redirect("/", status_code=303, headers={"Cache-Control": "no-store"})
    session_cookie_into(response, session, secure=hall.secure_cookies)
    return response


@post("/api/v1/sign-out", status_code=HTTP_200_OK, summary="End the session")
async def sign_out(request: Req) -> Response[Any]:
    """End the session of this cookie."""
    check_origin(request)
    hall_of(request).ledger.leave(request.cookies.get(COOKIE, ""))
    response = Response({"signed_out": True})
    response.delete_cookie(COOKIE, path="/")
    return response


@get("/api/v1/node", guards=[needs_look], summary="What the site file says")
async def node(request: Req) -> NodeInfo:
    """Return sites with their zones, sensors, clock and note."""
    info: NodeInfo | None = hall_of(request).node_info
    if info is None:
        raise HTTPException(hall_of(request).engine.not_ready or "starting", status_code=503)
    clock = hall_of(request).clock
    now = msgspec.structs.replace(info.clock, now_s=clock.now_s())
    return msgspec.structs.replace(info, clock=now)


@get("/api/v1/features/{site:str}", guards=[needs_look], summary="Runways and perimeter",
     sync_to_thread=True)  # fmt: skip
def features(request: Req, site: FromPath[str]) -> Response[bytes]:
    """Return the GeoJSON of a site."""
    hall = hall_of(request)
    found = site_features(hall.node, site, hall.site_folder)
    if isinstance(found, str):
        raise HTTPException(found, status_code=404)
    return Response(found, media_type="application/geo+json")


@get("/api/v1/status", guards=[needs_look], summary="Counters", sync_to_thread=True)
def status(request: Req) -> Status:
    """Return what came in, what was refused and why, and how the journal fares."""
    return hall_of(request).status()


@post("/api/v1/detections", guards=[needs_sensor], request_max_body_size=POST_BYTES,
      status_code=HTTP_200_OK, operation_class=DetectionsOperation,
      summary="Detections of a sensor that pushes")  # fmt: skip
async def detections(request: Req) -> PostAnswer:
    """Take a body of detections; 200 once it is on disk and nothing can lose it."""
    hall, sensor = hall_of(request), sensor_of(request)
    assert sensor is not None
    payload = await request.body()
    body = parse_body(payload)
    if isinstance(body, str) or (body.refused and not body.detections):
        hall.posts_refused[sensor] = hall.posts_refused.get(sensor, 0) + 1
        sentence = body if isinstance(body, str) else _items(list(body.refused))
        raise HTTPException(sentence, status_code=400)
    receipt = await hall.post(sensor, payload)
    return PostAnswer(receipt.batch, len(body.detections), list(body.refused), receipt.rejected)


@post("/api/v1/acts", guards=[needs("warn", "tell", "watch", "ask a sensor")],
      request_max_body_size=ACT_BYTES,
      status_code=HTTP_200_OK, summary="What a person does")  # fmt: skip
async def acts(request: Req, data: JSONBody[ActPost]) -> ActAnswer:
    """Take an act; answers once it is on disk. The same key again gets the same answer."""
    hall, account = hall_of(request), account_of(request)
    assert account is not None
    who, act = await actor_of(hall, account, data), data.act()
    accepted, sentence = await hall.perform(who, act, account.left_s())
    if accepted:
        await asyncio.to_thread(keep_shift, hall, account, who, act)
    return ActAnswer(accepted, sentence)


@get("/api/v1/ledger", guards=[needs_look], summary="The operational ledger",
     sync_to_thread=True)  # fmt: skip
def ledger(request: Req, after: FromQuery[int] = -1, limit: FromQuery[int] = 100) -> LedgerPage:
    """Return entries with a number above `after`, at most `limit` (and 1000)."""
    folder = hall_of(request).data / "journal"
    found = read_entries(folder, after=after, limit=max(0, min(limit, MAX_ENTRIES)))
    entries = [
        LedgerEntry(e.number, e.kind, e.recorded_s, msgspec.Raw(e.body), e.digest.hex())
        for e in found
    ]
    told = hall_of(request).people.names_in(" ".join(e.body.decode() for e in found))
    return LedgerPage(entries, found[-1].number if found else after, told)


@get("/api/v1/service-ledger", guards=[needs("read the service ledger")],
     sync_to_thread=True, summary="Logins, roles, deliveries, configuration")  # fmt: skip
def service_ledger(
    request: Req, after: FromQuery[int] = -1, limit: FromQuery[int] = 100
) -> LedgerPage:
    """Return entries of the service's own ledger, as the operational one's."""
    hall = hall_of(request)
    found = hall.ledger.entries(after=after, limit=max(0, min(limit, MAX_ENTRIES)))
    entries = [
        LedgerEntry(e.number, e.kind, e.recorded_s, msgspec.Raw(e.body), e.digest.hex())
        for e in found
    ]
    told = hall.people.names_in(" ".join(e.body.decode() for e in found))
    return LedgerPage(entries, found[-1].number if found else after, told)


ROUTES = [
    healthz, readyz, openapi, metrics, enter, sign_out, node, features, status, detections,
    acts, ledger, service_ledger,
]  # fmt: skip


def _items(refused: list[tuple[int, str]]) -> str:
    first, sentence = refused[0]
    more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
    return f"no item is a detection: item {first}: {sentence}{more}"


def _no_room(error: Exception) -> tuple[int, str]:
    is_gone = str(error) == TAKEN_AWAY
    why, what = (TAKEN_AWAY, "") if is_gone else ("the disk takes nothing", "free space, then ")
    return 507, (
        f"{why}: this was taken into account and will be stored when there is room, but it is "
        f"not stored yet; {what}send it again"
    )


def _of_database(error: sqlite3.Error) -> tuple[int, str]:
    """Of a service's database; NoRoomError is of the journal."""
    if not any(
        word in str(error) for word in ("full", "disk I/O", "readonly", "unable to open")
    ):
        return 500, FAILED
    return 507, (
        f"the disk takes nothing ({error}), so this was not done, or not wholly: free space, "
        "look how it stands, and do it again"
    )


def _too_deep(error: RecursionError) -> tuple[int, str]:
    """What is nested too deeply to be read is the caller's fault; any other depth is ours."""
    if "deserializing" in str(error):  # msgspec's word
        return 400, "the body has lists within lists without end; send it flat"
    return 500, FAILED


_KNOWN: dict[type[Exception], Callable[[Any], tuple[int, str]]] = {
    NoRoomError: _no_room,
    PutAsideError: lambda e: (422, f"this could not be taken and was put aside ({e})"),
    NoPlaceError: lambda _: (503, "too much waits to be taken; send it again in a second"),
    NoAnswerError: lambda _: (504, "it is not on disk yet; send it again with the same key"),
    OtherActError: lambda _: (409, "this key was used for another act; give each act its own"),
    RecursionError: _too_deep,
    sqlite3.Error: _of_database,
}


def on_error(request: Req, error: Exception) -> Response[Any]:
    """Answer any error as {"error": sentence}; what we did wrong ourselves is logged."""
    status_code, sentence = 500, FAILED
    headers: dict[str, str] = {}
    for kind, answer in _KNOWN.items():
        if isinstance(error, kind):
            status_code, sentence = answer(error)
    if isinstance(error, HTTPException):
        status_code, sentence = error.status_code, _sentence(error)
        headers = dict(error.headers or {})
    elif status_code == 500:
        _log.error("a request failed", path=request.url.path, exc_info=error)
    if isinstance(error, NotAuthorizedException) and "/detections" in request.url.path:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, PermissionDeniedException):
        status_code = 403
    body = {"error": sentence}
    if isinstance(error, AskError):
        body["ask"] = error.ask
    return Response(body, status_code=status_code, media_type=MediaType.JSON, headers=headers)


def _sentence(error: HTTPException) -> str:
    extra = error.extra if isinstance(error.extra, list) else []
    said = [f"{e.get('key', '')}: {e['message']}" for e in extra if isinstance(e, dict)]
    return f"{error.detail}: {'; '.join(said)}" if said else str(error.detail)
