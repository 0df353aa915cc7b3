"""What is known of a sensor: where it stands, how wrong it is, how far it sees."""

import math
from dataclasses import dataclass, field

__all__ = ["RANGING", "Sensor", "SensorStatus"]

# Kinds that measure range and so find things that do not declare themselves.
RANGING = ("radar", "lidar", "system", "passive_radar")


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor as the site file (or `sensors.json` of a scenario folder) describes it.

    Angles here are degrees, as on disk; `sensor/` turns them into radians for the kernels.
    lat, lon are None for a sensor without a pose (a recording of somebody's radar): its plots
    are counted and not tracked. alt_m is above the ellipsoid. A sigma of None: that quantity
    is not measured. max_range_by_kind_m caps max_range_m for a kind of target. A slower
    target than min_radial_speed_mps falls into the Doppler notch. false_alarms_per_scan are
    taken as uniform over range, azimuth, elevation and range rate. sites: ids of the sites
    whose picture it feeds.
    """

    id: str
    kind: str = "radar"  # radar | camera | acoustic | rf | adsb | remote_id | person | system
    lat: float | None = None
    lon: float | None = None
    alt_m: float = 0.0
    sigma_range_m: float | None = None
    sigma_azimuth_deg: float | None = None
    sigma_elevation_deg: float | None = None
    sigma_range_rate_mps: float | None = None
    scan_period_s: float = 1.0
    phase_s: float = 0.0
    detection_probability: float = 0.9
    false_alarms_per_scan: float = 1.0
    min_range_m: float = 0.0
    max_range_m: float = 10_000.0
    max_range_by_kind_m: dict[str, float] = field(default_factory=dict)
    azimuth_center_deg: float = 0.0
    azimuth_width_deg: float = 360.0
    elevation_min_deg: float = -90.0
    elevation_max_deg: float = 90.0
    min_radial_speed_mps: float = 0.0
    max_radial_speed_mps: float = 120.0
    sites: tuple[str, ...] = ()
    nature: str = "live"
    format: str = (
        ""  # "" (scenario folder) | asterix | beast | avr | modes-jsonl | detections | ...
    )
    listen: tuple[str, ...] = ()  # where the service hears it; more than one: doubled feeds
    sac: int | None = None  # ASTERIX data source (system area code, system identification code)
    sic: int | None = None
    framing: str = ""  # ASTERIX: raw | final-frame | oradis, "" to see it in the bytes
    editions: dict[str, str] = field(default_factory=dict)  # ASTERIX: {"048": "1.32"}
    node_id: str = ""  # SAPIENT: the UUID that the node registers with, in small letters
    tasks: tuple[str, ...] = ()  # SAPIENT: what a person may ask of it (model.pointing)
    modes: tuple[str, ...] = ()  # SAPIENT: names of modes that a person may set
    tls: str = ""  # name of certificate and key in DATA/secrets, for a stream by TLS
    tls_clients: str = ""  # name of the authorities one of whose certificates it must show
    secret: str = (
        ""  # name of the secret that a pushing sensor must know; never the secret itself
    )


# What is told of a sensor where it is plainly other than stated: see `SensorStatus`.
FOUND = (
    "false_alarms", "clutter_cells", "scatter", "detection", "range_error_m",
    "azimuth_error_deg", "elevation_error_deg", "time_error_s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SensorStatus:
    """What the sensor strip shows. heard_s is NaN before the first frame; rates are over 10
    s.

    state: "ok" | "late" | "silent" | "fault" | "clock fault" | "never heard" | "no pose" |
    "contradicts" (the others: it is weighed down, and begins no track).
    "fault": the sensor itself says that it does not detect.

    false_alarms: in a scan as found, where that is far more than was stated, else NaN;
    clutter_cells: parts of what it sees that are thick with them beyond that. scatter: how many
    times its stated sigmas its plots scatter, where that is plainly more, else NaN. detection:
    the probability with which it sees what is there, where that is plainly less than stated,
    else NaN. What follows are its own errors as learnt and taken off: it reports so much too
    much, or stamps so much too late; NaN where nothing is taken off that matters.
    """

    sensor_id: str
    kind: str
    state: str
    heard_s: float
    frames: int
    detections: int
    duplicates: int
    rejected: dict[str, int]
    clock_offset_s: float
    nature: str
    sites: tuple[str, ...]
    coverage_s: float  # end of the newest Coverage, NaN before the first
    false_alarms: float = math.nan
    clutter_cells: int = 0
    scatter: float = math.nan
    detection: float = math.nan
    range_error_m: float = math.nan
    azimuth_error_deg: float = math.nan
    elevation_error_deg: float = math.nan
    time_error_s: float = math.nan

    def found(self) -> dict[str, float]:
        """Return what was found of it that is plainly other than stated, by its name here."""
        found = {name: float(getattr(self, name)) for name in FOUND}
        return {name: x for name, x in found.items() if x != 0.0 and not math.isnan(x)}
