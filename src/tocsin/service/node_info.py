"""What the site file says, as a screen needs it: outlines in degrees, features as GeoJSON."""

from pathlib import Path

import msgspec

from tocsin.geo import frame_at, from_frame
from tocsin.model import Node, Sensor, Site, Volume, Zone
from tocsin.sensor import with_posts
from tocsin.service.api_structs import (
    ClockInfo,
    NodeInfo,
    SensorInfo,
    SiteInfo,
    VolumeInfo,
    WordsInfo,
    ZoneInfo,
)
from tocsin.service.clock import Clock
from tocsin.units import DEG

__all__ = ["node_info", "site_features"]


def node_info(node: Node, clock: Clock, mode: str, note: str, version: str) -> NodeInfo:
    """Return the body of GET /api/v1/node."""
    return NodeInfo(
        name=node.name,
        number=node.number,
        profile=node.profile,
        words=WordsInfo(
            node.preset.operations,
            node.preset.people,
            node.preset.told,
            node.preset.first,
            node.preset.report,
        ),
        mode=mode,
        natures=sorted({sensor.nature for sensor in node.sensors}),
        sites=[_site(site, with_posts(node)) for site in node.sites],
        sensors=[_sensor(sensor) for sensor in node.sensors],
        clock=ClockInfo(clock.now_s(), clock.rate),
        note=note,
        version=version,
    )


def site_features(node: Node, site_id: str, folder: Path) -> bytes | str:
    """Return the GeoJSON of a site, or a sentence that says why there is none.

    The file lies beside the site file or below it.
    """
    site = next((s for s in node.sites if s.id == site_id), None)
    if site is None:
        return f"there is no site {site_id!r}; there are {[s.id for s in node.sites]}"
    if not site.features:
        return f"site {site_id!r} names no features"
    path = (folder / site.features).resolve()
    if not path.is_relative_to(folder.resolve()):
        return f"the features of site {site_id!r} do not lie beside the site file"
    try:
        text = path.read_bytes()
        msgspec.json.decode(text)
    except (OSError, msgspec.DecodeError) as error:
        return f"the features of site {site_id!r} cannot be read: {error}"
    return text


def _site(site: Site, node: Node) -> SiteInfo:
    return SiteInfo(
        id=site.id,
        name=site.name,
        icao=site.icao,
        lat=site.lat,
        lon=site.lon,
        alt_m=site.alt_m,
        radius_m=site.radius_m,
        zones=[_zone(zone, site) for zone in site.zones],
        clear_criteria=list(site.clear_criteria),
        volumes=[_volume(volume, site) for volume in site.volumes],
        resume_criteria=list(site.resume_criteria),
        posts=[s.id for s in node.sensors if s.kind == "person" and site.id in s.sites],
    )


def _zone(zone: Zone, site: Site) -> ZoneInfo:
    return ZoneInfo(
        id=zone.id,
        name=zone.name,
        outline=_outline(zone.outline_m, site),
        ceiling_m=zone.ceiling_m,
        floor_m=zone.floor_m,
        shelter_s=zone.shelter_s,
        margin_s=zone.margin_s,
        release=zone.release,
    )


def _volume(volume: Volume, site: Site) -> VolumeInfo:
    return VolumeInfo(
        id=volume.id,
        name=volume.name,
        kind=volume.kind,
        outline=_outline(volume.outline_m, site),
        floor_m=volume.floor_m,
        ceiling_m=volume.ceiling_m,
        far_floor_m=volume.far_floor_m,
        far_ceiling_m=volume.far_ceiling_m,
        separation_m=volume.separation_m,
        separation_up_m=volume.separation_up_m,
    )


def _outline(ring: tuple[tuple[float, float], ...], site: Site) -> list[tuple[float, float]]:
    """Return a ring of the site's frame as (lon, lat) in degrees to 1e-7, about 1 cm."""
    frame = frame_at(site.lat, site.lon, site.alt_m)
    geodetic = from_frame([(east, north, 0.0) for east, north in ring], frame)
    return [(round(lon / DEG, 7), round(lat / DEG, 7)) for lat, lon, _ in geodetic.tolist()]


def _sensor(sensor: Sensor) -> SensorInfo:
    return SensorInfo(
        id=sensor.id,
        kind=sensor.kind,
        lat=sensor.lat,
        lon=sensor.lon,
        max_range_m=sensor.max_range_m,
        azimuth_center_deg=sensor.azimuth_center_deg,
        azimuth_width_deg=sensor.azimuth_width_deg,
        nature=sensor.nature,
        sites=list(sensor.sites),
    )
