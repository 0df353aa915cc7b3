"""Coverage as areas: polygons from rays, and GeoJSON (RFC 7946) of them."""

import math

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry import mapping
from shapely.geometry.polygon import orient

from tocsin import geo
from tocsin.model import Sensor, Site
from tocsin.sim.coverage import Question, Rays, SiteCoverage, Span
from tocsin.units import DEG

__all__ = ["MARKING", "area_of", "asked", "geojson_of", "site_area", "zones_seen"]

MARKING = "SENSITIVE: it shows where nothing is seen"
_PLACES = 7  # decimals of a degree: 1 cm
_SEAM_DEG = 1e-4  # neighbouring slices overlap by this, so that no seam is left between them


def area_of(rays: Rays) -> shapely.Geometry:
    """Return the area that is seen, in plan metres (east, north) from where the rays begin.

    Between two neighbouring bearings, spans that overlap are joined by straight edges; a span
    without a neighbour ends at its bearing.
    """
    slices = []
    count = len(rays.bearing_deg)
    for k in range(count):
        left, right = rays.bearing_deg[k], rays.bearing_deg[(k + 1) % count]
        turn = (right - left) % 360.0 or 360.0
        for a in rays.spans[k]:
            for b in rays.spans[(k + 1) % count]:
                if a[0] < b[1] and b[0] < a[1]:
                    slices.append(_slice(left, left + turn + _SEAM_DEG, a, b))
    return shapely.union_all(slices) if slices else shapely.Polygon()


def _slice(left_deg: float, right_deg: float, a: Span, b: Span) -> shapely.Polygon:
    corners = [(left_deg, a[0]), (left_deg, a[1]), (right_deg, b[1]), (right_deg, b[0])]
    return shapely.Polygon(
        [(far * math.sin(deg * DEG), far * math.cos(deg * DEG)) for deg, far in corners]
    ).buffer(0.0)


def site_area(found: SiteCoverage, row: int) -> shapely.Geometry:
    """Return what any sensor of the site sees at the row-th height, in (lon, lat) degrees; the
    longitude goes on past 180 where the site's own side ends.
    """
    areas = [_to_degrees(area_of(rays[row]), found.site, s) for s, rays in found.of_sensors]
    return _polygons(shapely.union_all(areas))


def zones_seen(found: SiteCoverage) -> list[tuple[str, str, tuple[float, ...]]]:
    """Return (id, name, share of its area that any sensor sees at each height) of each zone."""
    frame = geo.frame_at(found.site.lat, found.site.lon, found.site.alt_m)
    areas = [site_area(found, row) for row in range(len(found.of_site))]
    told = []
    for zone in found.site.zones:
        flat = np.array([(east, north, 0.0) for east, north in zone.outline_m])
        ring = _lon_lat(geo.from_frame(flat, frame), found.site)
        shape = shapely.make_valid(shapely.Polygon(ring))
        shares = tuple(min(1.0, shape.intersection(a).area / shape.area) for a in areas)
        told.append((zone.id, zone.name or zone.id, shares))
    return told


def _to_degrees(area: shapely.Geometry, site: Site, sensor: Sensor) -> shapely.Geometry:
    frame = geo.frame_at(sensor.lat or 0.0, sensor.lon or 0.0, site.alt_m)

    def place(plan: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> object:
        flat = np.column_stack([plan, np.zeros(len(plan))])
        return np.round(_lon_lat(geo.from_frame(flat, frame), site), _PLACES)

    return _polygons(shapely.make_valid(shapely.transform(area, place)))


def _lon_lat(places: NDArray[np.float64], site: Site) -> NDArray[np.float64]:
    """Return (n, 2) degrees of geodetic rows, with the longitude that is nearest to the site's:
    an area beside the 180th meridian stays in one piece.
    """
    found: NDArray[np.float64] = places[:, [1, 0]] / DEG
    found[:, 0] = site.lon + (found[:, 0] - site.lon + 180.0) % 360.0 - 180.0
    return found


def _cut(area: shapely.Geometry) -> shapely.Geometry:
    """Return an area in degrees from -180 to 180, in two parts where it crosses the 180th
    meridian (RFC 7946, 3.1.9).
    """
    if area.is_empty or (area.bounds[0] >= -180.0 and area.bounds[2] <= 180.0):
        return area
    parts = []
    for turn in (-360.0, 0.0, 360.0):
        inside = area.intersection(shapely.box(turn - 180.0, -90.0, turn + 180.0, 90.0))
        parts.append(translate(inside, xoff=-turn))
    return _polygons(shapely.union_all(parts))


def _polygons(area: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons alone, one or several, turned as RFC 7946, 3.1.6 wants them."""
    parts = [p for p in shapely.get_parts(area) if p.geom_type == "Polygon" and p.area > 0.0]
    turned = [orient(p) for p in parts]
    return turned[0] if len(turned) == 1 else shapely.MultiPolygon(turned)


def geojson_of(coverage: tuple[SiteCoverage, ...], question: Question) -> dict[str, object]:
    """Return a FeatureCollection: an area for each sensor and height and for each site and
    height (`what`: "sensor coverage", "site coverage"; geometry null where nothing is seen),
    and where sensors stand (`what`: "sensor").
    """
    features = []
    for found in coverage:
        for row, height_m in enumerate(question.heights_m):
            about = {"site": found.site.id, "height_m": height_m}
            whole = site_area(found, row)
            features.append(_feature(_cut(whole), {"what": "site coverage", **about}))
            for sensor, rays in found.of_sensors:
                area = _to_degrees(area_of(rays[row]), found.site, sensor)
                names = {"what": "sensor coverage", "sensor": sensor.id, **about}
                features.append(_feature(_cut(area), names))
        for sensor, _ in found.of_sensors:
            point = shapely.Point(sensor.lon, sensor.lat)
            names = {"what": "sensor", "sensor": sensor.id, "site": found.site.id}
            features.append(_feature(point, {**names, "kind": sensor.kind}))
    return {"type": "FeatureCollection", **asked(question), "features": features}


def asked(question: Question) -> dict[str, object]:
    """Return what figures of a question are of, for every file and answer that holds them."""
    return {
        "marking": MARKING,
        "terrain": "none: smooth earth",
        "probability": question.probability,
        "kind": question.kind,
        "speed_mps": question.speed_mps,
        "scenario": question.scenario and question.scenario.name,
        "rcs_dbsm": question.rcs_dbsm,
    }


def _feature(shape: shapely.Geometry, properties: dict[str, object]) -> dict[str, object]:
    geometry = None
    if not shape.is_empty:
        geometry = mapping(shape)
    return {"type": "Feature", "geometry": geometry, "properties": properties}
