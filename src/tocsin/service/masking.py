"""What is heard is renamed here, before anything of it is stored.

Remote ID of a radio and detections that a sensor posts. Aircraft (24-bit ICAO addresses, ADS-B)
keep their names: those are given out by a public register, and their checks would not hold.
"""

import re
from typing import Any

import msgspec

from tocsin.codec.capture import Packet
from tocsin.codec.remoteid import Broadcast, find_broadcast, masked, personal_of
from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.model import Node
from tocsin.service.people import People
from tocsin.service.pseudonyms import ID_KINDS, Kind, is_aircraft

__all__ = ["mask_body", "mask_packet", "mask_record", "mask_site"]

_PERSONAL = (b"declared_id", b"callsign", b"\\")  # a name may be written with escapes


def mask_packet(people: People, packet: Packet, now_s: float) -> Packet | None:
    """Return a packet of Remote ID under other names, None for one that holds none.

    What it said of its operator is kept sealed. now_s: Unix UTC, service time.
    """
    broadcast, _ = find_broadcast(packet)
    if broadcast is None:
        return None
    sender = people.name(Kind.TRANSMITTER, broadcast.transmitter, now_s).form
    _keep_operator(people, broadcast, sender.shown, now_s)

    def id_for(id_type: int, value: bytes) -> bytes:
        kind = ID_KINDS.get(id_type, Kind.OTHER_ID)
        return people.name(kind, value, now_s, transmitter=sender.shown).form.octets

    def operator_for(value: bytes) -> bytes:
        named = people.name(Kind.OPERATOR, value, now_s, transmitter=sender.shown)
        return named.form.octets

    return masked(
        broadcast, transmitter=sender.octets, id_for=id_for, operator_for=operator_for
    )


def _keep_operator(people: People, broadcast: Broadcast, sender: str, now_s: float) -> None:
    said = personal_of(broadcast)
    found: dict[str, Any] = {}
    if said.operator_id:
        found["operator_id"] = said.operator_id.decode("ascii", "replace").strip()
    if said.says:
        found["says"] = said.says
    if said.system is not None and said.system.operator_lat_deg == said.system.operator_lat_deg:
        found["lat"] = said.system.operator_lat_deg
        found["lon"] = said.system.operator_lon_deg
        found["alt_m"] = said.system.operator_altitude_m
        found["location_type"] = said.system.location_type
    if found:
        people.place(sender, found, now_s)


def mask_body(people: People, payload: bytes, now_s: float) -> bytes:
    """Return a body of detections (docs/formats/detections.md) under other names.

    A body that is none, or names nobody, is returned as it is.
    """
    if not any(word in payload for word in _PERSONAL):
        return payload
    try:
        body = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return payload
    items = body.get("detections", [body]) if isinstance(body, dict) else body
    changed = [
        _mask_item(people, item, now_s) for item in items or () if isinstance(item, dict)
    ]
    return msgspec.json.encode(body) if any(changed) else payload


def _mask_item(people: People, item: dict[str, Any], now_s: float) -> bool:
    name, callsign = item.get("declared_id"), item.get("callsign")
    if isinstance(name, str) and name:
        if is_aircraft(name):
            return False
        item["declared_id"] = people.name(Kind.SERIAL, name.encode(), now_s).form.shown
    if callsign is not None:
        item["callsign"] = None  # what no register gave out is a person's own word
    return (isinstance(name, str) and bool(name)) or callsign is not None


def mask_record(people: People, verb: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of an act of the record with a commitment in place of the identity of a
    sealed source, and a pseudonym in place of who holds a piece of evidence.
    """
    if verb == "correct" and isinstance(body.get("changes"), dict):
        changes = mask_record(people, "add_source", body["changes"])
        return {**body, "changes": mask_record(people, "hand_on", changes)}
    holder = body.get("holder")
    if verb == "hand_on" and isinstance(holder, str) and holder.strip():
        return {**body, "holder": people.staff(holder.strip())}
    identity = body.get("sealed")
    if verb != "add_source" or not isinstance(identity, str) or not identity.strip():
        return body
    return {**body, "sealed": people.source(identity)}


def mask_site(people: People, text: str, node: Node, now_s: float) -> tuple[str, Node]:
    """Return the site file as it goes into journal and pipeline: authorised drones stand there
    under the pseudonyms by which they will be heard.
    """
    ids = [a.declared_id for a in node.authorisations if not is_aircraft(a.declared_id)]
    if not ids:
        return text, node

    for declared_id in ids:
        pattern = rf"([\"'])\s*{re.escape(declared_id)}\s*\1"
        shown = f'"{people.listed(declared_id, now_s)}"'
        text = re.sub(pattern, shown, text, flags=re.IGNORECASE)
    renamed = read_site(text.encode(), "the site file under other names")
    for authorisation in renamed.authorisations:
        if authorisation.declared_id in ids:
            raise SiteError(
                f"the id {authorisation.declared_id!r} of an authorisation is written in a way "
                'that hides it; write it plainly: declared_id = "..."'
            )
    return text, renamed
