"""`tocsin decode`: what the bytes of a recording say, one JSON object a record."""

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tocsin.cli._output import print_json, print_words
from tocsin.errors import CallError, FormatError

__all__ = ["decode"]

# Sound data that is not for us: ASTERIX of a category that has no table here, radio frames
# that are about something else.
UNREAD = ("category not read", "not Remote ID")
CHUNK = 2_000  # frames decoded between two rounds of printing


def decode(
    format: str,
    path: Path,
    *,
    summary: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
    date: str | None = None,
    framing: str | None = None,
) -> None:
    """Decode a recording and print one JSON object a record, in the format's own quantities.

    Example: tocsin decode asterix recording.pcap --summary --json

    Parameters
    ----------
    format
        What the bytes are: asterix, avr, beast, cot, detections, modes-jsonl, plots-csv,
        readsb-json, remote-id, sapient, sbs, statevectors-csv, or "auto" to see it in the
        bytes. Captures (pcap, pcapng) and .gz are opened by themselves.
    path
        The file. For SAPIENT also a folder of messages as JSON.
    summary
        Leave the records out and say only how many there are.
    json
        Close with one JSON object: records by kind, duplicates, rejected by reason and the
        first sentence of each reason.
    date
        The day (YYYY-MM-DD) of a recording that holds only times of day.
    framing
        What is around ASTERIX blocks: raw, final-frame or oradis; left out, it is seen in the
        bytes.
    """
    from tocsin import codec

    if format != "auto" and format not in codec.FORMATS:
        raise CallError(
            f"there is no format {format!r}; give one of {', '.join(codec.FORMATS)}, or auto",
            format=format,
        )
    if not path.is_file() and not (format == "sapient" and path.is_dir()):
        raise CallError(f"there is no file {path}", path=str(path))
    chosen = None if format == "auto" else format
    result = _run(path, chosen, date=date, framing=framing, show=not summary)
    bad = {reason: n for reason, n in result["rejected"].items() if reason not in UNREAD}
    if bad and not result["records"]:
        why = ", ".join(f"{n} {reason}" for reason, n in bad.items())
        raise FormatError(f"nothing in {path.name} could be read as {result['format']}: {why}")
    if json:
        print_json(result)
    elif summary:
        print_words(_words(path.name, result))


def _run(
    path: Path, format: str | None, *, date: str | None, framing: str | None, show: bool
) -> dict[str, Any]:
    """Decode the whole file; return the counts."""
    from tocsin import codec
    from tocsin.codec.recordings import open_recording
    from tocsin.model import Batch, Frame, Node

    data = _bytes_of(path)
    recording = open_recording(data, path.name, format=format, date=date, framing=framing)
    node = Node(sensors=_speakers(recording.format, data, path.name))
    session = codec.open_session(
        node, live=False, date=date, formats=recording.formats, framings=recording.framings
    )
    result: dict[str, Any] = {
        "format": recording.format, "frames": 0, "records": {}, "duplicates": 0, "rejected": {},
        "details": {}, "skipped": recording.skipped,
    }  # fmt: skip

    def take(frames: list[Frame]) -> None:
        batch = Batch(frames[-1].arrival_s, tuple(frames))
        if show:
            decoded, records = codec.decode_records(session, node, batch)
            for record in records:
                print_json(record)
        else:
            decoded = codec.decode_into(session, node, batch)
        _count_into(result, decoded, len(frames))

    chunk: list[Frame] = []
    for frame in recording.frames:
        chunk.append(frame)
        if len(chunk) == CHUNK:
            take(chunk)
            chunk = []
    if chunk:
        take(chunk)
    result["seconds_recorded"] = round(recording.seconds_recorded, 3)
    return result


def _bytes_of(path: Path) -> bytes:
    """Return a file, or the JSON files of a folder one after the other."""
    try:
        if path.is_dir():
            return b"\n".join(one.read_bytes() for one in sorted(path.glob("*.json")))
        return path.read_bytes()
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}", path=str(path)) from error


def _speakers(format: str, data: bytes, name: str) -> Any:
    """Return a sensor for each name in a detection table: here nobody is unknown."""
    if format != "detections":
        return ()
    from tocsin.codec.recordings import speakers_of
    from tocsin.model import Sensor

    return tuple(Sensor(id=sensor_id, format=format) for sensor_id in speakers_of(data, name))


def _count_into(result: dict[str, Any], decoded: Any, frames: int) -> None:
    result["frames"] += frames
    result["duplicates"] += decoded.duplicates
    for kind, n in decoded.records.items():
        result["records"][kind] = result["records"].get(kind, 0) + n
    for refused in decoded.rejected:
        counts = result["rejected"]
        counts[refused.reason] = counts.get(refused.reason, 0) + refused.count
        if refused.detail:
            result["details"].setdefault(refused.reason, refused.detail)
        if sys.stderr.isatty() and counts[refused.reason] == refused.count and refused.detail:
            sys.stderr.write(f"{refused.reason}: {refused.detail}\n")


def _words(name: str, result: dict[str, Any]) -> str:
    records = ", ".join(f"{n} {kind}" for kind, n in result["records"].items()) or "none"
    refused = ", ".join(f"{n} {reason}" for reason, n in result["rejected"].items()) or "none"
    return (
        f"{name}: {result['frames']} frames over {result['seconds_recorded']} s\n"
        f"records: {records}\nduplicates: {result['duplicates']}\nrefused: {refused}"
    )
