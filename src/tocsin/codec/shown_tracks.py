"""The tracks of a picture as partners are told of them: each thing once, no tentative ones.

Serials and other ids stand as they are in the picture, under the day's pseudonym; where an
operator stands is not in it. Heights are above the WGS 84 ellipsoid.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from tocsin.codec import wire
from tocsin.codec._heights import geoid_of
from tocsin.model import (
    LABELS,
    AltRef,
    Channel,
    DetectionBatch,
    Ladder,
    Nature,
    Node,
    Origin,
    Picture,
    Sensor,
    TrackKind,
    TrackStatus,
)

__all__ = ["Showing", "ShownTrack", "Source", "carried", "showing_of", "vouch_into"]

NAN = math.nan
NO_HEIGHT_M = 500.0  # a height that is less sure is none
VOUCHED_S = 10.0  # a second feed that tells of a thing is heard again within it
_DECLARED, _SYSTEM = TrackKind.WORDS[TrackKind.DECLARED], TrackKind.WORDS[TrackKind.SYSTEM]
# Channels by which two nodes may tell each other, and whose form does not say what a track was
# made of: what one has from the other would come back as news, and never end.
_UNTRACED = ("asterix", "cot")


@dataclass(frozen=True, slots=True)
class Source:
    """A sensor that a track rests on. number: its own one of the track, "" where it has none;
    origins: what that rests on, where the sensor is a tracker that tells it.
    """

    sensor_id: str
    number: str = ""
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownTrack:
    """One thing in the air at time_s (Unix UTC), last reported at seen_s; NaN is not known.

    id: the same as long as the thing is followed, and never of another; label, kind: words of
    LABELS and TrackKind; step: which step of the ladder it drives; geoid_m: height of the
    geoid above the ellipsoid there; sources: where a channel of the node tells them; said_in:
    of what only declares itself, the format of the feed that told of it last.
    """

    id: str
    kind: str
    label: str
    nature: str
    site_id: str
    time_s: float
    seen_s: float
    lat_deg: float
    lon_deg: float
    alt_m: float = NAN
    vel_east_mps: float = NAN
    vel_north_mps: float = NAN
    vel_up_mps: float = NAN
    sigma_position_m: float = NAN
    sigma_alt_m: float = NAN
    sigma_velocity_mps: float = NAN
    geoid_m: float = 0.0
    confidence: float = NAN
    declared: str = ""
    callsign: str = ""
    category: str = ""
    step: str = Ladder.QUIET
    coasted: bool = False
    sources: tuple[Source, ...] = ()
    said_in: str = ""

    @property
    def speed_mps(self) -> float:
        """Return the speed over the ground."""
        return math.hypot(self.vel_east_mps, self.vel_north_mps)

    @property
    def course_deg(self) -> float:
        """Return where it flies to, clockwise from true north; NaN where that is not known."""
        if not self.speed_mps > 0.0:
            return NAN
        return math.degrees(math.atan2(self.vel_east_mps, self.vel_north_mps)) % 360.0

    @property
    def name(self) -> str:
        """Return what a person calls it: its call sign, else what it is and a short number."""
        return self.callsign or f"{self.label.replace('_', ' ')} {self.id[-6:]}"


@dataclass(frozen=True, slots=True)
class Showing:
    """One picture for partners: what is in the air at now_s, and how the sensors fare (id and
    state in words).
    """

    now_s: float
    tracks: tuple[ShownTrack, ...] = ()
    sensors: tuple[tuple[str, str], ...] = ()


def carried(
    showing: Showing, channel: Channel, vouched: Collection[str] = ()
) -> list[ShownTrack]:
    """Return what of a picture a channel carries: its natures, and its sites where it names
    some; to TAK and as ASTERIX nothing that is only another's word in such a form.

    vouched: ids of things that a feed of another form tells of too.
    """
    return [
        track
        for track in showing.tracks
        if track.nature in channel.natures
        and (not channel.sites or track.site_id in channel.sites)
        and not _is_echo(track, channel, vouched)
    ]


def _is_echo(track: ShownTrack, channel: Channel, vouched: Collection[str]) -> bool:
    """Tell whether a track is only another's word that may come back by such a channel."""
    if track.kind == _SYSTEM:
        return channel.kind in _UNTRACED
    only_cot = track.kind == _DECLARED and track.said_in == "cot"
    return channel.kind == "cot" and only_cot and track.declared not in vouched


def vouch_into(vouched: dict[str, float], showing: Showing) -> None:
    """Note when each thing that declares itself, by id, was last told in another form than
    CoT, and forget what was not for VOUCHED_S.
    """
    for track in showing.tracks:
        if track.kind == _DECLARED and track.said_in != "cot":
            vouched[track.declared] = showing.now_s
    for name in [k for k, at_s in vouched.items() if showing.now_s - at_s > VOUCHED_S]:
        del vouched[name]


def showing_of(picture: Picture, node: Node) -> Showing:
    """Return what partners are told of a picture; it shares nothing with it."""
    rows, _ = wire.rows_into(wire.open_wires(), picture, node)
    records, count = rows.records, len(rows.track_rows)
    steps = [Ladder.ALL[k] for k in records["threat"].tolist()]
    flags = records["flags"].tolist()
    confidence = records["confidence"].tolist()
    labels = [LABELS[k] for k in records["class"].tolist()]
    sources = _sources(picture, node, rows.track_rows) if _tells_sources(node) else {}
    found = [
        *_measured(picture, node, rows.track_rows),
        *_told(picture.declared, node, TrackKind.DECLARED, rows.declared_rows),
        *_told(picture.system, node, TrackKind.SYSTEM, rows.system_rows),
    ]
    tracks = []
    for k, columns in enumerate(found):
        if columns is None or flags[k] & wire.TENTATIVE:
            continue
        nature = columns.pop("nature", "") or _nature_of(flags[k])
        tracks.append(
            ShownTrack(
                **columns,
                label=labels[k],
                nature=nature,
                step=steps[k],
                confidence=confidence[k] / 100.0 if k < count and confidence[k] else NAN,
                sources=sources.get(columns["id"], ()),
            )
        )
    sensors = tuple((s.sensor_id, s.state) for s in picture.sensors)
    return Showing(picture.now_s, tuple(tracks), sensors)


def _nature_of(flags: int) -> str:
    if flags & wire.SIMULATED:
        return Nature.SIMULATED
    return Nature.EXERCISE if flags & wire.EXERCISE else Nature.LIVE


def _measured(picture: Picture, node: Node, rows: Any) -> list[dict[str, Any]]:
    tracks, identities = picture.tracks, picture.identities
    said = {
        name: (callsign, category, _format_of(node, sensor))
        for name, callsign, category, sensor in zip(
            picture.declared.declared_id.tolist(),
            picture.declared.callsign.tolist(),
            picture.declared.category.tolist(),
            picture.declared.sensor.tolist(),
        )
    }
    variance = np.diagonal(tracks.covariance, axis1=1, axis2=2)
    found = []
    for k in rows.tolist():
        site = (
            node.sites[int(tracks.site[k])] if 0 <= tracks.site[k] < len(node.sites) else None
        )
        declared = bytes(tracks.declared[k]) or bytes(identities.declared[k])
        callsign, category, said_in = said.get(declared, (b"", b"", ""))
        spread = variance[k].tolist()
        sigma_alt_m = math.sqrt(max(spread[2], 0.0))
        found.append({
            "id": str(int(tracks.track_id[k])),
            "kind": TrackKind.WORDS[int(tracks.kind[k])],
            "nature": Nature.ALL[int(tracks.nature[k])],
            "site_id": site.id if site else "",
            "geoid_m": site.geoid_m if site else 0.0,
            "time_s": float(tracks.time_s[k]),
            "seen_s": float(tracks.updated_s[k]),
            "lat_deg": float(tracks.lat_deg[k]),
            "lon_deg": float(tracks.lon_deg[k]),
            "alt_m": float(tracks.alt_m[k]) if sigma_alt_m <= NO_HEIGHT_M else NAN,
            "vel_east_mps": float(tracks.vel_east_mps[k]),
            "vel_north_mps": float(tracks.vel_north_mps[k]),
            "vel_up_mps": float(tracks.vel_up_mps[k]) if sigma_alt_m <= NO_HEIGHT_M else NAN,
            "sigma_position_m": math.sqrt(max(spread[0] + spread[1], 0.0) / 2.0),
            "sigma_alt_m": sigma_alt_m if sigma_alt_m <= NO_HEIGHT_M else NAN,
            "sigma_velocity_mps": math.sqrt(max(spread[3] + spread[4], 0.0) / 2.0),
            "declared": _words(declared),
            "callsign": _words(callsign),
            "category": _words(category),
            "coasted": int(tracks.status[k]) == TrackStatus.COASTED,
            "said_in": said_in if tracks.kind[k] == TrackKind.DECLARED else "",
        })  # fmt: skip
    return found


def _tells_sources(node: Node) -> bool:
    return any(channel.kind == "sapient" for channel in node.channels)


def _sources(picture: Picture, node: Node, rows: Any) -> dict[str, tuple[Source, ...]]:
    """Return what each track near a site rests on: sensors that updated it in their last look,
    trackers whose tracks are joined to it, and who said it of itself.
    """
    told = picture.system
    trackers: dict[int, dict[int, Source]] = {}
    for own, link, sensor, number in zip(
        told.track_id.tolist(), told.link.tolist(), told.sensor.tolist(), told.number.tolist()
    ):
        if 0 <= sensor < len(node.sensors):
            source = Source(
                node.sensors[sensor].id,
                _words(number),
                picture.origins.get((sensor, number), ()),
            )
            trackers.setdefault(link or own, {})[sensor] = source
    speakers = dict(
        zip(picture.declared.declared_id.tolist(), picture.declared.sensor.tolist())
    )
    tracks, found = picture.tracks, {}
    for k in rows.tolist():
        bits, name = int(tracks.sensors[k]), bytes(tracks.declared[k])
        mine = trackers.get(int(tracks.track_id[k]), {})
        places = {s for s in range(min(64, len(node.sensors))) if bits >> s & 1} | set(mine)
        if 0 <= speakers.get(name, -1) < len(node.sensors):
            places.add(speakers[name])
        found[str(int(tracks.track_id[k]))] = tuple(
            mine.get(s) or Source(node.sensors[s].id) for s in sorted(places)
        )
    return found


def _sensor_of(node: Node, place: int) -> Sensor | None:
    return node.sensors[place] if 0 <= place < len(node.sensors) else None


def _format_of(node: Node, place: int) -> str:
    sensor = _sensor_of(node, place)
    return sensor.format if sensor else ""


def _told(table: Any, node: Node, kind: int, rows: Any) -> list[dict[str, Any] | None]:
    """Rows of things near no site, as they said it last; None for one on the ground."""
    found: list[dict[str, Any] | None] = []
    for k in rows.tolist():
        if int(table.flags[k]) & DetectionBatch.ON_GROUND:
            found.append(None)
            continue
        name = _words(bytes(table.declared_id[k]))
        columns = {
            "id": name if kind == TrackKind.DECLARED else str(int(table.track_id[k])),
            "kind": TrackKind.WORDS[kind],
            "site_id": "",
            "time_s": float(table.time_s[k]),
            "seen_s": float(table.time_s[k]),
            "lat_deg": float(table.lat_deg[k]),
            "lon_deg": float(table.lon_deg[k]),
            "alt_m": float(table.alt_m[k]) if table.alt_ref[k] == AltRef.ELLIPSOID else NAN,
            # The one that was added where a height over the sea was told.
            "geoid_m": geoid_of(node, _sensor_of(node, int(table.sensor[k]))),
            "vel_east_mps": float(table.vel_east_mps[k]),
            "vel_north_mps": float(table.vel_north_mps[k]),
            "vel_up_mps": float(table.vel_up_mps[k]),
            "sigma_position_m": float(table.sigma_position_m[k]),
            "declared": name,
            "callsign": _words(bytes(table.callsign[k])),
        }
        if kind == TrackKind.SYSTEM:
            columns["sigma_alt_m"] = float(table.sigma_alt_m[k])
            columns["sigma_velocity_mps"] = float(table.sigma_velocity_mps[k])
        else:
            columns["category"] = _words(bytes(table.category[k]))
            columns["said_in"] = _format_of(node, int(table.sensor[k]))
        found.append(columns)
    return found


def _words(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable()).strip()
