"""Sensors are pointed, and nothing else is: the choke point for outgoing SAPIENT tasks.

Whatever a node declares itself to be, whatever a person or another node writes, a task leaves
only for a sensor of the site file all of whose types sense, and it asks for one of five things.
"""

import itertools
import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin import codec
from tocsin.codec.acts import encode_act
from tocsin.codec.outgoing import answer_kind
from tocsin.codec.sapient import FrameStream, SapientSession, frame, split_into, ulid
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.sapient.nodes import node_of
from tocsin.codec.sapient.tasks import encode_task, is_sensor_task, why_not_asked
from tocsin.codec.sapient.validate import validate
from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.model import ASKED_OF_SENSORS, OFFICER, Act, Batch, Frame, Pointing

SOURCE = Path(__file__).parents[2] / "src" / "tocsin"
M = load()
T = 1_790_000_000.0
CAMERA, PARENT = "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"
SITE = f"""
[node]
name = "North field"
[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 500
[[sensor]]
id = "camera"
kind = "camera"
format = "sapient"
listen = "tcp-listen://127.0.0.1:5020"
node_id = "{CAMERA}"
sites = ["north"]
lat = 48.0
lon = 11.0
height_m = 10
tasks = ["look_at", "report_rate", "detection_threshold", "classification_threshold"]
modes = ["wide", "narrow"]
[[sensor]]
id = "fusion"
kind = "system"
format = "sapient"
listen = "tcp-listen://127.0.0.1:5020"
node_id = "{PARENT}"
sites = ["north"]
"""
NODE = read_site(SITE.encode(), "site.toml")
SENSOR = NODE.sensors[0]
# Written out here a second time, from the standard's own names: what a sensor is.
SENSES = {
    "RADAR", "LIDAR", "CAMERA", "SEISMIC", "ACOUSTIC", "PROXIMITY_SENSOR", "PASSIVE_RF",
    "CHEMICAL", "BIOLOGICAL", "RADIATION",
}  # fmt: skip
ALL_TYPES = {n.removeprefix("NODE_TYPE_"): v for n, v in M.Registration.NodeType.items()}
COMMANDS = {"look_at", "detection_report_rate", "detection_threshold",
            "classification_threshold", "mode_change"}  # fmt: skip

types = st.lists(
    st.sampled_from(sorted(ALL_TYPES.values())) | st.integers(21, 2**31 - 1), max_size=6
)
sensing = st.lists(
    st.sampled_from([ALL_TYPES[n] for n in sorted(SENSES)]), min_size=1, max_size=3
)
words = st.text(max_size=30) | st.sampled_from(
    [*ASKED_OF_SENSORS, "follow", "move_to", "patrol", "request", "parameter", "wide", "high"]
)
numbers = st.floats(allow_nan=True, allow_infinity=True)
wishes = st.builds(
    Pointing, sensor=st.just("camera"), what=words, value=words, lat=numbers, lon=numbers,
    alt_m=numbers, azimuth_deg=numbers, elevation_deg=numbers,
) | st.builds(
    Pointing, sensor=st.just("camera"), what=st.sampled_from(ASKED_OF_SENSORS),
    value=st.sampled_from(["", "low", "high", "wide", "narrow", "other"]),
    lat=st.floats(-90, 90), lon=st.floats(-180, 180),
)  # fmt: skip
GOOD = Pointing("camera", "look_at", lat=48.1, lon=11.2, alt_m=900.0)


def registration(type_numbers, dependents=(), modes=("wide", "narrow"), commands=()):
    said = M.Registration(icd_version="BSI Flex 335 v2.0", dependent_nodes=dependents)
    for number in type_numbers:
        said.node_definition.add(node_type=number)
    said.capabilities.add(category="camera", type="zoom")
    said.status_definition.status_interval.units = M.Registration.TIME_UNITS_SECONDS
    said.status_definition.status_interval.value = 5
    said.config_data.add(manufacturer="m", model="m")
    for name in modes:
        mode = said.mode_definition.add(mode_name=name, mode_type=1)
        mode.settle_time.units, mode.settle_time.value = 4, 1
        region = mode.task.region_definition
        region.region_type.append(1)
        region.region_area.add(location_units=1, location_datum=1)
        for kind in commands:
            one = mode.task.command.add(units="m", type=kind)
            one.completion_time.units, one.completion_time.value = 4, 1
    return said


def connected(type_numbers, **more):
    node = node_of(CAMERA, "path", registration(type_numbers, **more), T)
    port = SapientSession("00000000-0000-4000-8000-0000000000ff")
    port.nodes[CAMERA], port.bound["path"] = node, CAMERA
    return port, node


def wire(said, kind, node_id=CAMERA, time_s=T):
    message = M.SapientMessage(node_id=node_id)
    message.timestamp.seconds = int(time_s)
    getattr(message, kind).CopyFrom(said)
    return frame(message.SerializeToString())


@given(types | sensing, wishes)
def test_no_set_of_types_but_one_of_sensors_is_ever_asked(type_numbers, wish):
    port, node = connected(type_numbers)
    names = {n for n, v in ALL_TYPES.items() if v in type_numbers}
    unknown = set(type_numbers) - set(ALL_TYPES.values())
    only_senses = bool(names & SENSES) and names <= SENSES | {"POINTABLE_NODE"} and not unknown
    against = why_not_asked(SENSOR, port, node, wish)
    if not only_senses:
        assert against
    if not against:
        payload, _ = encode_task(port, node, wish, T, "key")
        (data,) = split_into(FrameStream(), payload)
        message = M.SapientMessage.FromString(data)
        assert not validate(message)
        assert answer_kind(payload) == "task"
        assert message.destination_id == CAMERA
        assert message.task.command.WhichOneof("command") in COMMANDS
        mode = message.task.command.mode_change
        assert mode in ("", "wide", "narrow")
        assert not message.task.command.command_parameter
        assert not message.task.region


@given(sensing, st.sampled_from(["look_at", "mode", "report_rate", "detection_threshold"]))
def test_a_sensor_of_any_kind_is_asked_for_what_its_site_file_allows(type_numbers, what):
    value = {"look_at": "", "mode": "narrow"}.get(what, "medium")
    wish = Pointing("camera", what, value, azimuth_deg=10.0 if what == "look_at" else math.nan)
    port, node = connected(type_numbers)
    assert why_not_asked(SENSOR, port, node, wish) == ""
    assert answer_kind(encode_task(port, node, wish, T, "key")[0]) == "task"


@pytest.mark.parametrize("name", sorted(ALL_TYPES))
def test_each_type_alone_and_beside_a_camera(name):
    alone = why_not_asked(SENSOR, *connected([ALL_TYPES[name]]), GOOD)
    beside = why_not_asked(SENSOR, *connected([ALL_TYPES["CAMERA"], ALL_TYPES[name]]), GOOD)
    assert (alone == "") == (name in SENSES)
    assert (beside == "") == (name in SENSES | {"POINTABLE_NODE"})


@given(words, words)
def test_free_strings_choose_nothing_that_the_site_file_does_not_list(what, value):
    port, node = connected([ALL_TYPES["CAMERA"]], modes=("wide", "narrow", "follow", value))
    for wish in (Pointing("camera", what, value), Pointing("camera", "mode", value)):
        if not why_not_asked(SENSOR, port, node, wish):
            assert wish.what in ASKED_OF_SENSORS
            assert wish.value in ("", "low", "medium", "high", "wide", "narrow")


def test_a_sensor_is_not_asked_for_more_than_its_site_file_allows():
    site = SITE.replace('"look_at", ', "").replace('modes = ["wide", "narrow"]', "")
    sensor = read_site(site.encode(), "site.toml").sensors[0]
    port, node = connected([ALL_TYPES["CAMERA"]])
    assert "does not allow look_at" in why_not_asked(sensor, port, node, GOOD)
    mode = Pointing("camera", "mode", "wide")
    assert "does not list the mode" in why_not_asked(sensor, port, node, mode)
    rate = Pointing("camera", "report_rate", "high")
    assert why_not_asked(sensor, port, node, rate) == ""
    looks = connected([ALL_TYPES["CAMERA"]], commands=(6,))  # COMMAND_TYPE_LOOK_AT
    assert "has registered no command" in why_not_asked(sensor, *looks, rate)


@pytest.mark.parametrize("line", ['tasks = ["follow"]', 'tasks = ["mode"]', 'modes = [""]'])
def test_a_site_file_cannot_allow_anything_else(line):
    site = re.sub(r"tasks = .*\n", line + "\n", SITE).replace(
        'modes = ["wide", "narrow"]\n', ""
    )
    with pytest.raises(SiteError, match=r"tasks|the task|empty mode"):
        read_site(site.encode(), "site.toml")


def test_another_trackers_node_cannot_be_given_tasks_in_the_site_file():
    with pytest.raises(SiteError, match="only a radar, camera"):
        read_site(SITE.encode() + b'tasks = ["look_at"]\n', "site.toml")


def test_what_is_reached_through_another_node_is_not_asked():
    port, node = connected([ALL_TYPES["CAMERA"]])
    port.bound["path"] = PARENT  # the connection speaks for a fusion node
    assert "through another node" in why_not_asked(SENSOR, port, node, GOOD)
    port, node = connected([ALL_TYPES["CAMERA"]], dependents=(PARENT,))
    assert "through another node" in why_not_asked(SENSOR, port, node, GOOD)
    node.path = ""
    assert "not connected" in why_not_asked(SENSOR, port, node, GOOD)


class Desk:
    """A codec with its connections; keeps what goes out."""

    def __init__(self, type_numbers=(4,)):
        self.session = codec.open_session(NODE, live=True)
        self.count, self.sent = itertools.count(), []
        hello = wire(registration(type_numbers), "registration")
        self.take(Frame("camera", next(self.count), T, hello, "a"))

    def take(self, *frames):
        found = codec.decode_into(self.session, NODE, Batch(T, frames))
        self.sent += [r.payload for r in found.replies if r.payload]
        return found

    def point(self, wish, key="k", reason=""):
        act = Act("point", key, "officer", T, pointing=wish, reason=reason)
        return self.take(Frame(OFFICER, next(self.count), T, encode_act(act), "http"))

    def tasks(self):
        return [p for p in self.sent if answer_kind(p) == "task"]


commands = st.sampled_from([
    ("request", "Start"), ("request", "Reset"), ("mode_change", "wide"), ("look_at", None),
    ("move_to", None), ("patrol", None), ("follow", None), ("detection_threshold", 3),
])  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.tuples(commands, st.sampled_from([CAMERA, PARENT]), words), max_size=5))
def test_tasks_from_anybody_are_answered_rejected_and_never_passed_on(asked):
    desk = Desk()
    parent = wire(registration([ALL_TYPES["FUSION_NODE"]]), "registration", PARENT)
    desk.take(Frame("camera", next(desk.count), T, parent, "b"))
    before = len(desk.sent)
    for (field, value), sender, text in asked:
        message = M.SapientMessage(node_id=sender, destination_id=CAMERA)
        message.timestamp.seconds = int(T)
        task = message.task
        task.task_id, task.control, task.task_name = ulid(T, 1), 1, text
        if value is None:
            getattr(task.command, field).SetInParent()
        else:
            setattr(task.command, field, value)
        data = frame(message.SerializeToString())
        desk.take(Frame("camera", next(desk.count), T, data, "a" if sender == CAMERA else "b"))
    assert not desk.tasks()
    kinds = [answer_kind(p) for p in desk.sent[before:]]
    assert len(kinds) == len(asked)
    assert set(kinds) <= {"task_ack", "error"}  # error: of a task that is not valid in itself


def test_a_persons_act_points_a_camera_once_and_its_answer_is_an_event():
    desk = Desk()
    found = desk.point(GOOD, reason="something over the wood")
    ((key, accepted, sentence),) = found.answers
    assert (key, accepted) == ("k", True)
    assert "camera is asked to look at 48.10000, 11.20000" in sentence
    (event,) = found.events
    assert (event.kind, event.by, event.site_id) == ("sensor asked", "officer", "north")
    assert "something over the wood" in event.text
    (payload,) = desk.tasks()
    (data,) = split_into(FrameStream(), payload)
    task = M.SapientMessage.FromString(data).task
    (place,) = task.command.look_at.location_list.locations
    assert (place.y, place.x, place.z) == (48.1, 11.2, 900.0)
    assert b"wood" not in payload  # words of people stay here
    assert b"officer" not in payload
    assert desk.point(GOOD).answers == found.answers
    assert len(desk.tasks()) == 1
    done = wire(M.TaskAck(task_id=task.task_id, task_status=3, reason=["on it"]), "task_ack")
    told = desk.take(Frame("camera", next(desk.count), T, done, "a"))
    (event,) = told.events
    assert event.kind == "sensor answered"
    assert "look at 48.10000, 11.20000, asked of camera: completed: on it" in event.text
    other = wire(M.TaskAck(task_id=ulid(T, 9), task_status=1), "task_ack")
    told = desk.take(Frame("camera", next(desk.count), T, other, "a"))
    assert [r.reason for r in told.rejected] == ["answer to no task"]
    assert not told.events


def test_a_node_that_senses_no_more_is_not_asked_any_more():
    desk = Desk()
    armed = wire(registration([4, ALL_TYPES["KINETIC"]]), "registration")
    desk.take(Frame("camera", next(desk.count), T, armed, "a"))
    ((_, accepted, sentence),) = desk.point(GOOD).answers
    assert not accepted
    assert "only nodes that sense alone are asked" in sentence
    assert not desk.tasks()


def test_a_recording_asks_nobody():
    session = codec.open_session(NODE, live=False)
    act = Act("point", "k", "officer", T, pointing=GOOD)
    frames = (
        Frame("camera", 0, T, wire(registration([4]), "registration"), ""),
        Frame(OFFICER, 1, T, encode_act(act), "http"),
    )
    codec.decode_into(session, NODE, Batch(T, frames))  # the driver drops replies; no failure


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.task.region.add(type=1),
        lambda m: setattr(m.task, "task_name", "follow it"),
        lambda m: setattr(m.task, "task_description", "x"),
        lambda m: setattr(m.task.command, "command_parameter", "x"),
        lambda m: setattr(m.task.command, "request", "Start"),
        lambda m: m.task.command.follow.SetInParent(),
        lambda m: m.task.command.move_to.SetInParent(),
        lambda m: m.task.command.patrol.SetInParent(),
        lambda m: setattr(m.task, "control", 2),
        lambda m: setattr(m.task.command, "detection_threshold", 7),
        lambda m: m.task.command.look_at.location_list.locations.add(),
        lambda m: m.ClearField("destination_id"),
        lambda m: m.task.command.ClearField("command"),
    ],
)
def test_bytes_that_are_no_such_task_are_kept_back_where_they_would_leave(change):
    port, node = connected([ALL_TYPES["CAMERA"]])
    payload, _ = encode_task(port, node, GOOD, T, "k")
    message = M.SapientMessage.FromString(payload[4:])
    assert is_sensor_task(message)
    change(message)
    assert answer_kind(frame(message.SerializeToString())) == ""


def test_a_task_is_made_in_one_place():
    """Nothing else in the live product fills a Task."""
    found = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if re.search(
            r"\.task\.(?!task_id\b|command\[)\w+|\bmessages?\.Task\b", path.read_text()
        )
        and path.relative_to(SOURCE).parts[0] not in ("sim", "cli")
    }
    assert found <= {
        "codec/sapient/tasks.py",
        "codec/sapient/encode.py",
        "codec/sapient/nodes.py",
    }
