"""Outlines of zones: a circle or a polygon of the site file to a ring in the site's frame."""

import math

from tocsin.errors import SiteError
from tocsin.geo import frame_at, geodetic_rows, to_frame

__all__ = ["outline_of", "places_m"]

CIRCLE_SIDES = 36  # the ring stands outside the circle by at most 0.4 % of the radius


def outline_of(
    here: str,
    *,
    center_offset_m: tuple[float, float] | None,
    radius_m: float | None,
    polygon: list[tuple[float, float]] | None,
    site: tuple[float, float, float],
    limit_m: float,
) -> tuple[tuple[float, float], ...]:
    """Return the ring (east, north) in metres, counter-clockwise, without a repeated point.

    Either a radius (with an offset east and north of the site's reference point) or a polygon
    of (lon, lat) degrees; site is (lat deg, lon deg, ground above the ellipsoid m). Raises
    SiteError that begins with `here` where the outline is missing, doubled, crossing itself,
    without area, or farther from the site than limit_m.
    """
    if (radius_m is None) == (polygon is None):
        raise SiteError(
            f"{here} needs an outline: give center_offset_m = [east, north] with radius_m, "
            "or polygon = [[lon, lat], ...], and not both"
        )
    if radius_m is not None:
        ring = _circle(center_offset_m or (0.0, 0.0), radius_m)
    else:
        ring = _corners(here, polygon or [], site)
    farthest_m = max(math.sqrt(e * e + n * n) for e, n in ring)
    if farthest_m > limit_m:
        raise SiteError(
            f"{here} reaches {farthest_m / 1000:.0f} km from the site's reference point; a "
            f"site reaches {limit_m / 1000:.0f} km: check lon and lat (longitude stands first)"
        )
    return ring if radius_m is not None else _plain_area(here, ring)


def _circle(center_m: tuple[float, float], radius_m: float) -> tuple[tuple[float, float], ...]:
    outer_m = radius_m / math.cos(math.pi / CIRCLE_SIDES)
    angles = (math.tau * k / CIRCLE_SIDES for k in range(CIRCLE_SIDES))
    return tuple(
        (center_m[0] + outer_m * math.cos(a), center_m[1] + outer_m * math.sin(a))
        for a in angles
    )


def _corners(
    here: str, corners: list[tuple[float, float]], site: tuple[float, float, float]
) -> tuple[tuple[float, float], ...]:
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners = corners[:-1]
    if len(corners) < 3:
        raise SiteError(f"{here} has a polygon of {len(corners)} corners; it needs at least 3")
    return places_m(corners, site)


def places_m(
    places: list[tuple[float, float]], site: tuple[float, float, float]
) -> tuple[tuple[float, float], ...]:
    """Return places (lon, lat) in degrees, on the ground, as (east, north) metres there."""
    lat, lon, alt_m = site
    rows = geodetic_rows([place[1] for place in places], [place[0] for place in places], alt_m)
    local = to_frame(rows, frame_at(lat, lon, alt_m))
    return tuple((float(e), float(n)) for e, n, _ in local)


def _plain_area(
    here: str, ring: tuple[tuple[float, float], ...]
) -> tuple[tuple[float, float], ...]:
    import shapely  # noqa: PLC0415 - 80 ms that a site of circles can spare

    shape = shapely.Polygon(ring)
    if not shape.is_valid or shape.area < 1.0:
        why = shapely.is_valid_reason(shape)
        raise SiteError(
            f"{here} has a polygon that is no plain area ({why}); order its corners"
        )
    return ring if shape.exterior.is_ccw else ring[::-1]
