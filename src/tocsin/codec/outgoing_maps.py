"""Tracks for maps: GeoJSON (RFC 7946) and KML 2.3 (OGC 12-007r2), one document a picture."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec

from tocsin.codec.shown_tracks import ShownTrack
from tocsin.model import Nature

__all__ = ["GEOJSON", "KML", "geojson_of", "kml_link", "kml_of"]

GEOJSON = "application/geo+json"
KML = "application/vnd.google-earth.kml+xml"
_KML_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">'
)


def geojson_of(tracks: Sequence[ShownTrack], now_s: float, node_name: str) -> bytes:
    """Return a FeatureCollection, one Point a track; heights above the WGS 84 ellipsoid."""
    return msgspec.json.encode(
        {
            "type": "FeatureCollection",
            "node": node_name,
            "time": utc(now_s),
            "features": [_feature(track) for track in tracks],
        }
    )


def _feature(track: ShownTrack) -> dict[str, Any]:
    place = [round(track.lon_deg, 7), round(track.lat_deg, 7)]
    if not math.isnan(track.alt_m):
        place.append(round(track.alt_m, 1))
    return {
        "type": "Feature",
        "id": track.id,
        "geometry": {"type": "Point", "coordinates": place},
        "properties": _properties(track),
    }


def _properties(track: ShownTrack) -> dict[str, Any]:
    """What is known of a track; null is not known."""
    return {
        "name": track.name,
        "taken_for": track.label,
        "confidence": _rounded(track.confidence, 2),
        "known_by": track.kind,
        "nature": track.nature,
        "affiliation": "unknown",
        "site": track.site_id or None,
        "time": utc(track.time_s),
        "last_seen": utc(track.seen_s),
        "coasted": track.coasted,
        "speed_mps": _rounded(track.speed_mps, 1),
        "course_deg": _rounded(track.course_deg, 1),
        "climb_mps": _rounded(track.vel_up_mps, 1),
        "sigma_position_m": _rounded(track.sigma_position_m, 1),
        "sigma_alt_m": _rounded(track.sigma_alt_m, 1),
        "declared_id": track.declared or None,
        "callsign": track.callsign or None,
    }


def kml_of(tracks: Sequence[ShownTrack], now_s: float, node_name: str) -> bytes:
    """Return a Document, one Placemark a track; its heights are above mean sea level."""
    marks = "\n".join(_placemark(track) for track in tracks)
    name = escape(f"{node_name}, {utc(now_s)}")
    return f"{_KML_HEAD}<Document><name>{name}</name>\n{marks}\n</Document></kml>\n".encode()


def _placemark(track: ShownTrack) -> str:
    # A globe shows the name and nothing else until somebody clicks.
    is_live = track.nature == Nature.LIVE
    name = track.name if is_live else f"{track.nature.upper()}: {track.name}"
    said = {k: v for k, v in _properties(track).items() if v is not None}
    data = "".join(
        f"<Data name={quoteattr(k)}><value>{escape(str(v))}</value></Data>"
        for k, v in said.items()
    )
    place, mode = f"{track.lon_deg:.7f},{track.lat_deg:.7f}", "clampToGround"
    if not math.isnan(track.alt_m):
        place, mode = f"{place},{track.alt_m - track.geoid_m:.1f}", "absolute"
    return (
        f"<Placemark id={quoteattr('t' + track.id)}><name>{escape(name)}</name>"
        f"<TimeStamp><when>{utc(track.time_s)}</when></TimeStamp>"
        f"<ExtendedData>{data}</ExtendedData>"
        f"<Point><altitudeMode>{mode}</altitudeMode><coordinates>{place}</coordinates></Point>"
        "</Placemark>"
    )


def kml_link(url: str, name: str, period_s: float) -> bytes:
    """Return a document that makes a globe fetch the picture from url every period_s."""
    return (
        f"{_KML_HEAD}<NetworkLink><name>{escape(name)}</name><Link><href>{escape(url)}</href>"
        f"<refreshMode>onInterval</refreshMode><refreshInterval>{period_s:g}</refreshInterval>"
        "</Link></NetworkLink></kml>\n"
    ).encode()


def utc(time_s: float) -> str:
    """Return a time to the millisecond."""
    seconds, milliseconds = divmod(round(time_s * 1000.0), 1000)
    when = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{when}.{milliseconds:03d}Z"


def _rounded(value: float, digits: int) -> float | None:
    return None if math.isnan(value) else round(value, digits)
