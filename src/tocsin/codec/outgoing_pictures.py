"""How tracks leave: the closed list of forms in which partners are told of the picture.

A track says what is in the air, where, and how sure that is. No form has a field that asks
anybody for anything, and none bears an affiliation that a person did not set.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tocsin.codec.cot.outgoing import dropped, event_of, payloads_of
from tocsin.codec.outgoing_maps import geojson_of, kml_of
from tocsin.codec.shown_tracks import ShownTrack
from tocsin.model import Channel, Node

__all__ = ["PICTURES", "Turn"]


@dataclass(slots=True)
class Turn:
    """One turn of a channel: what it carries at now_s, and what it told of before and is gone.

    refused: tracks that the form cannot hold.
    """

    now_s: float
    node: Node
    channel: Channel
    tracks: list[ShownTrack]
    gone: list[ShownTrack] = field(default_factory=list)
    sensors: tuple[tuple[str, bool], ...] = ()
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


PICTURES: Mapping[str, Callable[[Turn], list[bytes]]] = MappingProxyType(
    {"cot": _cot, "geojson": _geojson, "kml": _kml}
)
