"""Heartbeats of the channels that carry warnings: they say that the path is open, and nothing
else. Nobody is to do anything at one; whoever misses them knows that warnings would not come.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from tocsin.codec.cap import CapAlert, write_cap
from tocsin.codec.warning_forms import CAP_MEDIA_TYPE, Formed, utc
from tocsin.model import Channel

__all__ = ["HEARTBEATS", "HEARTBEAT_SCHEMA", "Beat"]

HEARTBEAT_SCHEMA = "tocsin-heartbeat-1"  # docs/operating/channels.md


@dataclass(frozen=True, slots=True)
class Beat:
    """One heartbeat; sender: as warnings name us; every_s: until the next one."""

    identifier: str
    sender: str
    sent_s: float
    every_s: float


def _cap(beat: Beat, _: Channel) -> Formed:
    """CAP 1.2, 3.2.1: status System supports the alert network itself; without an `info` no
    receiver has anything to show.
    """
    alert = CapAlert(
        identifier=beat.identifier,
        sender=beat.sender,
        sent_s=float(int(beat.sent_s)),
        status="System",
        msg_type="Alert",
        scope="Restricted",
        restriction="Heartbeat: nothing is to be done",
    )
    return Formed(CAP_MEDIA_TYPE, write_cap(alert))


def _json(beat: Beat, channel: Channel) -> Formed:
    said = {
        "schema": HEARTBEAT_SCHEMA,
        "id": beat.identifier,
        "channel": channel.id,
        "sender": beat.sender,
        "sent": utc(beat.sent_s),
        "every_s": beat.every_s,
    }
    return Formed("application/json", msgspec.json.encode(said))


# By the kind of the channel; a mail server would only be pestered.
HEARTBEATS: Mapping[str, Callable[[Beat, Channel], Formed]] = MappingProxyType(
    {"cap": _cap, "webhook": _json, "mqtt": _json}
)
