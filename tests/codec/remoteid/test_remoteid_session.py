"""Messages joined into declared reports: ids, times, heights, velocities, hints, operators."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.codec.remoteid import (
    AuthPage,
    BasicId,
    Broadcast,
    Hint,
    Location,
    OperatorId,
    RemoteIdSession,
    System,
    hear_into,
    take_into,
)
from tocsin.codec.snapshot import freeze, thaw
from tocsin.model import AltRef, DetectionBatch, Report

NAN = math.nan
HOUR_S = 1_700_000_000.0 // 3600.0 * 3600.0
A, B = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
SERIAL = BasicId(1, 2, b"MFG1A0123456789")
HERE = Location(2, 0, 90.0, 10.0, -1.0, 45.0, 7.0, NAN, 300.0, 50.0, 10, 4, 4, 3, 10.0, 0.1)
DEGREE_M = 111_320.0 * math.cos(math.radians(45.0))


def heard(session, time_s, *messages, sender=A):
    return hear_into(session, Broadcast(time_s, "wifi-nan", sender, 0, messages))


def at(time_s: float, east_m: float = 0.0, **changes) -> Location:
    """The drone at that time, so far east of where it began."""
    return replace(
        HERE, time_of_hour_s=time_s % 3600.0, lon_deg=7.0 + east_m / DEGREE_M, **changes
    )


def test_a_report_has_the_units_and_frames_of_a_detection():
    columns = heard(RemoteIdSession(), HOUR_S + 10.3, SERIAL, HERE).columns
    assert columns["time_s"] == pytest.approx(HOUR_S + 10.0)
    assert columns["report"] == Report.DECLARED
    assert columns["declared_id"] == b"MFG1A0123456789"
    assert (columns["lat_deg"], columns["lon_deg"]) == (45.0, 7.0)
    assert (columns["alt_m"], columns["alt_ref"]) == (300.0, AltRef.ELLIPSOID)
    assert columns["vel_east_mps"] == pytest.approx(10.0)
    assert columns["vel_north_mps"] == pytest.approx(0.0, abs=1e-12)
    assert columns["vel_up_mps"] == -1.0
    # 10 m, 10 m and 1 m/s at 95 %: F3411-22a, tables 7 to 9.
    assert columns["sigma_position_m"] == pytest.approx(10.0 / 2.4477, rel=1e-4)
    assert columns["sigma_alt_m"] == pytest.approx(10.0 / 1.96)
    assert columns["flags"] == DetectionBatch.GEOMETRIC_HEIGHT


def test_without_a_geodetic_height_pressure_altitude_says_what_it_is():
    place = replace(HERE, geodetic_altitude_m=NAN, pressure_altitude_m=280.0)
    columns = heard(RemoteIdSession(), HOUR_S + 10.0, SERIAL, place).columns
    assert (columns["alt_m"], columns["alt_ref"]) == (280.0, AltRef.PRESSURE)
    assert columns["sigma_alt_m"] == 150.0


def test_an_unknown_position_is_a_report_without_one():
    place = replace(HERE, lat_deg=NAN, lon_deg=NAN)
    columns = heard(RemoteIdSession(), HOUR_S + 10.0, SERIAL, place).columns
    assert "lat_deg" not in columns
    assert columns["flags"] & DetectionBatch.NO_POSITION


@pytest.mark.parametrize(
    ("arrival", "said_s", "expected"),
    [
        (HOUR_S + 0.4, 3599.8, HOUR_S - 0.2),  # the hour has just begun
        (HOUR_S - 0.2, 0.1, HOUR_S + 0.1),  # the drone's clock is a little fast
        (HOUR_S + 1000.0, 990.0, HOUR_S + 990.0),
        (HOUR_S + 1000.0, NAN, HOUR_S + 1000.0),
    ],
)
def test_the_time_after_the_hour_is_the_one_nearest_to_arrival(arrival, said_s, expected):
    found = heard(RemoteIdSession(), arrival, SERIAL, replace(HERE, time_of_hour_s=said_s))
    assert found.columns["time_s"] == pytest.approx(expected)
    assert Hint.CLOCK not in found.hints


def test_a_clock_that_is_minutes_off_is_not_believed_and_said_so():
    found = heard(RemoteIdSession(), HOUR_S + 1000.0, SERIAL, replace(HERE, time_of_hour_s=0.0))
    assert found.columns["time_s"] == HOUR_S + 1000.0
    assert Hint.CLOCK in found.hints


def test_a_drone_that_sends_its_id_apart_is_one_drone():
    session = RemoteIdSession()
    assert heard(session, HOUR_S, at(HOUR_S)).columns is None
    heard(session, HOUR_S + 1.0, SERIAL)
    found = heard(session, HOUR_S + 1.2, at(HOUR_S + 1.2, 12.0))
    assert found.columns["declared_id"] == b"MFG1A0123456789"


def test_a_drone_that_never_says_who_it_is_goes_by_its_transmitter():
    session = RemoteIdSession()
    names = [
        found.columns["declared_id"]
        for n in range(5)
        if (found := heard(session, HOUR_S + n, at(HOUR_S + n, 10.0 * n))).columns
    ]
    assert names == [b"rid-020000000001"] * 2


@pytest.mark.parametrize(
    ("basic", "name"),
    [
        (BasicId(0, 0, b"MFG1A0123456789"), b"MFG1A0123456789"),
        (BasicId(2, 1, b"FA3ABC"), b"FA3ABC"),
        (BasicId(3, 1, bytes(range(16))), b"utm-00010203040506070809"),
        (BasicId(4, 1, b"\x01" + bytes(range(16)) + bytes(3)), b"ses-060708090a0b0c0d0e0f"),
        (BasicId(1, 2, b"bad\xff\x01id"), b"rid-020000000001"),
    ],
)
def test_the_id_is_the_best_that_was_said_and_always_printable(basic, name):
    assert heard(RemoteIdSession(), HOUR_S, basic, at(HOUR_S)).columns["declared_id"] == name


def test_a_serial_number_wins_over_a_registration():
    found = heard(RemoteIdSession(), HOUR_S, BasicId(2, 1, b"FA3ABC"), SERIAL, at(HOUR_S))
    assert found.columns["declared_id"] == b"MFG1A0123456789"


def test_the_same_location_by_another_radio_is_one_measurement():
    session = RemoteIdSession()
    assert heard(session, HOUR_S, SERIAL, at(HOUR_S)).columns
    again = heard(session, HOUR_S + 0.002, at(HOUR_S))
    assert again.columns is None
    assert again.repeated


def fly(session, speed_said, speed_flown, seconds=12, sender=A, begin=HOUR_S):
    hints = []
    for n in range(seconds):
        place = at(begin + n, speed_flown * n, speed_mps=speed_said)
        hints.append(heard(session, begin + n, SERIAL, place, sender=sender).hints)
    return hints


@pytest.mark.parametrize("speed_mps", [0.0, 3.0, 20.0, 60.0])
def test_an_honest_drone_raises_no_hint(speed_mps):
    assert set(fly(RemoteIdSession(), speed_mps, speed_mps)) == {()}


@pytest.mark.parametrize(("said", "flown"), [(0.0, 30.0), (40.0, 5.0), (15.0, 100.0)])
def test_motion_that_is_not_what_it_says_is_flagged(said, flown):
    session = RemoteIdSession()
    assert Hint.MOTION in fly(session, said, flown)[-1]
    found = heard(session, HOUR_S + 12.0, at(HOUR_S + 12.0, flown * 12.0, speed_mps=said))
    assert found.columns["flags"] & DetectionBatch.IMPLAUSIBLE


def test_a_leap_of_ten_kilometres_in_a_second_is_flagged():
    session = RemoteIdSession()
    heard(session, HOUR_S, SERIAL, at(HOUR_S))
    found = heard(session, HOUR_S + 1.0, at(HOUR_S + 1.0, 10_000.0))
    assert Hint.JUMP in found.hints


def test_one_serial_from_two_places_is_flagged_and_from_two_radios_is_not():
    session = RemoteIdSession()
    heard(session, HOUR_S, SERIAL, at(HOUR_S), sender=A)
    same = heard(session, HOUR_S + 1.0, SERIAL, at(HOUR_S + 1.0, 10.0), sender=B)
    assert Hint.CLONE not in same.hints
    other = RemoteIdSession()
    heard(other, HOUR_S, SERIAL, at(HOUR_S), sender=A)
    far = heard(other, HOUR_S + 1.0, SERIAL, at(HOUR_S + 1.0, 5_000.0), sender=B)
    assert Hint.CLONE in far.hints
    assert far.columns["flags"] & DetectionBatch.TWO_PLACES


def test_a_serial_that_is_none_is_hinted_at_and_kept():
    found = heard(RemoteIdSession(), HOUR_S, BasicId(1, 2, b"SSEVTFG93700070"), at(HOUR_S))
    assert found.hints == (Hint.SERIAL,)
    assert found.columns["declared_id"] == b"SSEVTFG93700070"


def test_the_operator_comes_apart_and_never_in_a_detection():
    session = RemoteIdSession()
    place = System(0, 1, 44.5, 6.5, 1, 0.0, NAN, NAN, 0, 0, 250.0, NAN)
    found = heard(
        session, HOUR_S, SERIAL, at(HOUR_S), place, OperatorId(0, b"FIN87astrdge12k8")
    )
    assert found.operator.operator_id == "FIN87astrdge12k8"
    assert (found.operator.lat_deg, found.operator.altitude_m) == (44.5, 250.0)
    assert "44.5" not in repr(found.columns)
    assert "FIN87" not in repr(found.columns)
    again = heard(session, HOUR_S + 1.0, place, OperatorId(0, b"FIN87astrdge12k8"))
    assert again.operator is None
    moved = replace(place, operator_lat_deg=44.6)
    assert heard(session, HOUR_S + 2.0, moved).operator.lat_deg == 44.6


def pages(data: bytes, extra: bytes = b"", time_s: float = 1_600_000_000.0) -> list[AuthPage]:
    content = data + (bytes([len(extra)]) + extra if extra else b"")
    rest = [content[n : n + 23] for n in range(17, len(content), 23)]
    first = AuthPage(1, 0, len(rest), len(data), time_s, content[:17].ljust(17, b"\0"))
    return [first] + [
        AuthPage(1, n, -1, -1, NAN, part.ljust(23, b"\0")) for n, part in enumerate(rest, 1)
    ]


@given(st.binary(min_size=1, max_size=255), st.binary(max_size=40), st.randoms())
def test_authentication_pages_come_together_in_any_order(data, extra, chance):
    session, sent = RemoteIdSession(), pages(data, extra)
    chance.shuffle(sent)
    found = [heard(session, HOUR_S, page).authentication for page in sent]
    whole = [item for item in found if item is not None]
    assert [(item.data, item.extra) for item in whole] == [(data, extra)]
    assert all(heard(session, HOUR_S, page).authentication is None for page in sent)


def test_pages_of_two_signatures_are_not_mixed():
    session = RemoteIdSession()
    old, new = pages(b"a" * 60), pages(b"b" * 60, time_s=1_600_000_100.0)
    heard(session, HOUR_S, old[0], old[1])
    found = [heard(session, HOUR_S, page).authentication for page in new]
    assert found[-1].data == b"b" * 60


def test_a_flood_of_addresses_is_refused_and_counted():
    session = RemoteIdSession()
    for n in range(5_000):
        heard(session, HOUR_S, SERIAL, sender=n.to_bytes(6, "big"))
    assert len(session.transmitters) == 4_096
    assert session.refused == 5_000 - 4_096
    assert len(session.by_name["MFG1A0123456789"]) <= 8
    # Five minutes later there is room again.
    assert not heard(session, HOUR_S + 400.0, SERIAL).refused


def test_a_session_restored_from_a_snapshot_goes_on_the_same(data_folder):
    data = (data_folder / "remote-id-wireshark/odid_bt5_lr_sample.pcapng").read_bytes()
    session = RemoteIdSession()
    take_into(session, data, 1_696_390_940.0)
    restored = thaw(freeze(session))
    assert freeze(restored) == freeze(session)
    one = take_into(session, data, 1_696_390_960.0)
    other = take_into(restored, data, 1_696_390_960.0)
    assert repr(one) == repr(other)


@pytest.mark.parametrize(
    ("name", "drone", "has_place", "operator"),
    [
        ("odid_wifi_bcn_sample.pcap", b"MFG1A0123456789", True, "GBR-OP-123ABCD"),
        ("odid_wifi_sample.pcap", b"rid-84cca8604324", True, "GBR-OP-123ABCD"),
        ("odid_bt5_lr_sample.pcapng", b"SSEVTFG93700070", False, "FIN87astrdge12kxyz8"),
    ],
)
def test_each_recording_gives_its_one_drone(data_folder, name, drone, has_place, operator):
    data = (data_folder / "remote-id-wireshark" / name).read_bytes()
    taken = take_into(RemoteIdSession(), data, 1_700_000_000.0)
    rows = [item.columns for _, item in taken.heard if item.columns]
    operators = {item.operator.operator_id for _, item in taken.heard if item.operator}
    assert {row["declared_id"] for row in rows} == {drone}
    assert any("lat_deg" in row for row in rows) == has_place
    assert operators - {""} == {operator}
    assert not any(row["flags"] & DetectionBatch.IMPLAUSIBLE for row in rows)


def test_the_last_position_of_the_beacon_recording_is_where_it_was(data_folder):
    data = (data_folder / "remote-id-wireshark/odid_wifi_bcn_sample.pcap").read_bytes()
    taken = take_into(RemoteIdSession(), data, 1_621_633_945.961949)
    last = [item.columns for _, item in taken.heard if item.columns][-1]
    assert last["time_s"] == pytest.approx(1_621_633_945.961949, abs=1e-5)
    assert (last["lat_deg"], last["lon_deg"]) == (45.5470818, -122.9668346)
    assert last["alt_m"] == 237.0
