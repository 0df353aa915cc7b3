"""The site file over HTTP: what a page may draw, try and save."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.record import words_between
from tocsin.service.access import account_of, hall_of, needs
from tocsin.service.site_edit import Draft, SiteDraft
from tocsin.service.site_files import (
    MOST_BYTES,
    SiteFile,
    StaleError,
    digest_of,
    read_in_use,
)

__all__ = ["SITE_ROUTES"]

RIGHT = "change the site file"
SHOWN = 20  # changes in one sentence
GOES_ON = (
    "Accounts, journal, ledger and the register go on, and so do warnings that stand and open "
    "alarms; an alarm whose zones are all taken away is closed with that reason; tracks begin "
    "anew. While TAKE SHELTER stands in a zone that is taken away, a start keeps to the file "
    "of now and says so"
)
STALE = "the site file was changed meanwhile; load the page anew and draw it again"

Req = Request[Any, Any, Any]


class SiteFilePage(msgspec.Struct, frozen=True):
    """The newest version of the site file. digest: SHA-256 of its text; is_newer: than what the
    running watch was started with; chosen: number of the version that the next start reads in
    the file's place, 0 none; is_next: whether the next start reads the newest; next: what that
    start will change, "" nothing.
    """

    name: str
    digest: str
    is_newer: bool
    chosen: int
    is_next: bool
    next: str
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


class SiteChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the next start is to read: the newest version, with this digest, or "" the file."""

    digest: str


class SiteChosen(msgspec.Struct, frozen=True):
    """What came of a choice."""

    accepted: bool
    sentence: str


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
    choice = file.choice()
    next_text, words = _next(file)
    return SiteFilePage(
        file.path.name, digest, digest != file.started, choice.version if choice else 0,
        digest_of(next_text) == digest, words, sites, sensors,
    )  # fmt: skip


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
        "with: to take this up, an administrator chooses it for the next start, or puts it in "
        f"the place of {hall.site_file.path.name}; then start the watch again",
        saved.number, changes,
    )  # fmt: skip


@post("/api/v1/site-file/choose", guards=[needs("choose the site file")],
      status_code=HTTP_200_OK, sync_to_thread=True, summary="Choose a version")  # fmt: skip
def choose_site(request: Req, data: JSONBody[SiteChoice]) -> SiteChosen:
    """Let the next start read the newest version in the place of the file, or no more."""
    hall, account = hall_of(request), account_of(request)
    assert account is not None
    file = hall.site_file
    try:
        if data.digest:
            file.choose(data.digest, account.user, hall.ledger)
        else:
            file.unchoose(account.user, hall.ledger)
    except StaleError:
        return SiteChosen(False, STALE)
    except SiteError as error:
        return SiteChosen(False, str(error))
    except OSError as error:
        return SiteChosen(False, f"it cannot be kept in the data folder: {error.strerror}")
    _, words = _next(file)
    return SiteChosen(True, words or "the next start changes nothing")


def _next(file: SiteFile) -> tuple[str, str]:
    """Return the text that the next start reads, and in words what it will change."""
    try:
        text = file.next_text()
        if digest_of(text) == file.started:
            return text, ""
        node = read_site(text.encode(), file.path.name)
    except (OSError, UnicodeDecodeError, SiteError) as error:
        return "", f"the next start will fail: {error}"
    old = read_in_use(file.versions)
    words = words_between(read_site(old.encode(), file.path.name), node) if old else ()
    changes = "; ".join(words[:SHOWN]) or "nothing that the watch reads"
    more = f"; and {len(words) - SHOWN} changes more" if len(words) > SHOWN else ""
    return text, f"the next start changes: {changes}{more}. {GOES_ON}"


SITE_ROUTES = [site_file, site_text, try_site, save_site, choose_site]
