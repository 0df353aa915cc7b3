"""Time stamps on the command line: which there are, and whether an authority signed them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tocsin.errors import CallError, FormatError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from tocsin.record import Held
    from tocsin.record.verifier import Key

__all__ = ["OwnStamp", "Roots", "check_packed", "roots_of", "stamp_words", "stamps_in"]

Roots = Mapping[str, "list[Certificate]"]  # by the authority's name
SHOWN = 3  # of one authority's stamps: the first, and the newest ones


@dataclass(frozen=True, slots=True)
class OwnStamp:
    """A stamp of a data folder: what the ledger is held against, and what is told of it."""

    held: "Held"
    row: dict[str, Any]


def roots_of(words: Sequence[str]) -> Roots:
    """Return the certificates of NAME=FILE."""
    if not words:
        return {}
    from tocsin.service.stamps import read_roots

    found: dict[str, list[Certificate]] = {}
    for word in words:
        name, _, file = word.partition("=")
        if not name or not file:
            raise CallError(f"--tsa {word!r} is not NAME=FILE; write state-tsa=root.pem")
        try:
            found.setdefault(name, []).extend(read_roots(Path(file)))
        except (OSError, ValueError) as error:
            raise CallError(
                f"the certificate {file} cannot be read as PEM: "
                f"{getattr(error, 'strerror', None) or error}"
            ) from error
    return found


def stamps_in(path: Path, keys: "Sequence[Key]", roots: Roots) -> list[OwnStamp]:
    """Return the stamps of a data folder. Raises FormatError where one is of something else
    than the checkpoint beside it, or is not signed as it should be.
    """
    import hashlib

    from tocsin.record import Held
    from tocsin.record.verifier import stamp_of, why_not_signed
    from tocsin.service.checkpoint_book import CheckpointBook
    from tocsin.service.notary import BOOK
    from tocsin.service.stamp_book import stamps

    if not (path / BOOK).exists():
        return []
    book = CheckpointBook(path / BOOK, reading=True)
    try:
        kept, known = stamps(book), list(keys) or [s.key for s in book.signing_keys()]
    finally:
        book.close()
    found = []
    newest = {s.authority: s for s in kept}
    for one in kept:
        size, stamp = one.checkpoint.size, stamp_of(one.answer)
        here = f"the time stamp of checkpoint {size} by {one.authority}"
        if stamp is None or stamp.imprint != hashlib.sha256(one.note.encode()).digest():
            raise FormatError(f"{here} is of something else: it or the checkpoint was changed")
        if one is newest[one.authority]:  # our own signature takes milliseconds: the newest's
            wrong = why_not_signed(one.note, known, one.checkpoint.origin)
            if wrong:
                raise FormatError(f"the stamped checkpoint of {size} entries: {wrong}")
        row = {"by": one.authority, "checkpoint": size, "at": stamp.at}
        row["signature"] = _signature(one.answer, one.note, one.authority, roots, here)
        found.append(OwnStamp(Held(one.checkpoint, "", f"{one.authority} at {stamp.at}"), row))
    _check_names(roots, newest)
    return found


def check_packed(path: Path, rows: list[dict[str, Any]], roots: Roots) -> None:
    """Check the signatures of a package's stamps and note so in their rows, where a certificate
    was given. Raises FormatError where one is not signed as it should be.
    """
    from tocsin.record.verifier import read_package

    _check_names(roots, {row["by"] for row in rows})
    package = read_package(path)
    for row in rows:
        answer, note = package.octets(row["file"]), package.text(row["file"][:-4] + ".txt")
        row["signature"] = _signature(answer, note, row["by"], roots, row["file"])


def _signature(answer: bytes, note: str, by: str, roots: Roots, here: str) -> str:
    if not roots.get(by):
        return "not checked"
    from tocsin.service.stamps import StampError, check_signature

    try:
        check_signature(answer, note, roots[by])
    except StampError as error:
        raise FormatError(f"{here} is not of that authority: {error}") from error
    return "good"


def _check_names(roots: Roots, known: "Mapping[str, object] | set[str]") -> None:
    unknown = sorted(set(roots) - set(known))
    if unknown:
        there = " and ".join(sorted(known)) or "nobody"
        raise CallError(f"--tsa names {unknown[0]!r}; there are stamps of {there}")


def stamp_words(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for the first and the newest stamps of each authority."""
    lines = []
    for by in dict.fromkeys(row["by"] for row in rows):
        own = [row for row in rows if row["by"] == by]
        shown = own if len(own) <= SHOWN else [own[0], *own[1 - SHOWN :]]
        lines += [
            f"Checkpoint {row['checkpoint']} was stamped by {by} at {row['at']}"
            + ("." if row["signature"] == "good" else ", as its token says.")
            for row in shown
        ]
        if len(own) > len(shown):
            lines.append(f"In all {len(own)} checkpoints were stamped by {by}.")
        lines.append(
            f"The signature of {by} is good on each."
            if own[0]["signature"] == "good"
            else f"Whether {by} signed that was not checked: no certificate was given; give "
            f"its root with --tsa {by}=FILE."
        )
    return lines
