"""How tracks leave: the closed list of forms in which partners are told of the picture.

A track says what is in the air, where, and how sure that is. No form has a field that asks
anybody for anything, and none bears an affiliation that a person did not set.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tocsin.codec.asterix import outgoing as asterix
from tocsin.codec.cot.outgoing import dropped, event_of, payloads_of
from tocsin.codec.outgoing_maps import geojson_of, kml_of
from tocsin.codec.sapient import child
from tocsin.codec.shown_tracks import ShownTrack
from tocsin.model import Channel, Node

__all__ = ["PICTURES", "Turn"]


@dataclass(slots=True)
class Turn:
    """One turn of a channel: what it carries at now_s, and what it told of before and is gone.

    numbers: the track numbers that the partner knows; count: of pictures told before;
    refused: tracks that the form cannot hold.
    """

    now_s: float
    node: Node
    channel: Channel
    tracks: list[ShownTrack]
    gone: list[ShownTrack] = field(default_factory=list)
    sensors: tuple[tuple[str, str], ...] = ()
    numbers: asterix.Numbers = field(default_factory=asterix.Numbers)
    count: int = 0
    refused: int = 0


def _cot(turn: Turn) -> list[bytes]:
    number, period_s = turn.node.number, turn.channel.period_s
    events = [
        *(dropped(event_of(t, number, period_s), turn.now_s) for t in turn.gone),
        *(event_of(t, number, period_s) for t in turn.tracks),
    ]
    found: list[bytes] = []
    for event in events:
        try:
            found += payloads_of(
                [event],
                protobuf=turn.channel.protocol == "protobuf",
                stream=not turn.channel.to.startswith("udp:"),
            )
        except ValueError:  # no place on Earth, say
            turn.refused += 1
    return found


def _geojson(turn: Turn) -> list[bytes]:
    return [geojson_of(turn.tracks, turn.now_s, turn.node.name)]


def _kml(turn: Turn) -> list[bytes]:
    return [kml_of(turn.tracks, turn.now_s, turn.node.name)]


def _asterix(turn: Turn) -> list[bytes]:
    numbers, channel = turn.numbers, turn.channel
    going = {track.id for track in turn.gone}
    for name in numbers.ids.keys() - going - {track.id for track in turn.tracks}:
        del numbers.ids[name]
    left = set(asterix.numbers_into(numbers, [t.id for t in (*turn.gone, *turn.tracks)]))
    tracks = [
        *((t, numbers.ids[t.id], True) for t in turn.gone if t.id not in left),
        *((t, numbers.ids[t.id], False) for t in turn.tracks if t.id not in left),
    ]
    by_id = {sensor.id: sensor for sensor in turn.node.sensors}
    found, refused = asterix.payloads(
        tracks,
        [(by_id[name], state) for name, state in turn.sensors if name in by_id],
        turn.now_s,
        sac=channel.sac,
        sic=channel.sic,
        batch=turn.count,
    )
    turn.refused += refused + len(left)
    return found


def _sapient(turn: Turn) -> list[bytes]:
    frames, refused = child.detections(turn.tracks, turn.gone, turn.node, turn.now_s)
    turn.refused += refused
    return frames


PICTURES: Mapping[str, Callable[[Turn], list[bytes]]] = MappingProxyType(
    {"cot": _cot, "asterix": _asterix, "geojson": _geojson, "kml": _kml, "sapient": _sapient}
)
