"""What we say to a parent fusion node, and what we hear of it: Tocsin as one node of several.

Each fused track near a site of ours is a detection whose object id stays the same as long as
the track does, and which names in `derived_detection` what it was made of. All detections of
one picture share its stamp. There is no function here for tasks but the one that reads them.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.answers import stamp_into, task_rejected
from tocsin.codec.sapient.encode import (
    Sighted,
    encode_registration,
    encode_scan,
    encode_status,
)
from tocsin.codec.sapient.framing import frame
from tocsin.codec.sapient.ids import named_ulid, own_id_of, source_id_of
from tocsin.codec.sapient.nodes import text_of
from tocsin.codec.sapient.places import metres_per_degree
from tocsin.codec.sapient.session import read_json
from tocsin.codec.sapient.validate import is_ulid
from tocsin.codec.shown_tracks import ShownTrack, Source
from tocsin.geo import frame_at, from_frame
from tocsin.model import CLASSES, Channel, Node, Origin, Rejected, Sensor, Site
from tocsin.units import DEG, TAU

__all__ = [
    "STATUS_S",
    "Heard",
    "alert_frame",
    "detections",
    "greeting",
    "hear",
    "refusal",
    "status",
]

STATUS_S = 5.0  # between status reports
# Of object ids: they follow from the track's own number, so that they stay the same over a
# restart. 2026-01-01; all ULIDs of 2004 to 2039 begin alike, which `lineage.number_of` uses.
EPOCH_S = 1_767_225_600.0
CORNERS = 16  # of the ring that a site's radius is told by
MOST_ORIGINS = 64  # of one object
FAULT_LIMIT = 32  # sensors that one status names
AHEAD_S = 5.0  # a track that was not looked at for longer is told where it was
_CLASSES_OF = {
    "drone": ("drone_multirotor", "drone_fixed_wing"), "unknown": (),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of the parent. kind: as the standard calls it, "" for what is none; who: its
    node id; id: of the task or alert that it is about; ok: an acknowledgement that accepts;
    words: reasons, errors, or what a task asks for.
    """

    kind: str
    who: str = ""
    id: str = ""
    ok: bool = False
    words: str = ""


def _sites(node: Node, channel: Channel) -> list[Site]:
    return [s for s in node.sites if not channel.sites or s.id in channel.sites]


def _ring(site: Site) -> list[tuple[float, float]]:
    """Return corners of the circle in which a site tracks: (latitude, longitude) in degrees."""
    angles = [TAU * k / CORNERS for k in range(CORNERS)]
    points = [(site.radius_m * math.sin(a), site.radius_m * math.cos(a), 0.0) for a in angles]
    places = from_frame(points, frame_at(site.lat, site.lon, site.alt_m))
    return [(float(lat) / DEG, float(lon) / DEG) for lat, lon, _ in places]


def _sources(node: Node, sites: Iterable[Site]) -> list[Sensor]:
    names = {site.id for site in sites}
    return [s for s in node.sensors if s.kind != "person" and names.intersection(s.sites)]


def greeting(node: Node, channel: Channel, time_s: float) -> bytes:
    """Return our registration as a fusion node that tracks."""
    sites = _sites(node, channel)
    return encode_registration(
        own_id_of(node), time_s, kind="fusion_node", name=node.name, status_s=STATUS_S,
        scan_s=channel.period_s, tracks=True, located=True,
        dependents=[source_id_of(node, s) for s in _sources(node, sites)][:256],
        regions=[_ring(site) for site in sites], model="fusion node",
    )  # fmt: skip


def status(
    node: Node,
    channel: Channel,
    time_s: float,
    *,
    count: int,
    sensors: Sequence[tuple[str, str]] = (),
    system: str = "ok",
) -> bytes:
    """Return a status report: where we are, what we cover, how our sensors fare (id and state).

    count: of the reports of this run, from which the report's id follows; system: "ok" (a
    sensor that is not makes it "warning"), "error" or "goodbye".
    """
    sites = _sites(node, channel)
    mine = {sensor.id for sensor in _sources(node, sites)}
    faults = [f"{name}: {state}" for name, state in sensors if name in mine and state != "ok"]
    own_id, first = own_id_of(node), sites[0]
    return encode_status(
        own_id, time_s, named_ulid(time_s, own_id, "status", channel.id, count),
        lat_deg=first.lat, lon_deg=first.lon, alt_m=first.alt_m, range_m=first.radius_m,
        system="warning" if faults and system == "ok" else system, faults=faults[:FAULT_LIMIT],
        coverage=[_ring(site) for site in sites],
    )  # fmt: skip


def detections(
    tracks: Sequence[ShownTrack], gone: Sequence[ShownTrack], node: Node, now_s: float
) -> tuple[list[bytes], int]:
    """Return a frame for each track that has ended and each that stands, and how many had no
    place. Tracks near no site are another's, or their own word: they are not told.
    """
    own_id = own_id_of(node)
    by_id = {sensor.id: sensor for sensor in node.sensors}
    frames, refused = [], 0
    for track, is_lost in [*((t, True) for t in gone), *((t, False) for t in tracks)]:
        if not track.site_id:
            continue
        if not (abs(track.lat_deg) <= 90.0 and abs(track.lon_deg) <= 180.0):
            refused += 1
            continue
        seen = _sighted(track, node, by_id, now_s, is_lost=is_lost)
        report_id = named_ulid(now_s, own_id, "report", track.id, is_lost, repr(now_s))
        frames.append(encode_scan(own_id, now_s, [seen], [report_id]))
    return frames, refused


def _sighted(
    track: ShownTrack, node: Node, by_id: dict[str, Sensor], now_s: float, *, is_lost: bool
) -> Sighted:
    ahead_s = 0.0 if is_lost else now_s - track.time_s
    if not abs(ahead_s) <= AHEAD_S or math.isnan(track.vel_east_mps + track.vel_north_mps):
        ahead_s = 0.0
    east_m, north_m = metres_per_degree(track.lat_deg)
    moves = ahead_s != 0.0 and east_m > 1.0
    return Sighted(
        named_ulid(EPOCH_S, own_id_of(node), track.kind, track.id),
        lat_deg=track.lat_deg + (track.vel_north_mps * ahead_s / north_m if moves else 0.0),
        lon_deg=track.lon_deg + (track.vel_east_mps * ahead_s / east_m if moves else 0.0),
        alt_m=track.alt_m,
        vel_east_mps=track.vel_east_mps,
        vel_north_mps=track.vel_north_mps,
        vel_up_mps=track.vel_up_mps,
        sigma_position_m=track.sigma_position_m,
        sigma_alt_m=track.sigma_alt_m,
        sigma_velocity_mps=track.sigma_velocity_mps,
        scores=_scores(track),
        is_lost=is_lost,
        origins=_origins(track, node, by_id),
        nature=track.nature,
    )


def _scores(track: ShownTrack) -> tuple[float, ...]:
    names = _CLASSES_OF.get(track.label, (track.label,))
    if not names or not 0.0 <= track.confidence <= 1.0:
        return ()
    share = track.confidence / len(names)
    return tuple(share if name in names else 0.0 for name in CLASSES)


def _origins(track: ShownTrack, node: Node, by_id: dict[str, Sensor]) -> tuple[Origin, ...]:
    found: dict[Origin, None] = {}
    for source in track.sources:
        sensor = by_id.get(source.sensor_id)
        if sensor is not None:
            object_id = _object_of(source, sensor, track, node)
            found[Origin(source_id_of(node, sensor), object_id)] = None
        found |= dict.fromkeys(source.origins)
    return tuple(found)[:MOST_ORIGINS]


def _object_of(source: Source, sensor: Sensor, track: ShownTrack, node: Node) -> str:
    """Return the source's own object id where it gives one that holds, else one for the pair of
    it and our track.
    """
    own = f"01{source.number}"
    if sensor.format == "sapient" and is_ulid(own):
        return own
    return named_ulid(EPOCH_S, own_id_of(node), sensor.id, source.number or track.id)


def alert_frame(body: bytes, node: Node, to: str, time_s: float) -> tuple[bytes, str, bool]:
    """Return a warning of `warning_forms` as a message to the parent, its alert id, and whether
    it is the end of that warning.

    Raises ValueError for a body that is none.
    """
    message = read_json(body)
    if isinstance(message, Rejected):
        raise ValueError(message.detail)
    message.node_id = own_id_of(node)
    if to:
        message.destination_id = to
    stamp_into(message, time_s)
    is_end = message.alert.status == load().Alert.ALERT_STATUS_CLEAR
    return frame(message.SerializeToString()), message.alert.alert_id, is_end


def refusal(node: Node, heard: Heard, time_s: float) -> bytes:
    """Return what a task of the parent is answered."""
    return task_rejected(own_id_of(node), heard.who, time_s, heard.id)


def hear(data: bytes) -> Heard:
    """Return what a message of the parent (without its length) says."""
    messages = load()
    try:
        message = messages.SapientMessage.FromString(data)
    except messages.DecodeError:
        return Heard("")
    kind, who = message.WhichOneof("content") or "", message.node_id
    if kind == "registration_ack":
        ack = message.registration_ack
        return Heard(kind, who, ok=ack.acceptance, words=_words(ack.ack_response_reason))
    if kind == "alert_ack":
        said = message.alert_ack
        is_taken = said.alert_ack_status == messages.AlertAck.ALERT_ACK_STATUS_ACCEPTED
        return Heard(kind, who, said.alert_id, ok=is_taken, words=_words(said.reason))
    if kind == "task":
        asked = message.task
        wish = asked.command.WhichOneof("command") or asked.task_name or "a region"
        return Heard(kind, who, asked.task_id, words=text_of(wish.replace("_", " ")))
    words = _words(message.error.error_message) if kind == "error" else ""
    return Heard(kind, who, words=words)


def _words(items: Iterable[str]) -> str:
    return "; ".join(text_of(item) for item in list(items)[:4])
