"""A ledger on the command line: a journal's own, or an export of one."""

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

from tocsin.errors import CallError, FormatError
from tocsin.model import Entry
from tocsin.model.register import Register

__all__ = [
    "entries_of",
    "is_export",
    "is_package",
    "keep_apart",
    "names_of",
    "read_time",
    "register_of",
]

# Unix seconds that are taken for a time: from September 2001 to the year 10000.
FIRST_S, FAR_S = 1e9, 253_402_300_800.0
CHUNK = 10_000  # entries read from a journal at a time


def is_export(path: Path) -> bool:
    """Tell whether a file is an exported ledger."""
    from tocsin.record.lines import is_export as is_export_head

    if not path.is_file():
        return False
    with path.open("rb") as file:
        return is_export_head(file.read(64))


def is_package(path: Path) -> bool:
    """Tell whether a file is a package: a zip file by its name or its first bytes, or the
    folder that one was unpacked into.
    """
    if path.is_dir():
        return (path / "manifest.json").is_file()
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return path.suffix == ".zip" or file.read(4) == b"PK\x03\x04"


def entries_of(path: Path) -> Iterator[Entry]:
    """Yield the entries of a journal (data folder, its folder or a file), export or package."""
    if not path.exists():
        raise CallError(f"there is no {path}; give a journal or an exported ledger")
    if is_package(path):
        from tocsin.cli._packages import package_entries

        yield from package_entries(path)
        return
    if path.is_file() and path.suffix != ".sqlite":
        yield from _exported(path)
        return
    from tocsin.service.journal import read_entries

    after = -1
    while chunk := read_entries(path, after=after, limit=CHUNK):
        yield from map(_as_read, chunk)
        if chunk[-1].number <= after:  # rows out of order: `verify` names the first of them
            return
        after = chunk[-1].number


def _as_read(entry: Entry) -> Entry:
    """Give a row's values their types: whoever edits a database may leave text for bytes.

    What such a row holds is judged by its digest, like any other.
    """
    body: object = entry.body
    digest: object = entry.digest
    if isinstance(body, bytes) and isinstance(digest, bytes) and isinstance(entry.kind, str):
        return entry
    return Entry(entry.number, str(entry.kind), entry.recorded_s, _bytes(body), _bytes(digest))


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _exported(path: Path) -> Iterator[Entry]:
    from tocsin.record import read_lines

    try:
        with path.open("rb") as file:
            yield from read_lines(file, path.name)
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}") from error


def register_of(path: Path) -> tuple[Register, list[Entry]]:
    """Return the register of a ledger and its entries, once the chain was found to hold.

    Raises FormatError that names the first bad entry: nothing is told from a broken ledger.
    """
    from tocsin.record import rebuild, verify

    entries = list(entries_of(path))
    if not entries:
        raise FormatError(f"{path} holds no entry of a ledger")
    verdict = verify(entries)
    if verdict.first_bad is not None:
        raise FormatError(
            f"the ledger in {path} was changed: {verdict.reason}; nothing is told from it. "
            "`tocsin record verify` compares it with an earlier copy",
            first_bad=verdict.first_bad,
        )
    return rebuild(entries), entries


def keep_apart(out: Path, ledger: Path) -> None:
    """Raise CallError where a file to be written is a ledger or lies among a watch's data."""
    target, source = out.resolve(), ledger.resolve()
    is_journal = source.suffix == ".sqlite" and source.is_file()
    folder = source.parent if is_journal else source
    if folder.name == "journal":
        folder = folder.parent
    if target == source or is_export(target) or is_package(target):
        raise CallError(f"{out} is a ledger and would be overwritten; give another --out")
    if folder.is_dir() and target.is_relative_to(folder):
        raise CallError(f"{out} lies inside {folder}, with the ledger; give another --out")


def names_of(path: Path) -> Callable[[str], str]:
    """Return what puts people's names into a text in place of pseudonyms, where the data folder
    with its keys is here; elsewhere texts stay as they are.
    """
    from tocsin.service.keyring import Keyring, find_keys
    from tocsin.service.people import People

    with find_keys(path) as keys:
        if not isinstance(keys, Keyring):
            return str
        folder = keys.path.parent
    return People(Keyring.open(folder, reading=True)).reveal


def read_time(text: str) -> float:
    """Return Unix seconds of "2026-11-23T09:36:22Z" (UTC without a zone) or of a number."""
    wrong = f"{text!r} is no time; give for example 2026-11-23T09:36:22Z or Unix seconds"
    try:
        at_s = float(text)
    except ValueError:
        try:
            at = datetime.datetime.fromisoformat(text)
        except ValueError as error:
            raise CallError(wrong) from error
    else:
        # A year, or a date without its dashes, is a number as well.
        if not FIRST_S <= at_s < FAR_S:
            raise CallError(wrong)
        return at_s
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.UTC)
    return at.timestamp()
