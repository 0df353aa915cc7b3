"""What `tocsin explain` finds: the message, and the play up to and past it."""

from pathlib import Path
from typing import Any

from tocsin import pipeline
from tocsin.errors import DataError
from tocsin.model import Frame, Node
from tocsin.service.following import Play, follow, play_of

__all__ = ["followed"]


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
        return follow(sensor, number, frame, _recording(sensor, source, site, options))
    with find_keys(source, key_file) as keys:
        number, frame = _find(play_of(source, keys, -1), sensor, at_s)
        return follow(sensor, number, frame, play_of(source, keys, number))


def _recording(
    sensor: str, source: Path, site: Path | None, options: dict[str, str | None]
) -> Play:
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
    return Play(state, _chain(first, batches))


def _find(play: Play, sensor: str, at_s: float | None) -> tuple[int, Frame]:
    """Return the batch (its number) and the frame that is nearest to a time; None: the last."""
    best: tuple[float, int, Frame] | None = None
    heard: set[str] = set()
    for number, batch in enumerate(play.batches, play.number + 1):
        for frame in batch.frames:
            heard.add(frame.source)
            if frame.source != sensor or not frame.payload:  # a sign of life, or an end
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
