"""What goes up to a parent fusion node: a closed list that asks nobody and accepts no task.

Every message of the standard is offered to the choke point; a child's are let through, all
others are kept back, whatever their fields hold.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.codec.outgoing import FORMS
from tocsin.codec.outgoing_upward import (
    UPWARD,
    alert_frame,
    greeting,
    hear,
    refusal,
    status,
    upward_kind,
)
from tocsin.codec.sapient import FrameStream, frame, split_into, ulid, validate
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.site_toml import read_site
from tocsin.service import parents

M = load()
T = 1_790_000_000.0
PARENT = "44444444-4444-4444-8444-444444444444"
KINDS = [one.name for one in M.SapientMessage.DESCRIPTOR.oneofs_by_name["content"].fields]
NODE = read_site(
    b"""
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
node_id = "22222222-2222-4222-8222-222222222222"
sites = ["north"]
lat = 48.0
lon = 11.0
height_m = 10
tasks = ["look_at", "report_rate"]
[[channel]]
id = "region"
kind = "sapient"
to = "tcp://127.0.0.1:5020"
""",
    "site.toml",
)
CHANNEL = NODE.channels[0]


def message_of(payload):
    (data,) = split_into(FrameStream(), payload)
    return M.SapientMessage.FromString(data)


def own_messages():
    """One of each kind that we make."""
    return {
        "registration": greeting(NODE, CHANNEL, T),
        "status_report": status(NODE, CHANNEL, T, count=1, sensors=(("camera", "silent"),)),
        "task_ack": refusal(NODE, hear(task("look_at")[4:]), T),
    }


def task(field, value=None, task_id=None):
    message = M.SapientMessage(node_id=PARENT)
    message.timestamp.seconds = int(T)
    message.task.task_id, message.task.control = task_id or ulid(T, 1), 1
    if value is None:
        getattr(message.task.command, field).SetInParent()
    else:
        setattr(message.task.command, field, value)
    return frame(message.SerializeToString())


def test_the_list_is_closed_and_read_only():
    assert set(UPWARD) == {
        "registration", "status_report", "detection_report", "alert", "task_ack",
    }  # fmt: skip
    with pytest.raises(TypeError):
        UPWARD["task"] = UPWARD["alert"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_message_of_another_kind_goes_up(kind):
    message = M.SapientMessage(node_id=PARENT)
    getattr(message, kind).SetInParent()
    said = upward_kind(frame(message.SerializeToString()))
    bare = {"status_report", "detection_report", "alert"}
    assert said == (kind if kind in bare else "")


@given(st.binary(max_size=80))
def test_what_is_no_whole_message_is_kept_back(data):
    assert upward_kind(data) == "" or data[4:]
    assert upward_kind(frame(b"\xff" + data)) == ""
    assert upward_kind(frame(data) + b"x") == ""


def test_what_we_make_is_valid_and_may_go_and_offers_no_command():
    for kind, payload in own_messages().items():
        assert not validate(message_of(payload))
        assert upward_kind(payload) == kind
    said = message_of(own_messages()["registration"]).registration
    assert [d.node_type for d in said.node_definition] == [20]
    assert not [c for mode in said.mode_definition for c in mode.task.command]
    how = message_of(own_messages()["status_report"]).status_report
    assert [one.status_value for one in how.status] == ["camera: silent"]


@pytest.mark.parametrize("number", M.Registration.NodeType.values())
def test_we_register_as_a_fusion_node_and_as_nothing_beside(number):
    message = message_of(own_messages()["registration"])
    message.registration.node_definition.add(node_type=number)
    may_go = number == M.Registration.NODE_TYPE_FUSION_NODE
    assert bool(upward_kind(frame(message.SerializeToString()))) == may_go


def test_a_registration_that_offers_a_command_is_kept_back():
    message = message_of(own_messages()["registration"])
    message.registration.mode_definition[0].task.command.add(units="m", type=6)
    assert upward_kind(frame(message.SerializeToString())) == ""


@pytest.mark.parametrize("status", M.TaskAck.TaskStatus.values())
def test_a_task_can_only_be_rejected(status):
    message = message_of(own_messages()["task_ack"])
    message.task_ack.task_status = status
    is_rejected = status == M.TaskAck.TASK_STATUS_REJECTED
    assert bool(upward_kind(frame(message.SerializeToString()))) == is_rejected


@pytest.mark.parametrize(
    "field", ["region_id", "ranking", "confidence", "associated_detection", "associated_file"]
)
def test_a_warning_says_nothing_of_tracks(field):
    message = M.SapientMessage(node_id=PARENT)
    alert = message.alert
    alert.alert_id = ulid(T, 1)
    value = {"region_id": ulid(T, 2), "ranking": 0.5, "confidence": 0.5}.get(field)
    if value is None:
        getattr(alert, field).add()
    else:
        setattr(alert, field, value)
    assert upward_kind(frame(message.SerializeToString())) == ""


words = st.text(max_size=30)
fields = st.sampled_from([
    ("request", "Start"), ("request", "Fire"), ("mode_change", "wide"), ("look_at", None),
    ("move_to", None), ("patrol", None), ("follow", None), ("detection_threshold", 3),
    ("detection_report_rate", 1),
])  # fmt: skip


class Wire:
    """What a parent hears; in the place of the socket."""

    def __init__(self):
        self.sent = []

    def send(self, data):
        self.sent += split_into(FrameStream(), data)


@given(st.lists(st.tuples(fields, words), min_size=1, max_size=5))
def test_whatever_a_parent_asks_is_rejected_and_nothing_else_comes_of_it(asked):
    noted = []

    def note(*words, **said):
        noted.append((words, said))

    parent = parents.Parent(NODE, CHANNEL, None, lambda: T, note)
    parent._socket = Wire()
    for (field, value), text in asked:
        message = message_of(task(field, value))
        message.task.task_name = text
        parent._hear(hear(message.SerializeToString()))
    answers = [M.SapientMessage.FromString(data) for data in parent._socket.sent]
    assert len(answers) == len(asked) == parent.tasks_refused
    for answer in answers:
        assert answer.task_ack.task_status == M.TaskAck.TASK_STATUS_REJECTED
    assert len(noted) == 1  # one of many: a parent cannot fill the ledger


def test_the_line_to_a_parent_knows_no_way_to_a_sensor():
    """The module that hears a parent has nothing by which a sensor is asked or answered."""
    for name in ("encode_task", "point", "Reply", "Inbox", "Arrival", "Conversations"):
        assert not hasattr(parents, name)
    assert set(FORMS) >= {"sapient"}
    with pytest.raises(ValueError, match="it is no JSON object"):
        alert_frame(b"no", NODE, "", T)
