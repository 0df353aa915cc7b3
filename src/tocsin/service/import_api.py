"""Imports over HTTP: an article goes in and is a proposal; a person reviews it.

Accepting is no route of its own: the acts that an item needs go to POST /api/v1/record, one by
one, as any other.
"""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta

from tocsin.errors import CallError, FormatError
from tocsin.model.proposals import Proposal
from tocsin.record import importer
from tocsin.service.access import account_of, hall_of, needs, needs_look
from tocsin.service.hall import Hall
from tocsin.service.imports import Imported, StaleError

__all__ = ["IMPORT_ROUTES"]

Req = Request[Any, Any, Any]
Id = Annotated[str, Meta(max_length=80)]


class ReviewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One act on a proposal. revision: of the proposal that was looked at.

    act: reject, restore, split (at: a character of the block), merge (other: an item of the
    same paragraph), link (item: a row, other: the register's row, "" none).
    """

    act: str
    item: Id
    revision: int
    at: int = -1
    other: Id = ""


class ImportRow(msgspec.Struct, frozen=True):
    """One import in the list; open: items that are neither recorded nor rejected."""

    id: str
    headline: str
    at_s: float
    by: str
    items: int
    open: int


class ImportList(msgspec.Struct, frozen=True):
    """All imports, newest first; dropped: how many found no room."""

    imports: list[ImportRow]
    dropped: int


class ImportPage(msgspec.Struct, frozen=True):
    """A proposal as it stands. recorded: ids of its rows and items that the register holds;
    acts: (verb, body) by id, as POST /api/v1/record takes them; order: per item, the ids of
    the acts that record it, in their order.
    """

    proposal: Proposal
    at_s: float
    by: str
    recorded: list[str]
    acts: dict[str, tuple[str, dict[str, Any]]]
    order: dict[str, list[str]]


def _page(hall: Hall, found: Imported) -> ImportPage:
    proposal = found.proposal
    ids = [row.id for row in proposal.rows] + [item.id for item in proposal.items]
    with hall.shelf.reading() as (register, _):
        recorded = [name for name in ids if name in register.rows]
    order = {item.id: importer.order_for(proposal, item.id) for item in proposal.items}
    by = hall.people.reveal(found.by)
    acts = importer.all_acts(proposal)
    return ImportPage(proposal, found.at_s, by, recorded, acts, order)


def _found(hall: Hall, name: str) -> Imported:
    found = hall.imports.get(name)
    if found is None:
        raise HTTPException(f"there is no import {name!r}", status_code=404)
    return found


@post("/api/v1/imports", guards=[needs("write the record")], status_code=HTTP_200_OK,
      request_max_body_size=importer.MAX_ARTICLE_BYTES,
      summary="Import an article")  # fmt: skip
async def add_import(request: Req, name: FromQuery[str] = "the article") -> ImportPage:
    """Take an article (HTML, text, RSS, ninjs) as the body and return its proposal. Nothing is
    recorded; the same article again gives the proposal as it stands.
    """
    hall, account = hall_of(request), account_of(request)
    assert account is not None
    data = await request.body()
    by = hall.people.staff(account.user)
    return await asyncio.to_thread(_add, hall, data, name[:80], by)


def _add(hall: Hall, data: bytes, name: str, by: str) -> ImportPage:
    try:
        proposal = importer.propose(data, name, rules=hall.import_rules)
    except FormatError as error:
        raise HTTPException(str(error), status_code=400) from error
    with hall.shelf.reading() as (register, _):
        proposal = importer.link_known(proposal, register)
    kept = hall.imports.add(proposal, data, by, hall.clock.now_s())
    return _page(hall, kept)


@get("/api/v1/imports", guards=[needs_look], sync_to_thread=True, summary="All imports")
def list_imports(request: Req) -> ImportList:
    """Return what was imported, newest first."""
    hall = hall_of(request)
    rows = []
    with hall.shelf.reading() as (register, _):
        for found in hall.imports.all():
            items = found.proposal.items
            waiting = [i for i in items if i.state == "open" and i.id not in register.rows]
            rows.append(ImportRow(
                found.proposal.id, found.proposal.document.headline, found.at_s,
                hall.people.reveal(found.by), len(items), len(waiting),
            ))  # fmt: skip
    return ImportList(rows, hall.imports.dropped)


@get("/api/v1/imports/{name:str}", guards=[needs_look], sync_to_thread=True,
     summary="One import")  # fmt: skip
def one_import(request: Req, name: FromPath[str]) -> ImportPage:
    """Return a proposal, what of it is recorded, and the acts that record each item."""
    hall = hall_of(request)
    return _page(hall, _found(hall, name))


@post("/api/v1/imports/{name:str}", guards=[needs("write the record")], status_code=HTTP_200_OK,
      sync_to_thread=True, summary="Review an import")  # fmt: skip
def review_import(
    request: Req, name: FromPath[str], data: JSONBody[ReviewRequest]
) -> ImportPage:
    """Reject, restore, split, merge or link; 409 where somebody else changed it meanwhile."""
    hall = hall_of(request)
    found = _found(hall, name)
    stale = "somebody else has changed this proposal; look at it as it is now, and try again"
    if data.revision != found.proposal.revision:
        raise HTTPException(stale, status_code=409)
    try:
        after = importer.review(
            found.proposal, data.act, data.item, at=data.at, other=data.other
        )
        hall.imports.change(found.proposal, after)
    except CallError as error:
        raise HTTPException(str(error), status_code=400) from error
    except StaleError as error:
        raise HTTPException(stale, status_code=409) from error
    return _page(hall, Imported(after, found.at_s, found.by))


IMPORT_ROUTES = [add_import, list_imports, one_import, review_import]
