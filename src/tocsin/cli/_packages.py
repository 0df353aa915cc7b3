"""Packages on the command line: whose keys are trusted, and what a package holds."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tocsin.errors import CallError, FormatError
from tocsin.model import Entry

if TYPE_CHECKING:
    from tocsin.record import Held, Kept, Verdict
    from tocsin.record.verifier import Key, Package, Row

__all__ = [
    "UNREADABLE", "checked", "held_of", "judged", "need_whole", "package_entries",
    "package_rows", "read_keys", "unreadable",
]  # fmt: skip

UNREADABLE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError,
    zipfile.BadZipFile, NotImplementedError,
)  # fmt: skip


def read_keys(files: Sequence[Path]) -> "list[Key]":
    """Return the public keys in files, one a line; a line that begins with # says nothing.

    Raises CallError for a file without one: no key would be taken for "trust what it names".
    """
    from tocsin.record.verifier import key_of

    keys: list[Key] = []
    for file in files:
        try:
            lines = file.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CallError(f"the keys {file} cannot be read: {error}") from error
        before = len(keys)
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.startswith("#"):
                continue
            key = key_of(line)
            if key is None:
                raise CallError(
                    f"line {number} of {file} is no key; `tocsin key export` writes them"
                )
            keys.append(key)
        if len(keys) == before:
            raise CallError(f"{file} holds no key; `tocsin key export` writes one")
    return keys


def checked(path: Path, keys: "Sequence[Key]") -> dict[str, Any]:
    """Return what the check of a package found; see `verifier.check_package`.

    Raises FormatError where it cannot be read at all.
    """
    from tocsin.record.verifier import check_package, read_package

    try:
        return check_package(read_package(path), list(keys))
    except UNREADABLE as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> FormatError:
    """Return what is said of a package that cannot be read at all."""
    return FormatError(
        f"{path} cannot be read as a package of Tocsin ({error}); get it again from who made it"
    )


def package_rows(path: Path) -> "Iterator[Row]":
    """Yield the rows of a package's ledger."""
    from tocsin.record.verifier import lines_of, read_package

    lines = _ledger_lines(read_package(path), path)
    next(lines, b"")
    yield from lines_of(lines)


def package_entries(path: Path, keys: "Sequence[Key]" = ()) -> Iterator[Entry]:
    """Yield the entries of a package's ledger, once its signature was found good.

    keys: trusted ones; none: those that it names itself. Raises FormatError where it is not.
    """
    from tocsin.record import read_lines
    from tocsin.record.verifier import read_package

    found = checked(path, keys)
    if not found["ok"]:
        raise FormatError(
            f"{path.name} is not used: {found['reason']}", first_bad=found["first_bad"]
        )
    yield from read_lines(_ledger_lines(read_package(path), path), path.name)


def _ledger_lines(package: "Package", path: Path) -> Iterator[bytes]:
    need_whole(package, path)
    return package.lines("ledger.jsonl")


def need_whole(package: "Package", path: Path) -> None:
    """Raise FormatError where a package is no whole ledger."""
    if not package.has("manifest.json"):
        raise FormatError(
            f"{path.name} is no package of Tocsin: there is no manifest.json in it"
        )
    if not package.has("ledger.jsonl"):
        raise FormatError(
            f"{path.name} holds some entries with their proofs and no whole ledger; ask whose "
            "it is for what `tocsin record export` writes (`tocsin record verify` checks both)"
        )


def judged(
    path: Path, *, kept: "Kept | None", earlier: "Iterator[bytes] | None",
    held: "Sequence[Held]", code: str,
) -> "Verdict":  # fmt: skip
    """Return how a package that was found good stands against what lies elsewhere.

    One of some entries is known at the sizes of its checkpoints alone: raises FormatError for
    what is of another size.
    """
    from tocsin.record import judge, verify_rows
    from tocsin.record.verifier import Walk, checkpoint_of, notes_of, read_package

    package = read_package(path)
    if package.has("ledger.jsonl"):
        return verify_rows(package_rows(path), kept=kept, earlier=earlier, held=held, code=code)
    points = [p for p in map(checkpoint_of, notes_of(package.text("checkpoints.txt"))) if p]
    tops = {p.size: (p.root, p.head) for p in points}
    sizes = [h.checkpoint.size for h in held] + ([kept.entries] if kept else [])
    sizes += [int(code.partition("-")[0])] if code else []
    apart = [size for size in sizes if size not in tops]
    if apart or earlier is not None:
        what = f"a checkpoint of {apart[0]} entries" if apart else "an earlier copy"
        raise FormatError(
            f"{what} cannot be compared with {path.name}, which holds some entries under the "
            f"checkpoint of {max(tops)}; ask whose ledger it is for a package of all of it"
        )
    walk = Walk(max(tops), tops[max(tops)][1], None, "", tops)
    return judge(walk, kept=kept, held=held, code=code)


def held_of(words: Sequence[str], keys: "Sequence[Key]") -> "list[Held]":
    """Return the checkpoints of NAME=FILE; signatures are checked where keys are given."""
    from tocsin.record import Held
    from tocsin.record.verifier import checkpoint_of, notes_of, why_not_signed

    found = []
    for word in words:
        name, _, file = word.rpartition("=")
        try:
            notes = notes_of(Path(file).read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise CallError(f"the checkpoint {file} cannot be read: {error}") from error
        for note in notes:
            point = checkpoint_of(note)
            if point is None:
                raise FormatError(
                    f"{file} holds no checkpoint; `tocsin record checkpoint` writes one"
                )
            wrong = why_not_signed(note, keys, point.origin) if keys else ""
            if wrong:
                raise FormatError(f"the checkpoint of {point.size} in {file}: {wrong}")
            found.append(Held(point, name or Path(file).name))
        if not notes:
            raise FormatError(f"{file} holds no checkpoint")
    return found
