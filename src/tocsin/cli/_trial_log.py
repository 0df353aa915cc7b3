"""What a replay showed, as the COURAGEOUS log that a trial of such systems compares."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tocsin.codec import courageous as log
from tocsin.model import Site

__all__ = ["trial_log"]

_DRONES = ("drone", "drone_multirotor", "drone_fixed_wing")


def trial_log(
    site: Site, tracks: Sequence[Mapping[str, Any]], alerts: Sequence[Mapping[str, Any]]
) -> bytes:
    """Return the log of the rows that `--out` writes; the site is where the system stands.

    Each track and each declared drone is one set. An alarm is active from when it was raised
    for a track until it was closed; its certainty is the track's existence, 1 for what a drone
    says of itself.
    """
    spans = _alarms(alerts)
    sets: dict[tuple[str, object], list[log.Record]] = {}
    ids: dict[tuple[str, object], int] = {}
    for row in tracks:
        if not (math.isfinite(row["lat"]) and math.isfinite(row["lon"])):
            continue
        linked = row["track_id"]
        key = ("track", linked) if linked else ("declared", row["declared_id"])
        ids.setdefault(key, int(linked) if linked else len(ids) + 1)
        own = sets.setdefault(key, [])
        own.append(_record(row, site, spans.get(str(linked), ())))
    number, kept = 0, []
    for key, records in sets.items():
        records.sort(key=lambda record: record.time)
        numbered = []
        for record in records:
            numbered.append(msgspec.structs.replace(record, record_number=number))
            number += 1
        kept.append(log.RecordSet(tuple(numbered), ids[key], str(key[1])))
    here = log.Position(site.lat, site.lon, site.alt_m - site.geoid_m)
    return log.write_log(log.Log("Tocsin", "Tocsin", here, (), tuple(kept)))


def _record(
    row: Mapping[str, Any], site: Site, spans: Sequence[tuple[float, float]]
) -> log.Record:
    time_s = row["time_s"]
    sure = 1.0 if row["existence"] is None else min(1.0, max(0.0, row["existence"]))
    alt_m, up = row["alt_m"], row["vel_up_mps"]
    place: log.Location = log.Position2d(row["lat"], row["lon"])
    if alt_m is not None and math.isfinite(alt_m):
        place = log.Position3d(row["lat"], row["lon"], alt_m - site.geoid_m)
    speeds = (row["vel_east_mps"], row["vel_north_mps"], up)
    is_moving = all(v is not None and math.isfinite(v) for v in speeds)
    label = row["identity"]
    return log.Record(
        record_number=0,
        time=round(time_s * 1e3),
        classification="UAV" if label in _DRONES else "Other" if label not in (
            None, "unknown") else "Unknown",
        alarm=log.Alarm(any(a <= time_s <= b for a, b in spans), sure),
        location=place,
        velocity=log.Velocity(*speeds) if is_moving else None,
        identification=row["declared_id"],
    )  # fmt: skip


def _alarms(alerts: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    """Return by track when an alarm stood for it; one that never ended stands on."""
    ends = {a["alarm"]: a["time_s"] for a in alerts if a["kind"] == "closed"}
    found: dict[str, list[tuple[float, float]]] = {}
    for alert in alerts:
        if alert["kind"] not in ("raised", "step") or not alert["alarm"]:
            continue
        span = (alert["time_s"], ends.get(alert["alarm"], math.inf))
        for track in alert["tracks"]:
            found.setdefault(track, []).append(span)
    return found
