"""From the journal back to the state: the newest good snapshot, then what came after it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import structlog

from tocsin.errors import JournalError
from tocsin.model import Batch, Entry, Node, Outcome
from tocsin.model.register import Register
from tocsin.service._journal_file import START
from tocsin.service.clock import Clock
from tocsin.service.journal import (
    Header,
    Journal,
    NoRoomError,
    Snapshot,
    processor_family,
)
from tocsin.service.keyring import Keyring

__all__ = ["Past", "Pipeline", "Recovered", "begin_or_resume", "recover"]

_log = structlog.get_logger("tocsin.recovery")


class Pipeline(Protocol):
    """What the service needs of `tocsin.pipeline`; a test may hand in another."""

    VERSION: str

    def open_state(
        self, node: Node, *, mode: str, now_s: float, live: bool
    ) -> tuple[Any, Entry]: ...
    def step(self, state: Any, batch: Batch) -> tuple[Any, Outcome]: ...
    def freeze(self, state: Any) -> bytes: ...  # `squeeze` of `pack`
    def pack(self, state: Any, room: int) -> bytearray: ...
    def squeeze(self, packed: bytearray) -> bytes: ...
    def thaw(self, data: bytes) -> Any: ...
    def roster(self, state: Any) -> list[str]: ...
    def outcome_digest(self, state: Any) -> str: ...
    def stands_against(self, state: Any, node: Node) -> str: ...
    def register_of(self, state: Any) -> tuple[Register, str]: ...


@dataclass(frozen=True, slots=True)
class Past:
    """What a journal of this service must have been written for. keys: what seals it."""

    node: Node
    site: str
    where: str
    mode: str
    clock: Clock
    keys: Keyring | None = None


@dataclass(slots=True)
class Recovered:
    """State and journal as they were after the last commit; replayed: batches stepped again."""

    journal: Journal
    state: Any
    now_s: float
    sequences: dict[str, int] = field(default_factory=dict)
    replayed: int = 0


def begin_or_resume(pipeline: Pipeline, folder: Path, past: Past, now_s: float) -> Recovered:
    """Go on with the journal in the folder, or begin one at now_s.

    Raises JournalError where it is damaged, of another site file or of another version.
    """
    journal = Journal.resume(folder, past.keys)
    if journal is None:
        return _begin(pipeline, folder, past, now_s)
    _check_site(journal, past)
    found = recover(pipeline, journal)
    if (journal.header.version, journal.header.processor) != (
        pipeline.VERSION,
        processor_family(),
    ):
        body = pipeline.freeze(found.state)
        snapshot = Snapshot(journal.number, found.now_s, body, found.sequences)
        try:
            journal.rotate(snapshot, version=pipeline.VERSION, processor=processor_family())
        except NoRoomError as error:
            raise _cannot_begin(folder, error) from error
    return found


def _begin(pipeline: Pipeline, folder: Path, past: Past, now_s: float) -> Recovered:
    state, entry = pipeline.open_state(past.node, mode=past.mode, now_s=now_s, live=True)
    clock = past.clock
    header = Header(
        file=1,
        first_batch=1,
        chain=START,
        version=pipeline.VERSION,
        processor=processor_family(),
        site=past.site,
        where=past.where,
        mode=past.mode,
        live=True,
        opened_s=now_s,
        begun_s=now_s,
        clock=(clock.epoch_s, clock.anchor_s, clock.rate),
    )
    snapshot = Snapshot(0, now_s, pipeline.freeze(state), {})
    try:
        journal = Journal.begin(folder, header, snapshot, [entry], past.keys)
    except NoRoomError as error:
        raise _cannot_begin(folder, error) from error
    return Recovered(journal, state, now_s)


def _cannot_begin(folder: Path, error: NoRoomError) -> JournalError:
    return JournalError(
        f"a file of the journal cannot be begun in {folder} ({error}); free some space there "
        "or give another --data folder",
        path=str(folder),
    )


def _check_site(journal: Journal, past: Past) -> None:
    header = journal.header
    if header.site == past.site:
        return
    raise JournalError(
        f"the journal in {journal.folder} was written for another site file ({header.where}) "
        f"than {past.where} is now; start it by `tocsin watch`, which takes the change up, or "
        "give it a new --data folder",
        path=str(journal.folder),
    )


def recover(pipeline: Pipeline, journal: Journal) -> Recovered:
    """Return the state after the last batch of an open journal, from its newest good snapshot.

    Raises JournalError where there is none, or where a batch that was taken once now fails.
    """
    refused = "it holds no snapshot"
    for snapshot in journal.snapshots():
        try:
            state = pipeline.thaw(snapshot.body)
        except JournalError as error:
            refused = str(error)
            _log.warning("a snapshot was passed over", batch=snapshot.number, reason=refused)
            continue
        return _replay_tail(pipeline, journal, snapshot, state)
    raise JournalError(
        f"the journal in {journal.folder} cannot be continued: {refused}; read it with the "
        f"version that wrote it ({journal.header.version}) or give a new --data folder",
        path=str(journal.folder),
    )


def _replay_tail(
    pipeline: Pipeline, journal: Journal, snapshot: Snapshot, state: Any
) -> Recovered:
    found = Recovered(journal, state, snapshot.now_s, dict(snapshot.sequences))
    for number, batch in journal.tail(snapshot.number):
        try:
            found.state, _ = pipeline.step(found.state, batch)
        except Exception as error:
            raise JournalError(
                f"batch {number} of the journal in {journal.folder} was taken once and now "
                f"fails ({type(error).__name__}: {error}); report this with the journal, and "
                "give the watch a new --data folder",
                path=str(journal.folder),
                batch=number,
            ) from error
        found.now_s = batch.now_s
        found.replayed += 1
        for frame in batch.frames:
            last = found.sequences.get(frame.source, -1)
            found.sequences[frame.source] = max(last, frame.sequence)
    return found
