"""Predict, gate, assign, update; the life of a track."""

from tocsin.track.options import Options
from tocsin.track.state import TrackerState, open_tracker
from tocsin.track.step import step_into
from tocsin.track.tables import table
from tocsin.track.tracker import Tracker
from tocsin.track.warming import warm

__all__ = ["Options", "Tracker", "TrackerState", "open_tracker", "step_into", "table", "warm"]
