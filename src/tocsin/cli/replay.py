"""`tocsin replay`: journals and recordings through the same pipeline as the live watch."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tocsin.cli._output import print_json, print_words
from tocsin.errors import CallError, FormatError
from tocsin.model import Batch, Node

__all__ = ["replay"]


def replay(
    *paths: Path,
    site: Path | None = None,
    out: Path | None = None,
    speed: str = "max",
    format: str | None = None,
    date: str | None = None,
    sensor: str | None = None,
    framing: str | None = None,
    keys: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Play journals or recordings through the pipeline and say what came of them.

    Example: tocsin replay recording.pcap --site site.toml --out result --json

    Parameters
    ----------
    paths
        A journal (its folder or one of its files), or recordings: captures (pcap, pcapng) of
        ASTERIX or of Remote ID, ASTERIX, Beast, AVR, SBS, Mode S JSON lines, SAPIENT, state
        vectors as CSV, detection tables, COURAGEOUS logs, logs of flights (dataflash, ULog,
        GPS tracks as CSV); several are merged by time.
    site
        The site file: its sites get trackers, its sensors the recordings' data. A journal
        brings its own.
    out
        A folder for tracks.parquet, alerts.parquet, incidents.json and, where the site file
        has a site, courageous.json (the log that a trial after CWA 18150 compares).
    speed
        How much faster than recorded, for example 10; "max" does not wait.
    format
        What the recordings are, where their bytes do not tell.
    date
        The day (YYYY-MM-DD) of recordings that hold only a time of day.
    sensor
        The sensor of the site file that made the recordings, where more than one could have.
    keys
        A file of `tocsin record keys`, for a journal that is not in its data folder.
    framing
        What is around the ASTERIX blocks of the recordings: raw, final-frame or oradis; left
        out, the site file says it, or the bytes show it.
    json
        Print one JSON object instead of words.
    """
    if not paths:
        raise CallError(
            "name at least one journal or recording; tocsin replay --help shows how"
        )
    rate = _rate(speed)
    for path in paths:
        if not path.exists():
            raise CallError(
                f"there is no {path}; give a journal (the --data folder of a watch) or a "
                "recording",
                path=str(path),
            )
    started = time.perf_counter()
    if _is_journal(paths[0]):
        result = _replay_journal(paths, site, keys, out=out, rate=rate)
    else:
        options = {"format": format, "date": date, "sensor": sensor, "framing": framing}
        result = _replay_recordings(paths, site, options, out=out, rate=rate)
    result["seconds_wall"] = round(time.perf_counter() - started, 3)
    if json:
        print_json(result)
    else:
        print_words(_words(result))


def _rate(speed: str) -> float:
    """How many recorded seconds a second of waiting; 0 does not wait."""
    if speed == "max":
        return 0.0
    try:
        rate = float(speed)
    except ValueError:
        rate = 0.0
    if not rate > 0.0:
        raise CallError(f'--speed is {speed!r}; give a number above 0, or "max"', speed=speed)
    return rate


def _is_journal(path: Path) -> bool:
    if path.is_dir():
        from tocsin.service.journal import journal_files

        return bool(journal_files(path))
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\x00"


def _replay_journal(
    paths: tuple[Path, ...],
    site: Path | None,
    key_file: Path | None,
    *,
    out: Path | None,
    rate: float,
) -> dict[str, Any]:
    from tocsin.service.following import journal_state
    from tocsin.service.journal import read_batches, read_header
    from tocsin.service.keyring import find_keys

    if len(paths) > 1 or site is not None:
        raise CallError("a journal is replayed alone and brings its own site file")
    with find_keys(paths[0], key_file) as keys:
        header = read_header(paths[0], keys=keys)
        state = journal_state(paths[0], header, keys)
        return _play(state, read_batches(paths[0], keys=keys), out=out, rate=rate)


def _replay_recordings(
    paths: tuple[Path, ...],
    site: Path | None,
    options: dict[str, str | None],
    *,
    out: Path | None,
    rate: float,
) -> dict[str, Any]:
    from tocsin import pipeline
    from tocsin.cli._batches import batches_of
    from tocsin.codec.recordings import open_recording

    node = Node() if site is None else _node_of(_bytes_of(site), str(site))
    recordings = [
        open_recording(_bytes_of(path), path.name, node=node if site else None, **options)
        for path in paths
    ]
    formats: dict[str, str] = {}
    framings: dict[str, str] = {}
    for recording in recordings:
        formats |= recording.formats
        framings |= recording.framings
    batches = batches_of(*(recording.frames for recording in recordings))
    first = next(batches, None)
    if first is None:
        raise FormatError(f"{paths[0]} holds nothing to replay", path=str(paths[0]))
    state, _ = pipeline.open_state(
        node,
        mode="replay",
        now_s=first.now_s,
        live=False,
        formats=formats,
        framings=framings,
        date=options["date"],
    )
    result = _play(state, _chain(first, batches), out=out, rate=rate)
    skipped: Counter[str] = Counter()
    for recording in recordings:
        skipped.update(recording.skipped)
    return {**result, "skipped": dict(sorted(skipped.items()))}


def _chain(first: Batch, rest: Iterator[Batch]) -> Iterator[Batch]:
    yield first
    yield from rest


def _play(
    state: Any, batches: Iterator[Batch], *, out: Path | None, rate: float
) -> dict[str, Any]:
    """Run the batches; return what `--json` prints, without the wall time."""
    from tocsin import codec, pipeline
    from tocsin.cli._summary import Summary, Tables

    summary, tables = Summary(), Tables()
    begun, first_s, last_s = time.monotonic(), None, 0.0
    for batch in _with_progress(batches):
        if first_s is None:
            first_s = batch.now_s
        if rate:
            time.sleep(max(0.0, (batch.now_s - first_s) / rate - (time.monotonic() - begun)))
        state, outcome = pipeline.step(state, batch)
        last_s = batch.now_s
        summary.add(len(batch.frames), outcome)
        if out is not None:
            tables.add(outcome)
    register, _ = pipeline.register_of(state)
    if out is not None:
        tables.write(out, pipeline.roster(state), register)
        if state.node.sites:
            from tocsin.cli._output import write_whole
            from tocsin.cli._trial_log import trial_log

            log = trial_log(state.node.sites[0], tables.tracks, tables.alerts)
            write_whole(out / "courageous.json", log)
    # A post of people that nobody reported from is no sensor of this recording.
    listed = codec.sensor_status(state.session, state.node, state.now_s)
    sensors = [sensor.sensor_id for sensor in listed]
    result = summary.result(sensors, pipeline.system_tracks(state))
    result["incidents"] = sum(row.kind == "incident" for row in register.rows.values())
    result["seconds_recorded"] = round(last_s - (first_s or last_s), 3)
    result["outcome_digest"] = pipeline.outcome_digest(state)
    return result


def _with_progress(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Show how far the replay is, on standard error, when somebody looks."""
    if not sys.stderr.isatty():
        yield from batches
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("replaying")
        for count, batch in enumerate(batches):
            if count % 50 == 0:
                when = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(batch.now_s))
                progress.update(task, description=f"replaying {when}")
            yield batch


def _bytes_of(path: Path) -> bytes:
    if path.is_dir():
        raise CallError(
            f"{path} is a folder without a journal; give the --data folder of a watch, or a "
            "file",
            path=str(path),
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}", path=str(path)) from error


def _node_of(text: bytes, where: str) -> Node:
    from tocsin.codec.site_toml import read_site

    return read_site(text, where)


def _words(result: dict[str, Any]) -> str:
    """Say what came of a replay in a few lines."""
    records = ", ".join(f"{n} {kind}" for kind, n in result["records"].items()) or "none"
    lost = {**result["rejected"], **result.get("skipped", {})}
    refused = ", ".join(f"{n} {why}" for why, n in lost.items()) or "none"
    kinds = ", ".join(f"{n} {word}" for word, n in result["by_identity"].items() if n) or "none"
    alerts = ", ".join(f"{n} x {word}" for word, n in result["alerts"].items()) or "none"
    return "\n".join(
        [
            f"{result['frames']} frames over {result['seconds_recorded']:.1f} s, "
            f"{result['sensors']} sensors, in {result['seconds_wall']:.1f} s",
            f"records: {records}; duplicates: {result['duplicates']}; refused: {refused}",
            f"detections: {result['detections']}; "
            f"tracks confirmed: {result['tracks_confirmed']}; declared: {result['declared']}",
            f"identities: {kinds}",
            f"ladder: {alerts}; incidents: {result['incidents']}",
            f"outcome {result['outcome_digest']}",
        ]
    )
