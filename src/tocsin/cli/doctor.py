"""`tocsin doctor`: a site file checked, in words."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tocsin.cli._output import print_json, print_words
from tocsin.errors import CallError, SiteError
from tocsin.model import Channel, Node, Sensor, Site, Zone

__all__ = ["doctor"]

RANGING = ("radar",)


def doctor(
    site: Path,
    /,
    *,
    live: str | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Check a site file and say what is wrong and what would be right.

    Exit status 0 if it can be used (perhaps with advice), 1 if something in it is wrong, 2 if
    the file cannot be opened. With --live also what a running watch hears of each sensor, and
    a sentence about what is wrong with it.

    Example: tocsin doctor site.toml

    Parameters
    ----------
    site
        The site file.
    live
        Address of the running watch on this machine, such as http://127.0.0.1:8080.
    json
        Print one JSON object instead of words.
    """
    from tocsin.codec.site_toml import read_site

    try:
        text = site.read_bytes()
    except OSError as error:
        raise CallError(f"{site} cannot be read: {error.strerror}", path=str(site)) from error
    try:
        node = read_site(text, site.name)
    except SiteError as error:
        if json:
            print_json({"usable": False, "wrong": str(error), "advice": []})
        raise
    advice = _advice(node, site.parent)
    heard = _live(live) if live is not None else {}
    if json:
        print_json({"usable": True, "wrong": None, "advice": advice, **_facts(node), **heard})
        return
    facts = _facts(node)
    print_words(
        f"{site.name}: usable. {facts['sites']} sites, {facts['zones']} zones, "
        f"{facts['sensors']} sensors, {facts['authorisations']} authorisations."
    )
    if facts["sapient_id"]:
        print_words(f"SAPIENT nodes know it as {facts['sapient_id']}.")
    for line in advice:
        print_words(f"- {line}")
    if not advice:
        print_words("Nothing to advise.")
    if heard:
        _say_live(heard["live"])


def _live(url: str) -> dict[str, Any]:
    from tocsin.cli._doctor_live import live_facts

    return {"live": live_facts(url)}


_OFF_S = 5.0  # of the watch's time beside its machine's clock: less is eased in


def _say_live(live: dict[str, Any]) -> None:
    if live["not_ready"]:
        print_words(f"The watch does not watch now: {live['not_ready']}.")
    if abs(live["clock_ahead_s"]) > _OFF_S:
        print_words(
            f"The watch's time is {live['clock_ahead_s']:+.0f} s beside its machine's clock, "
            "which was set; docs/operating/backup.md says what to do."
        )
    for one in live["sensors"]:
        ago = "never" if one["heard_ago_s"] is None else f"{one['heard_ago_s']:g} s ago"
        print_words(
            f"{one['sensor']}: {one['state']}, heard {ago}, {one['detections_per_s']:g} a "
            f"second, clock {one['clock_offset_s']:+g} s: {one['says']}"
        )
        for reason, n in one["rejected"].items():
            print_words(f"  {n} not used: {reason}")
    for address, state in live["connections"].items():
        print_words(f"{address}: {state}")
    for address, n in live["kernel_drops"].items():
        print_words(f"{address}: the operating system threw {n} datagrams away")


def _facts(node: Node) -> dict[str, Any]:
    from tocsin.codec.sapient.ids import own_id_of

    speaks = any(s.format == "sapient" for s in node.sensors) or any(
        c.kind == "sapient" for c in node.channels
    )
    return {
        "name": node.name,
        "sites": len(node.sites),
        "zones": sum(len(s.zones) for s in node.sites),
        "sensors": len(node.sensors),
        "authorisations": len(node.authorisations),
        "sapient_id": own_id_of(node) if speaks else "",
    }


def _advice(node: Node, folder: Path) -> list[str]:
    """What works and should still be looked at, most important first."""
    from tocsin.codec.sapient.ids import own_id_of

    lines: list[str] = []
    if not node.sites:
        lines.append("there is no [[site]]: nothing is tracked and nobody is warned")
    for site in node.sites:
        lines += _site_advice(site, node, folder)
    for sensor in node.sensors:
        lines += _sensor_advice(sensor, node)
    lines += [
        f"timestamp {t.id!r} has no certificate: its stamps are kept and whether it signed "
        "them is not checked; put its root into the data folder's `secrets` and name it"
        for t in node.time_authorities
        if not t.certificate
    ]
    own_id = own_id_of(node)
    lines += [
        f"channel {c.id!r} registers as {own_id}, made of the node's name and number: some "
        "fusion nodes take UUIDs of version 4 alone; give one as uuid in [node]"
        for c in node.channels
        if c.kind == "sapient" and own_id[14] != "4"
    ]
    natures = sorted({s.nature for s in node.sensors})
    if len(natures) > 1:
        lines.append(
            f"sensors are of different natures ({', '.join(natures)}): what only the unreal "
            "ones see is marked so everywhere"
        )
    return lines


def _site_advice(site: Site, node: Node, folder: Path) -> list[str]:
    lines = []
    if not site.zones:
        lines.append(f"site {site.id!r} has no [[site.zone]]: nobody can be warned there")
    if site.geoid_m == 0.0:
        lines.append(
            f"site {site.id!r} has geoid_m = 0: heights above sea level are taken as heights "
            "above the ellipsoid, wrong by up to 100 m; give the geoid's height there"
        )
    mine = [s for s in node.sensors if site.id in s.sites]
    is_told = bool(mine) and all(s.kind == "system" for s in mine)  # others' radars see for it
    if not is_told and not any(s.kind in RANGING and s.lat is not None for s in mine):
        lines.append(f"site {site.id!r} has no radar with a place: little will be tracked")
    if site.features and not (folder / site.features).is_file():
        lines.append(f"site {site.id!r}: the map {site.features} is not beside the site file")
    warning = [c for c in node.channels if c.is_siren]
    if site.zones and not any(site.id in c.sites or not c.sites for c in warning):
        lines.append(
            f"site {site.id!r} has no [[channel]] for warnings: TAKE SHELTER is shown on the "
            "watch screen and reaches nobody by itself"
        )
    for name in dict.fromkeys(zone.name for zone in site.zones):
        same = [zone.id for zone in site.zones if zone.name == name]
        if len(same) > 1:
            lines.append(
                f"site {site.id!r} has {len(same)} zones with the name {name!r} "
                f"({', '.join(same)}): alarms, voice and warnings say names, so nobody can "
                "tell which one is meant"
            )
    for zone in site.zones if not is_told else ():
        lines += _zone_advice(zone, site, mine)
    return lines


def _zone_advice(zone: Zone, site: Site, sensors: list[Sensor]) -> list[str]:
    """Say where a drone at 51 m/s (185 km/h, the large slow type) is seen too late."""
    need_m = 51.0 * (zone.shelter_s + zone.margin_s)
    reach_m = max((s.max_range_m for s in sensors if s.kind in RANGING), default=0.0)
    if sensors and reach_m < need_m:
        return [
            f"zone {zone.id!r} of {site.id!r} needs {need_m / 1000:.1f} km of warning against "
            f"51 m/s; the farthest radar sees {reach_m / 1000:.1f} km: warnings will be late"
        ]
    return []


def _sensor_advice(sensor: Sensor, node: Node) -> list[str]:
    lines = []
    if not sensor.listen and sensor.kind != "person":
        lines.append(f"sensor {sensor.id!r} listens nowhere: only a replay can feed it")
    if "http" in sensor.listen and not sensor.secret:
        lines.append(
            f"sensor {sensor.id!r} names no secret: its token is DATA/secrets/{sensor.id}, "
            "made at the start of the watch where it is not there; give it to the sensor"
        )
    if sensor.kind in RANGING and sensor.lat is None:
        lines.append(f"sensor {sensor.id!r} has no place: its plots are counted, not tracked")
    if sensor.lat is not None and not sensor.sites:
        lines.append(f"sensor {sensor.id!r} belongs to no site: name it in sites = [...]")
    if sensor.kind in RANGING and not (sensor.sigma_range_m and sensor.sigma_azimuth_deg):
        lines.append(
            f"sensor {sensor.id!r} is a radar without sigma_range_m or sigma_azimuth_deg"
        )
    if sensor.format == "asterix" and sensor.kind == "system":
        lines += [
            f"sensor {sensor.id!r} may hear what channel {c.id!r} tells, and take it for "
            "another tracker's: give it the sac and sic of the other tracker, which are not "
            "those of the channel"
            for c in node.channels
            if c.kind == "asterix" and _hears_itself(sensor, c)
        ]
    for name in sensor.sites:
        site = next(s for s in node.sites if s.id == name)
        if sensor.lat is not None and _distance_m(sensor, site) > site.radius_m:
            lines.append(
                f"sensor {sensor.id!r} stands {_distance_m(sensor, site) / 1000:.0f} km from "
                f"{name!r}: check lat and lon"
            )
    return lines


def _hears_itself(sensor: Sensor, channel: Channel) -> bool:
    """Tell whether a tracker that is heard may be ourselves: under our code, or where we tell
    and no code is named.
    """
    if sensor.sac is None or sensor.sic is None:
        told = channel.to.partition("?")[0]
        return any(text.partition("?")[0] == told for text in sensor.listen)
    return (sensor.sac, sensor.sic) == (channel.sac, channel.sic)


def _distance_m(sensor: Sensor, site: Site) -> float:
    from tocsin.geo import distance_m, geodetic_rows

    here = geodetic_rows(sensor.lat, sensor.lon, sensor.alt_m)
    there = geodetic_rows(site.lat, site.lon, site.alt_m)
    return float(distance_m(here, there)[0])
