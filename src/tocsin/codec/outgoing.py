"""What may leave: the one registry of outgoing messages.

Warnings and their end: what people shall do to be safe. A warning says nothing about tracks,
sensors or who is on watch, whatever its form (FORMS). The picture, where a channel of the site
file declares that a partner is told of it (PICTURES). Beside them, what a sensor is answered on
its own connection: that it was heard, or what is wrong with what it sent; and what a person
asks of a sensor: where to look, how often to report, how sure to be, in which listed mode to
work.
`tests/line` walks them; they are read-only, so that nothing that is loaded later can add.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tocsin.codec.cap import Area, CapAlert, Info
from tocsin.codec.outgoing_pictures import PICTURES, Turn
from tocsin.codec.sapient.answers import is_rejection
from tocsin.codec.sapient.permitted import permitted_kind
from tocsin.codec.sapient.tasks import is_sensor_task
from tocsin.codec.warning_forms import FORMS, Warned
from tocsin.errors import CallError
from tocsin.geo import frame_at, from_frame
from tocsin.model import AlertEvent, Ladder, Nature, Node, Site, Zone
from tocsin.units import DEG, FOOT_M

__all__ = [
    "ANSWERS", "FORMS", "PICTURES", "SCHEMAS", "Alerted", "Outgoing", "Turn", "answer_kind",
    "kind_of", "message_of", "sender_of",
]  # fmt: skip

STATUS = {Nature.LIVE: "Actual", Nature.EXERCISE: "Exercise", Nature.SIMULATED: "Test"}


@dataclass(frozen=True, slots=True)
class Alerted:
    """A warning that went out and still stands: what its end refers to."""

    sender: str
    identifier: str
    sent_s: float
    nature: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, to be written in the form of each channel (FORMS) and handed over.

    identifier: the same for the same entry of the ledger, whenever it is made; nature: how
    real what it warns of is.
    """

    kind: str
    identifier: str
    warned: Warned
    sender: str
    sent_s: float
    site_id: str
    zone_id: str
    nature: str


Maker = Callable[[AlertEvent, Node, bytes, Sequence[Alerted]], CapAlert]


def kind_of(event: AlertEvent) -> str:
    """Return the kind of message that an event gives, "" where nothing leaves."""
    if not event.zone_id:
        return ""
    if event.kind == "released" and event.step == Ladder.TAKE_SHELTER:
        return "cap-warning"
    return "cap-all-clear" if event.kind in ("cancelled", "cleared") else ""


def message_of(
    event: AlertEvent, node: Node, digest: bytes, about: Sequence[Alerted]
) -> Outgoing | None:
    """Return what leaves for an event, or None.

    digest: of the event's ledger entry; about: the warning that stands in the zone, and after
    it those of before whose end may not have come to everybody. The end of a warning that
    never went out does not go out either. Raises CallError for a zone that the node does not
    have.
    """
    kind = kind_of(event)
    if not kind or (kind == "cap-all-clear" and not about):
        return None
    if kind == "cap-warning":
        about = ()  # it stands by itself: what it is must not hang on what stood before
    alert = SCHEMAS[kind](event, node, digest, about)
    site, zone = _place(event, node)
    return Outgoing(
        kind=kind,
        identifier=alert.identifier,
        warned=Warned(alert, site.id, site.name, zone.id, zone.name),
        sender=alert.sender,
        sent_s=alert.sent_s,
        site_id=event.site_id,
        zone_id=event.zone_id,
        nature=_nature(event, node, about),
    )


def _warning(
    event: AlertEvent, node: Node, digest: bytes, about: Sequence[Alerted]
) -> CapAlert:
    """TAKE SHELTER for one zone; `about` is empty."""
    site, zone = _place(event, node)
    info = Info(
        category=("Security", "Safety"),
        event="Air threat",
        urgency="Immediate",
        severity="Extreme",
        certainty="Likely",
        language="en",
        response=("Shelter",),
        effective_s=event.at_s,
        sender_name=node.name,
        headline=f"TAKE SHELTER: {zone.name}, {site.name}",
        description=f"Something in the air may reach {zone.name} at {site.name} soon.",
        instruction="Go to the nearest shelter now. Stay there until ALL CLEAR is given.",
        areas=(_area(site, zone),),
    )
    return _alert(event, node, digest, about, "Alert", info)


def _all_clear(
    event: AlertEvent, node: Node, digest: bytes, about: Sequence[Alerted]
) -> CapAlert:
    """The end of a warning: cleared (an Update), or taken back at once (a Cancel)."""
    site, zone = _place(event, node)
    if not about:
        raise CallError("the end of a warning names the warning that it ends")
    taken_back = event.kind == "cancelled"
    info = Info(
        category=("Security", "Safety"),
        event="Air threat",
        urgency="Past",
        severity="Minor",
        certainty="Unlikely" if taken_back else "Observed",
        language="en",
        response=("AllClear",),
        effective_s=event.at_s,
        sender_name=node.name,
        headline=f"ALL CLEAR: {zone.name}, {site.name}",
        description=(
            f"The warning for {zone.name} at {site.name} was taken back."
            if taken_back
            else f"The warning for {zone.name} at {site.name} has ended."
        ),
        instruction="You may leave the shelter.",
        areas=(_area(site, zone),),
    )
    return _alert(event, node, digest, about, "Cancel" if taken_back else "Update", info)


SCHEMAS: Mapping[str, Maker] = MappingProxyType(
    {"cap-warning": _warning, "cap-all-clear": _all_clear}
)


def _always(_message: Any) -> bool:
    return True


# By the name of the message's content in BSI Flex 335 v2; each tells which of its kind may go.
ANSWERS: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {
        "registration_ack": _always,
        "alert_ack": _always,
        "error": _always,
        "task_ack": is_rejection,
        "task": is_sensor_task,
    }
)


def answer_kind(payload: bytes) -> str:
    """Return which of ANSWERS one frame for a sensor is; "" for whatever may not leave."""
    return permitted_kind(payload, ANSWERS)


def _alert(
    event: AlertEvent,
    node: Node,
    digest: bytes,
    about: Sequence[Alerted],
    msg_type: str,
    info: Info,
) -> CapAlert:
    return CapAlert(
        # 128 bits of the entry's digest: two warnings do not meet by chance.
        identifier=f"tocsin-{digest.hex()[:32]}",
        sender=sender_of(node),
        # To the second, as the standard writes it, so that a reference repeats it exactly.
        sent_s=float(int(event.at_s)),
        status=STATUS[_nature(event, node, about)],
        msg_type=msg_type,
        scope="Restricted",
        restriction="For those who warn and shelter people at the named site",
        references=tuple((one.sender, one.identifier, one.sent_s) for one in about),
        infos=(info,),
    )


def _nature(event: AlertEvent, node: Node, about: Sequence[Alerted]) -> str:
    """How real: an end is as real as its warning; where no sensor is live, nothing is.

    A warning that a person gives by hand is live in itself, and so is a node without sensors.
    """
    if about:
        return about[0].nature
    most_real = min((Nature.ALL.index(s.nature) for s in node.sensors), default=0)
    return Nature.ALL[max(most_real, Nature.ALL.index(event.nature))]


def sender_of(node: Node) -> str:
    """Return the node's name as one word (CAP 1.2 forbids blanks, commas, < and &)."""
    word = re.sub(r"[^A-Za-z0-9]+", "-", node.name).strip("-").lower() or "node"
    return f"tocsin.{word}.{node.number}"


def _place(event: AlertEvent, node: Node) -> tuple[Site, Zone]:
    for site in node.sites:
        if site.id == event.site_id:
            for zone in site.zones:
                if zone.id == event.zone_id:
                    return site, zone
    raise CallError(
        f"the node has no zone {event.zone_id!r} at a site {event.site_id!r}",
        site=event.site_id,
        zone=event.zone_id,
    )


def _area(site: Site, zone: Zone) -> Area:
    """The zone's outline, with its floor and ceiling in feet above mean sea level."""
    rows = from_frame(
        [(east, north, 0.0) for east, north in zone.outline_m],
        frame_at(site.lat, site.lon, site.alt_m),
    )
    ring = [(float(lat) / DEG, float(lon) / DEG) for lat, lon, _ in rows]
    ground_m = site.alt_m - site.geoid_m
    return Area(
        description=f"{zone.name}, {site.name}",
        polygons=((*ring, ring[0]),),
        # A floor below the ground, as it is where none is given, says nothing to people.
        altitude_ft=(ground_m + max(zone.floor_m, 0.0)) / FOOT_M,
        ceiling_ft=(ground_m + zone.ceiling_m) / FOOT_M,
    )
