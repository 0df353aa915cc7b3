"""How far a site's sensors see, by bearing and height, on a smooth earth without terrain.

A target flies level towards the middle of the site. A sensor sees it where the functions that
the tracker uses (`sensor/`: field of view, least and greatest range, Doppler notch, probability
of detection) give at least the wanted probability in one look, and where it stands above the
horizon. Bearings are degrees clockwise from true north; ranges are plan distances in metres
from the sensor, or for a site from its reference point; heights are above the site's ground.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tocsin import geo
from tocsin.errors import CallError, SiteError
from tocsin.model import CLASSES, Node, Sensor, Site
from tocsin.sensor import SensorTable, detection_probability, measure, pack
from tocsin.sim.physics import detection_chance, horizon_m, reach_of_size_m
from tocsin.sim.scenario import Scenario
from tocsin.units import DEG

__all__ = ["DECLARED_ONLY", "Question", "Rays", "SiteCoverage", "Span", "coverage_of"]

Floats = NDArray[np.float64]
Span = tuple[float, float]  # seen from here to there, metres

DECLARED_ONLY = ("adsb", "remote_id", "system", "person")  # do not measure a silent target
_SAMPLES = 512  # along a ray; a gap narrower than a 512th of the longest range can be missed
_HALVINGS = 24  # the ends of a span are then known to less than a millimetre
# On both sides of a sector's edge: 0.3 m at 16 km, and more than verticals at sensor and target
# turn the bearing of a high one.
_EDGE_DEG = 1e-3
_LEAST_DBSM, _MOST_DBSM = -60.0, 60.0  # from less than an insect to more than a ship
_NEARER = 8  # points along an edge, each half as far: from a site 100 km beside it to its foot
_NEAR_EDGE = 0.95  # of the way to a tangent of a reach, which itself sees a point alone
_BEARING_PLACES = 6  # decimals of a degree: 2 mm at 100 km
# Rays begin here: a target right above a sensor has no bearing, above the site no course to it.
_LEAST_M = 1.0
_LEAST_M_PER_DEG = 110_574.0  # of latitude on WGS-84: at the equator


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. heights_m: above the site's ground; probability: of a detection in one
    look; speed_mps: of the target, which matters where a radar has a Doppler notch; kind: one
    of CLASSES, for sensors with max_range_by_kind_m, None for none in particular; step_deg:
    between two bearings.

    scenario, rcs_dbsm: ask how far sensors truly see by the [[visibility]] of a scenario,
    instead of how far the site file says. A radar then needs the radar cross-section, a camera
    the kind.
    """

    heights_m: tuple[float, ...] = (50.0, 120.0, 300.0)
    probability: float = 0.5
    speed_mps: float = 40.0
    kind: str | None = None
    step_deg: float = 5.0
    scenario: Scenario | None = None
    rcs_dbsm: float | None = None


@dataclass(frozen=True, slots=True)
class Rays:
    """What is seen at one height: for each bearing the spans, nearest first."""

    height_m: float
    bearing_deg: tuple[float, ...]
    spans: tuple[tuple[Span, ...], ...]

    def near_m(self) -> tuple[float | None, ...]:
        """Return where the nearest span begins, None on bearings where nothing is seen."""
        return tuple(s[0][0] if s else None for s in self.spans)

    def far_m(self) -> tuple[float | None, ...]:
        """Return the detection range: where the farthest span ends."""
        return tuple(s[-1][1] if s else None for s in self.spans)

    def unseen_m(self) -> tuple[float, ...]:
        """Return how much lies in gaps between the nearest and the farthest point seen."""
        return tuple(sum(b[0] - a[1] for a, b in pairwise(s)) for s in self.spans)


@dataclass(frozen=True, slots=True)
class SiteCoverage:
    """One site. of_site: one Rays a height, from the reference point, what any sensor sees;
    of_sensors: the same of each sensor, from where it stands; left_out: (sensor, why).
    """

    site: Site
    of_site: tuple[Rays, ...]
    of_sensors: tuple[tuple[Sensor, tuple[Rays, ...]], ...]
    left_out: tuple[tuple[str, str], ...]


def coverage_of(node: Node, question: Question) -> tuple[SiteCoverage, ...]:
    """Return the coverage of each site of a node.

    Raises CallError for a question that cannot be, SiteError where there is no site, or one
    over whose sensors' reach a pole lies: no ring in longitude and latitude goes round that.
    """
    _check(question)
    if not node.sites:
        raise SiteError("the site file has no [[site]]: there is nothing to look out from")
    return tuple(_site_coverage(node, site, question) for site in node.sites)


def _check(question: Question) -> None:
    heights = question.heights_m
    if not heights or not all(0.0 < h <= 30_000.0 for h in heights):
        raise CallError(
            "--heights are metres above ground from 0 to 30000, such as 50,120,300, "
            f"not {heights}"
        )
    if len(set(heights)) < len(heights) or len(heights) > 8:
        raise CallError(f"--heights are up to 8 different ones, not {heights}")
    if not 0.0 < question.probability <= 1.0:
        raise CallError(
            f"--probability lies above 0 and at most at 1, not {question.probability}"
        )
    if not 0.0 < question.speed_mps <= 1000.0:
        raise CallError(f"--speed-mps lies from 0 to 1000, not {question.speed_mps}")
    if not 0.5 <= question.step_deg <= 30.0:
        raise CallError(f"--step-deg lies from 0.5 to 30, not {question.step_deg}")
    if question.kind is not None and question.kind not in CLASSES:
        raise CallError(f"--kind is one of {', '.join(CLASSES)}, not {question.kind!r}")
    rcs_dbsm = question.rcs_dbsm
    if rcs_dbsm is not None and not _LEAST_DBSM <= rcs_dbsm <= _MOST_DBSM:
        raise CallError(
            f"--rcs-dbsm lies from {_LEAST_DBSM:g} to {_MOST_DBSM:g}, such as -10 of a small "
            f"drone, not {rcs_dbsm}"
        )
    if rcs_dbsm is not None and question.scenario is None:
        raise CallError(
            "--rcs-dbsm needs --scenario: a site file says how far a sensor sees, "
            "not what size of target that holds for"
        )


def _site_coverage(node: Node, site: Site, question: Question) -> SiteCoverage:
    mine = [s for s in node.sensors if site.id in s.sites]
    left_out = [(s.id, why) for s in mine if (why := _why_not(s, question))]
    used = [s for s in mine if s.id not in dict(left_out)]
    for sensor in used:
        if abs(sensor.lat or 0.0) + sensor.max_range_m / _LEAST_M_PER_DEG >= 90.0:
            raise SiteError(
                f"the reach of sensor {sensor.id!r} ({sensor.max_range_m:g} m) goes over a "
                "pole; an area in longitude and latitude cannot show that",
                sensor=sensor.id,
            )
    frame = geo.frame_at(site.lat, site.lon, site.alt_m)
    table = pack([_for_kind(s, question.kind) for s in used], frame)
    lookers = [_Looker(s, k, table, site, frame, question) for k, s in enumerate(used)]
    of_site, of_sensors = [], []
    for height_m in question.heights_m:
        of_site.append(_of_site(lookers, site, frame, height_m, question))
    for looker in lookers:
        rays = tuple(looker.rays(height_m) for height_m in question.heights_m)
        of_sensors.append((looker.sensor, rays))
    return SiteCoverage(site, tuple(of_site), tuple(of_sensors), tuple(left_out))


def _why_not(sensor: Sensor, question: Question) -> str:
    if sensor.lat is None or sensor.lon is None:
        return "it has no place; give lat and lon"
    if sensor.kind in DECLARED_ONLY:
        return "it hears only what declares itself"
    if question.scenario is None:
        return ""
    sees = [v for v in question.scenario.visibility if v.sensor == sensor.id]
    if not sees:
        return f"scenario {question.scenario.name!r} has no [[visibility]] of it"
    if sees[0].r50_by_kind_m:
        known = ", ".join(sees[0].r50_by_kind_m)
        return "" if question.kind in sees[0].r50_by_kind_m else f"give --kind, one of {known}"
    return "" if question.rcs_dbsm is not None else "give --rcs-dbsm, the size of the target"


def _for_kind(sensor: Sensor, kind: str | None) -> Sensor:
    """Return the sensor as it is for targets of that kind alone."""
    reach_m = sensor.max_range_by_kind_m.get(kind or "", sensor.max_range_m)
    return replace(sensor, max_range_m=min(reach_m, sensor.max_range_m), max_range_by_kind_m={})


@dataclass(frozen=True, slots=True)
class _Looker:
    """A sensor in its row of the site's table."""

    sensor: Sensor
    row: int
    table: SensorTable
    site: Site
    frame: geo.Frame
    question: Question

    def chance(self, states: Floats, height_m: float) -> Floats:
        """Return (n,): the probability of detection in one look; states in the site's frame."""
        chance = detection_probability(self.table, self.row, states)
        range_m = measure(self.table, self.row, states)[:, 0]
        reach_m = self._true_reach_m()
        if reach_m is not None:
            chance = np.where(chance > 0.0, detection_chance(range_m, reach_m), 0.0)
        mast_m = self.sensor.alt_m - self.site.alt_m
        above = range_m <= horizon_m(mast_m, np.array([height_m]))
        return np.where(above, chance, 0.0)

    def _true_reach_m(self) -> float | None:
        question = self.question
        if question.scenario is None:
            return None
        sees = next(v for v in question.scenario.visibility if v.sensor == self.sensor.id)
        if sees.r50_by_kind_m:
            return sees.r50_by_kind_m[question.kind or ""]
        return float(reach_of_size_m(sees.r50_m, np.array([question.rcs_dbsm]))[0])

    def rays(self, height_m: float) -> Rays:
        """Return what this sensor sees from where it stands."""
        sensor = self.sensor
        bearings = _bearings(self.question.step_deg, [sensor])
        place = geo.frame_at(sensor.lat or 0.0, sensor.lon or 0.0, self.site.alt_m)

        def chance(bearing_deg: Floats, ground_m: Floats) -> Floats:
            states = self._states(place, bearing_deg, ground_m, height_m)
            return self.chance(states, height_m)

        return _along(chance, bearings, sensor.max_range_m, height_m, self.question)

    def _states(
        self, origin: geo.Frame, bearing_deg: Floats, ground_m: Floats, height_m: float
    ) -> Floats:
        return _states_of(
            self.site, self.frame, origin, bearing_deg, ground_m, height_m, self.question
        )


def _of_site(
    lookers: Sequence[_Looker],
    site: Site,
    frame: geo.Frame,
    height_m: float,
    question: Question,
) -> Rays:
    """Return what any sensor sees, from the site's reference point."""
    bearings = _site_bearings(lookers, question)
    here = geo.geodetic_rows(site.lat, site.lon, site.alt_m)
    longest_m = 1.0
    for looker in lookers:
        there = geo.geodetic_rows(looker.sensor.lat, looker.sensor.lon, site.alt_m)
        away_m = float(geo.distance_m(here, there)[0])
        longest_m = max(longest_m, away_m + looker.sensor.max_range_m)

    def chance(bearing_deg: Floats, ground_m: Floats) -> Floats:
        states = _states_of(site, frame, frame, bearing_deg, ground_m, height_m, question)
        best = np.zeros(len(states))
        for looker in lookers:
            best = np.maximum(best, looker.chance(states, height_m))
        return best

    return _along(chance, bearings, longest_m, height_m, question)


def _states_of(
    site: Site, frame: geo.Frame, origin: geo.Frame, bearing_deg: Floats, ground_m: Floats,
    height_m: float, question: Question,
) -> Floats:  # fmt: skip
    """Return states (n, 6) in the site's frame of targets at that bearing and plan distance
    from an origin on the ground, level, towards the site's reference point.
    """
    bearing_rad = bearing_deg * DEG
    flat = np.zeros((len(bearing_deg), 3))
    flat[:, 0] = ground_m * np.sin(bearing_rad)
    flat[:, 1] = ground_m * np.cos(bearing_rad)
    places = geo.from_frame(flat, origin)
    places[:, 2] = site.alt_m + height_m  # the ground follows the ellipsoid
    states = np.zeros((len(flat), 6))
    states[:, :3] = geo.to_frame(places, frame)
    away_m = np.maximum(np.sqrt(states[:, 0] ** 2 + states[:, 1] ** 2), _LEAST_M)
    states[:, 3] = -question.speed_mps * states[:, 0] / away_m
    states[:, 4] = -question.speed_mps * states[:, 1] / away_m
    return states


def _bearings(step_deg: float, sensors: Sequence[Sensor]) -> Floats:
    """Return bearings from 0 up to 360, with both sides of every sector's edge."""
    count = max(1, round(360.0 / step_deg))
    edges = [e for s in sensors if s.azimuth_width_deg < 360.0 for e in _edges(s)]
    return np.unique(np.concatenate([np.arange(count) * (360.0 / count), edges]))


def _site_bearings(lookers: Sequence[_Looker], question: Question) -> Floats:
    """Return bearings from the reference point that miss no sector and no gap between the edges
    of one, however narrow and wherever its sensor stands.

    They go through points on both sides of each edge, in the middle of the sector and in the
    middle of what is left out, at the sensor's reach, half of it, and so on; and through what a
    sensor sees whose reach ends before the reference point.
    """
    found = [_bearings(question.step_deg, [])]
    for looker in lookers:
        sensor = looker.sensor
        found.append(_bearings_to(looker))
        if sensor.azimuth_width_deg >= 360.0:
            continue
        middle = sensor.azimuth_center_deg
        azimuths = np.append(_edges(sensor), [middle, middle + 180.0])
        ranges = sensor.max_range_m * 0.5 ** np.arange(_NEARER)
        place = geo.frame_at(sensor.lat or 0.0, sensor.lon or 0.0, looker.site.alt_m)
        there = _states_of(
            looker.site, looker.frame, place, np.repeat(azimuths, _NEARER),
            np.tile(ranges, len(azimuths)), 0.0, question,
        )  # fmt: skip
        seen_at_rad = np.arctan2(there[:, 0], there[:, 1])
        found.append(np.round(seen_at_rad / DEG, _BEARING_PLACES) % 360.0)
    return np.unique(np.concatenate(found))


def _bearings_to(looker: _Looker) -> Floats:
    """Return bearings from the reference point to a sensor that does not reach so far: to its
    place, and to both sides of its reach and halfway there. Else none.
    """
    sensor = looker.sensor
    east_m, north_m, _ = looker.table.packed[looker.row, :3].tolist()
    away_m = math.hypot(east_m, north_m)
    if away_m <= sensor.max_range_m:
        return np.empty(0)
    half_deg = math.asin(sensor.max_range_m / away_m) / DEG
    turns = half_deg * np.array([-_NEAR_EDGE, -0.5, 0.0, 0.5, _NEAR_EDGE])
    found: Floats = np.round(math.atan2(east_m, north_m) / DEG + turns, _BEARING_PLACES)
    return found % 360.0


def _edges(sensor: Sensor) -> list[float]:
    """Return both sides of both edges of a sensor's sector, in degrees."""
    half = 0.5 * sensor.azimuth_width_deg
    edges = (sensor.azimuth_center_deg - half, sensor.azimuth_center_deg + half)
    return [(edge + side) % 360.0 for edge in edges for side in (-_EDGE_DEG, _EDGE_DEG)]


def _along(
    chance: Callable[[Floats, Floats], Floats],
    bearing_deg: Floats,
    longest_m: float,
    height_m: float,
    question: Question,
) -> Rays:
    """Return the spans of each bearing in which the chance is at least the wanted one."""
    steps = np.linspace(0.0, longest_m * (1.0 + 1.0 / _SAMPLES), _SAMPLES + 1)
    steps[0] = _LEAST_M
    rays, places = len(bearing_deg), len(steps)
    seen = chance(np.repeat(bearing_deg, places), np.tile(steps, rays)) >= question.probability
    seen = seen.reshape(rays, places)
    seen[:, -1] = False  # beyond every range limit
    ray, place = np.nonzero(seen[:, 1:] != seen[:, :-1])
    low, high = steps[place].copy(), steps[place + 1].copy()
    begins = seen[ray, place + 1]
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        inside = chance(bearing_deg[ray], middle) >= question.probability
        upper = inside == begins
        high = np.where(upper, middle, high)
        low = np.where(upper, low, middle)
    ends = 0.5 * (low + high)
    spans = []
    for k in range(rays):
        marks = ends[ray == k].tolist()
        if seen[k, 0]:
            marks = [0.0, *marks]
        spans.append(tuple(zip(marks[::2], marks[1::2])))
    return Rays(height_m, tuple(bearing_deg.tolist()), tuple(spans))
