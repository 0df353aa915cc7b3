"""The site file: TOML bytes to a `Node`, or a sentence that says what would be right."""

import datetime
import tomllib
from typing import Annotated

import msgspec
from msgspec import Meta

from tocsin.codec._sensor_address import check_sensor_address
from tocsin.codec._site_asterix import check_asterix, check_framings
from tocsin.codec._site_channels import ChannelTable, channel_of
from tocsin.codec._site_nodes import (
    check_node_id,
    check_nodes,
    check_others,
    check_tasks,
    check_tls,
    check_uuid,
)
from tocsin.codec._site_peers import PeerTable, peer_of
from tocsin.codec._site_profile import playbook_with, profile_of, with_rules
from tocsin.codec._site_retention import RetentionTable, retention_of
from tocsin.codec._site_secrets import check_authorities, check_secret_name
from tocsin.codec._site_sensors import check_reach
from tocsin.codec._site_sentinels import SentinelTable, sentinel_of
from tocsin.codec._site_timestamps import TimestampTable, time_authority_of
from tocsin.codec._site_volumes import VolumeTable, volumes_of
from tocsin.codec._site_watch import (
    ContactTable,
    CoverageTable,
    PlaybookTable,
    minimum_coverage_of,
    playbook_of,
)
from tocsin.codec._site_words import ids_of, not_finite, one_of, shown, teach
from tocsin.codec._zone_outline import outline_of
from tocsin.codec.plugins import plugin_names
from tocsin.errors import SiteError
from tocsin.model import (
    PROFILE_NAMES,
    AlertRules,
    Authorisation,
    Nature,
    Node,
    Profile,
    Release,
    Sensor,
    Site,
    Zone,
)

__all__ = ["FORMATS", "KINDS", "SCHEMA", "read_site"]

SCHEMA = 1
KINDS = ("radar", "camera", "acoustic", "rf", "adsb", "remote_id", "person", "system")
FORMATS = (
    "asterix", "beast", "avr", "modes-jsonl", "sapient", "statevectors-csv", "detections",
    "plots-csv", "readsb-json", "remote-id", "cot", "sbs", "sightings",
)  # fmt: skip
MAX_AUTHORITIES = 8  # each has a thread, and stamps in every package
MAX_SENSORS = 64  # a track's bit mask of sensors has 64 places

Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Positive = Annotated[float, Meta(gt=0)]
Probability = Annotated[float, Meta(ge=0, le=1)]
Octet = Annotated[int, Meta(ge=0, le=255)]


class _Node(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str
    number: Annotated[int, Meta(ge=1, le=32_767)] = 1
    uuid: str = ""
    profile: str = "base"


class _Rules(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    monitor_s: Positive = 420.0
    caution_s: Positive = 240.0
    path_delay_s: Annotated[float, Meta(ge=0)] = 5.0
    caution_probability: Probability = 0.7
    shelter_probability: Probability = 0.5
    question_probability: Annotated[float, Meta(ge=0.2, le=1)] = 0.25
    clear_s: Positive = 60.0
    unattended_s: Positive = 5.0


class _Zone(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    id: str
    name: str = ""
    center_offset_m: tuple[float, float] | None = None
    radius_m: Positive | None = None
    polygon: list[tuple[Longitude, Latitude]] | None = None
    ceiling_m: Positive
    floor_m: float = -1000.0
    shelter_s: Positive
    release: str = Release.PERSON_ELSE_AUTOMATIC
    margin_s: Annotated[float, Meta(ge=0)] = 30.0


class _Site(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    id: str
    name: str = ""
    icao: str = ""
    lat: Latitude
    lon: Longitude
    elevation_m: Annotated[float, Meta(ge=-1000, le=10_000)]
    geoid_m: Annotated[float, Meta(ge=-120, le=120)] = 0.0
    radius_m: Annotated[float, Meta(gt=0, le=60_000)] = 60_000.0
    features: str = ""
    rules: _Rules = msgspec.field(default_factory=_Rules)
    zone: list[_Zone] = []
    minimum_coverage: list[CoverageTable] = []
    clear_criteria: list[str] = []
    volume: list[VolumeTable] = []
    resume_criteria: list[str] | None = None


class _Sensor(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    id: str
    kind: str
    format: str
    listen: str | list[str] = []
    sites: list[str] = []
    nature: str = Nature.LIVE
    lat: Latitude | None = None
    lon: Longitude | None = None
    alt_m: float | None = None
    height_m: float | None = None
    sigma_range_m: Positive | None = None
    sigma_azimuth_deg: Positive | None = None
    sigma_elevation_deg: Positive | None = None
    sigma_range_rate_mps: Positive | None = None
    scan_period_s: Positive = 1.0
    phase_s: float = 0.0
    detection_probability: Annotated[float, Meta(gt=0, le=1)] = 0.9
    false_alarms_per_scan: Annotated[float, Meta(ge=0)] = 1.0
    min_range_m: Annotated[float, Meta(ge=0)] = 0.0
    max_range_m: Positive = 10_000.0
    max_range_by_kind_m: dict[str, float] = {}
    azimuth_center_deg: Annotated[float, Meta(ge=-360, le=360)] = 0.0
    azimuth_width_deg: Annotated[float, Meta(gt=0, le=360)] = 360.0
    elevation_min_deg: Annotated[float, Meta(ge=-90, le=90)] = -90.0
    elevation_max_deg: Annotated[float, Meta(ge=-90, le=90)] = 90.0
    min_radial_speed_mps: Annotated[float, Meta(ge=0)] = 0.0
    max_radial_speed_mps: Positive = 120.0
    sac: Octet | None = None
    sic: Octet | None = None
    framing: str = ""
    editions: dict[str, str] = {}
    node_id: str = ""
    tasks: list[str] = []
    modes: list[str] = []
    tls: str = ""
    tls_clients: str = ""
    secret: str = ""


class _Authorisation(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    declared_id: str
    owner: str
    until: datetime.datetime
    sites: list[str]
    from_: datetime.datetime = msgspec.field(name="from")
    ceiling_m: Positive = 1000.0
    what: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    node: _Node
    schema: int = SCHEMA
    site: list[_Site] = []
    sensor: list[_Sensor] = []
    authorisation: list[_Authorisation] = []
    channel: list[ChannelTable] = []
    retention: RetentionTable = msgspec.field(default_factory=RetentionTable)
    playbook: list[PlaybookTable] = []
    peer: list[PeerTable] = []
    timestamp: Annotated[list[TimestampTable], Meta(max_length=MAX_AUTHORITIES)] = []
    sentinel: list[SentinelTable] = []


def read_site(text: bytes, where: str) -> Node:
    """Return the node that a site file describes; `where` is its name, for messages.

    Raises SiteError with a sentence: what is wrong, with the value, and what would be right.
    """
    try:
        raw = tomllib.loads(text.decode("utf-8"))
    except UnicodeDecodeError as error:  # an editor of Windows, and a name with an umlaut
        line = text.count(b"\n", 0, error.start) + 1
        raise SiteError(
            f"{where}, line {line} is no UTF-8; save it as UTF-8", where=where
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SiteError(f"{where} is not TOML: {error}", where=where) from error
    except RecursionError as error:
        raise SiteError(f"{where} has lists within lists without end", where=where) from error
    if wrong := not_finite(raw):
        raise SiteError(f"{where}: {wrong}", where=where)
    if raw.get("schema", SCHEMA) != SCHEMA:
        raise SiteError(
            f"{where} has schema {shown(raw['schema'])}; this Tocsin reads schema = {SCHEMA}",
            where=where,
        )
    try:
        file = msgspec.convert(with_rules(raw), _File)
    except msgspec.ValidationError as error:
        raise SiteError(
            f"{where}: {teach(str(error), raw, _FIELDS, _File)}", where=where
        ) from error
    return _node(file, where)


def _node(file: _File, where: str) -> Node:
    one_of(file.node.profile, PROFILE_NAMES, f"{where}: [node] profile")
    check_uuid(file.node.uuid, f"{where}: [node] uuid")
    ids_of([s.id for s in file.site], f"{where}: [[site]] id")
    ids_of([s.id for s in file.sensor], f"{where}: [[sensor]] id")
    ids_of([c.id for c in file.channel], f"{where}: [[channel]] id")
    ids_of([p.id for p in file.peer], f"{where}: [[peer]] id")
    ids_of([t.id for t in file.timestamp], f"{where}: [[timestamp]] id")
    ids_of([s.id for s in file.sentinel], f"{where}: [[sentinel]] id")
    if len(file.sensor) > MAX_SENSORS:
        raise SiteError(
            f"{where} names {len(file.sensor)} sensors; a node takes at most {MAX_SENSORS}: "
            "give each site a node of its own",
            where=where,
        )
    feeds = [(s.id, s.kind, s.sites) for s in file.sensor]
    preset = profile_of(file.node.profile)
    sites = tuple(_site(s, feeds, preset, where) for s in file.site)
    known = {s.id: s for s in sites}
    sensors = tuple(_sensor(s, known, where) for s in file.sensor)
    check_framings(sensors, where)
    check_nodes(sensors, where)
    _no_shared_source(sensors, where)
    node = Node(
        name=file.node.name,
        number=file.node.number,
        uuid=file.node.uuid.lower(),
        profile=file.node.profile,
        sites=sites,
        sensors=sensors,
        authorisations=tuple(_authorisation(a, known, where) for a in file.authorisation),
        schema=file.schema,
        channels=tuple(channel_of(c, known, where) for c in file.channel),
        retention=retention_of(file.retention),
        playbook=playbook_with(playbook_of(file.playbook, known, where), preset, known),
        peers=tuple(peer_of(p, where) for p in file.peer),
        time_authorities=tuple(time_authority_of(t, where) for t in file.timestamp),
        sentinels=tuple(sentinel_of(s, where) for s in file.sentinel),
        preset=preset,
    )
    check_others(node, where)
    return node


def _site(
    site: _Site, feeds: list[tuple[str, str, list[str]]], preset: Profile, where: str
) -> Site:
    alt_m = site.elevation_m + site.geoid_m
    ids_of([z.id for z in site.zone], f"{where}: zone id of site {site.id!r}")
    rules = AlertRules(**msgspec.structs.asdict(site.rules))
    if rules.caution_s > rules.monitor_s:
        raise SiteError(
            f"{where}: site {site.id!r} has caution_s {rules.caution_s:g} above monitor_s "
            f"{rules.monitor_s:g}; the ladder climbs from MONITOR to CAUTION: give a smaller",
            site=site.id,
        )
    return Site(
        id=site.id,
        name=site.name or site.id,
        lat=site.lat,
        lon=site.lon,
        alt_m=alt_m,
        geoid_m=site.geoid_m,
        icao=site.icao,
        zones=tuple(_zone(z, site, alt_m, where) for z in site.zone),
        rules=rules,
        radius_m=site.radius_m,
        features=site.features,
        minimum_coverage=tuple(
            minimum_coverage_of(c, site.id, feeds, where) for c in site.minimum_coverage
        ),
        clear_criteria=tuple(text.strip() for text in site.clear_criteria if text.strip()),
        volumes=volumes_of(
            site.volume, site.id, (site.lat, site.lon, alt_m), site.radius_m, where
        ),
        resume_criteria=preset.resume_criteria
        if site.resume_criteria is None
        else tuple(text.strip() for text in site.resume_criteria if text.strip()),
    )


def _zone(zone: _Zone, site: _Site, alt_m: float, where: str) -> Zone:
    here = f"{where}: zone {zone.id!r} of site {site.id!r}"
    one_of(zone.release, Release.ALL, f"{here} release")
    if zone.ceiling_m <= zone.floor_m:
        raise SiteError(f"{here} has its ceiling_m below its floor_m; swap them", zone=zone.id)
    return Zone(
        id=zone.id,
        name=zone.name or zone.id,
        outline_m=outline_of(
            here,
            center_offset_m=zone.center_offset_m,
            radius_m=zone.radius_m,
            polygon=zone.polygon,
            site=(site.lat, site.lon, alt_m),
            limit_m=site.radius_m,
        ),
        ceiling_m=zone.ceiling_m,
        floor_m=zone.floor_m,
        shelter_s=zone.shelter_s,
        release=zone.release,
        margin_s=zone.margin_s,
    )


def _sensor(raw: _Sensor, sites: dict[str, Site], where: str) -> Sensor:
    here = f"{where}: sensor {raw.id!r}"
    one_of(raw.kind, KINDS, f"{here} kind")
    if raw.format not in FORMATS:
        one_of(raw.format, (*FORMATS, *plugin_names()), f"{here} format")
    one_of(raw.nature, Nature.ALL, f"{here} nature")
    for name in raw.sites:
        one_of(name, tuple(sites), f"{here} sites")
    listen = (raw.listen,) if isinstance(raw.listen, str) else tuple(raw.listen)
    for address in listen:
        check_sensor_address(address, raw.format, here, has_secret=bool(raw.secret))
    check_asterix(raw.format, raw.framing, raw.editions, here)
    check_node_id(raw.format, raw.node_id, listen, here)
    check_tls(raw.tls, raw.tls_clients, listen, here)
    check_authorities(here, listen)
    check_secret_name(here, raw.secret)
    check_tasks(raw.format, raw.kind, raw.tasks, raw.modes, here)
    check_reach(raw.max_range_by_kind_m, here)
    if (raw.lat is None) != (raw.lon is None):
        raise SiteError(f"{here} has only one of lat and lon; give both or none", sensor=raw.id)
    if (raw.kind == "person") != (raw.format == "sightings"):
        raise SiteError(
            f"{here} is of kind {raw.kind!r} with format {raw.format!r}; a post of people has "
            'kind = "person" and format = "sightings"',
            sensor=raw.id,
        )
    if raw.kind == "person" and (raw.lat is None or not raw.sites):
        raise SiteError(
            f"{here} is a post of people; give it lat, lon, a height and its sites",
            sensor=raw.id,
        )
    if raw.elevation_min_deg >= raw.elevation_max_deg:
        raise SiteError(
            f"{here} has elevation_min_deg {raw.elevation_min_deg:g} not below "
            f"elevation_max_deg {raw.elevation_max_deg:g}",
            sensor=raw.id,
        )
    if raw.min_range_m >= raw.max_range_m:
        raise SiteError(
            f"{here} has min_range_m {raw.min_range_m:g} not below max_range_m "
            f"{raw.max_range_m:g}",
            sensor=raw.id,
        )
    values = msgspec.structs.asdict(raw)
    del values["height_m"]
    values |= {
        "listen": listen,
        "sites": tuple(raw.sites),
        "alt_m": _sensor_alt_m(raw, sites, here),
        "node_id": raw.node_id.lower(),
        "tasks": tuple(raw.tasks),
        "modes": tuple(raw.modes),
    }
    return Sensor(**values)


def _sensor_alt_m(raw: _Sensor, sites: dict[str, Site], here: str) -> float:
    """Height of the sensor above the ellipsoid, from alt_m or from height_m above its site."""
    if raw.alt_m is not None and raw.height_m is not None:
        raise SiteError(
            f"{here} has both alt_m (above the ellipsoid) and height_m (above the site's "
            "ground); give one",
            sensor=raw.id,
        )
    if raw.alt_m is not None:
        return raw.alt_m
    if raw.lat is None:
        return 0.0
    if raw.height_m is None or not raw.sites:
        raise SiteError(
            f"{here} has a place but no height; give alt_m (metres above the WGS 84 ellipsoid) "
            "or height_m (above the ground of its first site)",
            sensor=raw.id,
        )
    return sites[raw.sites[0]].alt_m + raw.height_m


def _authorisation(raw: _Authorisation, sites: dict[str, Site], where: str) -> Authorisation:
    here = f"{where}: authorisation of {raw.declared_id!r}"
    if not raw.owner.strip():
        raise SiteError(f"{here} has no owner; name the role that answers for it")
    for name in raw.sites:
        one_of(name, tuple(sites), f"{here} sites")
    start, end = (_utc_s(t, here) for t in (raw.from_, raw.until))
    if end <= start:
        raise SiteError(f"{here} ends before it begins; swap from and until")
    return Authorisation(
        declared_id=raw.declared_id.lower(),
        owner=raw.owner,
        from_s=start,
        until_s=end,
        sites=tuple(raw.sites),
        ceiling_m=raw.ceiling_m,
        what=raw.what,
    )


def _utc_s(when: datetime.datetime, here: str) -> float:
    if when.tzinfo is None:
        raise SiteError(f"{here}: {when.isoformat()} has no time zone; write it with Z for UTC")
    return when.timestamp()


def _no_shared_source(sensors: tuple[Sensor, ...], where: str) -> None:
    """Two sensors on one address must be told apart by what their messages say of them."""
    seen: dict[tuple[str, int | None, int | None, str], str] = {}
    for sensor in sensors:
        for address in sensor.listen:
            if address == "http":
                continue
            key = (address, sensor.sac, sensor.sic, sensor.node_id)
            if key in seen:
                raise SiteError(
                    f"{where}: sensors {seen[key]!r} and {sensor.id!r} both listen on "
                    f"{address}; give each its own address, or sac and sic (SAPIENT: node_id) "
                    "that differ",
                    sensor=sensor.id,
                )
            seen[key] = sensor.id


_FIELDS: dict[str, type[msgspec.Struct]] = {
    "node": _Node, "site": _Site, "rules": _Rules, "zone": _Zone, "sensor": _Sensor,
    "authorisation": _Authorisation, "channel": ChannelTable, "retention": RetentionTable,
    "playbook": PlaybookTable, "peer": PeerTable, "tell": ContactTable,
    "minimum_coverage": CoverageTable, "sentinel": SentinelTable,
    "timestamp": TimestampTable, "volume": VolumeTable,
}  # fmt: skip
