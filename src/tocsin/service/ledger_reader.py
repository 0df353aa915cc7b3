"""A journal's entries by their numbers: rows for a check, digests for the tree."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tocsin.errors import FormatError
from tocsin.record.chain import label_of
from tocsin.record.verifier import Row
from tocsin.service import _journal_file as jf
from tocsin.service._journal_read import after_entry, first_entry, journal_files

__all__ = ["LedgerReader", "journal_rows"]

_ROWS = "SELECT number, kind, recorded_s, body, digest FROM entry ORDER BY number"
_DIGESTS = "SELECT number, digest FROM entry WHERE number >= ? AND number < ? ORDER BY number"


def journal_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a journal's ledger, as they lie there, for `verify_rows`.

    Whoever edits a database may leave text for bytes, or words for a time: such a row is
    given so that it does not fit.
    """
    for file in journal_files(path):
        with jf.open_reader(file) as db:
            if jf.header_of(db, file) is None:
                continue
            for number, kind, at, body, digest in db.execute(_ROWS):
                if type(body) is bytes and type(at) is float and type(kind) is str:
                    yield number, at, label_of(number, kind, at), body, digest
                else:
                    yield number, 0.0, b"", str(body).encode(), digest


class LedgerReader:
    """Digests by number, for a tree. It opens the files that hold them and no others.

    Which file begins where does not change once the next has begun; it is looked up once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._firsts: dict[Path, int] = {}

    def size(self) -> int:
        """Return how many entries there are."""
        for file in reversed(journal_files(self._folder)):
            found = _one(file, "SELECT max(number) FROM entry")
            if found is not None:
                return int(found) + 1
        return 0

    def digests(self, first: int, count: int) -> Sequence[bytes]:
        """Return the digests of `count` entries from `first` on.

        Raises FormatError where one is missing.
        """
        found: list[bytes] = []
        for file in self._files_of(first, first + count):
            with jf.open_reader(file) as db:
                for number, digest in db.execute(_DIGESTS, (first, first + count)):
                    if number != first + len(found):
                        break
                    found.append(bytes(digest))
        if len(found) != count:
            raise FormatError(
                f"entry {first + len(found)} of the ledger is missing; `tocsin record verify` "
                "says more",
                first_bad=first + len(found),
            )
        return found

    def _files_of(self, first: int, end: int) -> list[Path]:
        files = journal_files(self._folder)
        wanted: list[Path] = []
        for file in after_entry(files, first - 1, lambda one: self._first(one, files[-1])):
            begins = self._first(file, files[-1])
            if begins is not None and begins >= end:
                break
            wanted.append(file)
        return wanted

    def _first(self, file: Path, last: Path) -> int | None:
        if file in self._firsts:
            return self._firsts[file]
        found = first_entry(file)
        if found is not None and file != last:
            self._firsts[file] = found
        return found


def _one(file: Path, sql: str) -> Any:
    with jf.open_reader(file) as db:
        if jf.header_of(db, file) is None:
            return None
        try:
            return db.execute(sql).fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise jf.damaged(file, str(error)) from error
