"""Signing the ledger as it stands, with one step on from the checkpoint before it."""

import datetime
import json
from dataclasses import dataclass
from pathlib import Path

from tocsin.errors import FormatError
from tocsin.record.checkpoint import checkpoint_text, origin_of, signed_note
from tocsin.record.tree import Tree, consistency_proof, grow_into, inclusion_proof, root_of
from tocsin.record.verifier import START
from tocsin.service.checkpoint_book import CheckpointBook, Made
from tocsin.service.journal import read_entries
from tocsin.service.ledger_reader import LedgerReader
from tocsin.service.signing import Signer, new_secret_for, signer_for

__all__ = ["BOOK", "Notary", "ledger_name", "open_notary"]

BOOK = "checkpoints.sqlite"


@dataclass(slots=True)
class Notary:
    """Signs the ledger of one data folder. Several may be open: each reads what is there."""

    data: Path
    book: CheckpointBook
    reader: LedgerReader
    origin: str
    mode: str
    tree: Tree

    def sign(self, now_s: float, *, also: Signer | None = None) -> Made | None:
        """Sign the ledger as it stands; None where it holds nothing.

        One that was signed as it stands is not signed again. Raises FormatError where it does
        not go on from the newest checkpoint: then nothing is signed.
        """
        size = self.reader.size()
        before = self.book.newest()
        if size == 0:
            return None
        if before is not None:
            self._check_goes_on(before, size)
            if before.checkpoint.size == size and also is None:
                return before
        self._grow(size)
        head = self.reader.digests(size - 1, 1)[0]
        root = root_of(self.tree, size, self.reader.digests)
        signed = _utc(now_s)
        if before is not None and before.checkpoint.size == size:
            signed = before.checkpoint.signed
        text = checkpoint_text(self.origin, size, root, head, signed)
        signer = signer_for(self.data, self.origin, self.mode)
        self.book.name_ledger(self.origin, self.mode)
        self.book.use_key(signer.key, self.mode, now_s)
        signers = [signer] if also is None else [signer, also]
        self.book.add(signed_note(text, [(s.key, s.sign) for s in signers]), now_s)
        return self.book.newest()

    def rotate(self, now_s: float) -> Made | None:
        """Sign with a new key from now on. The newest checkpoint bears both signatures, so
        that who trusts the old key learns of the new one from it.
        """
        old = signer_for(self.data, self.origin, self.mode)
        fresh, put = new_secret_for(self.data, self.origin, self.mode)
        self.book.use_key(old.key, self.mode, now_s)
        made = self.sign(now_s, also=fresh)
        put()
        self.book.use_key(fresh.key, self.mode, now_s)
        return made

    def path_of(self, index: int, size: int) -> list[bytes]:
        """Return the inclusion proof of an entry in the ledger of `size` entries."""
        self._grow(size)
        return inclusion_proof(self.tree, index, size, self.reader.digests)

    def steps_between(self, old: int, new: int) -> list[bytes]:
        """Return the consistency proof between two sizes."""
        self._grow(new)
        return consistency_proof(self.tree, old, new, self.reader.digests)

    def _grow(self, size: int) -> None:
        first = self.tree.blocks
        fresh = grow_into(self.tree, size, self.reader.digests)
        if fresh:
            self.book.keep_blocks(first, fresh)

    def _check_goes_on(self, before: Made, size: int) -> None:
        point = before.checkpoint
        if size >= point.size:
            head = self.reader.digests(point.size - 1, 1)[0] if point.size else START
            if head == point.head:
                return
        raise FormatError(
            f"the ledger does not go on from its checkpoint {point.size}: an older state was "
            "put back, or it was rewritten. Nothing is signed. `tocsin record verify` says "
            f"more; where this is meant, move {self.book.path} away and tell who holds "
            "checkpoints"
        )


def open_notary(data: Path, *, mode: str = "") -> Notary:
    """Open the notary of a data folder; mode: as the site file has it, "" as signed before.

    Raises FormatError where the folder holds no ledger.
    """
    book = CheckpointBook(data / BOOK)
    named = book.ledger()
    origin, own_mode = ledger_name(data / "journal")
    mode = mode or (named[1] if named else own_mode)
    origin = origin.rpartition("/")[0] + f"/{mode}"
    return Notary(data, book, LedgerReader(data / "journal"), origin, mode, book.tree())


def ledger_name(journal: Path) -> tuple[str, str]:
    """Return (origin, mode) by the ledger's first entry."""
    first = read_entries(journal, limit=1)
    if not first:
        raise FormatError(f"{journal} holds no entry of a ledger")
    about = json.loads(first[0].body)
    mode = str(about.get("mode"))
    if mode not in ("exercise", "simulated"):
        mode = "live"
    return origin_of(str(about.get("node", "")), int(about.get("number", 0)), mode), mode


def _utc(now_s: float) -> str:
    return datetime.datetime.fromtimestamp(now_s, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
