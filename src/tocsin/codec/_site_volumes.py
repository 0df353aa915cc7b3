"""The site file's protected volumes: a circle, a polygon, or a corridor that may slope."""

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from tocsin.codec._site_words import ids_of, one_of
from tocsin.codec._zone_outline import outline_of, places_m
from tocsin.errors import SiteError
from tocsin.model import Volume, VolumeKind

__all__ = ["VolumeTable", "volumes_of"]

MAX_VOLUMES = 16  # of one site: each is looked at once a second
MAX_CORNERS = 100
MIN_LINE_M = 50.0

Positive = Annotated[float, Meta(gt=0)]
Place = tuple[Annotated[float, Meta(ge=-180, le=180)], Annotated[float, Meta(ge=-90, le=90)]]


class VolumeTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One `[[site.volume]]`."""

    id: str
    name: str = ""
    kind: str
    center_offset_m: tuple[float, float] | None = None
    radius_m: Positive | None = None
    polygon: list[Place] | None = None
    line: list[Place] | None = None
    width_m: Positive | None = None
    floor_m: float = -1000.0
    ceiling_m: float
    far_floor_m: float | None = None
    far_ceiling_m: float | None = None
    separation_m: Positive = 600.0
    separation_up_m: Positive = 75.0


def volumes_of(
    tables: list[VolumeTable],
    site_id: str,
    site: tuple[float, float, float],
    limit_m: float,
    where: str,
) -> tuple[Volume, ...]:
    """Return a site's volumes; site is (lat deg, lon deg, ground above the ellipsoid m)."""
    ids_of([table.id for table in tables], f"{where}: volume id of site {site_id!r}")
    if len(tables) > MAX_VOLUMES:
        raise SiteError(
            f"{where}: site {site_id!r} has {len(tables)} volumes; it takes {MAX_VOLUMES}: "
            "join those that touch each other",
            site=site_id,
        )
    return tuple(_volume(table, site_id, site, limit_m, where) for table in tables)


def _volume(
    raw: VolumeTable,
    site_id: str,
    site: tuple[float, float, float],
    limit_m: float,
    where: str,
) -> Volume:
    here = f"{where}: volume {raw.id!r} of site {site_id!r}"
    one_of(raw.kind, VolumeKind.ALL, f"{here} kind")
    if raw.polygon is not None and len(raw.polygon) > MAX_CORNERS:
        raise SiteError(
            f"{here} has {len(raw.polygon)} corners; {MAX_CORNERS} are enough", volume=raw.id
        )
    far_floor_m = raw.floor_m if raw.far_floor_m is None else raw.far_floor_m
    far_ceiling_m = raw.ceiling_m if raw.far_ceiling_m is None else raw.far_ceiling_m
    for floor_m, ceiling_m, end in (
        (raw.floor_m, raw.ceiling_m, ""),
        (far_floor_m, far_ceiling_m, "far_"),
    ):
        if ceiling_m <= floor_m:
            raise SiteError(
                f"{here} has its {end}ceiling_m {ceiling_m:g} not above its {end}floor_m "
                f"{floor_m:g}; swap them",
                volume=raw.id,
            )
    line_m: tuple[tuple[float, float], ...] = ()
    if raw.line is None:
        ring = _area(raw, here, site, limit_m)
    else:
        line_m = _line(raw, here, site)
        ring = _corridor(line_m, raw.width_m or 0.0)
        _within(here, ring, limit_m)
    return Volume(
        id=raw.id,
        name=raw.name or raw.id,
        kind=raw.kind,
        outline_m=ring,
        floor_m=raw.floor_m,
        ceiling_m=raw.ceiling_m,
        far_floor_m=far_floor_m,
        far_ceiling_m=far_ceiling_m,
        line_m=line_m,
        separation_m=raw.separation_m,
        separation_up_m=raw.separation_up_m,
    )


def _area(
    raw: VolumeTable, here: str, site: tuple[float, float, float], limit_m: float
) -> tuple[tuple[float, float], ...]:
    for name in ("width_m", "far_floor_m", "far_ceiling_m"):
        if getattr(raw, name) is not None:
            raise SiteError(
                f"{here} has {name} but no line; give line = [[lon, lat], [lon, lat]] from the "
                "near to the far end, or leave it out",
                volume=raw.id,
            )
    return outline_of(
        here,
        center_offset_m=raw.center_offset_m,
        radius_m=raw.radius_m,
        polygon=raw.polygon,
        site=site,
        limit_m=limit_m,
    )


def _line(
    raw: VolumeTable, here: str, site: tuple[float, float, float]
) -> tuple[tuple[float, float], ...]:
    if raw.polygon is not None or raw.radius_m is not None:
        raise SiteError(f"{here} has a line and an area; give one", volume=raw.id)
    if raw.width_m is None:
        raise SiteError(f"{here} has a line but no width_m; give metres", volume=raw.id)
    if len(raw.line or []) != 2:
        raise SiteError(
            f"{here} has a line of {len(raw.line or [])} points; give two, the near "
            "and the far end of the middle line: [[lon, lat], [lon, lat]]",
            volume=raw.id,
        )
    near, far = places_m(raw.line or [], site)
    if math.dist(near, far) < MIN_LINE_M:
        raise SiteError(
            f"{here} has a line of {math.dist(near, far):.0f} m; it takes at least "
            f"{MIN_LINE_M:.0f} m: check lon and lat (longitude stands first)",
            volume=raw.id,
        )
    return near, far


def _corridor(
    line_m: tuple[tuple[float, float], ...], width_m: float
) -> tuple[tuple[float, float], ...]:
    (ae, an), (be, bn) = line_m
    length = math.dist((ae, an), (be, bn))
    # Half the width, to the left of the line: counter-clockwise begins at the right.
    le = -(bn - an) / length * width_m / 2.0
    ln = (be - ae) / length * width_m / 2.0
    return ((ae - le, an - ln), (be - le, bn - ln), (be + le, bn + ln), (ae + le, an + ln))


def _within(here: str, ring: tuple[tuple[float, float], ...], limit_m: float) -> None:
    farthest_m = max(math.hypot(east, north) for east, north in ring)
    if farthest_m > limit_m:
        raise SiteError(
            f"{here} reaches {farthest_m / 1000:.0f} km from the site's reference point; a "
            f"site reaches {limit_m / 1000:.0f} km: check lon and lat (longitude stands first)"
        )
