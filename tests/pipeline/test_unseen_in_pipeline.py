"""A drone that says where it is and is not there, through all stages."""

import json
import math

import pytest

from tocsin import pipeline
from tocsin.codec.capture import Packet, write_pcap
from tocsin.codec.remoteid import BasicId, Location, encode_pack, wifi_beacon
from tocsin.model import Batch, DeclaredTable, Frame, Node, Sensor, Site

pytestmark = pytest.mark.jit

HOUR = 1_767_268_800.0
SECONDS = 40
RADIO = bytes.fromhex("020000000001")
NODE = Node(
    sites=(Site("base", "Base", 48.0, 11.0, 500.0),),
    sensors=(
        Sensor("ears", kind="remote_id", format="remote-id", sites=("base",)),
        Sensor("north-radar", format="detections", sites=("base",), lat=48.0, lon=11.0,
               alt_m=510.0, sigma_range_m=20.0, sigma_azimuth_deg=0.5, sigma_elevation_deg=0.5,
               max_range_m=8_000.0),
    ),
)  # fmt: skip
EAST_M, UP_M = 1500.0, 290.0  # from the radar


def capture(second):
    """Return a capture of one beacon: a drone hovers 1.5 km east of the radar."""
    lon = 11.0 + EAST_M / (111_320.0 * math.cos(math.radians(48.0)))
    where = Location(2, 0, 0.0, 0.0, 0.0, 48.0, lon, 800.0, 800.0, 300.0, 11, 5, 4, 3,
                     float(second), 0.1)  # fmt: skip
    pack = encode_pack([BasicId(1, 2, b"1581F00001"), where])
    beacon = wifi_beacon(RADIO, pack, second)
    return write_pcap([Packet(HOUR + second, 105, beacon, len(beacon))])


def played(*, is_there):
    """Return the last picture: the radar looks once a second, and sees what is there."""
    state, _ = pipeline.open_state(NODE, mode="replay", now_s=HOUR, live=False)
    picture = None
    for k in range(SECONDS):
        now_s = HOUR + k + 0.5
        plot = {"time_s": now_s - 0.1, "range_m": math.hypot(EAST_M, UP_M), "azimuth_deg": 90.0,
                "elevation_deg": math.degrees(math.atan2(UP_M, EAST_M))}  # fmt: skip
        scan = {"start_s": now_s - 1.0, "end_s": now_s}
        body = {"scan": scan, "detections": [plot] if is_there else []}
        batch = Batch(now_s, (
            Frame("ears", k, now_s, capture(k)),
            Frame("north-radar", k, now_s, json.dumps(body).encode()),
        ))  # fmt: skip
        state, outcome = pipeline.step(state, batch)
        picture = outcome.picture or picture
    return picture


def test_a_drone_that_the_radar_does_not_see_where_it_says_it_is_has_that_as_a_reason():
    picture = played(is_there=False)
    assert picture.declared.flags[0] & DeclaredTable.UNSEEN
    (reasons,) = picture.identities.reasons
    wanted = "north-radar does not see it where it says that it is, well inside its coverage"
    assert wanted in reasons
    assert picture.identities.declared[0] == b"1581F00001"


def test_a_drone_that_is_where_it_says_has_no_such_reason():
    picture = played(is_there=True)
    assert not picture.declared.flags[0] & DeclaredTable.UNSEEN
    assert picture.declared.verified[0]
    assert not any("does not see it" in r for rs in picture.identities.reasons for r in rs)
