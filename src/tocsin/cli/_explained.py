"""What `tocsin explain` finds: the message, and the play up to and past it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tocsin import codec, pipeline, track
from tocsin.cli._gates import near_tracks
from tocsin.cli.explain import SHOWN_OCTETS
from tocsin.errors import DataError
from tocsin.model import Batch, DetectionBatch, Frame, Node, TrackTable

__all__ = ["followed"]

ROWS, RECORDS = 200, 50  # of one message that are followed
WAIT_S = 10.0  # a tracker takes plots a look at a time; longer no message waits
SAME_S = 1e-3
_SKIPPED = ("arrival_s", "class_scores")  # the same for all, and no one number


@dataclass(slots=True)
class _Play:
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


def followed(
    sensor: str,
    at_s: float | None,
    source: Path,
    site: Path | None,
    key_file: Path | None,
    **options: str | None,
) -> dict[str, Any]:
    """Return the story of one message, as `--json` prints it.

    Raises DataError where that sensor sent none.
    """
    from tocsin.cli.replay import _is_journal
    from tocsin.service.keyring import find_keys

    if not _is_journal(source):
        number, frame = _find(_recording(sensor, source, site, options), sensor, at_s)
        return _story(sensor, number, frame, _recording(sensor, source, site, options))
    with find_keys(source, key_file) as keys:
        number, frame = _find(_journal(source, keys, -1), sensor, at_s)
        return _story(sensor, number, frame, _journal(source, keys, number))


def _recording(
    sensor: str, source: Path, site: Path | None, options: dict[str, str | None]
) -> _Play:
    from tocsin.cli._batches import batches_of
    from tocsin.cli.replay import _bytes_of, _chain, _node_of
    from tocsin.codec.recordings import open_recording

    node = Node() if site is None else _node_of(_bytes_of(site), str(site))
    if any(one.id == sensor for one in node.sensors):
        options = options | {"sensor": sensor}
    opened = open_recording(
        _bytes_of(source), source.name, node=node if site else None, **options
    )
    batches = batches_of(opened.frames)
    first = next(batches, None)
    if first is None:
        raise DataError(f"{source} holds nothing to explain", path=str(source))
    state, _ = pipeline.open_state(
        node, mode="replay", now_s=first.now_s, live=False, formats=opened.formats,
        framings=opened.framings, date=options["date"],
    )  # fmt: skip
    return _Play(state, _chain(first, batches))


def _journal(source: Path, keys: Any, before: int) -> _Play:
    """Return a play that begins with the newest snapshot before a batch, where there is one."""
    from tocsin.cli.replay import _journal_state
    from tocsin.service.journal import read_batches, read_header, read_snapshots

    header = read_header(source, keys=keys)
    for snapshot in read_snapshots(source, keys=keys) if before > 0 else ():
        if snapshot.number < before:
            batches = read_batches(source, after=snapshot.number, keys=keys)
            return _Play(pipeline.thaw(snapshot.body), batches, snapshot.number)
    state = _journal_state(source, header, keys)
    return _Play(state, read_batches(source, keys=keys), header.first_batch - 1)


def _find(play: _Play, sensor: str, at_s: float | None) -> tuple[int, Frame]:
    """Return the batch (its number) and the frame that is nearest to a time; None: the last."""
    best: tuple[float, int, Frame] | None = None
    heard: set[str] = set()
    for number, batch in enumerate(play.batches, play.number + 1):
        for frame in batch.frames:
            heard.add(frame.source)
            if frame.source != sensor:
                continue
            off_s = 0.0 if at_s is None else abs(frame.arrival_s - at_s)
            if best is None or off_s < best[0] or (at_s is None and off_s <= best[0]):
                best = off_s, number, frame
    if best is None:
        known = ", ".join(sorted(heard)[:20]) or "nobody"
        raise DataError(
            f"there is no message of {sensor!r}; heard were: {known}", sensor=sensor
        )
    return best[1], best[2]


def _story(sensor: str, number: int, frame: Frame, play: _Play) -> dict[str, Any]:
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
        return f"it began track {fate.joined}"
    if fate.joined:
        return f"it lies at track {fate.joined}, which this sensor updated at that time"
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
