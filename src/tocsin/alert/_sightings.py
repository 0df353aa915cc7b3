"""Sightings: what people report, as a question to the officer, beside what sensors covered."""

import math

from tocsin.alert import _rules
from tocsin.alert._standing import join_into, stand_into
from tocsin.alert._state import AlertState, is_open
from tocsin.geo import distance_m, frame_at, geodetic_rows, local_to_polar, to_frame
from tocsin.model import Act, AlarmCause, AlertEvent, Ladder, Node, Sighting, Site
from tocsin.sensor import FUTURE_S, OLD_S, place_of, post_of, site_of
from tocsin.units import DEG

__all__ = ["take_sighting_into"]

ROSE = (
    "north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west",
)  # fmt: skip
Reply = tuple[bool, str]


def take_sighting_into(
    state: AlertState, node: Node, act: Act, now_s: float, events: list[AlertEvent]
) -> Reply:
    """Record what somebody saw and put it to the officer as a question at CAUTION.

    It raises no zone and releases nothing: a person who knows more does. Reports near each
    other are one question.
    """
    report = act.sighting
    if report is None:
        return False, "say where it was seen: a place, or a direction from a post"
    if report.wrong:
        return False, report.wrong
    site = site_of(node, act.site, report)
    if site is None:
        return False, f"name the site; there are {', '.join(s.id for s in node.sites)}"
    post = post_of(node, site.id, report.post)
    if post is None:
        known = [s.id for s in node.sensors if s.kind == "person" and site.id in s.sites]
        return False, f"{site.id} has no post {report.post!r}; posts are {', '.join(known)}"
    seen_s = report.seen_s if math.isfinite(report.seen_s) else now_s
    if seen_s > now_s + FUTURE_S:
        return False, "it cannot have been seen in the future; check the time"
    if now_s - seen_s > OLD_S:
        return False, "it was seen over a day ago; enter it in the record as a claim"
    place = place_of(report, post)
    state.seen += 1
    sighting = Sighting(
        id=f"S-{node.number}-{state.seen}", site_id=site.id, by=act.user, at_s=now_s,
        seen_s=min(seen_s, now_s), lat=place.lat, lon=place.lon, azimuth_deg=place.azimuth_deg,
        from_lat=place.from_lat, from_lon=place.from_lon, sigma_m=place.sigma_m,
        count=report.count, kind=report.kind.strip(), text=act.text.strip(),
    )  # fmt: skip
    state.sightings.append(sighting)
    state.untold.append(sighting.id)
    text = _words(sighting, node, site)
    _ask_into(state, node, site, sighting, text, now_s, events)
    return True, f"{sighting.id} recorded: {text}; the officer is asked what it is"


def _ask_into(
    state: AlertState,
    node: Node,
    site: Site,
    sighting: Sighting,
    text: str,
    now_s: float,
    events: list[AlertEvent],
) -> None:
    index = node.sites.index(site)
    for watch in state.alarms:
        alarm = watch.alarm
        mine = is_open(alarm) and alarm.cause == AlarmCause.SIGHTING and alarm.site == index
        if mine and any(
            other.alarm_id == alarm.id and _is_same(other, sighting)
            for other in state.sightings
        ):
            sighting.alarm_id = alarm.id
            asks = f"{text}: what is it?"
            join_into(
                watch, Ladder.CAUTION, (), asks, now_s, events, by=sighting.by, calls=True
            )
            return
    watch = stand_into(
        state, node, index, cause=AlarmCause.SIGHTING, step=Ladder.CAUTION, zones=(),
        text=f"{text}: what is it?", now_s=now_s, events=events,
    )  # fmt: skip
    sighting.alarm_id = watch.alarm.id


def _is_same(a: Sighting, b: Sighting) -> bool:
    """Tell whether two reports can be of one thing: near in time, and not told far apart, nor
    from one post in other directions.
    """
    if abs(a.seen_s - b.seen_s) > _rules.SIGHTING_GROUP_S:
        return False
    if math.isnan(a.lat) and math.isnan(b.lat):
        posts = geodetic_rows([a.from_lat, b.from_lat], [a.from_lon, b.from_lon], [0.0, 0.0])
        near = float(distance_m(posts[:1], posts[1:])[0]) <= _rules.SIGHTING_POST_M
        turned_deg = abs((a.azimuth_deg - b.azimuth_deg + 180.0) % 360.0 - 180.0)
        return not (near and turned_deg > _rules.SIGHTING_APART_DEG)
    if math.isnan(a.lat) or math.isnan(b.lat):
        return True
    there = geodetic_rows([a.lat, b.lat], [a.lon, b.lon], [0.0, 0.0])
    return float(distance_m(there[:1], there[1:])[0]) <= _rules.GROUP_M


def _words(sighting: Sighting, node: Node, site: Site) -> str:
    """Return the report as a sentence."""
    what = sighting.kind or "something"
    if sighting.count:
        what = f"{sighting.count} {what}" if sighting.kind else f"{sighting.count} things"
    return f"{sighting.by} reports {what} {_where(sighting, site)}"


def _where(sighting: Sighting, site: Site) -> str:
    """Return where it was, seen from the site's reference point, or which way it was seen."""
    if math.isnan(sighting.lat):
        return f"towards {sighting.azimuth_deg:03.0f}° from a post of {site.name}"
    rows = geodetic_rows(sighting.lat, sighting.lon, site.alt_m)
    local = to_frame(rows, frame_at(site.lat, site.lon, site.alt_m))
    away_m, azimuth_rad, _ = local_to_polar(local)[0].tolist()
    if away_m < max(sighting.sigma_m, 100.0):
        return f"over {site.name}"
    rose = ROSE[int((azimuth_rad / DEG + 22.5) // 45.0) % 8]
    return f"about {away_m / 1000.0:.1f} km {rose} of {site.name}"
