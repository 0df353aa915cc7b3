"""People as sensors: their posts, and what a sighting measures.

A person tells a direction or a place, roughly. It enters the tracker as a plot of a post of
people, with a wide sigma, and is weighed there like any other.
"""

import dataclasses
import math

from tocsin.geo import frame_at, from_frame, geodetic_rows, local_to_polar, to_frame
from tocsin.model import Node, Sensor, SightingReport, Site
from tocsin.units import DEG

__all__ = [
    "FUTURE_S",
    "OLD_S",
    "Place",
    "place_of",
    "plot_of",
    "post_of",
    "site_of",
    "with_posts",
]

# Without an instrument a direction is told by a clock face or a compass rose: half of a step
# of the eight-point rose is 22.5 degrees, taken as the two-sigma bound.
SIGMA_AZIMUTH_DEG = 11.0
SIGMA_PLACE_M = 300.0  # "over the hangars": a place named on the map
SHARE_OF_DISTANCE = 0.5  # one sigma of a distance told by eye
USUAL_DISTANCE_M = 1_500.0  # where none is told: a small drone is seen by eye up to 1 to 2 km
REACH_M = 10_000.0
FUTURE_S = 5.0  # a clock may be off by that; what was seen later still is an error
OLD_S = 24 * 3600.0  # older reports belong into the record, not into the picture
MAX_SENSORS = 64  # a track's bit mask of sensors has 64 places
EYE_M = 2.0


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where something was seen. lat, lon NaN: only the direction azimuth_deg from from_lat,
    from_lon is known. sigma_m: one standard deviation of the place (of a direction: NaN).
    """

    lat: float
    lon: float
    azimuth_deg: float
    from_lat: float
    from_lon: float
    sigma_m: float


def with_posts(node: Node) -> Node:
    """Return the node with a post of people for each site that names none: at its reference
    point, called "people-" and the site's id.
    """
    posts: list[Sensor] = []
    for site in node.sites:
        named = any(s.kind == "person" and site.id in s.sites for s in node.sensors)
        if not named and len(node.sensors) + len(posts) < MAX_SENSORS:
            posts.append(_post_at(site))
    return dataclasses.replace(node, sensors=(*node.sensors, *posts))


def _post_at(site: Site) -> Sensor:
    return Sensor(
        id=f"people-{site.id}", kind="person", format="sightings", sites=(site.id,),
        lat=site.lat, lon=site.lon, alt_m=site.alt_m + EYE_M, sigma_range_m=SIGMA_PLACE_M,
        sigma_azimuth_deg=SIGMA_AZIMUTH_DEG, detection_probability=0.1, max_range_m=REACH_M,
        elevation_min_deg=-5.0,
    )  # fmt: skip


def post_of(node: Node, site_id: str, name: str) -> Sensor | None:
    """Return the post of that name, or the site's first one where none is named; None where
    there is no such post.
    """
    for sensor in node.sensors:
        if sensor.kind == "person" and site_id in sensor.sites and name in ("", sensor.id):
            return sensor
    return None


def site_of(node: Node, name: str, report: SightingReport) -> Site | None:
    """Return the site that is named; without a name that of the report's post, else the only
    one; None where it cannot be told.
    """
    sites = {site.id: site for site in node.sites}
    if name:
        return sites.get(name)
    for sensor in node.sensors:
        if report.post and sensor.id == report.post and sensor.sites:
            return sites.get(sensor.sites[0])
    return node.sites[0] if len(node.sites) == 1 else None


def place_of(report: SightingReport, post: Sensor) -> Place:
    """Return where it was: a point, or a direction from the post.

    A direction with a distance, or from an observer elsewhere, becomes a point: the tracker
    knows rays from posts only.
    """
    nan = math.nan
    assert post.lat is not None
    assert post.lon is not None
    if not report.is_bearing:
        sigma_m = report.sigma_m if math.isfinite(report.sigma_m) else SIGMA_PLACE_M
        return Place(report.lat, report.lon, nan, nan, nan, sigma_m)
    elsewhere = math.isfinite(report.lat)
    lat, lon = (report.lat, report.lon) if elsewhere else (post.lat, post.lon)
    told = math.isfinite(report.distance_m)
    if not (told or elsewhere):
        return Place(nan, nan, report.azimuth_deg, lat, lon, nan)
    away_m = report.distance_m if told else USUAL_DISTANCE_M
    sigma_m = max(away_m * SHARE_OF_DISTANCE, SIGMA_PLACE_M)
    azimuth = report.azimuth_deg * DEG
    local = [(away_m * math.sin(azimuth), away_m * math.cos(azimuth), 0.0)]
    point = from_frame(local, frame_at(lat, lon, post.alt_m))[0]
    return Place(
        float(point[0]) / DEG, float(point[1]) / DEG, report.azimuth_deg, lat, lon, sigma_m
    )


def plot_of(report: SightingReport, post: Sensor) -> dict[str, float]:
    """Return what the post measures, in columns of a DetectionBatch: range_m (not for a
    direction), azimuth_rad, and their sigmas. Height is not measured.
    """
    place = place_of(report, post)
    if math.isnan(place.lat):
        return {
            "azimuth_rad": report.azimuth_deg % 360.0 * DEG,
            "sigma_azimuth_rad": (post.sigma_azimuth_deg or SIGMA_AZIMUTH_DEG) * DEG,
        }
    rows = geodetic_rows(place.lat, place.lon, post.alt_m)
    assert post.lat is not None
    assert post.lon is not None
    local = to_frame(rows, frame_at(post.lat, post.lon, post.alt_m))
    range_m, azimuth_rad, _ = local_to_polar(local)[0].tolist()
    # Nearer than a sigma the direction from the post says nothing: half a turn bounds it.
    sigma_rad = min(place.sigma_m / max(range_m, 1.0), math.pi)
    return {
        "range_m": max(range_m, 1.0), "azimuth_rad": azimuth_rad,
        "sigma_range_m": place.sigma_m, "sigma_azimuth_rad": sigma_rad,
    }  # fmt: skip
