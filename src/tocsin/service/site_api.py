"""The site file over HTTP: what a page may draw, try and save."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from tocsin.errors import SiteError
from tocsin.service.access import account_of, hall_of, needs
from tocsin.service.site_edit import Draft, SiteDraft
from tocsin.service.site_files import MOST_BYTES, StaleError, digest_of

__all__ = ["SITE_ROUTES"]

RIGHT = "change the site file"
STALE = "the site file was changed meanwhile; load the page anew and draw it again"

Req = Request[Any, Any, Any]


class SiteFilePage(msgspec.Struct, frozen=True):
    """The newest version of the site file. digest: SHA-256 of its text; is_newer: than what the
    running watch was started with.
    """

    name: str
    digest: str
    is_newer: bool
    sites: dict[str, SiteDraft]
    sensors: dict[str, dict[str, Any]]


class SiteTried(msgspec.Struct, frozen=True):
    """What would come of a draft: what is wrong with it (""), else the changes and the text."""

    sentence: str
    changes: list[str]
    text: str


class SiteSaved(msgspec.Struct, frozen=True):
    """What was saved."""

    accepted: bool
    sentence: str
    version: int
    changes: list[str]


@get("/api/v1/site-file", guards=[needs(RIGHT)], sync_to_thread=True,
     summary="Zones, volumes and sensors of the site file")  # fmt: skip
def site_file(request: Req) -> SiteFilePage:
    """Return what a draft may change."""
    file = hall_of(request).site_file
    try:
        text, sites, sensors = file.outline()
    except SiteError as error:
        raise HTTPException(
            f"the site file cannot be drawn: {error}", status_code=409
        ) from error
    digest = digest_of(text)
    return SiteFilePage(file.path.name, digest, digest != file.started, sites, sensors)


@get("/api/v1/site-file.toml", guards=[needs(RIGHT)], sync_to_thread=True,
     summary="The site file")  # fmt: skip
def site_text(request: Req) -> Response[bytes]:
    """Return the newest version of the file."""
    file = hall_of(request).site_file
    try:
        text = file.text()
    except SiteError as error:
        raise HTTPException(str(error), status_code=409) from error
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="site.toml"',
    }
    return Response(text.encode(), media_type="application/toml", headers=headers)


@post("/api/v1/site-file/try", guards=[needs(RIGHT)], request_max_body_size=MOST_BYTES,
      status_code=HTTP_200_OK, sync_to_thread=True, summary="Check a draft")  # fmt: skip
def try_site(request: Req, data: JSONBody[Draft]) -> SiteTried:
    """Check a draft by the reader of the site file; nothing is kept."""
    try:
        text, changes = hall_of(request).site_file.try_draft(data)
    except StaleError:
        return SiteTried(STALE, [], "")
    except SiteError as error:
        return SiteTried(str(error), [], "")
    return SiteTried("", changes, text)


@post("/api/v1/site-file", guards=[needs(RIGHT)], request_max_body_size=MOST_BYTES,
      status_code=HTTP_200_OK, sync_to_thread=True, summary="Save a draft")  # fmt: skip
def save_site(request: Req, data: JSONBody[Draft]) -> SiteSaved:
    """Keep a draft as a new version of the site file, in the name of who saves it."""
    hall, account = hall_of(request), account_of(request)
    assert account is not None
    try:
        saved, changes = hall.site_file.save(data, account.user, hall.ledger)
    except StaleError:
        return SiteSaved(False, STALE, 0, [])
    except SiteError as error:
        return SiteSaved(False, str(error), 0, [])
    except OSError as error:
        sentence = f"it cannot be kept in the data folder: {error.strerror}"
        return SiteSaved(False, sentence, 0, [])
    return SiteSaved(
        True,
        f"version {saved.number} is kept in the data folder, as {saved.path.parent.name}/"
        f"{saved.path.name}. The running watch goes on with the file that it was started "
        f"with: to take this up, put it in the place of {hall.site_file.path.name} and start "
        "the watch again",
        saved.number, changes,
    )  # fmt: skip


SITE_ROUTES = [site_file, site_text, try_site, save_site]
