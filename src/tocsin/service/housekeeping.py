"""Every ten minutes: what has outlived its time goes, and the service ledger says so; every
five, the operational ledger is signed as it stands.
"""

import asyncio

import structlog

from tocsin.service.engine import has_started
from tocsin.service.hall import Hall
from tocsin.service.holding import holds, widened
from tocsin.service.retention import Gone, prune_journal
from tocsin.service.witness_api import sign_once

__all__ = ["keep_house", "keep_signing", "prune_once"]

SIGN_EVERY_S = 300.0  # what is older than that cannot be written anew unseen, once held
EVERY_S = 600.0  # a file holds an hour: what is late by ten minutes is late by little

_log = structlog.get_logger("tocsin.retention")


async def keep_house(hall: Hall) -> None:
    """Prune now and then, until cancelled. A disk that refuses is tried again next time."""
    if not await has_started(hall.engine):
        return
    known: set[str] = set()
    while True:
        try:
            await asyncio.to_thread(prune_once, hall, known)
        except Exception as error:
            _log.error("nothing could be pruned", reason=str(error))
        await asyncio.sleep(EVERY_S)


async def keep_signing(hall: Hall) -> None:
    """Sign the ledger now and then, until cancelled; see docs/record."""
    if not await has_started(hall.engine):
        return
    while True:
        try:
            await asyncio.to_thread(sign_once, hall)
        except Exception as error:
            _log.error("the ledger could not be signed", reason=str(error))
        await asyncio.sleep(SIGN_EVERY_S)


def prune_once(hall: Hall, known: set[str] | None = None) -> list[Gone]:
    """Prune the journal and people's values; return what went of the journal. known: files
    that earlier runs found pruned.

    Nothing goes by a clock that has just gone ahead by more than is kept: it may be wrong, and
    what is deleted does not come back when it is set right.
    """
    now_s, retention = hall.clock.now_s(), hall.node.retention
    if hall.is_clock_doubted(retention.keep_s):
        _log.warning("nothing is pruned until the clock was steady for an hour")
        return []
    with hall.shelf.reading() as (register, _):  # an incident goes on after its hold was placed
        held = widened(holds(hall.keys), register, now_s)
    gone = prune_journal(hall.data / "journal", hall.keys, retention, held, now_s, known)
    for part in gone:
        hall.ledger.note(
            "pruned", file=part.file, first=part.first, last=part.last, why=part.why
        )
    days = hall.people.expire(now_s, retention.keep_s, held)
    if days:
        hall.ledger.note("people's values expired", days=days)
    return gone
