"""The library's face: a tracker for any sensors, without a site file."""

import copy
import math
from collections.abc import Iterable, Sequence

import numpy as np

from tocsin.errors import CallError
from tocsin.model import Coverage, DetectionBatch, GroupTable, Sensor, TrackEvent, TrackTable
from tocsin.sensor import _kernels as ks
from tocsin.sensor.table import check_sensor
from tocsin.track._intake import newest_s, sound, sound_looks
from tocsin.track.groups import find_groups
from tocsin.track.lag import settled_into
from tocsin.track.options import Options
from tocsin.track.state import BY_TRACK, TrackerState, open_with
from tocsin.track.step import NO_SENSOR, count_into, step_into
from tocsin.track.tables import table

__all__ = ["Tracker"]

_MOST_RADIUS_M = 1e7  # a quarter of the way round the earth


class Tracker:
    """Tracks what sensors report, in one local frame.

    sensors: with a pose each (lat, lon in degrees, alt_m above the WGS 84 ellipsoid);
    `DetectionBatch.sensor` indexes them. origin_deg_m: (lat, lon, height) of the frame in
    which states are east, north, up; by default that of the first sensor. Targets farther
    than radius_m from it are not tracked.

    Raises SiteError for a sensor with an impossible value, CallError for one without a pose and
    for a frame that cannot be.
    """

    def __init__(
        self,
        sensors: Sequence[Sensor],
        options: Options | None = None,
        *,
        origin_deg_m: tuple[float, float, float] | None = None,
        radius_m: float = 60_000.0,
    ) -> None:
        if not sensors:
            raise CallError("a tracker needs at least one sensor")
        for sensor in sensors:
            if sensor.lat is None or sensor.lon is None:
                raise CallError(
                    f"sensor {sensor.id!r} has no pose; give lat, lon and alt_m",
                    sensor=sensor.id,
                )
            check_sensor(sensor)
        first = sensors[0]
        assert first.lat is not None
        assert first.lon is not None
        origin = (first.lat, first.lon, first.alt_m) if origin_deg_m is None else origin_deg_m
        _check_frame(origin, radius_m)
        self._state: TrackerState = open_with(
            sensors, origin, options or Options(), radius_m=radius_m
        )
        self._events: tuple[TrackEvent, ...] = ()

    def step(
        self,
        batch: DetectionBatch,
        coverages: Iterable[Coverage] = (),
        *,
        now_s: float | None = None,
    ) -> TrackTable:
        """Take in what has arrived and return all tracks, tentative ones included, at now_s.

        Without now_s it is the newest time of plots of known sensors (their arrival where
        given), but for those more than an hour ahead of the rest of the batch, which are
        counted as from the future. Without coverages no track is ever missed: it ends only
        once its position is unknown.

        Raises CallError for a column of another length than time_s or of values that do not
        fit; columns of another type or order of memory are copied into the right one.
        """
        state = self._state
        roster = len(state.row_of_roster)
        batch = sound(batch)
        looks, left_out = sound_looks(coverages, roster)
        at_s = newest_s(batch, roster, state.now_s) if now_s is None else _number(now_s)
        self._events = step_into(state, batch, looks, at_s)
        count_into(state, "sensor not known", np.count_nonzero(batch.sensor == NO_SENSOR))
        for reason in left_out:
            count_into(state, reason, 1)
        return table(state, at_s)

    def settled(self, at_s: float) -> TrackTable:
        """Return the tracks at a time of the last `late_s` seconds from all that has come by
        now: late data stand in their place, so that the order of arrival does not matter.

        Raises CallError for an older time, and one that is not finite.
        """
        if not math.isfinite(_number(at_s)):
            raise CallError(f"at_s is {at_s}; it must be a time in seconds", at_s=at_s)
        return table(settled_into(self._state, at_s), at_s)

    def groups(self) -> GroupTable:
        """Return what flies together at the time of the last step, counted by its plots."""
        return find_groups(self._state, self._state.now_s)

    @property
    def events(self) -> tuple[TrackEvent, ...]:
        """What happened to tracks in the last step."""
        return self._events

    @property
    def unused(self) -> dict[str, int]:
        """How many rows were not used so far, by reason."""
        return dict(self._state.unused)

    def state(self) -> TrackerState:
        """Return a copy of all that the tracker knows: plain numbers and arrays."""
        return copy.deepcopy(self._state)

    def restore(self, state: TrackerState) -> None:
        """Go on from a state of a tracker with the same sensors, to the same results.

        Raises CallError, with all as it was, for a state of other sensors, of another frame, or
        of another version of this library.
        """
        _check_same(self._state, state)
        self._state = copy.deepcopy(state)
        self._events = ()


def _number(value: float) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise CallError(f"{value!r} is no number: {error}", value=value) from None


def _check_frame(origin_deg_m: tuple[float, float, float], radius_m: float) -> None:
    """Raise CallError for a frame that cannot be."""
    most = (90.0, 360.0, 100_000.0)
    try:
        values = [float(value) for value in origin_deg_m]
        possible = len(values) == len(most) and all(
            abs(value) <= limit for value, limit in zip(values, most)
        )
    except (TypeError, ValueError):
        possible = False
    if not possible:
        raise CallError(
            f"origin_deg_m is {origin_deg_m}; it must be (lat, lon, height): degrees within"
            " 90 and 360, and metres within 100000",
            origin=origin_deg_m,
        )
    if not 0.0 < _number(radius_m) <= _MOST_RADIUS_M:
        raise CallError(
            f"radius_m is {radius_m!r}; it must be a positive number of metres, at most"
            f" {_MOST_RADIUS_M:.0f}",
            radius_m=radius_m,
        )


def _check_same(own: TrackerState, other: TrackerState) -> None:
    """Raise CallError unless the other state goes on where a tracker like this one was."""
    if not isinstance(other, TrackerState):
        raise CallError(
            f"a {type(other).__name__} is no state of a tracker; give what state() returned"
        )
    if own.origin_deg_m != other.origin_deg_m:
        raise CallError(
            f"the state is in the frame at {other.origin_deg_m}, this tracker's is at"
            f" {own.origin_deg_m}; give the same origin_deg_m",
            origin=own.origin_deg_m, of_state=other.origin_deg_m,
        )  # fmt: skip
    widths = [
        (getattr(state, name).shape[1], name)
        for state in (own, other)
        for name in (*BY_TRACK, "sensors")
    ]
    half = len(widths) // 2
    # What was told of the sensors; what is taken in its place is the state's own.
    poses = [state.sensors[:, : ks.DETECTION] for state in (own, other)]
    stated = [state.sensors[:, ks.STATED : ks.STATED + 1] for state in (own, other)]
    same_sensors = (
        poses[0].shape == poses[1].shape
        and np.array_equal(poses[0], poses[1], equal_nan=True)
        and (stated[0].shape != stated[1].shape or np.array_equal(stated[0], stated[1]))
        and np.array_equal(own.row_of_roster, other.row_of_roster)
    )
    if not same_sensors:
        raise CallError(
            f"the state is of other sensors ({len(other.sensors)} of them, here"
            f" {len(own.sensors)}, or with other poses, order or noise); open a tracker with"
            " the sensors that the state was made with",
            sensors=len(own.sensors), of_state=len(other.sensors),
        )  # fmt: skip
    if widths[:half] != widths[half:] or own.options.shape != other.options.shape:
        raise CallError(
            "the state was made by another version of tocsin.track; run the detections again"
        )
