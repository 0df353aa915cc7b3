"""Real captures of Remote ID, field by field against an independent dissector's output."""

import json
import math
from collections import Counter

import pytest

from tocsin.codec.capture import read_capture
from tocsin.codec.remoteid import (
    BasicId,
    Broadcast,
    Location,
    OperatorId,
    SelfId,
    System,
    find_broadcast,
    plain_text,
    read_broadcasts,
)
from tocsin.model import Rejected

FOLDER = "remote-id-wireshark"
NAMES = ("odid_wifi_bcn_sample.pcap", "odid_wifi_sample.pcap", "odid_bt5_lr_sample.pcapng")
NEEDED = {BasicId: "basic_id", Location: "location", SelfId: "self_id", System: "system",
          OperatorId: "operator_id"}  # fmt: skip


def known(value: float) -> float | None:
    return None if math.isnan(value) else value


def degrees_e7(value: float) -> str:
    return "0" if math.isnan(value) else str(round(value * 1e7))


def raw_altitude(value: float) -> str:
    return "0" if math.isnan(value) else str(round((value + 1000.0) * 2.0))


def as_dissected(message) -> dict:
    """Put a message into the words of the dissector's output."""
    if isinstance(message, BasicId):
        return {
            "basicID_idType": str(message.id_type),
            "basicID_uaType": str(message.ua_type),
            "basicID_id_asc": plain_text(message.uas_id),
        }
    if isinstance(message, Location):
        return {
            "lat": known(message.lat_deg) or 0.0,
            "lon": known(message.lon_deg) or 0.0,
            "geo_alt_m": known(message.geodetic_altitude_m),
            "press_alt_m": known(message.pressure_altitude_m),
            "height_m": known(message.height_m),
            "speed_mps": known(message.speed_mps),
            "track_deg": int(
                361 if math.isnan(message.direction_deg) else message.direction_deg
            ),
            "status": message.status,
        }
    if isinstance(message, SelfId):
        return {
            "self_type": str(message.description_type),
            "self_desc": plain_text(message.description),
        }
    if isinstance(message, System):
        return {
            "system_flag_class": str(message.classification),
            "system_flag_locType": str(message.location_type),
            "system_lat": degrees_e7(message.operator_lat_deg),
            "system_lon": degrees_e7(message.operator_lon_deg),
            "system_areaCount": str(message.area_count),
            "system_areaRadius": str(round(message.area_radius_m / 10.0)),  # the octet itself
            "system_areaCeiling": raw_altitude(message.area_ceiling_m),
            "system_areaFloor": raw_altitude(message.area_floor_m),
            "system_opGeoAlt": raw_altitude(message.operator_altitude_m),
            "system_timeStamp": "0"
            if message.time_s != message.time_s
            else str(message.time_s),
        }
    return {
        "operator_type": str(message.id_type),
        "operator_id": plain_text(message.operator_id),
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_field_equals_the_dissector_s(data_folder, name):
    path = data_folder / FOLDER / name
    lines = (path.parent / f"{name}.messages.jsonl").read_text().splitlines()
    expected: dict[int, list[dict]] = {}
    for line in map(json.loads, lines):
        if line.get("crc_ok", True):
            expected.setdefault(line["frame"], []).append(line)
    compared = 0
    for number, packet in enumerate(read_capture(path.read_bytes()), start=1):
        broadcast, _ = find_broadcast(packet)
        if broadcast is None or not broadcast.messages:
            assert number not in expected
            continue
        theirs = expected.pop(number)
        assert len(theirs) == len(broadcast.messages)
        for message, line in zip(broadcast.messages, theirs, strict=True):
            ours = as_dissected(message)
            assert line["msg"] == NEEDED[type(message)]
            assert ours == {key: line[key] for key in ours}
            assert line["counter"] == broadcast.counter
            assert line["src"] in (None, broadcast.transmitter.hex(":"))
            assert abs(line["t"] - broadcast.time_s) < 2e-6
            compared += len(ours)
    assert not expected
    assert compared > 250


@pytest.mark.parametrize("name", NAMES)
def test_these_drones_never_set_the_time_after_the_hour(data_folder, name):
    """`ts_tenths` of the dissector's file repeats the capture's time; on the air stands 0."""
    path = data_folder / FOLDER / name
    for line in (path.parent / f"{name}.messages.jsonl").read_text().splitlines():
        item = json.loads(line)
        if "ts_tenths" in item and item.get("crc_ok", True):
            assert item["ts_tenths"] == int(item["t"] % 3600.0 * 10.0)
    for item in read_broadcasts(read_capture(path.read_bytes())):
        for message in item.messages if isinstance(item, Broadcast) else ():
            if isinstance(message, Location):
                assert message.time_of_hour_s == 0.0


def counts(data: bytes) -> Counter:
    found: Counter = Counter()
    for item in read_broadcasts(read_capture(data)):
        if isinstance(item, Broadcast):
            found["frames"] += 1
            found.update(type(message).__name__ for message in item.messages)
        else:
            found["other" if item is None else item.reason] += 1
    return found


def test_the_beacon_recording_holds_what_is_known_of_it(data_folder):
    found = counts((data_folder / FOLDER / NAMES[0]).read_bytes())
    each = dict.fromkeys((kind.__name__ for kind in NEEDED), 21)
    assert found == {"frames": 21, **each}


def test_the_nan_recording_has_42_frames_and_no_basic_id(data_folder):
    found = counts((data_folder / FOLDER / NAMES[1]).read_bytes())
    assert found == {
        "frames": 42, "other": 21, "Location": 31, "SelfId": 4, "System": 4, "OperatorId": 3,
    }  # fmt: skip


def test_bluetooth_frames_with_a_bad_crc_are_refused_whole(data_folder):
    found = counts((data_folder / FOLDER / NAMES[2]).read_bytes())
    assert found["frames"] == 244
    # 27 that the dissector took for Remote ID; more may be recognised by their first octets.
    assert found["checksum"] >= 27
    assert found["frames"] + found["checksum"] + found["other"] == 274


@pytest.mark.parametrize(
    ("name", "packets"),
    [("mavic_alessa_spoofed.pcapng", 10), ("mavic_multiple_spoofed.pcapng", 239)],
)
def test_another_maker_s_own_format_is_no_remote_id(data_folder, name, packets):
    assert counts((data_folder / "dji-droneid-wifi" / name).read_bytes()) == {"other": packets}


def test_no_ethernet_frame_is_taken_for_remote_id(data_folder):
    data = (data_folder / "asterix-croatia/asterix.pcap").read_bytes()
    assert set(read_broadcasts(read_capture(data))) == {None}
    assert not any(isinstance(item, Rejected) for item in read_capture(data))
