"""Incidents opened by the watch: one for each alarm at CAUTION or higher, and their series."""

from collections.abc import Sequence
from dataclasses import replace

from tocsin.geo import frame_at, from_frame
from tocsin.model import AlertEvent, Entry, Ladder, Node, Picture, Site
from tocsin.model.identities import LABELS
from tocsin.model.records import Incident, SawTrack, Series, TimeSaid
from tocsin.model.register import Register
from tocsin.record._days import utc_day
from tocsin.record.apply import MAX_ROWS, next_id
from tocsin.record.chain import Chain, append_into
from tocsin.record.fold import MAX_TRACKS, fold_into
from tocsin.record.shape import body_of
from tocsin.units import DEG

__all__ = ["SERIES_S", "FirstSeen", "keep_first_into", "open_from_alerts_into"]

# Steps at which an alarm is an incident of the record.
SERIOUS = (Ladder.CAUTION, Ladder.TAKE_SHELTER)
SERIES_S = 86_400.0  # incidents at several sites within a day are shown together

# By track id: time of the first detection; place (degrees, metres) when it was first shown.
FirstSeen = dict[int, tuple[float, float, float, float]]


def keep_first_into(first: FirstSeen, picture: Picture) -> None:
    """Keep where each track was when it was first shown; those that are gone are let go."""
    tracks = picture.tracks
    ids = tracks.track_id.tolist()
    for row, track in enumerate(ids):
        if track not in first:
            first[track] = (
                float(tracks.first_seen_s[row]), float(tracks.lat_deg[row]),
                float(tracks.lon_deg[row]), float(tracks.alt_m[row]),
            )  # fmt: skip
    if len(first) > len(ids):
        present = dict.fromkeys(ids)
        for track in [t for t in first if t not in present]:
            del first[track]


def open_from_alerts_into(
    register: Register,
    chain: Chain,
    events: Sequence[AlertEvent],
    node: Node,
    picture: Picture | None,
    first: FirstSeen,
    now_s: float,
) -> tuple[Entry, ...]:
    """Open an incident for each alarm that has become serious, and name its new tracks.

    The "alert" entries of `events` must be folded in before. Returns the entries, which are
    in chain and register already. Two sites within a day become a series of the same nature:
    a statement about time, not about who was behind it.
    """
    labels = _labels(picture)
    entries: list[Entry] = []
    for event in events:
        if not event.alarm_id:
            continue
        seen = tuple(_saw(track, first, labels) for track in event.tracks[:MAX_TRACKS])
        incident = register.alarms.get(event.alarm_id)
        if incident == "":
            continue
        if incident is not None:
            entries += _add_tracks_into(register, chain, incident, seen, now_s)
        elif event.step in SERIOUS and event.kind != "closed":
            entries += _open_into(register, chain, event, node, seen, now_s)
    return tuple(entries)


def _labels(picture: Picture | None) -> dict[int, str]:
    if picture is None:
        return {}
    labels = picture.identities.label.tolist()
    return {t: LABELS[k] for t, k in zip(picture.tracks.track_id.tolist(), labels, strict=True)}


def _saw(track: int, first: FirstSeen, labels: dict[int, str]) -> SawTrack:
    label = labels.get(track, "")
    if track not in first:
        return SawTrack(str(track), None, label=label)
    seen_s, lat, lon, alt_m = first[track]
    return SawTrack(str(track), seen_s, round(lat, 6), round(lon, 6), round(alt_m, 1), label)


def _add_tracks_into(
    register: Register, chain: Chain, incident: str, seen: tuple[SawTrack, ...], now_s: float
) -> list[Entry]:
    noun = register.rows[incident].versions[-1].noun
    known = [t.track for t in noun.tracks] if isinstance(noun, Incident) else []
    room = max(0, MAX_TRACKS - len(known))
    new = [t for t in seen if t.track not in known][:room]
    if not new:
        return []
    body: dict[str, object] = {
        "what": "tracks",
        "incident": incident,
        "tracks": [_plain(t) for t in new],
    }
    entry = append_into(chain, "incident", now_s, body)
    fold_into(register, (entry,))
    return [entry]


def _plain(track: SawTrack) -> dict[str, object]:
    return {
        "track": track.track, "first_seen_s": track.first_seen_s, "lat": track.lat,
        "lon": track.lon, "alt_m": track.alt_m, "label": track.label,
    }  # fmt: skip


def _open_into(
    register: Register,
    chain: Chain,
    event: AlertEvent,
    node: Node,
    seen: tuple[SawTrack, ...],
    now_s: float,
) -> list[Entry]:
    if len(register.rows) >= MAX_ROWS:
        full: dict[str, object] = {"what": "no room", "alarm": event.alarm_id}
        entry = append_into(chain, "incident", now_s, full)
        fold_into(register, (entry,))
        return [entry]
    began_s = min(
        (h.at_s for h in register.waiting.get(event.alarm_id, [])), default=event.at_s
    )
    site = next((s for s in node.sites if s.id == event.site_id), None)
    is_drone = any(track.label.startswith("drone") for track in seen)
    noun = Incident(
        site=event.site_id,
        site_name=site.name if site else "",
        kind="drones" if is_drone else "unidentified",
        happened=TimeSaid("", began_s, began_s, resolved_by=f"alarm {event.alarm_id}"),
        lat=site.lat if site else None,
        lon=site.lon if site else None,
        alarm=event.alarm_id,
        nature=event.nature,
        zones=_zones(site) if site else (),
        tracks=seen,
    )
    noun = replace(noun, id=next_id(register, noun, now_s))
    body: dict[str, object] = {"what": "opened", "at_s": event.at_s, "body": body_of(noun)}
    entry = append_into(chain, "incident", now_s, body)
    fold_into(register, (entry,))
    return [entry, *_link_into(register, chain, noun, now_s)]


def _zones(site: Site) -> tuple[tuple[str, str, tuple[tuple[float, float], ...]], ...]:
    """Return (id, name, ring of (lon, lat) in degrees to 1e-6, about 0.1 m) of each zone."""
    frame = frame_at(site.lat, site.lon, site.alt_m)
    found = []
    for zone in site.zones:
        local_m = [(east, north, 0.0) for east, north in zone.outline_m]
        rows = (from_frame(local_m, frame) / DEG).tolist()
        ring = tuple((round(lon, 6), round(lat, 6)) for lat, lon, _ in rows)
        found.append((zone.id, zone.name, ring))
    return tuple(found)


def _link_into(register: Register, chain: Chain, noun: Incident, now_s: float) -> list[Entry]:
    """Put the incident into the series of the day, where another site was affected."""
    near = [other for other in _incidents(register) if _is_near(other, noun)]
    if not any(other.site != noun.site for other in near):
        return []
    names = (*(other.id for other in near), noun.id)
    series = next((s for s in _series(register) if set(s.incidents) & set(names)), None)
    if series is None:
        began_s = min((i.happened.earliest_s or now_s for i in near), default=now_s)
        series = Series(label=f"{utc_day(began_s)}, several sites")
        series = replace(series, id=next_id(register, series, began_s))
    series = replace(series, incidents=tuple(dict.fromkeys((*series.incidents, *names))))
    body: dict[str, object] = {"what": "series", "body": body_of(series)}
    entry = append_into(chain, "incident", now_s, body)
    fold_into(register, (entry,))
    return [entry]


def _is_near(other: Incident, noun: Incident) -> bool:
    then_s, now_s = other.happened.earliest_s, noun.happened.earliest_s
    if other.id == noun.id or other.nature != noun.nature or then_s is None or now_s is None:
        return False
    return abs(now_s - then_s) <= SERIES_S


def _incidents(register: Register) -> list[Incident]:
    rows = [r.versions[-1] for r in register.rows.values() if r.kind == "incident"]
    return [v.noun for v in rows if isinstance(v.noun, Incident) and not v.withdrawn]


def _series(register: Register) -> list[Series]:
    rows = [r.versions[-1] for r in register.rows.values() if r.kind == "series"]
    return [v.noun for v in rows if isinstance(v.noun, Series) and not v.withdrawn]
