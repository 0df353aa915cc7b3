"""What happened in a step, as entries of the operational ledger.

A payload names tracks, zones, alarms and sensors by their ids. It holds nothing that a person
could be known by: no declared id, no call sign (see docs/privacy).
"""

import hashlib
from collections.abc import Sequence

import numpy as np

from tocsin.model import Advice, AlertEvent, Entry, Picture, TrackEvent
from tocsin.model.identities import LABELS
from tocsin.record.chain import Chain, append_into

__all__ = [
    "note_acts_into",
    "note_advice_into",
    "note_alerts_into",
    "note_heartbeat_into",
    "note_labels_into",
    "note_sensors_into",
    "note_tracks_into",
]


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


def note_sensors_into(
    chain: Chain, picture: Picture, known: dict[str, str], now_s: float
) -> list[Entry]:
    """One entry for each sensor whose state word has changed; `known` is kept."""
    entries = []
    for sensor in picture.sensors:
        if known.get(sensor.sensor_id, "never heard") != sensor.state:
            body: dict[str, object] = {"sensor": sensor.sensor_id, "state": sensor.state}
            entries.append(append_into(chain, "sensor", now_s, body))
        known[sensor.sensor_id] = sensor.state
    return entries


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
