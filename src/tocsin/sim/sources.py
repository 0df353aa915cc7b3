"""All sensors of a site file as streams of bytes, and the same as frames in order of time."""

import heapq
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from tocsin.errors import ScenarioError
from tocsin.model import Batch, Frame, Node, Sensor, Site
from tocsin.sim import adsb, camera, radar, remoteid, sapient
from tocsin.sim.draws import Draws
from tocsin.sim.scenario import Scenario, Visibility
from tocsin.sim.world import World, open_world

__all__ = ["TICK_S", "Sent", "batches", "frames", "streams"]

TICK_S = 0.2  # the pipeline's grid: a driver adds an empty batch when so much passes


class Sent(NamedTuple):
    """Bytes that a sensor sends at a second of the day."""

    time_s: float
    payload: bytes


def streams(
    scenario: Scenario,
    node: Node,
    world: World,
    draws: Draws,
    *,
    day_s: float,
    from_s: float = 0.0,
) -> dict[str, Iterator[Sent]]:
    """Return what each simulated sensor of the node sends, without end, by its id.

    day_s: Unix UTC of the day's second 0; from_s: where in the day to begin. Each stream is a
    pure function of the draws: it can be begun anywhere, and no stream depends on another.
    Raises ScenarioError where the scenario does not say how far a sensor sees.
    """
    sites = {s.id: s for s in node.sites}
    found: dict[str, Iterator[Sent]] = {}
    for sensor in node.sensors:
        if sensor.kind == "person":
            continue
        site = sites[sensor.sites[0]]
        found[sensor.id] = _STREAM[sensor.format](
            scenario, sensor, site, world, draws, day_s, from_s
        )
    return found


def frames(
    scenario: Scenario,
    node: Node,
    draws: Draws,
    *,
    day_s: float,
    from_s: float = 0.0,
    until_s: float | None = None,
    world: World | None = None,
) -> Iterator[tuple[float, Frame]]:
    """Give (Unix UTC, frame) of one raid in order of time, as a service would have stored it.

    from_s, until_s: seconds of the day (default: all of the scenario). Arrival is at once; a
    sensor that registers does so first. world: what happens, where the node is only a part of
    the one that it happens to.
    """
    end_s = scenario.duration_s if until_s is None else until_s
    there = open_world(scenario, node, draws) if world is None else world
    sent = streams(scenario, node, there, draws, day_s=day_s, from_s=from_s)
    heads = [_named(name, stream) for name, stream in sent.items()]
    radios = {s.id for s in node.sensors if s.format == "remote-id"}
    counts: dict[str, int] = {}
    for time_s, name, payload in chain(_greetings(node, day_s, from_s), heapq.merge(*heads)):
        if time_s > end_s:
            return
        number = counts[name] = counts.get(name, -1) + 1
        taken = remoteid.stored(payload) if name in radios else payload
        yield day_s + time_s, Frame(name, number, day_s + time_s, taken)


def batches(
    heard: Iterator[tuple[float, Frame]], *, start_s: float, end_s: float
) -> Iterator[Batch]:
    """Cut frames into batches of TICK_S, an empty one where nothing came: what `step` wants."""
    waiting: list[Frame] = []
    ahead = next(heard, None)
    number = 1
    while (now_s := start_s + number * TICK_S) <= end_s:
        while ahead is not None and ahead[0] <= now_s:
            waiting.append(ahead[1])
            ahead = next(heard, None)
        yield Batch(now_s, tuple(waiting))
        waiting.clear()
        number += 1


def _greetings(node: Node, day_s: float, from_s: float) -> Iterator[tuple[float, str, bytes]]:
    """What sensors say that register, when the raid begins."""
    for sensor in node.sensors:
        if sensor.format == "sapient":
            yield from_s, sensor.id, sapient.greeting(sensor, day_s + from_s)


def _named(name: str, stream: Iterator[Sent]) -> Iterator[tuple[float, str, bytes]]:
    for sent in stream:
        yield sent.time_s, name, sent.payload


def _radar(
    scenario: Scenario, sensor: Sensor, site: Site, world: World, draws: Draws, day_s: float,
    from_s: float,
) -> Iterator[Sent]:  # fmt: skip
    one = _radar_of(scenario, sensor, site)
    for sent in radar.datagrams(one, world, draws, day_s=day_s, from_s=from_s):
        yield Sent(*sent)


def _radar_of(scenario: Scenario, sensor: Sensor, site: Site) -> radar.Radar:
    mast_m = sensor.alt_m - site.alt_m
    return radar.Radar(sensor, _visibility(scenario, sensor).r50_m, mast_m, site.geoid_m)


def _adsb(
    scenario: Scenario, sensor: Sensor, site: Site, world: World, draws: Draws, day_s: float,
    from_s: float,
) -> Iterator[Sent]:  # fmt: skip
    antenna = adsb.Antenna(
        sensor,
        _hearing_m(scenario, sensor),
        sensor.alt_m - site.alt_m,
        site.geoid_m,
        scenario.pressure_offset_m,
    )
    for sent in adsb.squitters(antenna, world, draws, from_s=from_s):
        yield Sent(*sent)


def _remote_id(
    scenario: Scenario, sensor: Sensor, site: Site, world: World, draws: Draws, day_s: float,
    from_s: float,
) -> Iterator[Sent]:  # fmt: skip
    listener = remoteid.Listener(
        sensor,
        _hearing_m(scenario, sensor),
        sensor.alt_m - site.alt_m,
        site.geoid_m,
        scenario.pressure_offset_m,
    )
    for sent in remoteid.captures(listener, world, draws, day_s=day_s, from_s=from_s):
        yield Sent(*sent)


def _camera(
    scenario: Scenario, sensor: Sensor, site: Site, world: World, draws: Draws, day_s: float,
    from_s: float,
) -> Iterator[Sent]:  # fmt: skip
    one = _camera_of(scenario, sensor, site)
    for glance in camera.glances(one, world, draws, from_s=from_s):
        yield Sent(glance.time_s, camera.body(one, glance, day_s))


def _camera_of(scenario: Scenario, sensor: Sensor, site: Site) -> camera.Camera:
    reach = _visibility(scenario, sensor).r50_by_kind_m
    return camera.Camera(sensor, reach, sensor.alt_m - site.alt_m)


def _sapient(
    scenario: Scenario, sensor: Sensor, site: Site, world: World, draws: Draws, day_s: float,
    from_s: float,
) -> Iterator[Sent]:  # fmt: skip
    if sensor.kind == "camera":
        eye = _camera_of(scenario, sensor, site)
        sent = sapient.camera_messages(eye, world, draws, day_s=day_s, from_s=from_s)
    else:
        one = _radar_of(scenario, sensor, site)
        sent = sapient.radar_messages(one, world, draws, day_s=day_s, from_s=from_s)
    for message in sent:
        yield Sent(*message)


def _hearing_m(scenario: Scenario, sensor: Sensor) -> float:
    for one in scenario.receiver:
        if one.sensor == sensor.id:
            return one.r50_m
    raise ScenarioError(
        f"the scenario does not say how far receiver {sensor.id!r} hears; add [[receiver]]"
    )


def _visibility(scenario: Scenario, sensor: Sensor) -> Visibility:
    for one in scenario.visibility:
        if one.sensor == sensor.id:
            return one
    raise ScenarioError(
        f"the scenario does not say how far {sensor.id!r} sees; add [[visibility]]"
    )


_STREAM = {
    "asterix": _radar, "beast": _adsb, "detections": _camera, "remote-id": _remote_id,
    "sapient": _sapient,
}  # fmt: skip
