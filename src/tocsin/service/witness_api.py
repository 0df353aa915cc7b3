"""Checkpoints and packages over HTTP: what somebody outside takes to hold us to."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, get, post
from litestar.exceptions import HTTPException
from litestar.params import JSONBody
from litestar.response import Response, Stream
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta

from tocsin.codec.outgoing_checkpoints import CheckpointOffer
from tocsin.errors import DataError
from tocsin.record.verifier import short_code
from tocsin.service.access import (
    account_of,
    hall_of,
    needs,
    needs_look,
    needs_peer,
    peer_of,
)
from tocsin.service.checkpoint_book import Made, PeerStanding
from tocsin.service.hall import Hall
from tocsin.service.notary import Notary, open_notary
from tocsin.service.packages import write_ledger
from tocsin.service.signing import signer_for
from tocsin.service.witness_keeping import kept
from tocsin.service.witnessing import PATH, Refusal

__all__ = ["WITNESS_ROUTES", "sign_once", "sweep"]

CHUNK = 256 * 1024
PACKAGE, NAME = "package-", "ledger.zip"  # a folder of the data folder while it is fetched

Req = Request[Any, Any, Any]


class CheckpointRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """holder: who gets it and will keep it, "" nobody yet."""

    holder: Annotated[str, Meta(max_length=120)] = ""


class CheckpointPage(msgspec.Struct, frozen=True):
    """A signed head of the ledger. entries: how many it covers; note: the signed text; code:
    short enough for a logbook; held_by: who took it, by our account; words: what may be said
    of the ledger with it; peers: how it stands with each peer it was offered to.
    """

    entries: int
    code: str
    note: str
    signed: str
    held_by: list[str]
    words: str
    peers: list[PeerStanding]


@get("/api/v1/record/checkpoint", guards=[needs_look], sync_to_thread=True,
     summary="The newest signed head of the ledger")  # fmt: skip
def newest_checkpoint(request: Req) -> CheckpointPage:
    """Return it as it was signed; 404 before the first."""
    notary = _opened(hall_of(request))
    try:
        made = notary.book.newest()
        if made is None:
            raise HTTPException("nothing has been signed yet; it comes every five minutes",
                                status_code=404)  # fmt: skip
        return _page(made, notary)
    finally:
        notary.book.close()


@post("/api/v1/record/checkpoint", guards=[needs("sign a checkpoint")], status_code=HTTP_200_OK,
      sync_to_thread=True, summary="Sign the ledger for somebody who will hold it")  # fmt: skip
def sign_for(request: Req, data: JSONBody[CheckpointRequest]) -> CheckpointPage:
    """Sign the ledger as it stands; note who takes it. The service ledger keeps who did so."""
    hall, account = hall_of(request), account_of(request)
    assert account is not None
    notary = _opened(hall)
    try:
        made = notary.sign(hall.clock.now_s())
        if made is None:
            raise HTTPException("the ledger holds no entry yet", status_code=404)
        if holder := data.holder.strip():
            notary.book.note_holder(made.checkpoint.size, holder, hall.clock.now_s())
            hall.ledger.note("checkpoint given", checkpoint=made.checkpoint.size,
                             holder=holder, by=hall.people.staff(account.user))  # fmt: skip
        newest = notary.book.newest()
        assert newest is not None
        return _page(newest, notary)
    except DataError as error:
        raise HTTPException(str(error), status_code=409) from error
    finally:
        notary.book.close()


@post(PATH, guards=[needs_peer], status_code=HTTP_200_OK, sync_to_thread=True,
      media_type=MediaType.TEXT, summary="Countersign a checkpoint of a peer")  # fmt: skip
def keep_for_peer(request: Req, data: JSONBody[CheckpointOffer]) -> Response[str]:
    """Return the checkpoint with our signature; 409 with what we hold where it does not go on
    from that: the peer shows a proof, or its ledger was forked or put back.
    """
    hall, peer = hall_of(request), peer_of(request)
    assert peer is not None
    notary = _opened(hall)
    try:
        now_s = hall.clock.now_s()
        signer = signer_for(hall.data, notary.origin, notary.mode)
        note, why, held = kept(notary.book, peer, data, signer, now_s)
    finally:
        notary.book.close()
    if not why:
        return Response(note, media_type=MediaType.TEXT)
    if not held:
        raise HTTPException(why, status_code=403)
    if not why.startswith("show that"):
        hall.ledger.note("checkpoint refused", peer=peer.id, why=why)
    body = msgspec.json.encode(Refusal(why, held)).decode()
    return Response(body, media_type=MediaType.JSON, status_code=409)


@get("/api/v1/record/package", guards=[needs("take the record out")],
     media_type="application/zip", summary="The ledger as a signed package")  # fmt: skip
async def package(request: Req) -> Stream:
    """Return what `tocsin record export DATA --out node.zip` writes, for `tocsin publish`."""
    hall = hall_of(request)
    folder = TemporaryDirectory(prefix=PACKAGE, dir=hall.data)
    out = Path(folder.name) / NAME
    try:
        await asyncio.to_thread(_write, hall, out)
    except DataError as error:
        folder.cleanup()
        raise HTTPException(str(error), status_code=409) from error
    name = 'attachment; filename="ledger.zip"'
    return Stream(
        _pieces(out, folder), media_type="application/zip",
        headers={"Content-Disposition": name, "Cache-Control": "no-store"},
    )  # fmt: skip


def _write(hall: Hall, out: Path) -> None:
    notary = _opened(hall)
    try:
        write_ledger(notary, out, hall.clock.now_s())
    finally:
        notary.book.close()


def _pieces(out: Path, folder: "TemporaryDirectory[str]") -> Iterator[bytes]:
    try:
        with out.open("rb") as file:
            while piece := file.read(CHUNK):
                yield piece
    finally:
        folder.cleanup()


def sweep(data: Path) -> None:
    """Remove packages that a watch which was killed had under way: each is as large as the
    ledger. Called before anything is served.
    """
    for folder in data.glob(f"{PACKAGE}*/"):
        with contextlib.suppress(OSError):  # something else lies in it: it is left alone
            for name in (NAME, f"{NAME}.part"):
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()


def sign_once(hall: Hall) -> Made | None:
    """Sign the ledger as it stands, from time to time; None where it holds nothing."""
    notary = _opened(hall)
    try:
        return notary.sign(hall.clock.now_s())
    finally:
        notary.book.close()


def _opened(hall: Hall) -> Notary:
    try:
        return open_notary(hall.data)
    except DataError as error:
        raise HTTPException(str(error), status_code=503) from error


def _page(made: Made, notary: Notary) -> CheckpointPage:
    point, held = made.checkpoint, notary.book.newest_held()
    words = "no outside witness"
    if held is not None:
        names = " and ".join(held.holders)
        words = f"unchanged since checkpoint {held.checkpoint.size}, held by {names}"
    return CheckpointPage(
        point.size, short_code(point.size, point.root), made.note, point.signed,
        list(made.holders), words, notary.book.peers(),
    )  # fmt: skip


WITNESS_ROUTES = [newest_checkpoint, sign_for, keep_for_peer, package]
