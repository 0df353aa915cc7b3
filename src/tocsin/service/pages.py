"""The built web page: files, how long they may be kept, and what a page may load."""

import mimetypes
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from tocsin.service.access import check_host

__all__ = ["PAGES", "STATIC"]

STATIC = Path(__file__).parent / "static"

NOT_BUILT = (
    "<!doctype html><meta charset=utf-8><title>Tocsin</title>"
    "<p>front end not built: run <code>make web</code>"
)
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".woff2": "font/woff2",
          ".geojson": "application/geo+json", ".webmanifest": "application/manifest+json",
          ".svg": "image/svg+xml", ".topojson": "application/json"}  # fmt: skip


@get("/", include_in_schema=False, sync_to_thread=True)
def index(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Return the page; it holds nothing secret."""
    return _file(request, "index.html")


@get("/{path:path}", include_in_schema=False, sync_to_thread=True)
def other(request: Request[Any, Any, Any], path: FromPath[str]) -> Response[bytes]:
    """Return a file of the page."""
    return _file(request, str(path).strip("/"))


def _file(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
    check_host(request)
    if name.startswith("api/"):
        raise NotFoundException(f"there is no /{name}; GET /api/v1/openapi.json lists all")
    file = (STATIC / name).resolve()
    if not file.is_relative_to(STATIC.resolve()) or not file.is_file():
        if name == "index.html":
            return _answer(NOT_BUILT.encode(), "text/html", "no-store", request)
        raise NotFoundException(f"there is no page /{name}")
    # A built asset has its digest in its name: it never changes.
    kept = "public, max-age=31536000, immutable" if "assets" in file.parts else "no-cache"
    kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
    return _answer(file.read_bytes(), kind or "application/octet-stream", kept, request)


PAGES = [index, other]


def _answer(
    body: bytes, kind: str, kept: str, request: Request[Any, Any, Any]
) -> Response[bytes]:
    host = request.headers.get("host", "")
    policy = (
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
        f"connect-src 'self' ws://{host} wss://{host}; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    headers = {**SAFE_HEADERS, "Cache-Control": kept, "Content-Security-Policy": policy}
    return Response(body, media_type=kind, headers=headers)
