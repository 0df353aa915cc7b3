"""What people report and are told: sightings, headcounts, notices between sites."""

import math
from dataclasses import dataclass

__all__ = ["Handover", "Headcount", "Notice", "ShiftRule", "Sighting", "SightingReport"]

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class SightingReport:
    """What somebody saw or heard, as it was told.

    Either a point: lat, lon (degrees) where the thing is; or a bearing: azimuth_deg clockwise
    from true north, from a post of people of the site file, or from lat, lon where the
    observer stands. NaN: not said. distance_m: from the observer. sigma_m: how wrong the
    point may be. count 0: not said; kind: words; seen_s: Unix time, NaN: now.
    """

    lat: float = NAN
    lon: float = NAN
    azimuth_deg: float = NAN
    post: str = ""
    distance_m: float = NAN
    sigma_m: float = NAN
    count: int = 0
    kind: str = ""
    seen_s: float = NAN

    @property
    def is_bearing(self) -> bool:
        """Whether a direction was told, and no place."""
        return math.isfinite(self.azimuth_deg)

    @property
    def wrong(self) -> str:
        """What cannot be so, as a sentence; "" where nothing is wrong with it by itself."""
        if math.isfinite(self.lat) != math.isfinite(self.lon):
            return "a place needs both lat and lon"
        if math.isfinite(self.lat) and not (abs(self.lat) <= 90 and abs(self.lon) <= 180):
            return f"{self.lat:g}, {self.lon:g} is no place: lat is up to 90, lon up to 180"
        if not self.is_bearing and not math.isfinite(self.lat):
            return "say where: a place (lat, lon) or a direction (azimuth_deg) from a post"
        if self.is_bearing and not 0.0 <= self.azimuth_deg <= 360.0:
            return f"a direction is 0 to 360 degrees from true north, not {self.azimuth_deg:g}"
        for name in ("distance_m", "sigma_m"):
            value = getattr(self, name)
            if math.isinf(value) or value <= 0.0:
                return f"{name} is {value:g}; give metres above 0, or leave it out"
        if not 0 <= self.count <= 10_000:
            return f"count is {self.count}; give how many were seen, or leave it out"
        return ""


@dataclass(frozen=True, slots=True)
class Headcount:
    """How many of a zone are accounted for, missing, hurt; None: not said. `done` False says
    in words that the count is not finished.
    """

    accounted: int | None = None
    missing: int | None = None
    hurt: int | None = None
    done: bool = True


@dataclass(slots=True)
class Sighting:
    """A person's report as it stands in picture and ledger.

    lat, lon: the place (degrees), NaN where only a direction is known, and then from_lat,
    from_lon, azimuth_deg say whence and where to. beside: what the sensors covered there and
    what they had, one sentence each. alarm_id: the question that it raised.
    """

    id: str
    site_id: str
    by: str
    at_s: float
    seen_s: float
    lat: float
    lon: float
    azimuth_deg: float
    from_lat: float
    from_lon: float
    sigma_m: float
    count: int
    kind: str
    text: str
    beside: tuple[str, ...] = ()
    alarm_id: str = ""


@dataclass(slots=True)
class Handover:
    """What one shift leaves to the next. read_s: when the next one had read it, NaN before."""

    id: str
    by: str
    at_s: float
    text: str
    read_by: str = ""
    read_s: float = NAN


@dataclass(slots=True)
class ShiftRule:
    """Tracks that need nobody's eye for a shift: taken to be `label` with at least this
    probability for so long, slower than this, no sources in disagreement.

    by: who has accepted it for the site, "" nobody; until_s: when it ends at the latest; hits:
    tracks that neared the line and were let pass, the last one when (NaN: none).
    """

    id: str
    label: str
    probability: float
    for_s: float
    slower_mps: float
    words: str
    site_id: str = ""
    by: str = ""
    at_s: float = NAN
    until_s: float = NAN
    hits: int = 0
    last_s: float = NAN


@dataclass(slots=True)
class Notice:
    """What another site of this node is told of an alarm. It changes no probability.

    site_id: who is told; from_site: where it happens; step: the highest that the alarm
    reached; closed_s: when the alarm was closed, NaN while it stands.
    """

    id: str
    site_id: str
    from_site: str
    alarm_id: str
    step: str
    at_s: float
    text: str
    nature: str
    seen_by: str = ""
    seen_s: float = NAN
    closed_s: float = NAN
