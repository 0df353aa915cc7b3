"""Ledgers that are read again and again as they grow: only what came since is taken in.

A new export begins with the bytes of the one before. Where it does, as the hash of those bytes
says, what was checked and folded stays and the rest goes on from there; where it does not, all
is read anew. A package's signature and the hashes of its files are checked each time.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from tocsin.cli._ledger import is_package
from tocsin.cli._packages import UNREADABLE, need_whole, unreadable
from tocsin.errors import CallError, FormatError
from tocsin.model import Entry
from tocsin.model.register import Register

if TYPE_CHECKING:
    from tocsin.record.verifier import Key, Package, Reached, Walk

__all__ = ["Book", "Shelf"]

CHUNK = 1 << 20


@dataclass(slots=True)
class Book:
    """A ledger as it was last read. register: of all its entries; fresh: how many of them the
    last reading took in; octets, digest: how long the exported lines were, and their SHA-256.
    """

    entries: list[Entry] = field(default_factory=list)
    register: Register = field(default_factory=Register)
    fresh: int = 0
    octets: int = 0
    digest: bytes = b""
    reached: "Reached | None" = None
    _told: Register = field(default_factory=Register)
    _folded: int = 0

    def as_of(self, upto: int) -> Register:
        """Return the register as it was after an entry; it is good until the next call.

        Entries are folded once as long as the questions go forward.
        """
        from tocsin import record

        if self._folded > upto + 1:
            self._told, self._folded = Register(), 0
        record.fold_into(self._told, self.entries[self._folded : upto + 1])
        self._folded = upto + 1
        return self._told


@dataclass(slots=True)
class Shelf:
    """The books by their files. A file that is as it was is not read at all."""

    _books: dict[Path, tuple[object, Book]] = field(default_factory=dict)

    def read(self, file: Path, keys: "Sequence[Key]") -> Book:
        """Return the ledger of a package that one of the keys signed, or of plain lines.

        Raises FormatError where it does not hold; what was read before is kept for when it
        does again.
        """
        try:
            stat = file.stat()
            as_it_is = (stat.st_mtime_ns, stat.st_size, stat.st_ino, tuple(keys))
            known, before = self._books.get(file, (None, None))
            if before is not None and known == as_it_is:
                before.fresh = 0
                return before
            reading = _Reading(file, before)
            if is_package(file):
                reading.check_package(keys)
            else:
                reading.check()
        except OSError as error:
            raise CallError(f"{file} cannot be read: {error.strerror or error}") from error
        self._books.pop(file, None)  # a book that an entry fails in is begun anew
        book = reading.book()
        self._books[file] = (as_it_is, book)
        return book


@dataclass(slots=True)
class _Reading:
    """One reading of a file, which goes on from a book where it can. lines: of the entries
    that are new.
    """

    file: Path
    before: Book | None
    lines: list[bytes] = field(default_factory=list)
    octets: int = 0
    digest: bytes = b""
    reached: "Reached | None" = None

    def check_package(self, keys: "Sequence[Key]") -> None:
        """Check a package. Raises FormatError where it does not hold."""
        from tocsin.record.verifier import check_package, read_package

        try:
            package: Package = read_package(self.file)
            need_whole(package, self.file)

            def walk(sizes: list[int]) -> "Walk":
                return self._walk(lambda: package.open("ledger.jsonl"), sizes)

            found = check_package(package, list(keys), walk)
        except UNREADABLE as error:
            raise unreadable(self.file, error) from error
        if not found["ok"]:
            raise FormatError(found["reason"], first_bad=found["first_bad"])

    def check(self) -> None:
        """Check plain lines. Raises FormatError where they do not hold."""
        walk = self._walk(lambda: self.file.open("rb"), [])
        if walk.bad is not None:
            raise FormatError(
                f"the ledger in {self.file} was changed: {walk.reason}", first_bad=walk.bad
            )

    def _walk(self, opened: Callable[[], IO[bytes]], sizes: list[int]) -> "Walk":
        """Check the chain; from its start where the file begins in another way, or where a
        size is asked for that was passed before without looking.
        """
        from tocsin.record.lines import check_head
        from tocsin.record.verifier import Reached

        before = self.before
        if before is not None and before.reached is not None:
            known = before.reached
            passed = {s for s in sizes if 0 < s <= known.entries} - set(known.tops)
            with _buffered(opened()) as source:
                begun = _begun(source, before)
                if begun is not None and not passed:
                    return self._walk_on(source, begun, known, sizes)
        self.before, self.octets = None, 0
        with _buffered(opened()) as source:
            head = source.readline()
            check_head(head, self.file.name)
            self.octets = len(head)
            return self._walk_on(source, sha256(head), Reached(), sizes)

    def _walk_on(
        self, source: IO[bytes], digest: "Any", reached: "Reached", sizes: list[int]
    ) -> "Walk":
        from tocsin.record.verifier import check_on, lines_of

        self.octets = self.octets or (self.before.octets if self.before else 0)

        def noted() -> Iterator[bytes]:
            for line in source:
                digest.update(line)
                self.octets += len(line)
                self.lines.append(line)
                yield line

        walk, self.reached = check_on(reached, lines_of(noted()), sizes)
        self.digest = digest.digest()
        return walk

    def book(self) -> Book:
        """Return the book with what is new in it. Raises FormatError."""
        from tocsin import record
        from tocsin.record.lines import read_on

        book = self.before or Book()
        line = len(book.entries) + 2
        fresh = list(read_on(self.lines, self.file.name, line=line))
        book.entries += fresh
        if not book.entries:
            raise FormatError(f"{self.file} holds no entry of a ledger")
        record.fold_into(book.register, fresh)
        book.fresh, book.octets, book.digest = len(fresh), self.octets, self.digest
        book.reached = self.reached
        return book


def _buffered(file: IO[bytes]) -> IO[bytes]:
    """Return a file whose lines are found in C, also those of a zip file."""
    return cast("IO[bytes]", io.BufferedReader(cast("Any", file), CHUNK))


def _begun(source: IO[bytes], before: Book) -> "Any":
    """Read as much as there was before; return its hash, None where it is another."""
    found, left = sha256(), before.octets
    while left and (data := source.read(min(left, CHUNK))):
        found.update(data)
        left -= len(data)
    return found if not left and found.digest() == before.digest else None
