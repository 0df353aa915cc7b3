"""Predict, gate, assign, update; the life of a track."""

from tocsin.track.groups import find_groups
from tocsin.track.models import BirthModel, ClutterMap, Motion, MotionModels
from tocsin.track.options import Options
from tocsin.track.registration import SensorErrors, mark_errors, sensor_errors
from tocsin.track.state import TrackerState, open_tracker, reopen_trackers
from tocsin.track.step import step_into
from tocsin.track.strays import SensorClutter, mark_clutter, sensor_clutter
from tocsin.track.tables import table
from tocsin.track.tracker import Tracker
from tocsin.track.warming import warm

__all__ = [
    "BirthModel",
    "ClutterMap",
    "Motion",
    "MotionModels",
    "Options",
    "SensorClutter",
    "SensorErrors",
    "Tracker",
    "TrackerState",
    "find_groups",
    "mark_clutter",
    "mark_errors",
    "open_tracker",
    "reopen_trackers",
    "sensor_clutter",
    "sensor_errors",
    "step_into",
    "table",
    "warm",
]
