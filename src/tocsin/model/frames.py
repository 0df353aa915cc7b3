"""What comes in: frames of bytes, batches of frames, and what was refused."""

from dataclasses import dataclass, field

__all__ = [
    "OFFICER", "SIREN_PATHS", "SITE_FILE", "Batch", "Frame", "Nature", "Rejected", "Reply",
]  # fmt: skip

SIREN_PATHS = "siren paths"  # of frames that say whether a site's siren path is heard
SITE_FILE = "site file"  # of a frame that brings another site file (codec/site_changes.py)
OFFICER = "officer"  # the source of frames that hold acts of people, as canonical JSON


class Nature:
    """What a source's data are about; the words travel with everything that comes of them."""

    LIVE = "live"
    EXERCISE = "exercise"
    SIMULATED = "simulated"
    ALL = (LIVE, EXERCISE, SIMULATED)


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes as they arrived.

    source: a sensor id of the site file (or `OFFICER`); path: which of the source's doubled
    ways it came by (a multicast group, a port), "" where there is one; sequence: counts up
    per source; arrival_s: Unix UTC by the service's clock, or the capture's.
    """

    source: str
    sequence: int
    arrival_s: float
    payload: bytes
    path: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """The only input of `pipeline.step`: `now_s` never steps back; no frames means a tick."""

    now_s: float
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something from the world that could not be used: a value, never an exception.

    reason: a short constant word group that can be counted ("checksum", "truncated record");
    detail: a sentence for the status page. raw: at most the first 64 bytes.
    """

    source: str
    reason: str
    detail: str = ""
    raw: bytes = b""
    count: int = field(default=1)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back to a sensor on its own connection, once the batch is on disk.

    source, path: of the frame that it answers; payload: one message, b"" where there is
    nothing to say; closes: why the connection is to be ended, "" where it goes on.
    """

    source: str
    path: str
    payload: bytes = b""
    closes: str = ""
