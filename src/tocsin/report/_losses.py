"""What was already lost when a time began: who looks at that time alone would not see it."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from tocsin.model import Entry
from tocsin.report._times import moment
from tocsin.report.telling import Line

__all__ = ["lost_line", "lost_since", "standing_losses"]

Row = tuple[Entry, dict[str, Any]]

_WORDS = {"watch": "not watched", "siren": "siren path not heard"}


def standing_losses(rows: Iterable[Row], begin_s: float) -> list[Row]:
    """Return the loss that stood at begin_s of each site's watch and siren path, oldest first.

    rows: "alert" entries with their bodies, in the ledger's order.
    """
    lost: dict[tuple[str, str, str], Row] = {}
    for entry, body in rows:
        thing, _, how = body["what"].partition(" ")
        if thing not in _WORDS or float(body["at_s"]) >= begin_s:
            continue
        place = (thing, body["site"], body["zone"])
        if how == "lost":
            lost.setdefault(place, (entry, body))
        elif how == "regained":
            lost.pop(place, None)
    return list(lost.values())


def lost_since(body: Mapping[str, Any]) -> float:
    """Return since when what a "watch lost" tells of was lost: it is told of a while after."""
    since_s = body.get("facts", {}).get("since_s")
    is_told = isinstance(since_s, int | float) and math.isfinite(since_s)
    return min(float(since_s), float(body["at_s"])) if is_told else float(body["at_s"])


def lost_line(row: Row, place: str) -> Line:
    """Return the sentence of a loss that stood when a time began; place: of whom, in words."""
    entry, body = row
    words = _WORDS[body["what"].partition(" ")[0]]
    since = f"{words} since {moment(lost_since(body))}"
    return Line(f"{since}: {place}" if place else since, (entry.number,), note=body["text"])
