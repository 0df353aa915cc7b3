"""Pseudonyms: equal for equals while they should be, and nothing once erased."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import codec
from tocsin.codec.capture import LinkType, Packet, write_pcap
from tocsin.codec.remoteid import (
    BasicId,
    IdType,
    Location,
    OperatorId,
    System,
    encode_pack,
    is_serial,
    wifi_beacon,
)
from tocsin.codec.site_toml import read_site
from tocsin.model import Batch, Frame, Node
from tocsin.service.holding import place_hold
from tocsin.service.keyring import Keyring
from tocsin.service.masking import mask_body, mask_packet, mask_site
from tocsin.service.people import DAY_S, People
from tocsin.service.pseudonyms import PATTERN, Kind, form_of, replaced
from tocsin.service.subject import erase, find_names, operators_of

T0 = 1_790_035_200.0  # midnight UTC
SERIAL = b"MFG1A0123456789"
SENDER = bytes.fromhex("84cca8604324")
NAN = float("nan")
KINDS = [value for name, value in vars(Kind).items() if name.isupper()]


@pytest.fixture
def people(tmp_path):
    made = People(Keyring.open(tmp_path))
    yield made
    made.keys.close()


def again(people):
    """Return the people of the same folder as another process sees them."""
    people.flush()
    return People(Keyring.open(people.keys.path.parent))


@given(
    st.sampled_from(KINDS),
    st.binary(min_size=1, max_size=20),
    st.binary(min_size=32, max_size=32),
)
def test_a_pseudonym_has_its_form_and_fits_where_it_goes(kind, value, salt):
    form = form_of(kind, value, salt)
    assert PATTERN.fullmatch(form.shown)
    assert form == form_of(kind, value, salt)  # who has the salt can prove it
    assert form.shown != form_of(kind, value + b"x", salt).shown
    assert len(form.octets) <= (6 if kind == Kind.TRANSMITTER else 20)
    assert len(form.shown) <= 24  # octets of DetectionBatch.declared_id


@given(
    st.from_regex(r"[0-9A-HJ-NP-Z]{4}5[0-9A-HJ-NP-Z]{5}", fullmatch=True),
    st.binary(min_size=32, max_size=32),
)
def test_a_serial_of_the_standards_form_keeps_it_and_another_does_not_gain_it(serial, salt):
    assert is_serial(form_of(Kind.SERIAL, serial.encode(), salt).shown)
    assert not is_serial(form_of(Kind.SERIAL, serial.encode()[:-1], salt).shown)


def test_the_names_that_the_codec_gives_are_the_names_that_are_kept(people):
    """What stands in a frame comes out of the codec as the word that is resolved."""
    ids = {
        IdType.SERIAL: SERIAL, IdType.REGISTRATION: b"N.1234", IdType.NONE: b"somebody",
        IdType.UTM: bytes(range(16)) + bytes(4), IdType.SESSION: b"\x01" + bytes(range(1, 20)),
    }  # fmt: skip
    for k, (id_type, value) in enumerate(ids.items()):
        sender = bytes([2, 0, 0, 0, 0, k])
        place = Location(
            2, 0, 90.0, 9.0, 0.0, 48.2, 11.3, NAN, 700.0, 50.0, 9, 4, 4, 3, NAN, 0.1
        )
        payload = encode_pack([BasicId(id_type, 2, value), place])
        names = []
        for masking in (False, True):
            data = wifi_beacon(sender, payload, 1)
            packet = Packet(T0, LinkType.IEEE_802_11, data, len(data))
            if masking:
                packet = mask_packet(people, packet, T0)
            session = codec.open_session(Node(), live=True, formats={"rid": "remote-id"})
            frame = Frame("rid", 0, T0, write_pcap([packet]))
            decoded = codec.decode_into(session, Node(), Batch(T0, (frame,)))
            names += [name.decode() for name in decoded.detections.declared_id.tolist()]
        clear, renamed = names
        assert clear != renamed
        assert people.reveal(f"it is {renamed}.") == f"it is {clear}."


def test_a_value_goes_by_one_name_a_day_and_a_flight_over_midnight_keeps_it(people):
    first = people.name(Kind.SERIAL, SERIAL, T0 + 10.0).form
    assert people.name(Kind.SERIAL, SERIAL, T0 + 80_000.0).form == first
    later = people.name(Kind.SERIAL, SERIAL, T0 + DAY_S + 7200.0).form
    assert later != first
    late = people.name(Kind.SERIAL, b"X", T0 + DAY_S - 100.0).form
    assert people.name(Kind.SERIAL, b"X", T0 + DAY_S + 100.0).form == late
    other = again(people)
    assert other.name(Kind.SERIAL, SERIAL, T0 + DAY_S + 7300.0).form == later
    assert [n.value for n in find_names(other, SERIAL.decode())] == [SERIAL, SERIAL]
    other.keys.close()


def test_staff_keep_one_name_whatever_the_day_and_roles_are_nobody(people):
    name = people.staff("second editor")
    assert name != "second editor"
    other = again(people)
    assert other.staff("second editor") == name
    assert other.staff("third editor") != name
    assert other.reveal(f"{name} has approved") == "second editor has approved"
    assert other.staff("officer") == "officer"
    other.keys.close()


def test_no_value_lies_on_the_disk_in_clear(people, tmp_path):
    people.staff("second editor")
    data = wifi_beacon(
        SENDER, encode_pack([BasicId(1, 2, SERIAL), OperatorId(0, b"GBR-OP-1")]), 1
    )
    mask_packet(people, Packet(T0, LinkType.IEEE_802_11, data, len(data)), T0)
    people.flush()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            octets = path.read_bytes()
            for form in (SERIAL, SENDER, b"GBR-OP-1", b"second editor"):
                assert form not in octets, path
    assert len(find_names(people, "GBR-OP-1")) == 3  # and the id and address it came with


def test_what_was_erased_stands_for_nothing_and_does_not_come_back(people):
    shown = people.name(Kind.SERIAL, SERIAL, T0).form.shown
    other = again(people)
    assert erase(other, find_names(other, SERIAL.decode())) == 1
    people.name(Kind.SERIAL, SERIAL, T0 + 100.0)  # still in the air, not yet told
    people.flush()
    people.flush()
    assert people.reveal(shown) == shown
    assert find_names(other, shown) == []
    fresh = people.name(Kind.SERIAL, SERIAL, T0 + 101.0).form.shown
    assert fresh != shown
    people.flush()
    assert [n.form.shown for n in find_names(other, SERIAL.decode())] == [fresh]
    other.keys.close()


def test_values_expire_by_day_unless_held_and_staff_do_not(people):
    old = people.name(Kind.SERIAL, SERIAL, T0).form.shown
    new = people.name(Kind.SERIAL, b"Y", T0 + 3 * DAY_S).form.shown
    editor = people.staff("second editor")
    people.flush()
    hold = place_hold(people.keys, "INC", (T0, T0 + 5.0), until_s=T0 + 9 * DAY_S, by="p",
                      reason="r", now_s=T0)  # fmt: skip
    now_s = T0 + 4.1 * DAY_S
    assert people.expire(now_s, 3 * DAY_S, [hold]) == []
    assert people.reveal(old) == SERIAL.decode()
    assert people.expire(now_s, 3 * DAY_S, []) == ["2026-09-22"]
    assert people.reveal(f"{old} {new} {editor}") == f"{old} Y second editor"


def test_a_day_that_was_cut_short_by_a_power_loss_goes_with_the_next_run(people, monkeypatch):
    class Pulled(BaseException):
        pass

    def pull():
        raise Pulled

    sender = people.name(Kind.TRANSMITTER, SENDER, T0).form.shown
    people.name(Kind.SERIAL, SERIAL, T0, transmitter=sender)
    people.place(sender, {"lat": 60.1}, T0)
    people.flush()
    with monkeypatch.context() as plug:
        plug.setattr(people.keys, "fold", pull)
        with pytest.raises(Pulled):
            people.expire(T0 + 4.1 * DAY_S, 3 * DAY_S, [])
    after = again(people)
    after.expire(T0 + 4.1 * DAY_S, 3 * DAY_S, [])
    for table in ("pseudonym", "operator", "sent_by"):
        assert after.keys.db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    after.keys.close()


OPERATOR = b"FIN87astrdge12k8"
RADIOS = [bytes.fromhex("60601f0000a1"), bytes.fromhex("c2deadbeef01")]


def fly_with_two_radios(people):
    """Let one drone be heard by two addresses; return their pseudonyms."""
    senders = []
    for k, address in enumerate(RADIOS):
        sender = people.name(Kind.TRANSMITTER, address, T0 + k).form.shown
        said = {"operator_id": OPERATOR.decode(), "lat": 60.1 + k, "lon": 24.9}
        people.place(sender, said, T0 + k)
        people.name(Kind.SERIAL, SERIAL, T0 + k, transmitter=sender)
        people.name(Kind.OPERATOR, OPERATOR, T0 + k, transmitter=sender)
        senders.append(sender)
    people.flush()
    return senders


@pytest.mark.parametrize("asked", [SERIAL.decode(), OPERATOR.decode(), RADIOS[0].hex()])
def test_every_address_of_a_drone_is_found_and_erased(people, asked):
    senders = fly_with_two_radios(people)
    found = find_names(people, asked)
    wanted = senders if asked != RADIOS[0].hex() else senders[:1]
    assert {n.form.shown for n in found if n.kind == Kind.TRANSMITTER} == set(wanted)
    assert [p["lat"] for p in operators_of(people, asked)] == [60.1, 61.1][: len(wanted)]
    erase(people, found)
    left = "SELECT transmitter FROM operator UNION SELECT transmitter FROM sent_by"
    kept = {sender for (sender,) in people.keys.db.execute(left)}
    assert kept <= set(senders) - set(wanted)
    assert find_names(people, asked) == []


def test_an_operator_is_found_by_what_was_said_where_the_links_were_lost(people):
    """Folders of before every address was kept know the last one only."""
    senders = fly_with_two_radios(people)
    people.keys.db.execute("DROP TABLE sent_by")
    older = again(people)
    found = find_names(older, SERIAL.decode())
    assert [n.form.shown for n in found if n.kind == Kind.TRANSMITTER] == senders[1:]
    found = find_names(older, OPERATOR.decode().lower())
    assert {n.form.shown for n in found if n.kind == Kind.TRANSMITTER} == set(senders)
    older.keys.close()


def test_links_go_with_the_day_of_either_end(people):
    people.listed(SERIAL.decode(), T0)
    for day in (0, 1):
        sender = people.name(Kind.TRANSMITTER, SENDER, T0 + day * DAY_S).form.shown
        people.name(Kind.SERIAL, SERIAL, T0 + day * DAY_S, transmitter=sender)
        people.name(Kind.OPERATOR, OPERATOR, T0 + day * DAY_S, transmitter=sender)
    people.flush()
    assert people.expire(T0 + 4.1 * DAY_S, 3 * DAY_S, []) == ["2026-09-22"]
    links = people.keys.db.execute("SELECT transmitter FROM sent_by").fetchall()
    assert links == [(sender,)] * 2
    assert operators_of(people, SERIAL.decode()) == []


def test_an_operator_is_kept_where_something_new_is_said_and_not_too_often(people):
    def fly(k, lat):
        said = [
            System(1, 1, lat, 11.8, 1, 0.0, NAN, NAN, 1, 5, 560.0, NAN),
            BasicId(1, 2, SERIAL),
        ]
        data = wifi_beacon(SENDER, encode_pack(said), k)
        mask_packet(people, Packet(T0 + k, LinkType.IEEE_802_11, data, len(data)), T0 + k)

    for k in range(30):
        fly(k, 48.0 if k < 15 else 48.0 + 1e-4 * k)
    people.flush()
    places = operators_of(people, SERIAL.decode())
    assert [round(p["at_s"] - T0) for p in places] == [0, 15, 20, 25]
    assert places[0]["lat"] == 48.0
    assert places[0]["location_type"] == 1


def test_a_posted_body_is_renamed_where_it_names_a_drone_and_nowhere_else(people):
    aircraft = {"time_s": 1.5, "declared_id": "4b1805", "callsign": "SWR12"}
    drone = {"time_s": 1.5, "declared_id": SERIAL.decode(), "callsign": "mine", "lat": 48.1}
    plain = b'{"time_s": 1.50, "azimuth_deg": 3}'
    assert mask_body(people, plain, T0) is plain
    body = json.dumps([aircraft]).encode()
    assert mask_body(people, body, T0) is body
    for whole in ([aircraft, drone], {"detections": [aircraft, drone]}, drone):
        found = json.loads(mask_body(people, json.dumps(whole).encode(), T0))
        items = found if isinstance(found, list) else found.get("detections", [found])
        assert items[-1]["callsign"] is None
        assert people.reveal(items[-1]["declared_id"]) == SERIAL.decode()
        assert items[-1]["lat"] == 48.1
        assert len(items) == 1 or items[0] == aircraft
    escaped = b'{"time_s": 1.5, "declared\\u005fid": "MFG1A0123456789"}'
    assert SERIAL not in mask_body(people, escaped, T0)
    for broken in (b"{", b'[1, "declared_id"]', b'"declared_id"', b'{"declared_id": 3}'):
        assert mask_body(people, broken, T0) == broken


SITE = """
[node]
name = "North"
[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 500
[[authorisation]]
declared_id = "MFG1A0123456789"
owner = "base operations"
from = 2026-01-01T00:00:00Z
until = 2026-12-31T00:00:00Z
sites = ["north"]
[[authorisation]]
declared_id = 'a1b2c3'
owner = "base operations"
from = 2026-01-01T00:00:00Z
until = 2026-12-31T00:00:00Z
sites = ["north"]
"""


def test_an_authorised_drone_is_known_by_its_pseudonym(people):
    node = read_site(SITE.encode(), "site.toml")
    text, renamed = mask_site(people, SITE, node, T0)
    assert "MFG1A0123456789" not in text
    heard = people.name(Kind.SERIAL, SERIAL, T0 + 40 * DAY_S).form.shown
    assert [a.declared_id for a in renamed.authorisations] == [heard.lower(), "a1b2c3"]
    other = again(people)
    assert (
        mask_site(other, SITE, node, T0 + 50 * DAY_S)[0] == text
    )  # on any day, after a restart
    other.keys.close()


def test_what_floods_is_bounded_and_counted(people, monkeypatch):
    monkeypatch.setattr("tocsin.service.people.MAX_WAITING", 10)
    shown = [people.name(Kind.TRANSMITTER, bytes([2, 0, 0, 0, 0, k]), T0).form.shown
             for k in range(25)]  # fmt: skip
    assert len(set(shown)) == 25
    assert people.not_kept == 15
    people.flush()
    assert sum(people.reveal(word) != word for word in shown) == 10


@given(
    st.lists(
        st.one_of(
            st.text(max_size=12),
            st.builds(
                lambda k, v, s: form_of(k, v, s).shown,
                st.sampled_from(KINDS),
                st.binary(min_size=1, max_size=9),
                st.binary(min_size=32, max_size=32),
            ),
        )
    ),
    st.sampled_from(["", " ", '"', "-", "A"]),
)
def test_pseudonyms_are_found_in_any_text_as_the_plain_pattern_finds_them(parts, between):
    text = between.join(parts)
    assert replaced(text, lambda shown: f"<{shown}>") == PATTERN.sub(
        lambda match: f"<{match[0]}>", text
    )
