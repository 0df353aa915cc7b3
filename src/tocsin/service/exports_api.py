"""The picture as GeoJSON and KML, for who is signed in and for partners who fetch it."""

from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import HTTPException

from tocsin.errors import ServiceError
from tocsin.model import Channel, Nature
from tocsin.service.access import hall_of, needs_reader, reader_of

__all__ = ["EXPORT_ROUTES"]

REFRESH_S = 2.0  # of the network link where no channel says otherwise

Req = Request[Any, Any, Any]


@get("/api/v1/tracks.geojson", guards=[needs_reader], sync_to_thread=True,
     summary="The picture as GeoJSON")  # fmt: skip
def tracks_geojson(request: Req) -> Response[bytes]:
    """Return every confirmed track of the newest picture that is on disk."""
    return _picture(request, "geojson")


@get("/api/v1/tracks.kml", guards=[needs_reader], sync_to_thread=True,
     summary="The picture as KML")  # fmt: skip
def tracks_kml(request: Req) -> Response[bytes]:
    """Return the same as a KML document."""
    return _picture(request, "kml")


@get("/api/v1/link.kml", guards=[needs_reader], sync_to_thread=True,
     summary="A KML network link to the picture")  # fmt: skip
def link_kml(request: Req) -> Response[bytes]:
    """Return a small document that makes a globe fetch the picture again and again."""
    from tocsin.codec.outgoing_maps import KML, kml_link  # noqa: PLC0415 - loads kernels

    hall, channel = hall_of(request), reader_of(request)
    period_s = channel.period_s if channel is not None else REFRESH_S
    scheme = "https" if hall.secure_cookies else request.url.scheme
    url = f"{scheme}://{request.headers['host']}/api/v1/tracks.kml"
    return _answer(kml_link(url, hall.node.name, period_s), KML)


EXPORT_ROUTES = [tracks_geojson, tracks_kml, link_kml]


def _picture(request: Req, kind: str) -> Response[bytes]:
    from tocsin.codec.outgoing_maps import GEOJSON, KML  # noqa: PLC0415 - loads kernels

    hall, channel = hall_of(request), reader_of(request)
    if channel is None:
        channel = Channel("people", kind, "pull", natures=Nature.ALL, per_second=1e9)
    elif channel.kind != kind:
        raise HTTPException(
            f"channel {channel.id!r} is of kind {channel.kind!r}; fetch tracks.{channel.kind}",
            status_code=403,
        )
    try:
        found = hall.feeds.fetch(channel)
    except ServiceError as error:
        raise HTTPException(
            str(error), status_code=503, headers={"Retry-After": "1"}
        ) from error
    if found is None:
        raise HTTPException(
            f"more often than {channel.per_second:g} times a second; fetch it later",
            status_code=429,
            headers={"Retry-After": "1"},
        )
    return _answer(found, KML if kind == "kml" else GEOJSON)


def _answer(body: bytes, media_type: str) -> Response[bytes]:
    return Response(body, media_type=media_type, headers={"Cache-Control": "no-store"})
