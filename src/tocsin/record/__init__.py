"""The record: an append-only hash chain of entries."""

from tocsin.record.canonical import canonical
from tocsin.record.chain import Chain, append_into, first_bad, open_chain
from tocsin.record.notes import (
    note_acts_into,
    note_alerts_into,
    note_heartbeat_into,
    note_labels_into,
    note_sensors_into,
    note_tracks_into,
)

__all__ = [
    "Chain",
    "append_into",
    "canonical",
    "first_bad",
    "note_acts_into",
    "note_alerts_into",
    "note_heartbeat_into",
    "note_labels_into",
    "note_sensors_into",
    "note_tracks_into",
    "open_chain",
]
