"""The journal: rotating SQLite files that hold all that came in, in order.

One transaction a commit holds the batches, the ledger entries and the answers to acts that
came of them, and now and then a snapshot. Each file begins with a header and a snapshot, so
it can be read without the files before it.
"""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tocsin.errors import JournalError
from tocsin.model import Batch, Entry
from tocsin.service import _journal_file as jf
from tocsin.service._journal_file import Header, Snapshot, processor_family
from tocsin.service._journal_read import (
    after_batch,
    chain_at,
    entries_between,
    journal_clock,
    journal_files,
    journal_span,
    last_entry,
    last_number,
    newest_of_kind,
    read_batches,
    read_entries,
    read_header,
    read_snapshots,
)
from tocsin.service.keyring import Keyring
from tocsin.service.sealing import Box

__all__ = [
    "TAKEN_AWAY", "Answer", "Header", "Journal", "NoRoomError", "Snapshot", "Written",
    "entries_between",
    "journal_clock", "journal_files", "journal_span", "last_entry", "newest_of_kind",
    "processor_family", "read_batches", "read_entries", "read_header", "read_snapshots",
]  # fmt: skip

MAX_FILE_BYTES = 256 * 1024 * 1024  # a file that is quickly copied, and pruned in one piece
MAX_FILE_S = 3600.0  # of service time
# Snapshots of the last two minutes, at 10 s each, stay; older ones thin out to one a minute,
# which is what the playback scrubber needs.
RECENT_SNAPSHOTS = 12
THIN_S = 60.0


TAKEN_AWAY = "the data folder was taken away, or its disk; put it back, or stop the watch"


class NoRoomError(Exception):
    """The disk took nothing (full, over a quota, an I/O error); try again later."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an act was answered: `digest` is of the request, so a reused key is noticed."""

    user: str
    key: str
    digest: bytes
    accepted: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Written:
    """One step on its way to the disk."""

    number: int
    batch: Batch
    entries: tuple[Entry, ...] = ()
    answers: tuple[Answer, ...] = field(default=())


class Journal:
    """The writer. Only the engine's thread uses it.

    keys: each file gets a key of its own there, and frames and snapshots are sealed under it;
    None: they lie in the file as they are.
    """

    def __init__(
        self,
        folder: Path,
        header: Header,
        db: sqlite3.Connection,
        keys: Keyring | None = None,
        box: Box | None = None,
    ) -> None:
        self.folder = folder
        self.header = header
        self.number = header.first_batch - 1  # the last batch on disk
        self._chain = header.chain
        self._db, self._keys, self._box = db, keys, box
        self._place = _place_of(self.path)

    @property
    def path(self) -> Path:
        """Return the file that is written now."""
        return _file_path(self.folder, self.header.file)

    @classmethod
    def begin(
        cls,
        folder: Path,
        header: Header,
        snapshot: Snapshot,
        entries: Sequence[Entry],
        keys: Keyring | None = None,
        first: tuple[Written, Snapshot] | None = None,
    ) -> "Journal":
        """Make a file with its header, first snapshot and the entries that are owed.

        first: a step that lies in it from the beginning, and the snapshot after it.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path, box = _file_path(folder, header.file), None
        try:
            if keys is not None:
                box = keys.new(f"journal {header.file:06d}", header.begun_s)
            db = jf.open_writer(path)
        except sqlite3.OperationalError as error:
            _give_back(keys, box)
            raise NoRoomError(str(error)) from error
        header = msgspec.structs.replace(header, key=box.key_id if box else "")
        journal = cls(folder, header, db, keys, box)
        try:
            with _transaction(db):
                jf.make_tables(db)
                body = msgspec.msgpack.encode(jf.sealed_header(header, box))
                db.execute("INSERT INTO header VALUES (?)", (body,))
                journal._put_snapshot(snapshot)
                journal._put_entries(entries)
                if first is not None:
                    journal.number, journal._chain = journal._put_steps([first[0]])
                    journal._put_snapshot(first[1])
        except NoRoomError:
            db.close()
            _remove(path)
            _give_back(keys, box)
            raise
        jf.sync_folder(folder)
        return journal

    @classmethod
    def resume(cls, folder: Path, keys: Keyring | None = None) -> "Journal | None":
        """Open the newest file to go on with it, or return None where there is none yet.

        Raises JournalError where it is damaged or its key is not there.
        """
        for path in reversed(journal_files(folder)):
            with jf.open_reader(path) as reader:
                header = jf.header_of(reader, path)
            if header is None:  # a crash while it was made: nothing was ever answered from it
                _remove(path)
                continue
            try:
                box = jf.box_of(header, keys, path)
            except JournalError as error:
                raise JournalError(
                    f"{error}. To go on with it restore sealed.sqlite from a copy, or give a "
                    "new --data folder (docs/operating/backup.md)",
                    path=str(path),
                ) from error
            header = jf.opened_header(header, box, path)
            try:
                journal = cls(folder, header, jf.open_writer(path), keys, box)
                journal._find_end()
            except sqlite3.DatabaseError as error:
                raise jf.damaged(path, str(error)) from error
            return journal
        return None

    def _find_end(self) -> None:
        row = self._db.execute(
            "SELECT number, chain FROM batch ORDER BY number DESC LIMIT 1"
        ).fetchone()
        if row:
            self.number, self._chain = row

    def snapshots(self) -> Iterator[Snapshot]:
        """Yield the good snapshots, newest first, through all files."""
        yield from read_snapshots(self.folder, keys=self._keys)

    def tail(self, after: int) -> Iterator[tuple[int, Batch]]:
        """Yield (number, batch) of all batches after a number; checks their chain."""
        for path in after_batch(journal_files(self.folder), after):
            with jf.open_reader(path) as db:
                header = jf.header_of(db, path)
                if header is None or last_number(db, header) <= after:
                    continue
                first = max(after, header.first_batch - 1)
                chain, box = chain_at(db, header, first), jf.box_of(header, self._keys, path)
                rows = jf.batches(db, path, after=first, chain=chain, box=box)
                for number, batch, _ in rows:
                    yield number, batch

    def answers(self) -> list[Answer]:
        """Return the answers to acts in the two newest files."""
        found: list[Answer] = []
        for path in journal_files(self.folder)[-2:]:
            with jf.open_reader(path) as db:
                rows = db.execute("SELECT user, key, digest, accepted, sentence FROM act")
                found += [Answer(u, k, d, bool(a), s) for u, k, d, a, s in rows]
        return found

    def append(self, steps: Sequence[Written], snapshot: Snapshot | None = None) -> None:
        """Write steps (and a snapshot after the last) in one transaction, flushed to disk.

        Raises NoRoomError where the disk takes nothing; then nothing of it is on disk.
        """
        self._look_for_file()
        with _transaction(self._db):
            end = self._put_steps(steps)
            if snapshot is not None:
                self._put_snapshot(snapshot)
                self._thin_snapshots(snapshot.now_s)
        self.number, self._chain = end

    def is_due_to_rotate(self, now_s: float) -> bool:
        """Tell whether the file has grown large or old enough to begin another."""
        if not 0.0 <= now_s - self.header.begun_s <= MAX_FILE_S:
            return True
        return self.path.exists() and self.path.stat().st_size > MAX_FILE_BYTES

    def rotate(
        self,
        snapshot: Snapshot,
        *,
        entries: Sequence[Entry] = (),
        gap: int = 0,
        first: tuple[Written, Snapshot] | None = None,
        **changes: object,
    ) -> None:
        """Begin the next file with a snapshot; on NoRoomError the old one stays in use.

        gap: batches that came before the snapshot and never reached the disk; first: the
        step after the snapshot and the snapshot after that, where they belong to the file's
        one beginning. changes: fields of the header (version, site ...) that are new.
        """
        self._look_for_file()
        header = msgspec.structs.replace(
            self.header, file=self.header.file + 1, first_batch=snapshot.number + 1,
            chain=self._chain, begun_s=snapshot.now_s, gap=gap, **changes,
        )  # fmt: skip
        following = Journal.begin(self.folder, header, snapshot, entries, self._keys, first)
        self._db.close()
        self._db, self._box, self.header = following._db, following._box, following.header
        self.number, self._chain = following.number, following._chain
        self._place = following._place

    def put_aside(self, batch: Batch, reason: str) -> None:
        """Keep frames that the pipeline could not take, with the reason."""
        self._look_for_file()
        body = jf.sealed(self._box, f"quarantine {batch.now_s!r}", jf.encode_batch(batch))
        with _transaction(self._db):
            self._db.execute(
                "INSERT INTO quarantine (now_s, reason, frames, body) VALUES (?, ?, ?, ?)",
                (batch.now_s, reason, len(batch.frames), body),
            )

    def _look_for_file(self) -> None:
        """Raise NoRoomError where the file is not there any more: SQLite would go on writing
        into what has no name, and everything would be answered as stored.
        """
        if _place_of(self.path) != self._place:
            raise NoRoomError(TAKEN_AWAY)

    def close(self) -> None:
        """Fold the write-ahead log into the file and let it go."""
        self._db.close()

    def _put_steps(self, steps: Sequence[Written]) -> tuple[int, bytes]:
        """Write steps inside the transaction that is open; return the last number and its
        chain.
        """
        number, chain = self.number, self._chain
        rows = []
        for step in steps:
            place = f"batch {step.number}"
            blob = jf.sealed(self._box, place, jf.encode_batch(step.batch))
            number, chain = step.number, jf.chained(chain, step.number, blob)
            frames = len(step.batch.frames)
            rows.append((number, step.batch.now_s, frames, blob, chain))
        self._db.executemany("INSERT INTO batch VALUES (?, ?, ?, ?, ?)", rows)
        for step in steps:
            self._put_entries(step.entries)
            self._put_answers(step)
        return number, chain

    def _put_entries(self, entries: Sequence[Entry]) -> None:
        self._db.executemany(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?)",
            [(e.number, e.kind, e.recorded_s, e.body, e.digest) for e in entries],
        )

    def _put_answers(self, step: Written) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO act VALUES (?, ?, ?, ?, ?, ?)",
            [
                (a.user, a.key, a.digest, int(a.accepted), a.sentence, step.number)
                for a in step.answers
            ],
        )

    def _put_snapshot(self, snapshot: Snapshot) -> None:
        sequences = msgspec.msgpack.encode(snapshot.sequences)
        body = jf.sealed(self._box, f"snapshot {snapshot.number}", snapshot.body)
        digest = hashlib.sha256(body + sequences).digest()
        self._db.execute(
            "INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?)",
            (snapshot.number, snapshot.now_s, body, sequences, digest),
        )

    def _thin_snapshots(self, now_s: float) -> None:
        rows = self._db.execute("SELECT number, now_s FROM snapshot ORDER BY number").fetchall()
        old = rows[1:-RECENT_SNAPSHOTS]  # the first of a file makes it readable alone: it stays
        kept_s = rows[0][1]
        for number, at_s in old:
            if at_s - kept_s < THIN_S:
                self._db.execute("DELETE FROM snapshot WHERE number = ?", (number,))
            else:
                kept_s = at_s


class _transaction:  # noqa: N801 - reads as a statement
    """BEGIN .. COMMIT; a disk that refuses becomes NoRoomError and nothing has happened."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise NoRoomError(str(error)) from error

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            try:
                self._db.execute("COMMIT")
            except sqlite3.Error as refused:
                self._roll_back()
                raise NoRoomError(str(refused)) from refused
            return
        self._roll_back()
        if isinstance(error, sqlite3.Error):
            raise NoRoomError(str(error)) from error

    def _roll_back(self) -> None:
        # SQLite has rolled back by itself where the disk was full.
        with contextlib.suppress(sqlite3.Error):
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def _place_of(path: Path) -> tuple[int, int] | None:
    """Return device and number of a file, None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _give_back(keys: Keyring | None, box: Box | None) -> None:
    """Delete the key of a file that could not be begun: nothing lies under it, and the next
    try makes another.
    """
    if keys is not None and box is not None:
        with contextlib.suppress(sqlite3.Error):
            keys.give_back(box.key_id)


def _file_path(folder: Path, file: int) -> Path:
    return folder / f"journal-{file:06d}.sqlite"


def _remove(path: Path) -> None:
    for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        name.unlink(missing_ok=True)
