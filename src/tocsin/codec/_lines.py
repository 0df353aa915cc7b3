"""Lines of text that come in pieces."""

from tocsin.codec._work import Work, reject
from tocsin.model import Frame

__all__ = ["LINE_LIMIT", "split_lines", "take_lines"]

LINE_LIMIT = 4096  # octets kept of a line that has not ended


def take_lines(work: Work, frame: Frame) -> tuple[list[bytes], bytes]:
    """Return the whole lines of a stream; what has not ended stays in the session. The second
    is what is given up since it is longer than a line may be, which the caller counts.
    """
    key = f"{frame.source}\n{frame.path}"
    data = work.session.streams.pop(key, b"") + frame.payload
    *lines, rest = data.split(b"\n")
    lost = b""
    if rest.strip():
        if len(rest) > LINE_LIMIT:
            lost = rest
        else:
            work.session.streams[key] = rest
    return [line.strip() for line in lines if line.strip()], lost


def split_lines(work: Work, frame: Frame) -> list[bytes]:
    """Return the whole lines of a stream, and count a line that is too long."""
    lines, lost = take_lines(work, frame)
    if lost:
        reject(work, frame.source, "line too long", f"over {LINE_LIMIT} octets", lost)
    return lines
