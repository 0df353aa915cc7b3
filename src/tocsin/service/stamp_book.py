"""Time stamps beside the checkpoints: what an authority answered, with the text it stamped.

The text lies here too: a key that is rotated adds a signature to the newest checkpoint, and the
stamp is of what was sent.
"""

from dataclasses import dataclass

from tocsin.record.verifier import Checkpoint, checkpoint_of
from tocsin.service.checkpoint_book import CheckpointBook

__all__ = ["MAX_STAMPS", "Stamped", "keep_stamp", "newest_stamp", "stamps"]

MAX_STAMPS = 4000  # of one authority: ten years at one a day; the oldest but one go
KEPT_ALL_S = 7 * 86_400.0  # of that time every stamp stays; older ones, one a day
THIN_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Stamped:
    """An authority's answer (DER) to a checkpoint; got_s: when it came, by our clock."""

    authority: str
    checkpoint: Checkpoint
    note: str
    answer: bytes
    got_s: float


def keep_stamp(
    book: CheckpointBook, authority: str, note: str, answer: bytes, got_s: float
) -> None:
    """Keep a stamp that was checked; what is too many or too dense goes."""
    point = checkpoint_of(note)
    if point is None:
        raise ValueError("this is no checkpoint")
    book.write(
        "INSERT OR REPLACE INTO stamp VALUES (?, ?, ?, ?, ?)",
        (authority, point.size, note, answer, got_s),
    )
    # The first of all stays, and the last of each day: what was there at the end of it.
    book.write(
        "DELETE FROM stamp WHERE authority = ?1 AND got_s < ?2 AND size NOT IN ("
        "SELECT max(size) FROM stamp WHERE authority = ?1 GROUP BY CAST(got_s / ?3 AS INTEGER))"
        " AND size != (SELECT min(size) FROM stamp WHERE authority = ?1)",
        (authority, got_s - KEPT_ALL_S, THIN_S),
    )
    book.write(
        "DELETE FROM stamp WHERE authority = ?1 AND size IN (SELECT size FROM stamp WHERE "
        "authority = ?1 ORDER BY size DESC LIMIT -1 OFFSET ?2) AND size != ("
        "SELECT min(size) FROM stamp WHERE authority = ?1)",
        (authority, MAX_STAMPS - 1),
    )


def stamps(book: CheckpointBook) -> list[Stamped]:
    """Return all stamps, by authority, the smallest checkpoint first."""
    return _found(book, "ORDER BY authority, size", ())


def newest_stamp(book: CheckpointBook, authority: str) -> Stamped | None:
    """Return the stamp of an authority that covers most."""
    found = _found(book, "WHERE authority = ? ORDER BY size DESC LIMIT 1", (authority,))
    return found[0] if found else None


def _found(book: CheckpointBook, rest: str, values: tuple[object, ...]) -> list[Stamped]:
    rows = book.rows(f"SELECT authority, note, answer, got_s FROM stamp {rest}", values)  # noqa: S608
    points = [(name, checkpoint_of(note), note, data, at) for name, note, data, at in rows]
    return [Stamped(name, p, note, data, at) for name, p, note, data, at in points if p]
