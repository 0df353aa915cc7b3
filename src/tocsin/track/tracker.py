"""The library's face: a tracker for any sensors, without a site file."""

import copy
from collections.abc import Iterable, Sequence

from tocsin.errors import CallError
from tocsin.model import Coverage, DetectionBatch, Sensor, TrackEvent, TrackTable
from tocsin.track.lag import settled_into
from tocsin.track.options import Options
from tocsin.track.state import TrackerState, open_with
from tocsin.track.step import step_into
from tocsin.track.tables import table

__all__ = ["Tracker"]


class Tracker:
    """Tracks what sensors report, in one local frame.

    sensors: with a pose each (lat, lon in degrees, alt_m above the WGS 84 ellipsoid);
    `DetectionBatch.sensor` indexes them. origin_deg_m: (lat, lon, height) of the frame in
    which states are east, north, up; by default that of the first sensor. Targets farther
    than radius_m from it are not tracked.

    Raises SiteError for a sensor with an impossible value, CallError for one without a pose.
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
        first = sensors[0]
        assert first.lat is not None
        assert first.lon is not None
        origin = origin_deg_m or (first.lat, first.lon, first.alt_m)
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

        Without now_s it is the newest time of the batch (its arrival where given). Without
        coverages no track is ever missed: it ends only once its position is unknown.
        """
        at_s = _newest(batch, self._state.now_s) if now_s is None else now_s
        self._events = step_into(self._state, batch, coverages, at_s)
        return table(self._state, at_s)

    def settled(self, at_s: float) -> TrackTable:
        """Return the tracks at a time of the last `late_s` seconds from all that has come by
        now: late data stand in their place, so that the order of arrival does not matter.

        Raises CallError for an older time.
        """
        return table(settled_into(self._state, at_s), at_s)

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
        """Go on from a state of a tracker with the same sensors, to the same results."""
        self._state = copy.deepcopy(state)
        self._events = ()


def _newest(batch: DetectionBatch, now_s: float) -> float:
    """Return the newest finite time of the batch, or now_s where that is newer."""
    newest = now_s
    for column in (batch.time_s, batch.arrival_s):
        usable = column[(column > now_s) & (column < float("inf"))]
        if usable.size:
            newest = max(newest, float(usable.max()))
    if newest == float("-inf"):
        raise CallError("the first batch holds no time; give now_s", now_s=now_s)
    return newest
