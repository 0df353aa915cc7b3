"""What may leave: the registry of outgoing messages, walked with events of every kind.

Each message is read back as CAP 1.2; it tells people what to do and nothing about how it is
known, and it is called real only where something live is.
"""

import json
import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.codec.shown import tracks

from tocsin.codec.asterix import EDITIONS, blocks, records
from tocsin.codec.cap import CapAlert, read_cap
from tocsin.codec.cot import CotEvent, decode_payload
from tocsin.codec.outgoing import FORMS, PICTURES, SCHEMAS, Alerted, Turn, kind_of, message_of
from tocsin.codec.outgoing_checkpoints import CHECKPOINTS
from tocsin.codec.outgoing_upward import upward_kind
from tocsin.codec.sapient import validate
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.site_toml import read_site
from tocsin.model import AlertEvent, Channel, Ladder, Nature, is_inside_m

TELLS = {"cap-warning": ("Alert", "Shelter"), "cap-all-clear": ("Update or Cancel", "AllClear")}
EFFECTOR = re.compile(
    r"\b(fire|shoot|jam(?!es\b)|jammer|jamming|effector|weapon|munition|engage|engagement|"
    r"interceptor|intercept|neutrali[sz]e|take[_ ]?down|launch|detonate|laser|gun)s?\b",
    re.IGNORECASE,
)
SITE = """
[node]
name = "Nördlich & Süd, <1>"
number = 7
[[site]]
id = "north"
name = "North field"
lat = 48.0
lon = 11.0
elevation_m = 500
geoid_m = 45.6
[[site.zone]]
id = "apron"
name = "Apron"
radius_m = 900
ceiling_m = 600
shelter_s = 60
[[site.zone]]
id = "tower"
polygon = [[11.01, 48.01], [11.03, 48.01], [11.02, 48.03]]
ceiling_m = 300
floor_m = 10
shelter_s = 30
"""
SENSOR = '[[sensor]]\nid = "s{n}"\nkind = "radar"\nformat = "asterix"\nnature = "{nature}"\n'
KINDS = (
    "step", "raised", "escalated", "unattended", "acknowledged", "proposed", "released",
    "refused", "cancelled", "withdrawn", "joined", "decided", "disposed", "expired", "cleared",
    "closed", "act refused", "raised by hand", "lowered", "sighting", "notice", "readiness",
    "readiness over", "watch lost", "watch regained", "siren lost", "siren regained",
    "shelved", "unshelved", "account", "not followed",
)  # fmt: skip
SECRET = "radar-1 saw track 4242; Major Tom says: launch the interceptor"

natures = st.sampled_from(Nature.ALL)
events = st.builds(
    AlertEvent,
    kind=st.sampled_from(KINDS) | st.text(max_size=12),
    at_s=st.floats(1e9, 4e9),
    site_id=st.just("north"),
    zone_id=st.sampled_from(["", "apron", "tower"]),
    alarm_id=st.just("A-7-1"),
    step=st.sampled_from(Ladder.ALL),
    tracks=st.just((4242,)),
    by=st.just("Major Tom"),
    text=st.just(SECRET),
    nature=natures,
)
alerted = st.lists(
    st.builds(Alerted, st.just("tocsin.x.7"), st.just("tocsin-00"), st.just(1.5e9), natures),
    max_size=2,
)


def node_of(sensor_natures):
    sensors = "".join(SENSOR.format(n=n, nature=k) for n, k in enumerate(sensor_natures))
    return read_site((SITE + sensors).encode(), "site.toml")


DESK = Channel("desk", "cap", "file:out")


def cap_of(message):
    """Return a message as a CAP channel carries it."""
    (formed,) = FORMS["cap"](message.warned, DESK)
    return formed.body


NODES = {
    key: node_of(key)
    for key in [(), ("live",), ("exercise",), ("simulated",), ("exercise", "live")]
}


@given(events, st.sampled_from(sorted(NODES)), st.binary(min_size=32, max_size=32), alerted)
def test_every_message_tells_people_what_to_do_and_nothing_else(event, key, digest, about):
    message = message_of(event, NODES[key], digest, about)
    if message is None:
        assert event.kind not in ("released",) or kind_of(event) == ""
        return
    assert message.kind in SCHEMAS
    alert = read_cap(cap_of(message))
    assert isinstance(alert, CapAlert), alert
    (info,) = alert.infos
    types, response = TELLS[message.kind]
    assert alert.msg_type in types
    assert info.response == (response,)
    text = cap_of(message).decode()
    assert not EFFECTOR.search(text)
    for word in ("4242", "Major", "radar", "track", "s0", "A-7-1", "sensor"):
        assert word not in text
    assert alert.scope == "Restricted"
    assert info.language == "en"
    assert info.instruction
    assert message.identifier == alert.identifier == f"tocsin-{digest.hex()[:32]}"


@given(events, st.sampled_from(sorted(NODES)), alerted)
def test_nothing_is_called_actual_unless_it_is_live(event, key, about):
    message = message_of(event, NODES[key], bytes(32), about)
    if message is None:
        return
    status = read_cap(cap_of(message)).status
    if message.kind == "cap-all-clear":  # it ends a warning, and is as real as that was
        live = about[0].nature == "live"
    else:
        live = event.nature == "live" and (not key or "live" in key)
    assert (status == "Actual") == live
    assert (message.nature == "live") == live, "or a channel would not carry what it says"
    if message.kind == "cap-warning" and "simulated" in (event.nature, *key[:1]):
        assert status == "Test"


@pytest.mark.parametrize("kind", sorted(FORMS))
@given(event=events, digest=st.binary(min_size=32, max_size=32), about=alerted)
def test_every_form_says_the_same_and_no_more(kind, event, digest, about):
    message = message_of(event, NODES["live",], digest, about)
    if message is None:
        return
    channel = Channel(
        "desk", kind, "file:out", sender="tocsin@example.org", recipients=("a@example.org",)
    )
    (formed,) = FORMS[kind](message.warned, channel)
    text = formed.body.decode()
    assert "/" in formed.media_type
    assert message.identifier in text
    assert formed.whom in ("", *channel.recipients)
    assert not EFFECTOR.search(text)
    for word in ("4242", "Major", "radar", "track", "s0", "A-7-1", "sensor"):
        assert word not in text
    assert FORMS[kind](message.warned, channel) == [formed]


def test_the_registry_holds_warnings_and_their_end_and_takes_nothing_more():
    assert set(SCHEMAS) == set(TELLS)
    assert set(FORMS) == set(Channel.WARNINGS)
    with pytest.raises(TypeError):
        FORMS["other"] = FORMS["cap"]
    with pytest.raises(TypeError):
        SCHEMAS["cap-other"] = SCHEMAS["cap-warning"]
    with pytest.raises(AttributeError):
        SCHEMAS.update({})


def test_an_end_refers_to_its_warning_and_one_without_a_warning_does_not_leave():
    node = NODES["live",]
    released = AlertEvent("released", 1.5e9 + 0.7, "north", "apron", step=Ladder.TAKE_SHELTER)
    first = message_of(released, node, bytes(32), ())
    about = Alerted(first.sender, first.identifier, first.sent_s, first.nature)
    for kind, msg_type in (("cleared", "Update"), ("cancelled", "Cancel")):
        event = AlertEvent(kind, 1.5e9 + 60, "north", "apron", nature="simulated")
        assert message_of(event, node, b"\1" * 32, ()) is None
        end = read_cap(cap_of(message_of(event, node, b"\1" * 32, [about])))
        assert (end.msg_type, end.status) == (msg_type, "Actual")
        alert = read_cap(cap_of(first))
        assert end.references == ((alert.sender, alert.identifier, alert.sent_s),)
        assert end.infos[0].urgency == "Past"


def test_the_area_is_the_zone_and_heights_are_feet_above_the_sea():
    pymap3d = pytest.importorskip("pymap3d")
    node = NODES["live",]
    site = node.sites[0]
    for zone in site.zones:
        event = AlertEvent("released", 1.5e9, "north", zone.id, step=Ladder.TAKE_SHELTER)
        info = read_cap(cap_of(message_of(event, node, bytes(32), ()))).infos[0]
        (area,) = info.areas
        (ring,) = area.polygons
        assert len(ring) == len(zone.outline_m) + 1
        for (lat, lon), (east_m, north_m) in zip(ring, zone.outline_m, strict=False):
            expected = pymap3d.enu2geodetic(east_m, north_m, 0, site.lat, site.lon, site.alt_m)
            assert math.isclose(lat, expected[0], abs_tol=2e-6)
            assert math.isclose(lon, expected[1], abs_tol=2e-6)
        middle = [sum(axis) / len(zone.outline_m) for axis in zip(*zone.outline_m, strict=True)]
        assert is_inside_m(zone.outline_m, *middle)
        assert math.isclose(area.ceiling_ft, (500 + zone.ceiling_m) / 0.3048, abs_tol=0.6)
        assert math.isclose(
            area.altitude_ft, (500 + max(zone.floor_m, 0)) / 0.3048, abs_tol=0.6
        )
        assert (info.urgency, info.severity, info.certainty) == (
            "Immediate", "Extreme", "Likely",
        )  # fmt: skip


def _cot_says(payload):
    """Only things in the air, of no affiliation: no task, no point of aim, nothing else."""
    (event,) = decode_payload(payload)
    assert isinstance(event, CotEvent), event
    assert re.fullmatch(r"a-u-A(-[A-Za-z])*", event.type)
    assert re.fullmatch(
        r'<event version="2.0" uid=[^>]* type=[^>]*><point [^>]*/><detail>'
        r"(<contact callsign=[^>]*/>)?(<track [^>]*/>)?</detail></event>",
        payload.decode(),
    )
    return [event.callsign]


ITEMS = {
    62: {"010", "040", "070", "080", "105", "130", "185", "220", "380", "500"},
    63: {"010", "015", "030", "050", "060"},
    65: {"000", "010", "015", "020", "030", "040"},
}


def _asterix_says(payload):
    """Tracks, states of sensors, our own: no plan, no identification friend or foe."""
    for block in blocks(payload):
        for record in records(payload, block, EDITIONS[block.category]):
            said = record.values()
            assert set(said) <= ITEMS[block.category]
            for name in ("FPC", "AFF", "MD4", "MD5", "AMA", "ME", "MI"):
                assert not said.get("080", {}).get(name)
            assert set(said.get("380", {})) <= {"ADR", "ID"}
    return []


FIELDS = {
    "name", "taken_for", "confidence", "known_by", "nature", "affiliation", "site", "time",
    "last_seen", "coasted", "speed_mps", "course_deg", "climb_mps", "sigma_position_m",
    "sigma_alt_m", "declared_id", "callsign",
}  # fmt: skip


def _geojson_says(payload):
    document = json.loads(payload)
    assert set(document) == {"type", "node", "time", "features"}
    for feature in document["features"]:
        assert set(feature) == {"type", "id", "geometry", "properties"}
        assert set(feature["properties"]) == FIELDS
        assert feature["properties"]["affiliation"] == "unknown"
    own = ("name", "callsign", "declared_id")
    return [
        str(value)
        for feature in document["features"]
        for name, value in feature["properties"].items()
        if name not in own
    ]


def _kml_says(payload):
    ns = "{http://www.opengis.net/kml/2.2}"
    root = ElementTree.fromstring(payload)
    allowed = {
        "kml", "Document", "name", "Placemark", "TimeStamp", "when", "ExtendedData", "Data",
        "value", "Point", "altitudeMode", "coordinates",
    }  # fmt: skip
    assert {element.tag.removeprefix(ns) for element in root.iter()} <= allowed
    data = [(d.get("name"), d[0].text) for d in root.iter(f"{ns}Data")]
    assert {name for name, _ in data} <= FIELDS
    assert all(text == "unknown" for name, text in data if name == "affiliation")
    own = ("name", "callsign", "declared_id")
    return [text or "" for name, text in data if name not in own]


def _sapient_says(payload):
    """A track of ours near a site: where, how fast, taken for what, made of what; no file, no
    task, no region, no words.
    """
    assert upward_kind(payload) == "detection_report"
    message = load().SapientMessage.FromString(payload[4:])
    assert not validate(message)
    assert message.additional_information in ("", "exercise", "simulated")
    report = message.detection_report
    said = {item.name for item, _ in report.ListFields()}
    assert said <= {
        "report_id", "object_id", "location", "enu_velocity", "classification", "state",
        "derived_detection",
    }  # fmt: skip
    assert report.state in ("", "lost")
    return [c.type for c in report.classification]


# What each form of the picture says, its free words returned: a form that is new stands here.
SAYS = {
    "cot": _cot_says,
    "asterix": _asterix_says,
    "geojson": _geojson_says,
    "kml": _kml_says,
    "sapient": _sapient_says,
}
PLACES = {
    "cot": "udp://127.0.0.1:1",
    "asterix": "udp://127.0.0.1:1",
    "geojson": "file:out",
    "kml": "file:out",
    "sapient": "tcp://127.0.0.1:1",
}


def test_the_forms_of_the_picture_are_a_closed_list():
    assert set(PICTURES) == set(SAYS) == set(Channel.PICTURES)
    with pytest.raises(TypeError):
        PICTURES["other"] = PICTURES["cot"]


@pytest.mark.parametrize("kind", sorted(SAYS))
@given(st.lists(tracks, max_size=3), st.lists(tracks, max_size=2))
def test_the_picture_says_what_is_in_the_air_and_asks_nobody_for_anything(kind, shown, gone):
    channel = Channel("partner", kind, PLACES[kind], natures=Nature.ALL)
    turn = Turn(1.8e9, NODES["live",], channel, shown, gone, sensors=(("s0", "ok"),))
    for payload in PICTURES[kind](turn):
        for word in SAYS[kind](payload):
            # A call sign is what the aircraft says of itself; all other words are ours.
            if word not in {track.callsign for track in [*shown, *gone]}:
                assert not EFFECTOR.search(word)


def test_what_a_peer_is_sent_of_the_ledger_is_a_signed_head_and_a_proof_and_no_entry():
    assert set(CHECKPOINTS) == {"checkpoint"}
    with pytest.raises(TypeError):
        CHECKPOINTS["other"] = CHECKPOINTS["checkpoint"]
    body = json.loads(CHECKPOINTS["checkpoint"]("a note", 3, [bytes(32)]))
    assert body == {"note": "a note", "since": 3, "proof": ["00" * 32]}
