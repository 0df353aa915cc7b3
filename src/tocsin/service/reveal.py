"""Answers to who is signed in: pseudonyms become names again, on the way out only.

Nobody else's answer is touched: a sentence that repeats what was asked would tell a stranger
who is behind a pseudonym. What is covered by a digest (the ledger, its export) goes out as it
is, and so does a page for readers outside.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from litestar.connection import ASGIConnection
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tocsin.service.access import COOKIE
from tocsin.service.account import Account
from tocsin.service.people import People

__all__ = ["revealing"]

_AS_IT_IS = ("/api/v1/ledger", "/api/v1/service-ledger", "/api/v1/record/export")
_TEXT = (b"application/json", b"text/html")


def revealing(
    app: ASGIApp, people: People, account_of: Callable[[str], Account | None]
) -> ASGIApp:
    """Wrap an application: texts for people of this house bear names. account_of: who a session
    belongs to.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if str(scope["type"]) != "http" or not _is_inside(scope):
            await app(scope, receive, send)
            return
        session = ASGIConnection[Any, Any, Any, Any](scope).cookies.get(COOKIE)
        account = account_of(session) if session else None
        is_ours = account is not None and account.has("look")
        await app(scope, receive, _Reveal(send, people) if is_ours else send)

    return wrapped


def _is_inside(scope: Scope) -> bool:
    path = scope["path"]
    if not path.startswith("/api/v1/") or path in _AS_IT_IS:
        return False
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return query.get("profile", ["internal"])[-1] == "internal"


class _Reveal:
    """A `send` that holds the head of an answer back until its length is known."""

    def __init__(self, send: Send, people: People) -> None:
        self._send, self._people = send, people
        self._start: Any = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = dict(message["headers"]).get(b"content-type", b"")
            if kind.startswith(_TEXT):
                self._start = message
                return
        elif message["type"] == "http.response.body" and self._start is not None:
            start, self._start = self._start, None
            if not message.get("more_body"):
                message = {**message, "body": self._told(message.get("body", b""))}
                start = _with_length(start, len(message["body"]))
            await self._send(start)
        await self._send(message)

    def _told(self, body: bytes) -> bytes:
        return self._people.reveal(body.decode("utf-8", "replace")).encode()


def _with_length(start: Any, length: int) -> Any:
    headers = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"]
    return {**start, "headers": [*headers, (b"content-length", str(length).encode())]}
