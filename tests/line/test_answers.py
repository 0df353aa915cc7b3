"""What a sensor is answered on its own connection: a closed list, and no command in it.

Whatever comes in, what goes back is an acknowledgement or an error; every message of the
standard is offered to the choke point, and all but those are kept back.
"""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.codec.outgoing import ANSWERS, answer_kind
from tocsin.codec.sapient import (
    FrameStream,
    SapientSession,
    Sighted,
    encode_registration,
    encode_scan,
    encode_status,
    frame,
    read_json,
    receive_into,
    split_into,
    ulid,
)
from tocsin.codec.sapient._protobuf import load
from tocsin.model import Reply
from tocsin.service.clock import REAL
from tocsin.service.conversation import Conversations
from tocsin.service.inbox import Inbox

M = load()
NODE = "11111111-1111-4111-8111-111111111111"
T = 1_790_000_000.0
KINDS = [one.name for one in M.SapientMessage.DESCRIPTOR.oneofs_by_name["content"].fields]


def test_the_list_is_closed_and_read_only():
    assert set(ANSWERS) == {"registration_ack", "alert_ack", "error", "task_ack", "task"}
    with pytest.raises(TypeError):
        ANSWERS["status_report"] = ANSWERS["error"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_other_message_of_the_standard_is_kept_back(kind):
    message = M.SapientMessage(node_id=NODE)
    getattr(message, kind).SetInParent()
    said = answer_kind(frame(message.SerializeToString()))
    assert said == (kind if kind in ("registration_ack", "alert_ack", "error") else "")


@pytest.mark.parametrize("status", M.TaskAck.TaskStatus.values())
def test_a_task_can_only_be_rejected(status):
    message = M.SapientMessage(node_id=NODE)
    message.task_ack.task_status = status
    is_rejected = status == M.TaskAck.TASK_STATUS_REJECTED
    assert answer_kind(frame(message.SerializeToString())) == ("task_ack" * is_rejected)


@given(st.binary(max_size=80))
def test_what_is_no_whole_message_is_kept_back(data):
    assert answer_kind(data) == "" or data[4:]
    assert answer_kind(frame(b"\xff" + data)) == ""
    assert answer_kind(frame(data) + b"x") == ""


def incoming(data_folder):
    for path in sorted((data_folder / "sapient-samples").glob("*.json")):
        yield read_json(path.read_bytes()).SerializeToString()
    ours = encode_registration(NODE, T, kind="radar", name="r", status_s=5.0, scan_s=1.0)
    ours += encode_status(NODE, T, ulid(T, 1), lat_deg=1.0, lon_deg=2.0, alt_m=3.0)
    ours += encode_scan(NODE, T, [Sighted(ulid(T, 2), azimuth_rad=1.0)], [ulid(T, 3)])
    yield from split_into(FrameStream(), ours)


def test_whatever_comes_in_what_goes_back_is_on_the_list(data_folder):
    messages, seen = list(incoming(data_folder)), set()
    for first in messages:
        session = SapientSession("00000000-0000-4000-8000-0000000000ff")
        for data in (first, *messages, first[: len(first) // 2], b"fire at will"):
            for answer in receive_into(session, "a", frame(data), T).answers:
                kind = answer_kind(answer)
                assert kind in ANSWERS
                seen.add(kind)
    assert seen == set(ANSWERS) - {"task"}  # which only a person's act makes


def test_the_choke_point_sends_nothing_that_is_not_on_the_list():
    async def run():
        talks, sent = Conversations("radar", Inbox(), REAL), []
        talk = talks.stream("tcp-listen://127.0.0.1:1")
        talk.say = sent.append
        task, error = M.SapientMessage(node_id=NODE), M.SapientMessage(node_id=NODE)
        task.task.task_id = ulid(T, 1)
        error.error.packet = b"x"
        frames = [frame(m.SerializeToString()) for m in (task, error)]
        for payload in (*frames, b"", b"START"):
            talks.answer(Reply("radar", talk.path, payload))
        assert sent == frames[1:]
        talks.answer(Reply("another", talk.path, frames[1]))
        talks.answer(Reply("radar", "elsewhere", frames[1]))
        assert len(sent) == 1

    asyncio.run(run())
