"""Tracks of other trackers (ASTERIX CAT062, SAPIENT objects): correlated, never tracked anew.

One row per (sensor, track number). A row that a gated track-to-track test finds to be of the
same thing as an own track is joined to it: what is shown is the covariance intersection of
both, and the own filter never hears of it (the other tracker may have used the same radars). A
row without a partner is shown, and judged, as a track of its own.
"""

from tocsin.track.system._as_tracks import fused, system_as_tracks
from tocsin.track.system._correlate import correlate_into
from tocsin.track.system._state import (
    SystemState,
    heard,
    open_system,
    system_table,
    update_system_into,
)

__all__ = [
    "SystemState",
    "correlate_into",
    "fused",
    "heard",
    "open_system",
    "system_as_tracks",
    "system_table",
    "update_system_into",
]
