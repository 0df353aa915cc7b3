"""What happened in a step, as entries of the operational ledger.

A payload names tracks, zones, alarms and sensors by their ids. It holds nothing that a person
could be known by: no declared id, no call sign (see docs/privacy).
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tocsin.model import Advice, AlertEvent, Entry, Picture, TrackEvent
from tocsin.model.identities import LABELS
from tocsin.record.chain import Chain, append_into

__all__ = [
    "SensorNoted",
    "note_acts_into",
    "note_advice_into",
    "note_alerts_into",
    "note_heartbeat_into",
    "note_labels_into",
    "note_sensors_into",
    "note_tracks_into",
]

FOUND_EVERY_S = 300.0  # between two entries of what is found of one sensor
FOUND_RATIO = 4.0 / 3.0  # by which a number must have changed to be another one


def note_tracks_into(
    chain: Chain, events: Sequence[TrackEvent], site_ids: Sequence[str], now_s: float
) -> list[Entry]:
    """One entry for each confirmed, ended or revised track."""
    return [
        append_into(
            chain,
            "track",
            now_s,
            {
                "what": event.kind,
                "at_s": event.at_s,
                "track": str(event.track_id),
                "site": site_ids[event.site],
                "how": event.how,
            },
        )
        for event in events
    ]


def note_alerts_into(chain: Chain, events: Sequence[AlertEvent], now_s: float) -> list[Entry]:
    """One entry for each thing that happened in the watch."""
    return [
        append_into(
            chain,
            "alert",
            now_s,
            {
                "what": event.kind,
                "at_s": event.at_s,
                "site": event.site_id,
                "zone": event.zone_id,
                "alarm": event.alarm_id,
                "step": event.step,
                "tracks": [str(t) for t in event.tracks],
                "by": event.by,
                "text": event.text,
                "nature": event.nature,
                **({"facts": dict(event.facts)} if event.facts else {}),
            },
        )
        for event in events
    ]


def note_advice_into(
    chain: Chain, picture: Picture, known: dict[str, tuple[str, ...]], now_s: float
) -> list[Entry]:
    """One entry for each alarm whose lines of the playbook have changed; `known` is kept."""
    shown: dict[str, list[Advice]] = {}
    for advice in picture.advice:
        shown.setdefault(advice.alarm_id, []).append(advice)
    entries = []
    for alarm, lines in shown.items():
        names = (lines[0].step, *(line.line for line in lines))
        if known.get(alarm) == names:
            continue
        known[alarm] = names
        body: dict[str, object] = {
            "alarm": alarm,
            "site": lines[0].site_id,
            "step": lines[0].step,
            "reason": lines[0].reason,
            "lines": [
                {"line": line.line, "words": line.words, "until_s": line.until_s,
                 "tell": [contact.post for contact in line.tell]}
                for line in lines
            ],
        }  # fmt: skip
        entries.append(append_into(chain, "advice", now_s, body))
    for alarm in [name for name in known if name not in shown]:
        del known[alarm]
    return entries


def note_acts_into(
    chain: Chain, answers: Sequence[tuple[str, bool, str]], now_s: float
) -> list[Entry]:
    """One entry for each act: accepted or refused, with the sentence that was answered."""
    return [
        append_into(
            chain, "act", now_s, {"key": key, "accepted": accepted, "sentence": sentence}
        )
        for key, accepted, sentence in answers
    ]


def note_labels_into(
    chain: Chain, picture: Picture, known: dict[int, int], now_s: float
) -> list[Entry]:
    """One entry for each track that is taken for something else now; `known` is kept."""
    entries = []
    tracks, identities = picture.tracks, picture.identities
    present = {}
    for row, track_id in enumerate(tracks.track_id.tolist()):
        label = int(identities.label[row])
        present[track_id] = label
        if known.get(track_id, 0) != label:
            body: dict[str, object] = {
                "track": str(track_id),
                "label": LABELS[label],
                "p": [round(p, 4) for p in identities.probability[row].tolist()],
                "none": round(float(identities.none[row]), 4),
                "conflict": round(float(identities.conflict[row]), 4),
                "cooperative": bool(identities.cooperative[row]),
            }
            entries.append(append_into(chain, "identity", now_s, body))
    known.clear()
    known.update(present)
    return entries


@dataclass(slots=True)
class SensorNoted:
    """What the ledger says of a sensor: its state word, and what was found of it, when."""

    state: str = "never heard"
    found: dict[str, float] = field(default_factory=dict)
    found_s: float = -math.inf


def note_sensors_into(
    chain: Chain, picture: Picture, known: dict[str, SensorNoted], now_s: float
) -> list[Entry]:
    """One entry for each sensor whose state word has changed, or of which something else is
    found than the ledger says; `known` is kept.

    What is found wanders while it is learnt: it is noted at most every FOUND_EVERY_S, and where
    it is of another kind or has changed by FOUND_RATIO.
    """
    entries = []
    for sensor in picture.sensors:
        noted = known.setdefault(sensor.sensor_id, SensorNoted())
        found = sensor.found()
        is_due = now_s - noted.found_s >= FOUND_EVERY_S and _differs(found, noted.found)
        if noted.state == sensor.state and not is_due:
            continue
        if is_due:
            noted.found = {name: float(f"{value:.3g}") for name, value in found.items()}
            noted.found_s = now_s
        noted.state = sensor.state
        body: dict[str, object] = {
            "sensor": sensor.sensor_id, "state": sensor.state, "found": dict(noted.found),
        }  # fmt: skip
        entries.append(append_into(chain, "sensor", now_s, body))
    return entries


def _differs(found: dict[str, float], noted: dict[str, float]) -> bool:
    if found.keys() != noted.keys():
        return True
    return any(
        value * noted[name] <= 0.0
        or max(value / noted[name], noted[name] / value) >= FOUND_RATIO
        for name, value in found.items()
    )


def note_heartbeat_into(
    chain: Chain, picture: Picture, counts: dict[str, int], now_s: float
) -> Entry:
    """One entry that holds the counters and a digest of the whole picture, bit by bit."""
    digest = hashlib.sha256()
    columns: list[np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = [
        picture.tracks.track_id, picture.tracks.status, picture.tracks.state,
        picture.tracks.covariance, picture.tracks.existence, picture.identities.probability,
        picture.threats.track_id, picture.threats.arrival_early_s,
        picture.threats.arrival_late_s, picture.threats.p_zone, picture.declared.lat_deg,
        picture.declared.lon_deg, picture.declared.link,
    ]  # fmt: skip
    for column in columns:
        digest.update(np.ascontiguousarray(column).tobytes())
    return append_into(
        chain,
        "heartbeat",
        now_s,
        {
            "tracks": len(picture.tracks),
            "declared": len(picture.declared),
            "picture_sha256": digest.hexdigest(),
            "counts": counts,
        },
    )
