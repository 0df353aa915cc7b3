"""CAP 1.2, judged by real alerts and by the standard's rules."""

import math
import time
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.codec.cap import Area, CapAlert, Info, read_cap, read_caps, write_cap
from tocsin.errors import CallError
from tocsin.model import Rejected

VALID = [
    "earthquake.cap", "weather.cap", "no_optional_fields.cap", "KAR0-0306112239-SW.cap",
    "australia.cap", "canada.cap", "xee.cap", "wcatwc-warning.cap", "43b080713727.cap",
    "earthquake-iso8859-1.cap", "earthquake_signed.cap", "canada_signed.cap",
]  # fmt: skip
INVALID = ["invalid.cap", "canada_errors.cap", "noaa_errors.cap"]
RING = ((48.0, 11.0), (48.1, 11.0), (48.1, 11.1), (48.0, 11.0))
NAN = math.nan
ALERT = CapAlert(
    "tocsin-1-7", "tocsin@north", 1_790_000_000.0, "Exercise", "Alert", "Restricted",
    restriction="people at North",
    infos=(
        Info(
            ("Security",), "Drone approaching", "Immediate", "Extreme", "Likely",
            response=("Shelter",), onset_s=1_790_000_060.0, expires_s=1_790_000_600.0,
            headline="TAKE SHELTER: Ramp", instruction="Go to shelter & stay there <now>.",
            areas=(Area("Ramp", (RING,), altitude_ft=1600.0, ceiling_ft=3600.0),),
        ),
    ),
)  # fmt: skip


@pytest.mark.parametrize("name", VALID)
def test_valid_alerts_are_read(data_folder, name):
    alert = read_cap((data_folder / "cap-alerts" / name).read_bytes())
    assert isinstance(alert, CapAlert), alert
    assert alert.sent_s > 1e9


@pytest.mark.parametrize("name", INVALID)
def test_invalid_alerts_are_refused_with_a_reason(data_folder, name):
    refused = read_cap((data_folder / "cap-alerts" / name).read_bytes())
    assert isinstance(refused, Rejected)
    assert len(refused.detail) > 10


@pytest.mark.parametrize("name", [n for n in VALID if n.endswith(".cap")])
def test_valid_alerts_survive_writing_and_reading(data_folder, name):
    alert = read_cap((data_folder / "cap-alerts" / name).read_bytes())
    again = read_cap(write_cap(alert))
    assert repr(replace(again, version="")) == repr(replace(alert, version=""))


def test_an_envelope_of_several_alerts_is_read_one_by_one(data_folder):
    good = read_caps((data_folder / "cap-alerts" / "bushfire_valid.edxlde").read_bytes())
    bad = read_caps((data_folder / "cap-alerts" / "bushfire_invalid.edxlde").read_bytes())
    assert [type(alert) for alert in good] == [CapAlert] * 7
    assert any(isinstance(alert, Rejected) for alert in bad)


def test_what_we_write_reads_back_and_keeps_the_schema_order():
    data = write_cap(ALERT)
    assert repr(read_cap(data)) == repr(ALERT)
    names = [node.tag.rpartition("}")[2] for node in ElementTree.fromstring(data)]
    assert names == [
        "identifier", "sender", "sent", "status", "msgType", "scope", "restriction", "info",
    ]  # fmt: skip
    assert b"-00:00</sent>" in data


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).map(
    lambda t: " ".join(t.split()) or "x"
)


@given(TEXT, TEXT, TEXT)
def test_any_words_survive(event, headline, description):
    info = replace(
        ALERT.infos[0], event=event, headline=headline, description=description, areas=()
    )
    back = read_cap(write_cap(replace(ALERT, infos=(info,))))
    assert isinstance(back, CapAlert)
    clean = [t.replace("\ufffe", "").replace("\uffff", "").strip() for t in (event, headline)]
    assert [back.infos[0].event, back.infos[0].headline] == clean or "" in clean


@pytest.mark.parametrize(
    "change",
    [
        {"status": "Real"},
        {"identifier": "with blank"},
        {"msg_type": "Update"},
        {"sent_s": math.nan},
        {"restriction": ""},
        {"infos": (replace(ALERT.infos[0], urgency="Now"),)},
        {"infos": (replace(ALERT.infos[0], areas=(Area("x", (RING[:3],)),)),)},
        {"infos": (replace(ALERT.infos[0], areas=(Area("x", circles=((95.0, 11.0, 1.0),)),)),)},
        {
            "infos": (
                replace(ALERT.infos[0], areas=(Area("x", circles=((48.0, 11.0, -1.0),)),)),
            )
        },
        {"infos": (replace(ALERT.infos[0], areas=(Area("x", circles=((NAN, NAN, NAN),)),)),)},
        {"infos": (replace(ALERT.infos[0], expires_s=math.inf),)},
        {"infos": (replace(ALERT.infos[0], onset_s=1e15),)},
        {"sent_s": 1e15},
        {"msg_type": "Cancel", "references": (("s", "i", NAN),)},
        {"msg_type": "Cancel", "references": (("s", "with blank", 1e9),)},
    ],
)
def test_a_wrong_warning_does_not_leave(change):
    with pytest.raises(CallError):
        write_cap(replace(ALERT, **change))


def said(*, kind="Alert", head="", info="", area=""):
    return (
        '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>i1</identifier>'
        "<sender>s</sender><sent>2026-11-23T09:00:00-00:00</sent><status>Actual</status>"
        f"<msgType>{kind}</msgType><scope>Public</scope>{head}<info><category>Met</category>"
        "<event>e</event><urgency>Immediate</urgency><severity>Minor</severity>"
        f"<certainty>Likely</certainty>{info}<area><areaDesc>d</areaDesc>{area}</area></info>"
        "</alert>"
    )


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"area": "<circle>nonsense</circle>"}, "a circle is"),
        ({"area": "<circle>95,200 5</circle>"}, "a circle is"),
        ({"area": "<circle>48,11 -5</circle>"}, "a circle is"),
        ({"area": "<circle>48,11 5 7</circle>"}, "a circle is"),
        ({"area": "<altitude>abc</altitude>"}, "altitude is 'abc'"),
        ({"info": "<expires>2026-11-23T10:00:00Z</expires>"}, "expires is '2026"),
        ({"info": "<effective>today</effective>"}, "effective is 'today'"),
        ({"info": "<onset>2026-13-23T10:00:00-00:00</onset>"}, "onset is '2026"),
        ({"kind": "Cancel", "head": "<references>s;i9;x</references>"}, "a reference is 's;i9"),
        (
            {"kind": "Cancel", "head": "<references>s,i0,2026-11-23T08:00:00-00:00 s,i2,now"
             "</references>"},
            "a reference is 's', 'i2'",
        ),
    ],
)  # fmt: skip
def test_what_is_said_and_cannot_be_is_a_fault(parts, words):
    assert isinstance(read_cap(said().encode()), CapAlert)
    refused = read_cap(said(**parts).encode())
    assert refused.reason == "invalid alert"
    assert words in refused.detail


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_a_document_type_is_passed_over_in_every_encoding_and_nothing_expanded(encoding):
    entities = f'<!ENTITY a "{"x" * 1000}"><!ENTITY b "{"&a;" * 10}"><!ENTITY c "{"&b;" * 10}">'
    head = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE alert [{entities}]>'
    alert = read_cap((head + said(head="<note>so &c;and &nbsp;so</note>")).encode(encoding))
    assert isinstance(alert, CapAlert), alert
    assert alert.note == "so and so"


def test_a_document_type_begun_many_times_takes_no_longer_than_its_length():
    begun_s = time.process_time()
    assert read_cap(b"<!DOCTYPE[" * 90_000).reason == "not XML"
    assert time.process_time() - begun_s < 2.0  # by a square of the length it took minutes


def test_entity_bombs_and_garbage_are_refused():
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><alert>&b;</alert>'
    assert read_cap(bomb).reason == "not one alert"
    assert read_cap(b"<alert").reason == "not XML"
    assert read_cap(b"<alert/>").reason == "not one alert"
    assert read_cap(b"x" * 1_000_001).reason == "too large"


@given(st.integers(0, 900), st.integers(0, 255))
def test_a_changed_byte_never_raises(place, byte):
    data = bytearray(write_cap(ALERT))
    data[place % len(data)] = byte
    assert isinstance(read_cap(bytes(data)), CapAlert | Rejected)
