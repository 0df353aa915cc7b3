"""A start with another site file than the journal's: the journal goes over to it, once.

Before anything listens. The state is recovered under the old file, takes the new one as a batch
of its own, and a new journal file begins with header, state before, that batch, its ledger
entries and state after, in one transaction: that is the one commit point. A crash before it
leaves the old file in force, a crash after it the new one.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError, TocsinError
from tocsin.model import SITE_FILE, Batch, Frame, Node, mode_of
from tocsin.service.journal import (
    Journal,
    NoRoomError,
    Snapshot,
    Written,
    last_entry,
    processor_family,
    read_entries,
)
from tocsin.service.keyring import Keyring
from tocsin.service.masking import mask_site
from tocsin.service.opening import load_pipeline
from tocsin.service.outbox import Outbox
from tocsin.service.people import People
from tocsin.service.recovery import Pipeline, recover
from tocsin.service.secrets_folder import (
    load_peers,
    load_readers,
    load_sentinels,
    load_tokens,
)
from tocsin.service.sender import why_closed
from tocsin.service.service_ledger import ServiceLedger
from tocsin.service.site_files import Watched, digest_of, keep_in_use, read_in_use
from tocsin.service.trying_out import try_out
from tocsin.service.watch_options import WatchOptions

__all__ = ["take_up_site"]

PAGE = 1_000  # entries taken into the outbox at once

_log = structlog.get_logger("tocsin.site")


class _RefusedError(Exception):
    """The new site file cannot take the old one's place now; the reason, as a sentence."""


@dataclass(slots=True)
class _Change:
    """What is at hand while the journal goes over: the open journal, and the file in question
    with its text and node as journal and pipeline get them.
    """

    options: WatchOptions
    watched: Watched
    text: str
    node: Node
    journal: Journal
    people: People


def take_up_site(
    options: WatchOptions,
    watched: Watched,
    say: Callable[[str], None],
    load: Callable[[], Pipeline] = load_pipeline,
) -> Watched:
    """Return the site file to watch with; the journal of the data folder rests on it.

    `say` gets a sentence where it was taken up, or was not: then the one before goes on. Raises
    SiteError where neither can, JournalError where the journal cannot be continued.
    """
    folder = options.data / "site-files"
    with closing(Keyring.open(options.data)) as keys:
        people = People(keys)
        now_s = options.clock.now_s()
        text, node = mask_site(people, watched.text, watched.node, now_s)
        journal = Journal.resume(options.data / "journal", keys)
        if journal is None or journal.header.site == text:
            if journal is not None:
                journal.close()
            keep_in_use(folder, watched.text)
            return watched
        try:
            change = _Change(options, watched, text, node, journal, people)
            say(_take_up(change, load()))
        except _RefusedError as refused:
            before = _before(change, str(refused))
            say(f"The changed site file was not taken up: {refused}. "
                "The watch goes on with the file before it.")  # fmt: skip
            return before
        finally:
            journal.close()
    keep_in_use(folder, watched.text)
    return watched


def _take_up(change: _Change, pipeline: Pipeline) -> str:
    """Go over to the new file; return what to say. Raises _RefusedError; then nothing of it
    has happened.
    """
    options, journal = change.options, change.journal
    mode = mode_of(change.node)
    if mode != journal.header.mode:
        raise _RefusedError(
            f"its sensors are {mode} and the ledger of this data folder is "
            f"{journal.header.mode}; give it a --data folder of its own"
        )
    _try_out(change)
    found = recover(pipeline, journal)
    if why := pipeline.stands_against(found.state, change.node):
        raise _RefusedError(why)
    waiting = _send_what_was(options.data, journal)
    old = read_in_use(options.data / "site-files")
    before, after = digest_of(old or journal.header.site), digest_of(change.watched.text)
    now_s = max(found.now_s, options.clock.now_s())
    place = Snapshot(
        journal.number, found.now_s, pipeline.freeze(found.state), dict(found.sequences)
    )
    number = found.sequences.get(SITE_FILE, -1) + 1
    payload = _payload(change, before, after)
    batch = Batch(now_s, (Frame(SITE_FILE, number, now_s, payload),))
    state, outcome = pipeline.step(found.state, batch)
    if outcome.rejected or not outcome.entries:
        raise SiteError(f"{change.watched.name} cannot be taken up: {outcome.rejected}")
    beyond = Snapshot(
        journal.number + 1, now_s, pipeline.freeze(state),
        {**found.sequences, SITE_FILE: number},
    )  # fmt: skip
    change.people.flush()
    try:
        journal.rotate(
            place,
            first=(Written(journal.number + 1, batch, outcome.entries), beyond),
            version=pipeline.VERSION,
            processor=processor_family(),
            site=change.text,
            where=change.watched.name,
            site_digest=after,
        )
    except NoRoomError as error:
        raise _RefusedError(f"the journal cannot be written: {error}") from error
    body = msgspec.json.decode(outcome.entries[0].body)
    _note(change, "site file taken up", before=before, after=after, changes=body["changes"],
          undelivered=waiting)  # fmt: skip
    words = "; ".join(body["changes"]) or "nothing that the watch reads"
    _log.info("another site file was taken up", before=before, after=after, changes=words)
    return f"The site file was changed: {words}"


def _try_out(change: _Change) -> None:
    """Raise _RefusedError where the watch would not start with the new file: an address that
    is taken, a certificate or secret that is not there or does not fit.
    """
    options, node = change.options, change.watched.node
    try:
        try_out(node, options.data, options.clock)
        for load in (load_tokens, load_readers, load_peers, load_sentinels):
            load(node, options.data / "secrets")
    except TocsinError as error:
        raise _RefusedError(str(error)) from error


def _payload(change: _Change, before: str, after: str) -> bytes:
    from tocsin.codec.site_changes import encode_site_change  # noqa: PLC0415 - loads kernels

    watched = change.watched
    return encode_site_change(
        change.text, where=watched.name, before=before, after=after, by=watched.by
    )


def _send_what_was(data: Path, journal: Journal) -> dict[str, int]:
    """Let what was committed under the old file into the outbox, by its own zones and
    channels: after a crash nobody has. Return how much waits there, by channel.
    """
    path = data / "outbox.sqlite"
    if not path.exists():
        return {}
    node = read_site(journal.header.site.encode(), journal.header.where)
    channels = [c for c in node.channels if c.is_warning and not why_closed(c, node)]
    box = Outbox(path, last_entry(data / "journal"))
    try:
        while page := read_entries(data / "journal", after=box.mark(), limit=PAGE):
            box.take(page, node, channels, page[-1].recorded_s)
        waits = {channel.id: box.counts(channel.id)[0] for channel in channels}
        return {name: count for name, count in waits.items() if count}
    finally:
        box.close()


def _before(change: _Change, why: str) -> Watched:
    """Return the file that the journal rests on, as it is kept in the data folder."""
    options, header = change.options, change.journal.header
    old = read_in_use(options.data / "site-files")
    if old:
        node = read_site(old.encode(), header.where)
        masked, _ = mask_site(change.people, old, node, options.clock.now_s())
        if masked == header.site:
            _note(change, "site file not taken up", reason=why)
            _log.error("the changed site file was not taken up", reason=why)
            return Watched(old, node, header.where, "")
    raise SiteError(
        f"{change.watched.name} cannot take the place of the site file that the journal in "
        f"{options.data} rests on: {why}",
        path=str(options.site),
    )


def _note(change: _Change, kind: str, **body: object) -> None:
    ledger = ServiceLedger(change.options.data / "service.sqlite", change.people.staff)
    with closing(ledger):
        ledger.note(kind, file=change.watched.name, by=change.watched.by, **body)
