"""Messages both ways: octets written by hand from the standard's tables, and laws."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.codec.remoteid import (
    AuthPage,
    BasicId,
    Location,
    OperatorId,
    SelfId,
    System,
    decode_message,
    decode_payload,
    encode_message,
    encode_pack,
    plain_text,
)
from tocsin.model import Rejected

NAN = math.nan


def location_octets(**octets: str) -> bytes:
    """One Location of F3411-22a; each field in hex as it stands in the table."""
    fields = {
        "head": "12", "status": "20", "direction": "5a", "speed": "28", "vertical": "04",
        "lat": "80969800", "lon": "80c3c901", "pressure": "0000", "geodetic": "280a",
        "height": "3408", "accuracy": "4a", "more": "43", "time": "b80b", "time_accuracy": "0a",
        "reserved": "00",
    }  # fmt: skip
    return bytes.fromhex("".join((fields | octets).values()))


def test_a_location_written_by_hand_reads_as_the_tables_say():
    said = decode_message(location_octets())
    assert said == Location(
        status=2,
        height_type=0,
        direction_deg=90.0,
        speed_mps=10.0,
        vertical_speed_mps=2.0,
        lat_deg=1.0,
        lon_deg=3.0,
        pressure_altitude_m=said.pressure_altitude_m,
        geodetic_altitude_m=300.0,
        height_m=50.0,
        horizontal_accuracy_code=10,
        vertical_accuracy_code=4,
        pressure_accuracy_code=4,
        speed_accuracy_code=3,
        time_of_hour_s=300.0,
        time_accuracy_s=1.0,
        version=2,
    )
    assert math.isnan(said.pressure_altitude_m)


@pytest.mark.parametrize(
    ("octets", "field", "expected"),
    [
        ({"status": "22", "direction": "5a"}, "direction_deg", 270.0),  # the west bit
        ({"direction": "b3"}, "direction_deg", 179.0),
        ({"status": "22", "direction": "b5"}, "direction_deg", NAN),  # 361
        ({"direction": "ff"}, "direction_deg", NAN),
        ({"status": "21", "speed": "00"}, "speed_mps", 63.75),  # the multiplier bit
        ({"status": "21", "speed": "fe"}, "speed_mps", 254.25),
        ({"status": "21", "speed": "ff"}, "speed_mps", NAN),
        ({"status": "20", "speed": "ff"}, "speed_mps", 63.75),
        ({"vertical": "fc"}, "vertical_speed_mps", -2.0),
        ({"vertical": "7e"}, "vertical_speed_mps", NAN),
        ({"vertical": "7c"}, "vertical_speed_mps", 62.0),
        ({"vertical": "80"}, "vertical_speed_mps", NAN),
        ({"geodetic": "0100"}, "geodetic_altitude_m", -999.5),
        ({"geodetic": "ffff"}, "geodetic_altitude_m", 31_767.5),
        ({"time": "ffff"}, "time_of_hour_s", NAN),
        ({"time": "a08c"}, "time_of_hour_s", 3600.0),
        ({"time": "a18c"}, "time_of_hour_s", NAN),
        ({"time_accuracy": "00"}, "time_accuracy_s", NAN),
        ({"lat": "00000000", "lon": "00000000"}, "lat_deg", NAN),
        ({"lat": "00000000"}, "lat_deg", 0.0),  # the equator is a place
        ({"lat": "ffffff7f"}, "lon_deg", NAN),
        ({"status": "24"}, "height_type", 1),
    ],
)
def test_special_values_of_a_location(octets, field, expected):
    value = getattr(decode_message(location_octets(**octets)), field)
    assert value == expected or (math.isnan(value) and math.isnan(expected))


def test_a_system_message_written_by_hand_reads_as_the_tables_say():
    octets = "42" + "05" + "80969800" + "80345bff" + "0500" + "0a" + "9808" + "d007" + "12"
    said = decode_message(bytes.fromhex(octets + "3408" + "80510100" + "00"))
    assert said == System(
        1, 1, 1.0, -1.08, 5, 100.0, 100.0, 0.0, 1, 2, 50.0, 1_546_387_200.0, 2
    )


def test_what_cannot_be_sent_is_said_so():
    good = decode_message(location_octets())
    for field, value in (
        ("lat_deg", 95.0),
        ("direction_deg", 400.0),
        ("speed_mps", -1.0),
        ("geodetic_altitude_m", 40_000.0),
        ("time_of_hour_s", 3601.0),
    ):
        changed = decode_message(location_octets())
        setattr(changed, field, value)
        with pytest.raises(ValueError, match=r"\d"):
            encode_message(changed)
    with pytest.raises(ValueError, match="20 can be sent"):
        encode_message(BasicId(1, 2, b"X" * 21))
    with pytest.raises(ValueError, match="at most 9"):
        encode_pack([good] * 10)


angle_steps = st.integers(0, 359).map(float)
speeds = st.one_of(
    st.integers(0, 255).map(lambda n: n * 0.25),
    st.integers(1, 254).map(lambda n: n * 0.75 + 63.75),
)
altitudes = st.integers(1, 0xFFFF).map(lambda n: n * 0.5 - 1000.0)
places = st.tuples(
    st.integers(-900_000_000, 900_000_000), st.integers(-1_800_000_000, 1_800_000_000)
).filter(lambda pair: pair != (0, 0))
nibbles, octets = st.integers(0, 15), st.integers(0, 255)


def maybe(values):
    return st.one_of(st.just(NAN), values)


@st.composite
def locations(draw):
    lat, lon = draw(places) if draw(st.booleans()) else (None, None)
    return Location(
        draw(nibbles), draw(st.integers(0, 1)), draw(maybe(angle_steps)), draw(maybe(speeds)),
        draw(maybe(st.integers(-124, 124).map(lambda n: n * 0.5))),
        NAN if lat is None else lat / 1e7, NAN if lon is None else lon / 1e7,
        draw(maybe(altitudes)), draw(maybe(altitudes)), draw(maybe(altitudes)),
        draw(nibbles), draw(nibbles), draw(nibbles), draw(nibbles),
        draw(maybe(st.integers(0, 36_000).map(lambda n: n / 10.0))),
        draw(maybe(st.integers(1, 15).map(lambda n: n / 10.0))),
        draw(st.integers(0, 2)),
    )  # fmt: skip


@st.composite
def systems(draw):
    lat, lon = draw(places)
    seconds = st.integers(1_546_300_801, 1_546_300_800 + 0xFFFFFFFF).map(float)
    return System(
        draw(st.integers(0, 3)), draw(st.integers(0, 7)), lat / 1e7, lon / 1e7,
        draw(st.integers(0, 0xFFFF)), draw(octets) * 10.0, draw(maybe(altitudes)),
        draw(maybe(altitudes)), draw(nibbles), draw(nibbles), draw(maybe(altitudes)),
        draw(maybe(seconds)),
    )  # fmt: skip


def texts(size: int):
    return st.binary(max_size=size).map(lambda raw: raw.rstrip(b"\0"))


messages = st.one_of(
    locations(),
    systems(),
    st.builds(BasicId, st.integers(0, 2), nibbles, texts(20)),
    st.builds(BasicId, st.integers(3, 4), nibbles, st.binary(min_size=20, max_size=20)),
    st.builds(SelfId, octets, texts(23)),
    st.builds(OperatorId, octets, texts(20)),
    st.builds(
        AuthPage, nibbles, st.integers(1, 15), st.just(-1), st.just(-1), st.just(NAN),
        st.binary(min_size=23, max_size=23),
    ),
    st.builds(
        AuthPage, nibbles, st.just(0), st.integers(11, 15), octets,
        maybe(st.integers(1_546_300_801, 2_000_000_000).map(float)),
        st.binary(min_size=17, max_size=17),
    ),
)  # fmt: skip


@given(messages)
def test_what_is_encoded_is_decoded_again(message):
    # repr: NaN is written alike, and floats to the last bit.
    assert repr(decode_message(encode_message(message))) == repr(message)


@given(st.lists(messages, max_size=9))
def test_a_pack_holds_its_messages_in_order(sent):
    assert repr(decode_payload(encode_pack(sent))) == repr(sent)


@given(st.binary(min_size=25, max_size=25))
def test_what_is_decoded_encodes_to_octets_that_say_the_same(data):
    said = decode_message(data)
    if not isinstance(said, Rejected):
        assert repr(decode_message(encode_message(said))) == repr(said)


@given(st.binary(max_size=300))
def test_any_octets_give_messages_or_refusals(data):
    for item in decode_payload(data):
        assert item is not None


def test_a_broken_message_of_a_pack_leaves_the_others_standing():
    pack = bytearray(encode_pack([BasicId(1, 2, b"A"), SelfId(0, b"hello")]))
    pack[3] = 0x92
    broken, whole = decode_payload(bytes(pack))
    assert (broken.reason, whole) == ("unknown message type", SelfId(0, b"hello"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "truncated pack"),
        (b"\xf2\x19", "truncated pack"),
        (b"\xf2\x19\x02" + bytes(25), "truncated pack"),
        (b"\xf2\x18\x01" + bytes(24), "impossible pack"),
        (b"\xf2\x19\x0a" + bytes(250), "impossible pack"),
        (b"\x07" + bytes(24), "unknown protocol version"),
        (b"\xf2" + bytes(24), "impossible pack"),
        (bytes(24), "wrong message length"),
        (b"\x22\x10\x01\x29" + bytes(21), "impossible authentication"),
    ],
)
def test_each_kind_of_nonsense_has_its_reason(data, reason):
    assert [item.reason for item in decode_payload(data)] == [reason]


def test_text_from_the_air_is_printable_whatever_was_sent():
    assert plain_text(b" a\x1b[31m\xff\0secret") == "a?[31m?"
