"""Bodies of acts that say more than words: a sighting, a headcount, what a sensor is asked."""

import msgspec

from tocsin.model import Headcount, Pointing, SightingReport

__all__ = [
    "HeadcountBody", "PointingBody", "SightingBody", "headcount_of", "or_nan", "pointing_of",
    "report_of",
]  # fmt: skip


class SightingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody saw: a place (lat, lon, sigma_m), or a direction (azimuth_deg from true
    north) from a post of people, or from lat, lon where the observer stands; distance_m from
    the observer. What is left out was not said; seen_s: Unix time, else now.
    """

    lat: float | None = None
    lon: float | None = None
    azimuth_deg: float | None = None
    post: str = ""
    distance_m: float | None = None
    sigma_m: float | None = None
    count: int = 0
    kind: str = ""
    seen_s: float | None = None


class HeadcountBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many are accounted for, missing, hurt; null: not said. done false: not yet."""

    accounted: int | None = None
    missing: int | None = None
    hurt: int | None = None
    done: bool = True


class PointingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked of a sensor. what: "look_at" (lat, lon, alt_m above the ellipsoid; or
    azimuth_deg from true north, elevation_deg), "report_rate", "detection_threshold" or
    "classification_threshold" (value: low, medium, high), or "mode" (value: its name).
    """

    sensor: str
    what: str
    value: str = ""
    lat: float | None = None
    lon: float | None = None
    alt_m: float | None = None
    azimuth_deg: float | None = None
    elevation_deg: float | None = None


def pointing_of(body: PointingBody | None) -> Pointing | None:
    """Return the noun of a body; what was not said is NaN."""
    if body is None:
        return None
    return Pointing(
        sensor=body.sensor, what=body.what, value=body.value, lat=or_nan(body.lat),
        lon=or_nan(body.lon), alt_m=or_nan(body.alt_m), azimuth_deg=or_nan(body.azimuth_deg),
        elevation_deg=or_nan(body.elevation_deg),
    )  # fmt: skip


def headcount_of(body: HeadcountBody | None) -> Headcount | None:
    """Return the noun of a body."""
    if body is None:
        return None
    return Headcount(body.accounted, body.missing, body.hurt, body.done)


def report_of(body: SightingBody | None) -> SightingReport | None:
    """Return the noun of a body; what was not said is NaN."""
    if body is None:
        return None
    return SightingReport(
        lat=or_nan(body.lat), lon=or_nan(body.lon), azimuth_deg=or_nan(body.azimuth_deg),
        post=body.post, distance_m=or_nan(body.distance_m), sigma_m=or_nan(body.sigma_m),
        count=body.count, kind=body.kind, seen_s=or_nan(body.seen_s),
    )  # fmt: skip


def or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
