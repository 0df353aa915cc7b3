"""SAPIENT through the door of the codec: ports, nodes, connections, coverage, health."""

import itertools
import math
import uuid

import pytest

from tocsin import codec
from tocsin.codec.sapient import (
    FrameStream,
    Sighted,
    encode_registration,
    encode_scan,
    encode_status,
    split_into,
    ulid,
)
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.ids import own_id_of
from tocsin.codec.site_toml import read_site
from tocsin.codec.snapshot import freeze, thaw
from tocsin.errors import SiteError
from tocsin.model import Batch, Frame, Node

T = 1_790_000_000.0
RADAR, CAMERA = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
STRANGER = "33333333-3333-4333-8333-333333333333"
SENSOR = """
[[sensor]]
id = "{id}"
kind = "{kind}"
format = "sapient"
listen = "tcp-listen://127.0.0.1:5020"
node_id = "{node_id}"
sites = ["north"]
lat = 48.0
lon = 11.0
height_m = 10
scan_period_s = 1.0
"""
SITE = """
[node]
name = "North field"
[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 500
geoid_m = 45.6
""" + "".join(
    SENSOR.format(id=i, kind=k, node_id=n)
    for i, k, n in (("radar", "radar", RADAR.upper()), ("camera", "camera", CAMERA))
)
NODE = read_site(SITE.encode(), "site.toml")


class Port:
    """A session, and pieces of connections in the order in which they come."""

    def __init__(self, node=NODE, *, live=True):
        self.node, self.session, self.sequence = node, codec.open_session(node, live=live), 0

    def take(self, *pieces, now_s=None):
        frames = []
        for path, payload, time_s in pieces:
            frames.append(Frame("radar", self.sequence, time_s, payload, path))
            self.sequence += 1
        now_s = max((f.arrival_s for f in frames), default=0.0) if now_s is None else now_s
        return codec.decode_into(self.session, self.node, Batch(now_s, tuple(frames)))

    def status(self, now_s):
        found = codec.sensor_status(self.session, self.node, now_s)
        return {one.sensor_id: one for one in found}


def register(node_id=RADAR, time_s=T, **more):
    options = {"kind": "radar", "name": "one", "status_s": 5.0, "scan_s": 1.0} | more
    return encode_registration(node_id, time_s, **options)


def status(node_id=RADAR, time_s=T, lat_deg=48.0, **more):
    return encode_status(
        node_id, time_s, ulid(time_s, 1), lat_deg=lat_deg, lon_deg=11.0, alt_m=555.0, **more
    )


def scan(node_id=RADAR, time_s=T, n=1, **more):
    things = [
        Sighted(ulid(time_s, k), azimuth_rad=1.0, elevation_rad=0.1, range_m=2000.0, **more)
        for k in range(n)
    ]
    return encode_scan(node_id, time_s, things, [ulid(time_s, 100 + k) for k in range(n)])


def kinds(replies):
    """(path, content or "close") of each reply."""
    messages, found = load(), []
    for reply in replies:
        for item in split_into(FrameStream(), reply.payload):
            message = messages.SapientMessage.FromString(item)
            accepted = message.registration_ack.acceptance
            kind = message.WhichOneof("content")
            found.append((reply.path, f"{kind} {accepted}" if "registration" in kind else kind))
        if reply.closes:
            found.append((reply.path, "close"))
    return found


def reasons(decoded):
    return {(r.source, r.reason): r.count for r in decoded.rejected}


def test_two_nodes_of_one_port_are_the_sensors_that_the_site_file_names():
    port = Port()
    pieces = [
        ("a", register(), T),
        ("b", register(CAMERA.upper(), kind="camera"), T),
        ("b", scan(CAMERA, n=2), T + 0.1),
        ("a", scan(range_rate_mps=-12.0), T + 0.1),
    ]
    decoded = port.take(*pieces)
    names = [port.session.roster[k] for k in decoded.detections.sensor]
    assert names == ["camera", "camera", "radar"]
    assert decoded.records == {"SAPIENT-REGISTRATION": 2, "SAPIENT-DETECTION": 3}
    assert decoded.rejected == ()
    assert kinds(decoded.replies) == [
        ("a", "registration_ack True"), ("b", "registration_ack True"),
    ]  # fmt: skip
    status = port.status(T + 0.2)
    assert (status["radar"].state, status["radar"].frames) == ("ok", 2)
    assert (status["camera"].state, status["camera"].frames) == ("ok", 3)


def test_a_range_rate_is_read_where_the_registration_declares_it():
    port = Port()
    rates = []
    for declared in (False, True):
        port.take(("a", register(range_rate=declared), T))
        decoded = port.take(("a", scan(range_rate_mps=-12.5, sigma_range_rate_mps=0.5), T))
        rates.append(
            (decoded.detections.range_rate_mps[0], decoded.detections.sigma_range_rate_mps[0])
        )
    assert all(math.isnan(x) for x in rates[0])
    assert rates[1] == (-12.5, 0.5)


def test_a_node_that_the_site_file_does_not_name_is_refused_and_counted():
    port = Port()
    decoded = port.take(("a", register(STRANGER), T), ("a", scan(STRANGER), T + 0.1))
    assert len(decoded.detections) == 0
    assert reasons(decoded) == {("radar", "unknown node"): 1, ("radar", "not registered"): 1}
    assert kinds(decoded.replies) == [("a", "registration_ack False"), ("a", "error")]
    assert port.status(T)["radar"].state == "never heard"


def test_a_second_connection_with_the_same_id_is_refused_until_the_first_has_ended():
    port = Port()
    port.take(("a", register(), T))
    second = port.take(("b", register(), T + 1.0), ("b", scan(time_s=T + 1.0), T + 1.0))
    assert reasons(second) == {
        ("radar", "registration refused"): 1, ("radar", "not registered"): 1,
    }  # fmt: skip
    assert len(second.detections) == 0
    third = port.take(("a", b"", T + 2.0), ("b", register(), T + 2.1), ("b", scan(), T + 2.1))
    assert reasons(third) == {}
    assert len(third.detections) == 1


def test_half_a_message_of_an_ended_connection_does_not_spoil_the_next():
    port = Port()
    whole = register()
    decoded = port.take(("a", whole[:50], T), ("a", b"", T + 1.0), ("a", whole, T + 2.0))
    assert decoded.records == {"SAPIENT-REGISTRATION": 1}
    # After a restart no connection is left, however many there were.
    port.take(("b", whole[:50], T + 3.0), ("c", whole[:60], T + 3.0))
    decoded = port.take(("", b"", T + 4.0), ("b", whole, T + 5.0))
    assert decoded.records == {"SAPIENT-REGISTRATION": 1}
    assert reasons(decoded) == {}


@pytest.mark.parametrize("size", [1, 3, 100])
def test_pieces_of_any_size_give_the_same_detections_and_answers(size):
    data = register() + status() + scan(n=3) + scan(time_s=T + 1.0, n=2) + b"\x05\0\0\0junk!"
    whole = Port().take(("a", data, T + 1.0))
    port, rows, replies = Port(), 0, []
    for at in range(0, len(data), size):
        decoded = port.take(("a", data[at : at + size], T + 1.0))
        rows += len(decoded.detections)
        replies += decoded.replies
    assert rows == len(whole.detections) == 5
    assert kinds(replies) == kinds(whole.replies)
    assert kinds(replies)[-1] == ("a", "error")


def test_a_snapshot_in_the_middle_of_a_message_changes_nothing():
    data = register() + status() + scan(n=3)
    port, other = Port(), Port()
    for one in (port, other):
        one.take(("a", data[:700], T))
    other.session = thaw(freeze(other.session))
    ends = [
        one.take(("a", data[700:] + scan(time_s=T + 1.0), T + 1.0)) for one in (port, other)
    ]
    assert repr(ends[0]) == repr(ends[1])
    assert freeze(port.session) == freeze(other.session)


def test_a_connection_that_never_registers_and_a_message_that_drips_are_ended():
    port = Port()
    port.take(("a", register(), T), ("b", b"\x40\0", T), ("a", register()[:9], T))
    assert port.take(now_s=T + 29.0).replies == ()
    port.take(("a", register()[9:10], T + 29.5))
    decoded = port.take(now_s=T + 31.0)
    assert sorted(kinds(decoded.replies)) == [("a", "close"), ("b", "close")]
    assert set(reasons(decoded)) == {("radar", "message too slow")}
    silent = Port()
    silent.take(("c", status(), T))
    decoded = silent.take(now_s=T + 31.0)
    assert reasons(decoded) == {("radar", "never registered"): 1}
    assert kinds(decoded.replies) == [("c", "close")]
    assert silent.take(now_s=T + 32.0).replies == ()  # told once


def test_who_only_sends_what_is_of_no_use_is_ended_with_bounded_answers():
    port = Port()
    decoded = port.take(("a", b"\0\0\0\0" * 100_000, T))
    assert reasons(decoded) == {("radar", "not valid"): 100, ("radar", "too many refusals"): 1}
    assert kinds(decoded.replies) == [("a", "error")] * 100 + [("a", "close")]
    good = Port()
    for k in range(120):  # now and then something wrong is no reason to hang up
        data = b"\0\0\0\0" * 2 + register(time_s=T + k)
        assert "close" not in [what for _, what in kinds(good.take(("a", data, T + k)).replies)]


def test_a_quiet_node_is_covered_and_ok_as_long_as_its_status_comes():
    port = Port()
    port.take(("a", register(), T), ("a", status(), T))
    looks = []
    for k in range(1, 21):
        pieces = [("a", status(time_s=T + k), T + k)] if k % 5 == 0 else []
        looks += port.take(*pieces, now_s=T + k).coverages
        assert port.status(T + k)["radar"].state == "ok"
    assert [c.end_s - c.start_s for c in looks] == pytest.approx([1.0] * len(looks))
    assert all(b.start_s == pytest.approx(a.end_s) for a, b in itertools.pairwise(looks))
    assert looks[-1].end_s > T + 17.0
    assert port.status(T + 28.5)["radar"].state == "late"
    assert port.status(T + 36.0)["radar"].state == "silent"
    assert not [c for c in port.take(now_s=T + 60.0).coverages if c.start_s > T + 36.0]


def test_scans_that_share_stamps_put_the_windows_of_coverage_around_them():
    port = Port()
    port.take(("a", register(), T))
    looks = []
    for k in range(40):
        stamp = T + 0.3 + k
        looks += port.take(("a", scan(time_s=stamp, n=2), stamp + 0.05)).coverages
    middle = looks[-1].start_s + 0.5
    off = (middle - (T + 0.3) + 0.5) % 1.0 - 0.5
    assert abs(off) < 0.05


@pytest.mark.parametrize("what", ["error", "goodbye"])
def test_a_node_that_says_that_it_fails_is_at_fault_and_covers_nothing(what):
    port = Port()
    port.take(("a", register(), T), ("a", status(), T))
    port.take(("a", status(time_s=T + 2.0, system=what), T + 2.0))
    assert port.status(T + 2.5)["radar"].state == "fault"
    looks = [c for k in range(3, 8) for c in port.take(now_s=T + k).coverages]
    assert looks == []
    port.take(("a", register(time_s=T + 8.0), T + 8.0), ("a", status(time_s=T + 8.0), T + 8.0))
    assert port.status(T + 8.5)["radar"].state == "ok"


def test_a_node_that_stands_elsewhere_than_the_site_file_says_is_told_of_once():
    port = Port()
    pieces = [("a", register(), T)]
    pieces += [("a", status(time_s=T + k, lat_deg=48.1), T + k) for k in range(3)]
    decoded = port.take(*pieces)
    ((key, count),) = reasons(decoded).items()
    assert (key, count) == (("radar", "another place than the site file's"), 1)
    assert "11132 m" in decoded.rejected[0].detail


def test_heights_over_the_sea_take_the_geoid_of_the_sensor_s_site():
    messages = load()
    port = Port()
    port.take(("a", register(located=True), T))
    thing = Sighted(ulid(T, 1), lat_deg=48.01, lon_deg=11.0, alt_m=700.0)
    message = messages.SapientMessage.FromString(
        encode_scan(RADAR, T, [thing], [ulid(T, 2)])[4:]
    )
    message.detection_report.location.datum = messages.LOCATION_DATUM_WGS84_G
    data = message.SerializeToString()
    decoded = port.take(("a", len(data).to_bytes(4, "little") + data, T))
    assert decoded.detections.alt_m[0] == pytest.approx(745.6)


def test_a_clock_that_is_an_hour_off_is_a_clock_fault():
    port = Port()
    port.take(("a", register(), T))
    decoded = port.take(("a", scan(time_s=T - 3600.0, n=3), T))
    assert len(decoded.detections) == 0
    assert reasons(decoded) == {("radar", "clock fault"): 3}


def test_our_own_id_is_a_uuid_that_stays_or_the_one_of_the_site_file():
    namespace = uuid.UUID("5f3d1c52-7a0e-4c39-9a0b-3f5f8f0c6d11")
    assert own_id_of(NODE) == str(uuid.uuid5(namespace, "1 North field"))
    assert own_id_of(NODE) == own_id_of(read_site(SITE.encode(), "other.toml"))
    assert own_id_of(Node(name="a", number=1)) != own_id_of(Node(name="a", number=2))
    given = SITE.replace("[node]", f'[node]\nuuid = "{STRANGER}"')
    assert own_id_of(read_site(given.encode(), "site.toml")) == STRANGER
    port = Port(read_site(given.encode(), "site.toml"))
    (reply,) = port.take(("a", register(), T)).replies
    assert load().SapientMessage.FromString(reply.payload[4:]).node_id == STRANGER


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (f'node_id = "{CAMERA}"\n', "", "has no node_id"),
        (CAMERA, "camera-1", "is no UUID"),
        (CAMERA, RADAR, "have the same node_id"),
        ('"tcp-listen://127.0.0.1:5020"', '"udp://127.0.0.1:5020"', "SAPIENT comes over TCP"),
        ('"sapient"', '"asterix"', 'only "sapient" has one'),
    ],
)
def test_what_cannot_be_in_the_site_file_is_a_sentence(old, new, sentence):
    with pytest.raises(SiteError, match=sentence):
        read_site(SITE.replace(old, new).encode(), "site.toml")


def test_a_port_is_not_shared_with_another_format():
    beast = '[[sensor]]\nid = "b"\nkind = "adsb"\nformat = "beast"\n'
    text = SITE + beast + 'listen = "tcp-listen://127.0.0.1:5020"\n'
    with pytest.raises(SiteError, match="only one of them speaks SAPIENT"):
        read_site(text.encode(), "site.toml")
