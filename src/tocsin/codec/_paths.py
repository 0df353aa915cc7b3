"""Equal records by two paths of one source: a doubled feed is one report.

To tell costs a digest of each record. A source that comes by one path alone is spared that:
its payloads are kept as they came, and cut into records only once another path speaks.
"""

from collections.abc import Callable

from tocsin.codec._session import Path
from tocsin.codec._work import DUPLICATE_S, RECENT_LIMIT, Work, forget_into, key_of
from tocsin.model import Frame

__all__ = ["is_alone"]

BYTES_LIMIT = 4 * 1024 * 1024  # of payloads that are kept for one source


def is_alone(
    work: Work, frame: Frame, payload: bytes, records_of: Callable[[bytes], list[bytes]]
) -> bool:
    """Tell whether no other path of the source has spoken within DUPLICATE_S; if so, keep the
    payload. If not, each of its records is to be asked about with `is_duplicate`, which by
    then remembers what records_of makes of the payloads kept.
    """
    session, arrival_s = work.session, frame.arrival_s
    path = session.paths.get(frame.source)
    if path is None:
        path = session.paths[frame.source] = Path(frame.path)
    if path.name != frame.path:
        recent = session.recent.setdefault(frame.source, {})
        for kept_s, kept in path.frames:
            if abs(arrival_s - kept_s) <= DUPLICATE_S:
                for record in records_of(kept):
                    recent[key_of(record)] = (kept_s, path.name)
        session.paths[frame.source] = Path(frame.path, arrival_s)
        return False
    if arrival_s - path.since_s <= DUPLICATE_S:
        return False
    if frame.source in session.recent:
        forget_into(session.recent[frame.source], arrival_s)
    path.frames.append((arrival_s, payload))
    path.size += len(payload)
    if path.frames[0][0] < arrival_s - 2.0 * DUPLICATE_S or _is_full(path):
        _prune_into(path, arrival_s)
    return True


def _is_full(path: Path) -> bool:
    return len(path.frames) > RECENT_LIMIT or path.size > BYTES_LIMIT


def _prune_into(path: Path, now_s: float) -> None:
    """Forget what is too old to be repeated, and half of it where that is still too much."""
    path.frames = [kept for kept in path.frames if now_s - kept[0] <= DUPLICATE_S]
    if len(path.frames) > RECENT_LIMIT // 2 or sum(map(_size, path.frames)) > BYTES_LIMIT // 2:
        del path.frames[: len(path.frames) // 2]
    path.size = sum(map(_size, path.frames))


def _size(kept: tuple[float, bytes]) -> int:
    return len(kept[1])
