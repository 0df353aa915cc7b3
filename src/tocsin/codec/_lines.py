"""Lines of text that come in pieces."""

from tocsin.codec._work import Work, reject
from tocsin.model import Frame

__all__ = ["LINE_LIMIT", "end_stream", "is_end", "names_key", "split_lines", "take_lines"]

LINE_LIMIT = 4096  # octets kept of a line that has not ended

# How the path of a stream begins; a datagram or a post is whole, and may well be empty.
_STREAMS = ("tcp:", "tcp-listen:", "tls:")


def is_end(frame: Frame) -> bool:
    """Tell whether a frame says that a stream has ended, which an empty one does."""
    return not frame.payload and frame.path.startswith(_STREAMS)


def end_stream(work: Work, frame: Frame) -> None:
    """Drop, and count, what has not ended: what comes next on that path is another stream's."""
    key = f"{frame.source}\n{frame.path}"
    work.session.streams.pop(names_key(key), None)
    if rest := work.session.streams.pop(key, b""):
        detail = f"{len(rest)} octets had come when the connection ended"
        reject(work, frame.source, "cut off", detail, rest)


def names_key(key: str) -> str:
    """Return under which key of `streams` the names of a stream's columns are kept."""
    return f"{key}\nnames"


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
