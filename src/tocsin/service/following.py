"""One message of a sensor followed: its octets, fields, values, distances, and its track.

`python -m tocsin.service.following DATA SENSOR [TIME]` is a process of its own and of low
priority, as a look back is (`playing`): it plays the journal from the snapshot before the
message and prints what it finds as one JSON object.
"""

import math
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import msgspec

from tocsin import codec, pipeline, track
from tocsin.codec.site_toml import read_site
from tocsin.errors import DataError, FormatError, JournalError, TocsinError
from tocsin.model import Batch, DetectionBatch, Frame, Node, TrackTable, track_label
from tocsin.service.gates import near_tracks
from tocsin.service.journal import journal_span, read_batches, read_header, read_snapshots
from tocsin.service.keyring import Keys, find_keys

__all__ = ["SHOWN_OCTETS", "Play", "follow", "journal_state", "main", "play_of"]

SHOWN_OCTETS = 256
ROWS, RECORDS = 200, 50  # of one message that are followed
WAIT_S = 10.0  # a tracker takes plots a look at a time; longer no message waits
SAME_S = 1e-3
LOOK_BACK_S = 60.0  # before a time, in which a running watch's message is looked for
NICE = 10
_SKIPPED = ("arrival_s", "class_scores")  # the same for all, and no one number


@dataclass(slots=True)
class Play:
    """A play from the start or a snapshot. number: of the batch before the first."""

    state: pipeline.State
    batches: Iterator[Batch]
    number: int = 0


@dataclass(slots=True)
class _Fate:
    """What came of one row. before: the site's tracks at its time, as they were before."""

    site: int
    before: TrackTable
    joined: int = 0
    is_new: bool = False
    unused: dict[str, int] = field(default_factory=dict)


def journal_state(path: Path, header: Any, keys: Keys | None) -> pipeline.State:
    """Return the state before the first batch that there is: opened, or of its snapshot.

    Raises FormatError where there is neither.
    """
    if header.first_batch == 1:
        node = read_site(header.site.encode(), str(path))
        state, _ = pipeline.open_state(
            node, mode="replay", now_s=header.opened_s, live=header.live, formats=None
        )
        return state
    for snapshot in read_snapshots(path, keys=keys):
        if snapshot.number == header.first_batch - 1:
            return pipeline.thaw(snapshot.body)
    raise FormatError(
        f"{path} begins with batch {header.first_batch} and has no good snapshot before it",
        path=str(path),
    )


def play_of(source: Path, keys: Keys | None, before: int) -> Play:
    """Return a play that begins with the newest snapshot before a batch, where there is one."""
    header = read_header(source, keys=keys)
    for snapshot in read_snapshots(source, keys=keys) if before > 0 else ():
        if snapshot.number < before:
            batches = read_batches(source, after=snapshot.number, keys=keys)
            return Play(pipeline.thaw(snapshot.body), batches, snapshot.number)
    state = journal_state(source, header, keys)
    return Play(state, read_batches(source, keys=keys), header.first_batch - 1)


def _lately(source: Path, keys: Keys | None, sensor: str, at_s: float) -> tuple[int, Frame]:
    """Return the batch (its number) and the frame of a sensor that came last by a time, in the
    minute before it. Raises DataError where there was none.
    """
    after = read_header(source, keys=keys).first_batch - 1
    for snapshot in read_snapshots(source, until_s=at_s - LOOK_BACK_S, keys=keys):
        after = snapshot.number
        break
    found: tuple[int, Frame] | None = None
    for number, batch in enumerate(read_batches(source, after=after, keys=keys), after + 1):
        for frame in batch.frames:
            if frame.source == sensor and frame.payload and frame.arrival_s <= at_s:
                found = number, frame
        if batch.now_s > at_s and found is not None:
            break
    if found is None:
        raise DataError(
            f"the journal holds no message of {sensor!r} in that minute; where sensors share "
            "an address, messages stand under the name of the first one in the site file",
            sensor=sensor,
        )
    return found


def follow(sensor: str, number: int, frame: Frame, play: Play) -> dict[str, Any]:
    """Return the story of a message, the frame of the batch with that number."""
    state, batches = play.state, play.batches
    for _ in range(number - play.number - 1):
        state, _outcome = pipeline.step(state, next(batches))
    batch = next(batches)
    decoded, trace = _decoded(state, batch, frame)
    rows = decoded.detections
    fates = [_Fate(-1, TrackTable.blank(0)) for _ in range(min(len(rows), ROWS))]
    _follow(state, batch, batches, rows, fates)
    told = [_told(rows, k, fate, state) for k, fate in enumerate(fates)]
    return {
        "sensor": sensor,
        "arrival_s": frame.arrival_s,
        "path": frame.path,
        "octets": len(frame.payload),
        "hex": frame.payload[:SHOWN_OCTETS].hex(" "),
        "records": trace[:RECORDS],
        "rejected": [
            {"source": r.source, "reason": r.reason, "detail": r.detail, "count": r.count}
            for r in decoded.rejected
        ],
        "duplicates": decoded.duplicates,
        "detections": told,
        "sentence": _why_nothing(decoded, trace),
    }


def _decoded(state: pipeline.State, batch: Batch, frame: Frame) -> tuple[Any, list[Any]]:
    """Decode the frame by a copy of the session, after those of its source before it."""
    copy = pipeline.thaw(pipeline.freeze(state))

    def order(one: Frame) -> tuple[int, str]:
        return one.sequence, one.path

    earlier = tuple(
        f for f in batch.frames if f.source == frame.source and order(f) < order(frame)
    )
    codec.decode_into(copy.session, copy.node, Batch(batch.now_s, earlier))
    return codec.decode_records(copy.session, copy.node, Batch(batch.now_s, (frame,)))


def _follow(
    state: pipeline.State,
    batch: Batch,
    batches: Iterator[Batch],
    rows: DetectionBatch,
    fates: list[_Fate],
) -> None:
    """Step on until each row has been taken by a track, or has had its time."""
    open_rows = list(range(len(fates)))
    end_s = batch.now_s + WAIT_S
    while open_rows:
        before = {k: _tables(state, float(rows.time_s[k])) for k in open_rows}
        unused = [dict(tracker.unused) for tracker in state.trackers]
        state, _outcome = pipeline.step(state, batch)
        for k in tuple(open_rows):
            for site, tracker in enumerate(state.trackers):
                _note_into(
                    fates[k], state.node, site, tracker, rows, k, before[k][site], unused[site]
                )
            if fates[k].joined:
                open_rows.remove(k)
        following = next(batches, None)
        if following is None or following.now_s > end_s:
            return
        batch = following


def _tables(state: pipeline.State, time_s: float) -> list[TrackTable]:
    return [track.table(tracker, time_s) for tracker in state.trackers]


def _note_into(
    fate: _Fate, node: Node, site: int, tracker: Any, rows: DetectionBatch, k: int,
    before: TrackTable, unused: dict[str, int],
) -> None:  # fmt: skip
    """Note which track the sensor has updated at the row's time, if one lies at the row."""
    place = int(rows.sensor[k])
    if place >= len(tracker.row_of_roster) or tracker.row_of_roster[place] < 0:
        return
    if fate.site < 0:
        fate.site, fate.before = site, before
    for reason, n in tracker.unused.items():
        if n > unused.get(reason, 0):
            fate.unused[reason] = fate.unused.get(reason, 0) + n - unused.get(reason, 0)
    after = track.table(tracker, float(rows.time_s[k]))
    seen = tracker.seen[: len(after), tracker.row_of_roster[place]]
    mine = after.take(abs(seen - rows.time_s[k]) < SAME_S)
    ids = set(before.track_id.tolist())
    for near in near_tracks(rows, k, node, place, mine, site):
        if near["inside"]:
            fate.site, fate.before = site, before
            fate.joined, fate.is_new = near["track"], near["track"] not in ids
            return


def _told(rows: DetectionBatch, k: int, fate: _Fate, state: pipeline.State) -> dict[str, Any]:
    values = {}
    for item in fields(DetectionBatch):
        value = getattr(rows, item.name)[k]
        if item.name in _SKIPPED or value.dtype.kind not in "fS":
            continue
        if value.dtype.kind == "f" and math.isfinite(value):
            values[item.name] = float(value)
        elif value.dtype.kind == "S" and value:
            values[item.name] = value.decode("ascii", "replace")
    near = []
    if fate.site >= 0:
        near = near_tracks(rows, k, state.node, int(rows.sensor[k]), fate.before, fate.site)
    return {"values": values, "tracks": near, "joined": fate.joined or None,
            "sentence": _sentence(fate, near)}  # fmt: skip


def _sentence(fate: _Fate, near: list[dict[str, Any]]) -> str:
    if fate.site < 0:
        return (
            "it feeds no site's tracker: the sensor has no place (lat and lon) in the site "
            "file, names no site, or sends what others track or what things say of themselves"
        )
    if fate.joined and fate.is_new:
        return f"it began track {track_label(fate.joined)}"
    if fate.joined:
        name = track_label(fate.joined)
        return f"it lies at track {name}, which this sensor updated at that time"
    if fate.unused:
        said = ", ".join(f"{n} {reason}" for reason, n in sorted(fate.unused.items()))
        return f"no track took it; plots left out meanwhile: {said}"
    if not near:
        return "no track was there, and it alone began none: a first plot waits for a second"
    if near[0]["distance_sigma"] is None:
        return (
            "no track took it; the sensor's sigmas are not known, so that no gate can be told"
        )
    if near[0]["inside"]:
        return "it lies inside a gate, but another plot of that look fits the track better"
    return f"no track took it: the nearest is {near[0]['distance_sigma']} sigma away"


def _why_nothing(decoded: Any, trace: list[Any]) -> str:
    if decoded.detections:
        return ""
    if decoded.duplicates:
        return "it came a second time by another path, and was counted as a duplicate"
    if decoded.rejected:
        return f"refused: {decoded.rejected[0].reason}"
    if trace:
        return "it holds no detection: a sign of life, a status, or where the sensor has looked"
    return "it completes no message; the rest comes with the next piece of the stream"


def main(data: Path, sensor: str, time: str = "") -> int:
    """Print the story of a sensor's last message by a time, of a watch's data folder."""
    os.nice(NICE)
    source = data / "journal"
    try:
        with find_keys(source) as keys:
            at_s = float(time) if time else journal_span(source)[1]
            number, frame = _lately(source, keys, sensor, at_s)
            found = follow(sensor, number, frame, play_of(source, keys, number))
    except (TocsinError, JournalError) as error:
        found = {"error": str(error)}
    sys.stdout.buffer.write(msgspec.json.encode(found) + b"\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), *sys.argv[2:]))
