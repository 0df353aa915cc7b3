"""Tracks of things that say where they are (ADS-B, Remote ID), apart from measured ones.

One track per declared id. It never updates a measured state and never counts towards its
existence; a *link* ties the two together with a log-likelihood ratio, and is verified after
10 s inside the gate. A declared thing without a measured partner is shown, and
judged, as a track of its own.
"""

from tocsin.track.declared._as_tracks import declared_as_tracks, places_of
from tocsin.track.declared._links import link_into
from tocsin.track.declared._state import (
    DeclaredState,
    declared_table,
    open_declared,
    update_declared_into,
)
from tocsin.track.declared._unseen import watch_into

__all__ = [
    "DeclaredState",
    "declared_as_tracks",
    "declared_table",
    "link_into",
    "open_declared",
    "places_of",
    "update_declared_into",
    "watch_into",
]
