"""What a person asks of a sensor: where to look, how often to report, how sure to be."""

import math
from dataclasses import dataclass

__all__ = ["ASKED_OF_SENSORS", "LEVELS", "Pointing"]

# All that can be asked; a site file allows a sensor some, and none where it is silent.
ASKED_OF_SENSORS = (
    "look_at", "report_rate", "detection_threshold", "classification_threshold", "mode",
)  # fmt: skip
LEVELS = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Pointing:
    """One request to one sensor. what: one of ASKED_OF_SENSORS; value: a level, or the name of
    a mode. Where to look: lat, lon (degrees) and alt_m (above the ellipsoid), or azimuth_deg
    (clockwise from true north) and elevation_deg; NaN where not said.
    """

    sensor: str
    what: str
    value: str = ""
    lat: float = math.nan
    lon: float = math.nan
    alt_m: float = math.nan
    azimuth_deg: float = math.nan
    elevation_deg: float = math.nan

    @property
    def wrong(self) -> str:
        """Say what is wrong with it in itself, or "" where it can be asked."""
        if self.what not in ASKED_OF_SENSORS:
            return f"{self.what!r} is not asked of sensors; {', '.join(ASKED_OF_SENSORS)} are"
        if self.what == "mode":
            return "" if self.value else "name the mode in value"
        if self.what != "look_at":
            ok = self.value in LEVELS
            return (
                "" if ok else f"{self.value!r} is no level; give low, medium or high as value"
            )
        if self.value:
            return "look_at takes a place or a direction and no value"
        has_place = abs(self.lat) <= 90.0 and abs(self.lon) <= 180.0
        has_direction = 0.0 <= self.azimuth_deg < 360.0
        if has_place == has_direction:
            return "look_at takes either lat and lon, or azimuth_deg from 0 to below 360"
        if math.isfinite(self.elevation_deg) and not -90.0 <= self.elevation_deg <= 90.0:
            return f"elevation_deg {self.elevation_deg:g} is not between -90 and 90"
        return ""

    @property
    def words(self) -> str:
        """Say what is asked."""
        if self.what != "look_at":
            return f"{self.what.replace('_', ' ')} {self.value}"
        if abs(self.lat) <= 90.0:
            return f"look at {self.lat:.5f}, {self.lon:.5f}"
        return f"look towards {self.azimuth_deg:.1f} degrees"
