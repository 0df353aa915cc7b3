"""`tocsin explain`: one message of one sensor, from its octets to its track."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tocsin.cli._output import print_json, print_words
from tocsin.errors import CallError

__all__ = ["explain"]

SHOWN_FIELDS = 12


def explain(
    sensor: str,
    time: str | None = None,
    /,
    *,
    source: Annotated[Path, Parameter(name="--from")],
    site: Path | None = None,
    keys: Path | None = None,
    format: str | None = None,
    date: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Follow one message: octets, fields, values, distances to tracks, which track took it.

    Example: tocsin explain north-radar 2026-11-23T14:03:07 --from DATA/journal

    Parameters
    ----------
    sensor
        The sensor's id in the site file.
    time
        When the message arrived, Unix seconds or ISO 8601 (UTC); the nearest one is taken.
        Left out: the last one.
    source
        A journal (its folder or one of its files), or a recording.
    site
        The site file, for a recording; a journal brings its own.
    keys
        A file of `tocsin record keys`, for a journal that is not in its data folder.
    format
        What the recording is, where its bytes do not tell.
    date
        The day (YYYY-MM-DD) of a recording that holds only a time of day.
    json
        Print one JSON object instead of words.
    """
    from tocsin.cli._explained import followed

    if not source.exists():
        raise CallError(
            f"there is no {source}; give a journal (the --data folder of a watch) or a "
            "recording",
            path=str(source),
        )
    at_s = None if time is None else _seconds(time)
    found = followed(sensor, at_s, source, site, keys, format=format, date=date)
    if json:
        print_json(found)
    else:
        print_words(_words(found))


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise CallError(
            f"TIME is {text!r}; give Unix seconds, or for example 2026-11-23T14:03:07",
            time=text,
        ) from None
    return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()


def _words(found: dict[str, Any]) -> str:
    when = datetime.fromtimestamp(found["arrival_s"], UTC).isoformat(timespec="milliseconds")
    lines = [f"{found['sensor']}, {when}: {found['octets']} octets by {found['path'] or '?'}"]
    lines.append(f"  octets   {found['hex']}")
    for record in found["records"]:
        said = [f"{k}={_short(v)}" for k, v in record.items() if k != "record"]
        more = " ..." if len(said) > SHOWN_FIELDS else ""
        lines.append(f"  record   {record['record']}: {', '.join(said[:SHOWN_FIELDS])}{more}")
    for refused in found["rejected"]:
        lines.append(f"  refused  {refused['count']} {refused['reason']}: {refused['detail']}")
    for number, row in enumerate(found["detections"], 1):
        values = ", ".join(f"{k} {_short(v)}" for k, v in row["values"].items())
        lines.append(f"  detection {number}: {values}")
        for near in row["tracks"]:
            sigma = "no sigma" if near["distance_sigma"] is None else (
                f"{near['distance_sigma']} sigma (gate {near['gate_sigma']})"
            )  # fmt: skip
            lines.append(f"    track {near['name']}: {sigma}, {near['distance_m']} m")
        lines.append(f"    => {row['sentence']}")
    if not found["detections"]:
        lines.append(f"  => {found['sentence']}")
    return "\n".join(lines)


def _short(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."
