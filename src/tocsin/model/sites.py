"""The site file as nouns: sites, zones, who releases, rules."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from tocsin.model.advice import PlaybookLine
from tocsin.model.profiles import Profile
from tocsin.model.sensors import Sensor
from tocsin.model.volumes import Volume

__all__ = [
    "AlertRules", "Authorisation", "Channel", "MinimumCoverage", "Node", "Peer", "Release",
    "Retention", "Sentinel", "Site", "TimeAuthority", "Zone", "is_inside_m",
]  # fmt: skip


class Release:
    """Who releases TAKE SHELTER for a zone."""

    PERSON = "person"
    AUTOMATIC = "automatic"
    PERSON_ELSE_AUTOMATIC = "person, else automatic"
    ALL = (PERSON, AUTOMATIC, PERSON_ELSE_AUTOMATIC)


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of a site whose people are warned together.

    outline_m: (east, north) metres in the site's frame, a closed ring without the repeated
    last point, counter-clockwise. ceiling_m and floor_m are above the site's ground.
    shelter_s is how long people there need to reach shelter; margin_s is added to it for the
    warning line.
    """

    id: str
    name: str
    outline_m: tuple[tuple[float, float], ...]
    ceiling_m: float
    shelter_s: float
    floor_m: float = -1000.0
    release: str = Release.PERSON_ELSE_AUTOMATIC
    margin_s: float = 30.0


@dataclass(frozen=True, slots=True)
class AlertRules:
    """The thresholds of the ladder; each is explained in docs/operating.

    monitor_s, caution_s: 5 % earliest arrival below which a threat raises MONITOR or CAUTION.
    path_delay_s: from release to heard. probability floors are of being a drone (or of
    nothing known that is harmless). clear_s: how long nothing may threaten before ALL CLEAR
    is proposed.
    """

    monitor_s: float = 420.0
    caution_s: float = 240.0
    path_delay_s: float = 5.0
    caution_probability: float = 0.7
    shelter_probability: float = 0.5
    question_probability: float = 0.25
    clear_s: float = 60.0
    unattended_s: float = 5.0


@dataclass(frozen=True, slots=True)
class MinimumCoverage:
    """What has to be watched before a site may say QUIET.

    from_deg, to_deg: a sector clockwise from true north, equal: all round; height_m: from
    which height above the site's ground on it is covered; sensors: ids of those that cover
    it; needed: how many of them have to be up.
    """

    sensors: tuple[str, ...]
    needed: int
    from_deg: float = 0.0
    to_deg: float = 0.0
    height_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Site:
    """A protected site. alt_m: its ground above the ellipsoid (msl_m + geoid_m).

    minimum_coverage: none given means that every sensor that measures range has to be up;
    clear_criteria: what a person has to say is met before ALL CLEAR, in the site's words;
    resume_criteria: the same before suspended operations are resumed.
    """

    id: str
    name: str
    lat: float
    lon: float
    alt_m: float
    geoid_m: float = 0.0
    icao: str = ""
    zones: tuple[Zone, ...] = ()
    rules: AlertRules = field(default_factory=AlertRules)
    radius_m: float = 60_000.0  # beyond it only declared and system tracks exist
    features: str = ""  # name of a GeoJSON with runways and perimeter, beside the site file
    minimum_coverage: tuple[MinimumCoverage, ...] = ()
    clear_criteria: tuple[str, ...] = ()
    volumes: tuple[Volume, ...] = ()
    resume_criteria: tuple[str, ...] = ()

    def names_of(self, zone_ids: Iterable[str]) -> str:
        """Return what people call these zones, in their order; one that is gone by its id."""
        names = {zone.id: zone.name for zone in self.zones}
        return ", ".join(names.get(zone_id, zone_id) for zone_id in zone_ids)


@dataclass(frozen=True, slots=True)
class Authorisation:
    """A flight that somebody answers for: this id, at these sites, in this time, below this
    height.

    owner: the role that answers for it ("base operations"); times are Unix UTC; ceiling_m is
    above the site's ground. An entry without an owner or an end is refused by the site file's
    reader.
    """

    declared_id: str
    owner: str
    from_s: float
    until_s: float
    sites: tuple[str, ...]
    ceiling_m: float = 1000.0
    what: str = ""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way by which something leaves: warnings, the picture, or (to a parent fusion node,
    "sapient") both.

    kind: the form of the messages (WARNINGS or PICTURES); to: where they go, as the site file
    writes it ("file:FOLDER" is relative to the data folder; "pull": a partner fetches it);
    sites: whose zones or tracks, none named means all; natures: what it carries; secret: name
    of the token or password, never its value. per_second: messages at most; period_s: between
    two pictures; heartbeat_s: between two heartbeats of a channel for warnings, 0: none.
    The rest belongs to single kinds. cot: protocol "xml" or "protobuf"; tls the name of our
    certificate, tls_authority of those whom the server's is taken from; asterix: sac, sic;
    mail: sender, recipients.
    """

    id: str
    kind: str
    to: str
    sites: tuple[str, ...] = ()
    natures: tuple[str, ...] = ("live",)
    secret: str = ""
    per_second: float = 20.0
    period_s: float = 1.0
    protocol: str = "xml"
    tls: str = ""
    tls_authority: str = ""
    sac: int = 0
    sic: int = 0
    sender: str = ""
    recipients: tuple[str, ...] = ()
    heartbeat_s: float = 0.0

    WARNINGS: ClassVar[tuple[str, ...]] = ("cap", "webhook", "mqtt", "mail", "sapient")
    PICTURES: ClassVar[tuple[str, ...]] = ("cot", "asterix", "geojson", "kml", "sapient")

    @property
    def is_picture(self) -> bool:
        """Tell whether it carries tracks."""
        return self.kind in self.PICTURES

    @property
    def is_warning(self) -> bool:
        """Tell whether it carries warnings."""
        return self.kind in self.WARNINGS

    @property
    def is_siren(self) -> bool:
        """Tell whether it carries warnings to people, and not to another watch alone."""
        return self.is_warning and not self.is_picture


@dataclass(frozen=True, slots=True)
class Peer:
    """Another site that holds our checkpoints, and whose we hold.

    keys: those that its ledger is signed with, one text each; to: its address, "" where we only
    hold for it; secret: name of the token that both know.
    """

    id: str
    keys: tuple[str, ...]
    to: str = ""
    secret: str = ""


@dataclass(frozen=True, slots=True)
class TimeAuthority:
    """Who stamps our checkpoints with the time (RFC 3161), at most one every every_s.

    certificate: names the file of the roots that its signature must lead to, "" where it is
    not checked here; nonce: whether a request bears one; tls_authority: names the file of those
    whom its server's certificate is taken from, "" those that this machine trusts.
    """

    id: str
    to: str
    certificate: str = ""
    every_s: float = 3600.0
    nonce: bool = True
    tls_authority: str = ""


@dataclass(frozen=True, slots=True)
class Sentinel:
    """A program on another machine that watches this watch. secret: name of its token."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Retention:
    """How long (seconds) and how much (octets) of the raw input is kept; what goes first is
    the oldest, unless a named person holds it.
    """

    keep_s: float = 72.0 * 3600.0
    max_bytes: float = 50e9


@dataclass(frozen=True, slots=True)
class Node:
    """One Tocsin: everything that the site file says. sensors: their order is the roster;
    preset: what the profile says.
    """

    name: str = "unnamed"
    number: int = 1  # goes into track ids; two nodes that exchange tracks must differ
    uuid: str = ""  # by which other programs know it; "" where the site file gives none
    profile: str = "base"
    sites: tuple[Site, ...] = ()
    sensors: tuple[Sensor, ...] = ()
    authorisations: tuple[Authorisation, ...] = ()
    schema: int = 1
    channels: tuple[Channel, ...] = ()
    retention: Retention = field(default_factory=Retention)
    playbook: tuple[PlaybookLine, ...] = ()
    peers: tuple[Peer, ...] = ()
    time_authorities: tuple[TimeAuthority, ...] = ()
    sentinels: tuple[Sentinel, ...] = ()
    preset: Profile = field(default_factory=Profile)


def is_inside_m(
    outline_m: tuple[tuple[float, float], ...], east_m: float, north_m: float
) -> bool:
    """Tell whether a point lies in the ring (even-odd rule; a point on the edge may be
    either).
    """
    inside = False
    previous_east, previous_north = outline_m[-1]
    for east, north in outline_m:
        if (north > north_m) != (previous_north > north_m):
            crossing = east + (north_m - north) * (previous_east - east) / (
                previous_north - north
            )
            if east_m < crossing:
                inside = not inside
        previous_east, previous_north = east, north
    return inside
