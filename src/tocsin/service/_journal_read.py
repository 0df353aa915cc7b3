"""Reading a journal: its folder, the data folder above it, or one of its files.

Frames and snapshots are sealed: `keys` opens them. Ledger entries are not, and can be read
and verified by whoever has the file.
"""

import bisect
import contextlib
import math
import os
import sqlite3
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from tocsin.errors import JournalError
from tocsin.model import Batch, Entry
from tocsin.service import _journal_file as jf
from tocsin.service._journal_file import Header, Snapshot
from tocsin.service.keyring import Keys, find_keys

__all__ = [
    "after_batch", "after_entry", "chain_at", "entries_between", "first_entry",
    "journal_clock", "journal_files", "journal_span", "last_entry", "last_number",
    "newest_of_kind", "read_batches", "read_entries", "read_header", "read_snapshots",
]  # fmt: skip


def journal_files(path: Path) -> list[Path]:
    """Return the files of a journal, oldest first: of its folder, of the data folder above
    it, or the one file itself.
    """
    if path.is_file():
        return [path]
    folder = path / "journal" if (path / "journal").is_dir() else path
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    wanted = (n for n in names if n.startswith("journal-") and n.endswith(".sqlite"))
    return list(_paths(folder, tuple(wanted)))


@lru_cache(maxsize=4)
def _paths(folder: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    """Return paths: making those of a year takes 50 ms, and couriers look each second."""
    return tuple(folder / name for name in names)


def _some_files(path: Path) -> list[Path]:
    files = journal_files(path)
    if not files:
        raise JournalError(
            f"there is no journal in {path}; give a data folder of `tocsin watch`, its folder "
            "`journal`, or one journal-*.sqlite",
            path=str(path),
        )
    return files


@contextlib.contextmanager
def _keys_for(path: Path, keys: Keys | None) -> Iterator[Keys | None]:
    if keys is not None:
        yield keys
        return
    with find_keys(path) as found:
        yield found


def journal_clock(path: Path) -> tuple[float, float, float] | None:
    """Return (epoch, anchor, rate) of the service that writes a journal, None without one."""
    for file in reversed(journal_files(path)):
        with jf.open_reader(file) as db:
            header = jf.header_of(db, file)
        if header is not None:
            return header.clock
    return None


def read_header(path: Path, *, keys: Keys | None = None) -> Header:
    """Return the header of a journal's first file that still holds its batches: site file,
    mode, when the state was opened, the first batch that there is.

    keys: what opens it; None: those of the data folder that it lies in.
    """
    pruned = False
    with _keys_for(path, keys) as found:
        for file in _some_files(path):
            with jf.open_reader(file) as db:
                header = jf.header_of(db, file)
                if header is None:
                    continue
                if jf.pruned_of(db) is not None:
                    pruned = True
                    continue
                return jf.opened_header(header, jf.box_of(header, found, file), file)
    what = "deleted when its time ran out; its ledger entries are there" if pruned else ""
    raise JournalError(f"the journal in {path} was {what or 'never begun'}", path=str(path))


def read_batches(path: Path, *, after: int = 0, keys: Keys | None = None) -> Iterator[Batch]:
    """Yield the batches of a journal (its folder or a file) in order, checking the chain.

    after: skip batches up to this number, for a replay from a snapshot. What was deleted at
    the beginning, when its time ran out, is left out: a replay begins with the snapshot of
    the first file that is left. Raises JournalError where a file is damaged or does not open,
    where batches are missing between files, and where some were lost to a full disk: then the
    replay can go on from that file's snapshot.
    """
    last: int | None = None
    with _keys_for(path, keys) as found:
        for file in after_batch(_some_files(path), after):
            with jf.open_reader(file) as db:
                header = jf.header_of(db, file)
                if header is None or last_number(db, header) <= after:
                    continue
                if jf.pruned_of(db) is not None:
                    continue
                if last is not None and (header.gap or header.first_batch != last + 1):
                    lost = header.gap or header.first_batch - last - 1
                    raise JournalError(
                        f"{lost} batches are missing before {file} (a full disk, a file that "
                        "was taken away, or a time that ran out); replay each side of the gap "
                        "by itself",
                        path=str(file),
                        first=last + 1,
                    )
                first = max(after, header.first_batch - 1)
                chain, box = chain_at(db, header, first), jf.box_of(header, found, file)
                rows = jf.batches(db, file, after=first, chain=chain, box=box)
                for number, batch, _ in rows:
                    last = number
                    yield batch


def read_entries(path: Path, *, after: int = -1, limit: int = 1000) -> list[Entry]:
    """Return at most `limit` entries of the operational ledger with a number above `after`."""
    found: list[Entry] = []
    for file in after_entry(_some_files(path), after, first_entry):
        with jf.open_reader(file) as db:
            if jf.header_of(db, file) is not None:
                found += jf.entries(db, after, limit - len(found))
        if len(found) >= limit:
            break
    return found


def last_entry(path: Path) -> int:
    """Return the number of the last entry of the operational ledger, -1 where there is
    none.
    """
    for file in reversed(journal_files(path)):
        with jf.open_reader(file) as db:
            if jf.header_of(db, file) is not None:
                row = db.execute("SELECT max(number) FROM entry").fetchone()
                if row[0] is not None:
                    return int(row[0])
    return -1


def read_snapshots(
    path: Path, *, until_s: float = math.inf, keys: Keys | None = None
) -> Iterator[Snapshot]:
    """Yield the good snapshots of a journal that are not newer than `until_s`, newest first."""
    with _keys_for(path, keys) as found:
        for file in reversed(_some_files(path)):
            with jf.open_reader(file) as db:
                header = jf.header_of(db, file)
                if header is None or header.begun_s > until_s or jf.pruned_of(db) is not None:
                    continue
                yield from jf.snapshots(db, jf.box_of(header, found, file), until_s=until_s)


def journal_span(path: Path, known: set[Path] | None = None) -> tuple[float, float]:
    """Return the times from which and up to which a journal can be played.

    known: files that were found pruned by an earlier look; they are not opened again, and
    added to. Raises JournalError where nothing of it is left.
    """
    known = set() if known is None else known
    begin_s = end_s = math.nan
    for file in _some_files(path):
        if file in known:
            continue
        with jf.open_reader(file) as db:
            header = jf.header_of(db, file)
            if header is None:
                continue
            if jf.pruned_of(db) is not None:
                known.add(file)
                continue
            row = db.execute("SELECT now_s FROM batch ORDER BY number DESC LIMIT 1").fetchone()
            begin_s = header.begun_s if math.isnan(begin_s) else begin_s
            end_s = float(row[0]) if row else header.begun_s
    if math.isnan(begin_s):
        raise JournalError(f"nothing of the journal in {path} is left to play", path=str(path))
    return begin_s, end_s


def newest_of_kind(
    path: Path, kind: str, limit: int, *, since_s: float = -math.inf
) -> list[Entry]:
    """Return the newest ledger entries of one kind recorded since a time, oldest first."""
    found: list[Entry] = []
    for file in reversed(_some_files(path)):
        with jf.open_reader(file) as db:
            header = jf.header_of(db, file)
            if header is not None:
                found += jf.newest_of_kind(db, kind, limit - len(found), since_s=since_s)
        # A year has thousands of files: those before this one hold what is older.
        if len(found) >= limit or (header is not None and header.begun_s < since_s):
            break
    return found[::-1]


def entries_between(
    path: Path, kind: str, from_s: float, to_s: float, *, limit: int = 1000
) -> list[Entry]:
    """Return at most `limit` ledger entries of one kind recorded from one time to another, in
    their order. The first file is looked for by halving: a year has thousands.
    """
    files = _some_files(path)
    found: list[Entry] = []
    for file in files[max(0, bisect.bisect_right(files, from_s, key=_begun_s) - 1) :]:
        with jf.open_reader(file) as db:
            header = jf.header_of(db, file)
            if header is None:
                continue
            if header.begun_s > to_s or len(found) >= limit:
                break
            found += jf.entries_between(db, kind, from_s, to_s, limit - len(found))
    return found


def _begun_s(file: Path) -> float:
    with jf.open_reader(file) as db:
        header = jf.header_of(db, file)
    return math.inf if header is None else header.begun_s


def after_batch(files: list[Path], number: int) -> list[Path]:
    """Return the files that hold batches after a number, and those behind them."""
    found = bisect.bisect_right(files, float(number + 1), key=_first_batch)
    return files[max(0, found - 1) :]


def _first_batch(file: Path) -> float:
    with jf.open_reader(file) as db:
        header = jf.header_of(db, file)
    return math.inf if header is None else header.first_batch


def after_entry(
    files: list[Path], number: int, first_of: Callable[[Path], int | None]
) -> list[Path]:
    """Return the files that hold entries after a number, and those behind them. first_of: the
    first entry of a file, None where it holds none.
    """
    low, high = 0, len(files)
    while high - low > 1:
        middle = (low + high) // 2
        at, first = middle, first_of(files[middle])
        while first is None and at + 1 < high:
            at += 1
            first = first_of(files[at])
        if first is None or first > number + 1:
            high = middle
        else:
            low = at
    return files[low:]


def first_entry(file: Path) -> int | None:
    """Return the number of the first ledger entry of a file, None where it holds none."""
    with jf.open_reader(file) as db:
        if jf.header_of(db, file) is None:
            return None
        found: int | None = db.execute("SELECT min(number) FROM entry").fetchone()[0]
    return found


def chain_at(db: sqlite3.Connection, header: Header, number: int) -> bytes | None:
    """Return the chain after a batch, None where the file does not know it."""
    if number == header.first_batch - 1:
        return header.chain
    row = db.execute("SELECT chain FROM batch WHERE number = ?", (number,)).fetchone()
    return bytes(row[0]) if row else None


def last_number(db: sqlite3.Connection, header: Header) -> int:
    """Return the number of the last batch that a file holds or held."""
    pruned = jf.pruned_of(db)
    if pruned is not None:
        return pruned.last
    row = db.execute("SELECT max(number) FROM batch").fetchone()
    return int(row[0]) if row[0] is not None else header.first_batch - 1
