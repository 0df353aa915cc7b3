"""Tracks of another fusion node: what they are made of, their end, and what was ours before."""

import pytest

from tocsin import codec
from tocsin.codec.sapient import (
    SapientSession,
    Sighted,
    encode_registration,
    encode_scan,
    encode_status,
    frame,
    receive_into,
    ulid,
)
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.site_toml import read_site
from tocsin.model import Batch, DetectionBatch, Frame, Nature, Origin, Report
from tocsin.track import system

M = load()
T = 1_790_000_000.0
OWN, CHILD = "00000000-0000-4000-8000-0000000000ff", "33333333-3333-4333-8333-333333333333"
RADAR = "11111111-1111-4111-8111-111111111111"
SITE = f"""
[node]
name = "Region"
uuid = "{OWN}"
[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 500
[[sensor]]
id = "child"
kind = "system"
format = "sapient"
listen = "tcp-listen://127.0.0.1:5020"
node_id = "{CHILD}"
sites = ["north"]
"""
NODE = read_site(SITE.encode(), "site.toml")
END, SIMULATED = DetectionBatch.TRACK_END, DetectionBatch.SIMULATED_TARGET


class Child:
    """A fusion node that calls, and the state of the one that it calls."""

    def __init__(self, tracks=True, node=NODE):
        self.session, self.system = codec.open_session(node, live=True), system.open_system()
        self.node = node
        self.count = 0
        self.take(
            encode_registration(
                CHILD, T, kind="fusion_node", name="c", status_s=5.0, scan_s=1.0,
                tracks=tracks, located=True,
            )
        )  # fmt: skip

    def take(self, data, time_s=T):
        self.count += 1
        piece = Frame("child", self.count, time_s, data, "a")
        return codec.decode_into(self.session, self.node, Batch(time_s, (piece,)))

    def say(self, number, time_s, origins=(), **more):
        seen = Sighted(ulid(T, number), lat_deg=48.0, lon_deg=11.0, origins=origins, **more)
        found = self.take(encode_scan(CHILD, time_s, [seen], [ulid(time_s, number)]), time_s)
        system.update_system_into(self.system, found.detections, self.node, time_s)
        return found

    def standing(self):
        return system.system_table(self.system).number.tolist()


ELSEWHERE = (Origin(RADAR, ulid(T, 77)),)
OURS = (*ELSEWHERE, Origin(OWN, ulid(T, 78)))


def number_of(number):
    return ulid(T, number)[-24:].encode()


def test_a_track_is_a_track_and_what_it_was_made_of_is_known():
    child = Child()
    found = child.say(1, T, ELSEWHERE, sigma_position_m=20.0, sigma_velocity_mps=2.0,
                      vel_east_mps=10.0, vel_north_mps=-5.0)  # fmt: skip
    (row,) = [found.detections]
    assert row.report.tolist() == [Report.TRACK]
    assert row.sigma_position_m[0] == pytest.approx(20.0, rel=1e-3)
    assert row.sigma_velocity_mps[0] == pytest.approx(2.0, rel=1e-3)
    assert child.standing() == [number_of(1)]
    assert codec.origins_of(child.session, NODE) == {(0, number_of(1)): ELSEWHERE}


def test_a_lost_object_ends_at_once():
    child = Child()
    child.say(1, T, ELSEWHERE)
    child.say(2, T, ELSEWHERE)
    found = child.say(1, T + 1, ELSEWHERE, is_lost=True)
    assert found.detections.flags.tolist() == [END]
    assert child.standing() == [number_of(2)]
    assert list(codec.origins_of(child.session, NODE)) == [(0, number_of(2))]


def test_what_rests_on_our_own_detections_is_counted_and_ends_what_stood():
    child = Child()
    found = child.say(5, T, OURS)
    assert len(found.detections) == 0
    assert [(r.source, r.reason) for r in found.rejected] == [("child", "derived from our own")]
    child.say(6, T, ELSEWHERE)
    assert child.standing() == [number_of(6)]
    found = child.say(6, T + 1, OURS)
    assert found.detections.flags.tolist() == [END]
    assert child.standing() == []
    assert len(child.say(6, T + 2, OURS).detections) == 0  # its end was told
    child.say(6, T + 3, ELSEWHERE)  # what is not ours any more is news again
    assert child.standing() == [number_of(6)]


def test_plots_that_rest_on_ours_are_not_used_either():
    child = Child(tracks=False)
    assert len(child.say(1, T, OURS).detections) == 0
    assert child.say(1, T, ELSEWHERE).detections.report.tolist() == [Report.PLOT]


def test_ids_are_compared_whatever_the_case_of_their_letters():
    upper = (Origin(OWN.upper(), ulid(T, 78)),)
    assert len(Child().say(1, T, upper).detections) == 0


def test_what_is_simulated_says_so_and_is_taken_so():
    child = Child()
    found = child.say(1, T, nature=Nature.SIMULATED)
    assert found.detections.flags.tolist() == [SIMULATED]
    assert child.say(2, T).detections.flags.tolist() == [0]


def test_both_ways_through_the_stream_say_the_same():
    """What the compiled walk leaves to the other is not lost, in whatever order they come."""
    seen = [
        Sighted(ulid(T, 1), lat_deg=48.0, lon_deg=11.0),
        Sighted(ulid(T, 2), lat_deg=48.0, lon_deg=11.0, origins=ELSEWHERE),
        Sighted(ulid(T, 3), lat_deg=48.0, lon_deg=11.0, origins=OURS),
        Sighted(ulid(T, 4), lat_deg=48.0, lon_deg=11.0, is_lost=True),
        Sighted(ulid(T, 5), lat_deg=48.0, lon_deg=11.0),
    ]
    data = encode_registration(
        CHILD, T, kind="fusion_node", name="c", status_s=5.0, scan_s=1.0, tracks=True,
        located=True,
    ) + encode_scan(CHILD, T, seen, [ulid(T, 10 + k) for k in range(5)])  # fmt: skip
    slow = receive_into(SapientSession(OWN), "a", data, T)
    fast = receive_into(SapientSession(OWN), "a", data, T, in_tables=True)
    assert [c["sensor_track_id"] for _, c in slow.detections] == [
        number_of(k) for k in (1, 2, 4, 5)
    ]
    assert fast.records == slow.records
    assert len(fast.detections) == 2
    assert [len(rows) for _, _, rows in fast.tables] == [1, 1]
    assert [r.reason for r in fast.rejected] == ["derived from our own"]


def test_a_node_that_says_how_often_it_lives_is_missed_by_that():
    child = Child()
    child.say(1, T)

    def state(now_s):
        return codec.sensor_status(child.session, NODE, now_s)[0].state

    assert [state(T + s) for s in (1, 7, 8, 14, 16)] == ["ok", "ok", "late", "late", "silent"]
    child.take(
        encode_status(CHILD, T + 1, ulid(T, 3), lat_deg=48.0, lon_deg=11.0, alt_m=500.0,
                      system="goodbye"),
        T + 1,
    )  # fmt: skip
    assert state(T + 2) == "fault"


def alert(number, status=1, time_s=T, words="serial 1581F5BKD223", unreal=""):
    message = M.SapientMessage(node_id=CHILD, additional_information=unreal)
    message.timestamp.seconds = int(time_s)
    said = message.alert
    said.alert_id, said.description = ulid(T, number), words
    said.alert_type, said.status, said.priority = 2, status, 3
    return frame(message.SerializeToString())


def test_an_alert_is_an_event_once_for_each_of_its_states_without_its_words():
    child = Child()
    found = [child.take(alert(1, status)) for status in (1, 1, 5, 5)]
    assert [len(one.replies) for one in found] == [1, 1, 1, 1]  # each is acknowledged
    told = [event for one in found for event in one.events]
    assert [(e.kind, e.text, e.site_id) for e in told] == [
        ("node alert", "child gives an alert: warning, active, priority high", "north"),
        ("node alert", "child gives an alert: warning, clear, priority high", "north"),
    ]
    assert told[0].facts == {"sensor": "child", "alert": ulid(T, 1)}
    assert "1581F" not in repr(told)


@pytest.mark.parametrize(
    ("sensor", "said", "nature"),
    [
        ("live", "exercise", "exercise"), ("live", " Simulated", "simulated"),
        ("exercise", "", "exercise"), ("exercise", "live", "exercise"),
        ("simulated", "exercise", "simulated"), ("live", "on Tuesdays", "live"),
    ],
)  # fmt: skip
def test_what_a_node_tells_is_no_more_real_than_it_says_and_than_we_take_it_for(
    sensor, said, nature
):
    node = read_site(f'{SITE}nature = "{sensor}"\n'.encode(), "site.toml")
    child = Child(node=node)
    found = child.take(alert(1, unreal=said))
    (event,) = found.events
    assert event.nature == nature
    assert (f"an alert ({nature}): " in event.text) == (nature != "live")
    child.say(1, T, ELSEWHERE, nature=said or "live")
    (track,) = system.system_as_tracks(child.system, node, T).nature.tolist()
    assert Nature.ALL[track] == nature


def test_a_node_that_gives_alerts_without_end_is_counted_and_heard_again_later():
    child = Child()
    found = [child.take(alert(number)) for number in range(50)]
    assert sum(len(one.events) for one in found) == 20
    assert sum(len(one.rejected) for one in found) == 30
    assert found[-1].rejected[0].reason == "too many alerts"
    assert len(child.take(alert(99), T + 61).events) == 1


def test_what_is_remembered_has_a_bound(monkeypatch):
    monkeypatch.setattr("tocsin.codec.sapient.lineage.OBJECT_LIMIT", 3)
    child = Child()
    for number in range(1, 9):
        child.say(number, T, ELSEWHERE)
    assert list(codec.origins_of(child.session, NODE)) == [(0, number_of(n)) for n in (6, 7, 8)]
