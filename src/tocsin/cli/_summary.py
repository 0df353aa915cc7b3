"""What a replay tells: counts as they come, and tables of tracks and alerts."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tocsin.model import DeclaredTable, Outcome, Picture, SystemTable, TrackKind
from tocsin.model.identities import LABELS
from tocsin.model.register import Register

__all__ = ["Summary", "Tables", "incidents_json"]


@dataclass(slots=True)
class Summary:
    """Sums over the outcomes of a replay; `result` gives the keys of `tocsin replay --json`."""

    frames: int = 0
    records: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    detections: int = 0
    confirmed: int = 0
    labels: dict[int, int] = field(default_factory=dict)
    declared: dict[bytes, int] = field(default_factory=dict)
    linked: dict[int, int] = field(default_factory=dict)
    flags: dict[bytes, int] = field(default_factory=dict)
    alerts: dict[str, int] = field(default_factory=dict)
    begun_s: float = float("nan")
    named_s: dict[str, float] = field(default_factory=dict)

    def add(self, frames: int, outcome: Outcome) -> None:
        self.frames += frames
        self.duplicates += outcome.duplicates
        self.detections += outcome.detections
        for kind, number in outcome.records.items():
            self.records[kind] = self.records.get(kind, 0) + number
        for refused in outcome.rejected:
            self.rejected[refused.reason] = self.rejected.get(refused.reason, 0) + refused.count
        self.confirmed += sum(e.kind == "confirmed" for e in outcome.track_events)
        for event in outcome.alert_events:
            if event.kind == "step":
                self.alerts[event.step] = self.alerts.get(event.step, 0) + 1
        if outcome.picture is not None:
            self._look(outcome.picture)

    def _look(self, picture: Picture) -> None:
        if not self.begun_s <= picture.now_s:
            self.begun_s = picture.now_s
        for sensor in picture.sensors:
            if sensor.state == "contradicts":
                self.named_s.setdefault(sensor.sensor_id, picture.now_s - self.begun_s)
            elif sensor.state == "ok":
                self.named_s.pop(sensor.sensor_id, None)
        tracks = picture.tracks
        measured = np.flatnonzero(tracks.kind == TrackKind.MEASURED)
        for row in measured.tolist():
            self.labels[int(tracks.track_id[row])] = int(picture.identities.label[row])
        heard = picture.declared
        for row, name in enumerate(heard.declared_id.tolist()):
            former = bytes(heard.former[row])
            if former in self.declared:  # one thing, known by its transmitter until now
                del self.declared[former]
                self.flags[name] = self.flags.pop(former)
            self.declared[name] = picture.declared_label[row]
            self.flags[name] = self.flags.get(name, 0) | int(heard.flags[row])
            if heard.verified[row]:
                self.linked[int(heard.link[row])] = 1

    def by_identity(self) -> dict[str, int]:
        """Distinct declared identities, and confirmed tracks that declare nothing, by label."""
        counts = {word: 0 for word in LABELS if word != "other"}
        shown = [label for track, label in self.labels.items() if track not in self.linked]
        for label in [*shown, *self.declared.values()]:
            word = LABELS[label]
            counts[word if word in counts else "unknown"] += 1
        return counts

    def result(self, sensors: list[str], system_tracks: int) -> dict[str, Any]:
        def flagged(bit: int) -> int:
            return sum(bool(flags & bit) for flags in self.flags.values())

        return {
            "frames": self.frames,
            "records": dict(sorted(self.records.items())),
            "duplicates": self.duplicates,
            "rejected": dict(sorted(self.rejected.items())),
            "detections": self.detections,
            "tracks_confirmed": self.confirmed,
            "by_identity": self.by_identity(),
            "declared": len(self.declared),
            "system_tracks": system_tracks,
            "flags": {
                "spoof": flagged(DeclaredTable.SPOOF),
                "clone": flagged(DeclaredTable.CLONE),
                "unreliable": flagged(DeclaredTable.UNRELIABLE),
            },
            "inconsistent_sensors": [
                {"id": name, "since_s": round(since_s, 3)}
                for name, since_s in sorted(self.named_s.items())
            ],
            "alerts": dict(sorted(self.alerts.items())),
            "sensors": len(sensors),
            "sensor_ids": sensors,
        }


@dataclass(slots=True)
class Tables:
    """Rows for `--out`: each measured track once a second, each declared position and each
    report of another tracker once.
    """

    tracks: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    second: int = -1
    declared_s: dict[bytes, float] = field(default_factory=dict)
    system_s: dict[int, float] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        for event in outcome.alert_events:
            self.alerts.append(
                {
                    "time_s": event.at_s,
                    "kind": event.kind,
                    "site": event.site_id,
                    "zone": event.zone_id,
                    "alarm": event.alarm_id,
                    "step": event.step,
                    "tracks": [str(t) for t in event.tracks],
                    "by": event.by,
                    "text": event.text,
                    "nature": event.nature,
                }
            )
        picture = outcome.picture
        if picture is None:
            return
        self._declared(picture)
        self._system(picture)
        if int(picture.now_s) != self.second:
            self.second = int(picture.now_s)
            self._measured(picture)

    def _measured(self, picture: Picture) -> None:
        tracks, identities = picture.tracks, picture.identities
        for row in np.flatnonzero(tracks.kind == TrackKind.MEASURED).tolist():
            plan = tracks.covariance[row]
            self.tracks.append(
                {
                    "time_s": picture.now_s,
                    "kind": "measured",
                    "track_id": int(tracks.track_id[row]),
                    "declared_id": identities.declared[row].decode() or None,
                    "identity": LABELS[int(identities.label[row])],
                    "lat": float(tracks.lat_deg[row]),
                    "lon": float(tracks.lon_deg[row]),
                    "alt_m": float(tracks.alt_m[row]),
                    "vel_east_mps": float(tracks.vel_east_mps[row]),
                    "vel_north_mps": float(tracks.vel_north_mps[row]),
                    "vel_up_mps": float(tracks.vel_up_mps[row]),
                    "sigma_position_m": float(np.sqrt(0.5 * (plan[0, 0] + plan[1, 1]))),
                    "existence": float(tracks.existence[row]),
                }
            )

    def _declared(self, picture: Picture) -> None:
        heard = picture.declared
        for row, name in enumerate(heard.declared_id.tolist()):
            time_s = float(heard.time_s[row])
            if not np.isfinite(heard.lat_deg[row]) or self.declared_s.get(name) == time_s:
                continue
            self.declared_s[name] = time_s
            self.tracks.append(
                {
                    "time_s": time_s,
                    "kind": "declared",
                    "track_id": int(heard.link[row]) or None,
                    "declared_id": name.decode(),
                    "identity": LABELS[picture.declared_label[row]],
                    **_motion(heard, row),
                    "existence": None,
                }
            )

    def _system(self, picture: Picture) -> None:
        table = picture.system
        for row, (track, time_s) in enumerate(
            zip(table.track_id.tolist(), table.time_s.tolist())
        ):
            placed = np.isfinite(table.lat_deg[row])
            if not placed or self.system_s.get(track) == time_s:
                continue
            self.system_s[track] = time_s
            self.tracks.append(
                {
                    "time_s": time_s,
                    "kind": "system",
                    "track_id": int(table.link[row]) or track,
                    "declared_id": table.declared_id[row].decode("ascii", "replace") or None,
                    "identity": None,
                    **_motion(table, row),
                    "existence": None,
                    "sensor": int(table.sensor[row]),
                    "sensor_track": table.number[row].decode("ascii", "replace"),
                }
            )

    def write(self, folder: Path, sensors: list[str], register: Register) -> None:
        """Write tracks.parquet, alerts.parquet and incidents.json; sensors: ids by roster
        index.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        number, text = pa.float64(), pa.string()
        columns = {
            "time_s": number, "kind": text, "track_id": pa.int64(), "declared_id": text,
            "identity": text, "lat": number, "lon": number, "alt_m": number,
            "vel_east_mps": number, "vel_north_mps": number, "vel_up_mps": number,
            "sigma_position_m": number,
            "existence": number, "sensor_id": text, "sensor_track": text,
        }  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        for row in self.tracks:
            place = row.pop("sensor", -1)
            row["sensor_id"] = sensors[place] if 0 <= place < len(sensors) else None
        tracks = pa.Table.from_pylist(self.tracks, schema=pa.schema(columns))
        pq.write_table(tracks, folder / "tracks.parquet")
        words = dict.fromkeys(("kind", "site", "zone", "alarm", "step"), text)
        schema = {"time_s": number, **words, "tracks": pa.list_(text), "by": text, "text": text}
        alerts = pa.Table.from_pylist(self.alerts, schema=pa.schema({**schema, "nature": text}))
        pq.write_table(alerts, folder / "alerts.parquet")
        (folder / "incidents.json").write_bytes(incidents_json(register))


def incidents_json(register: Register) -> bytes:
    """Return the incidents in the order of their entries, as JSON: each with its summary,
    the noun with tracks and zones, and its timeline.
    """
    import msgspec

    from tocsin import record

    rows = [
        {
            **msgspec.to_builtins(summary),
            "incident": msgspec.to_builtins(register.rows[summary.id].versions[-1].noun),
            "timeline": msgspec.to_builtins(record.moments(register, summary.id)),
        }
        for summary in reversed(record.summaries(register))
    ]
    return msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n"


def _motion(table: DeclaredTable | SystemTable, row: int) -> dict[str, float | None]:
    """Place, velocity and its sigma of one row of what another says, as on disk."""
    return {
        "lat": float(table.lat_deg[row]),
        "lon": float(table.lon_deg[row]),
        "alt_m": _or_none(table.alt_m[row]),
        "vel_east_mps": _or_none(table.vel_east_mps[row]),
        "vel_north_mps": _or_none(table.vel_north_mps[row]),
        "vel_up_mps": _or_none(table.vel_up_mps[row]),
        "sigma_position_m": _or_none(table.sigma_position_m[row]),
    }


def _or_none(value: Any) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None
