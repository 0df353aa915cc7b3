"""The stream of length-prefixed messages: pieces, floods, lies about length."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.codec.sapient import LARGEST_MESSAGE, FrameStream, frame, split_into
from tocsin.model import Rejected


@given(st.lists(st.binary(max_size=60), max_size=8), st.integers(1, 40))
def test_messages_come_out_as_they_went_in_whatever_the_pieces(sent, size):
    data = b"".join(frame(message) for message in sent)
    stream, found = FrameStream(), []
    for at in range(0, len(data), size):
        found += split_into(stream, data[at : at + size])
    assert found == sent
    assert not stream.rest


def test_a_length_of_two_gigabytes_ends_the_stream_with_a_reason():
    stream = FrameStream()
    first, refusal = split_into(stream, frame(b"good") + b"\xff\xff\xff\x7f" + b"x" * 1000)
    assert first == b"good"
    assert isinstance(refusal, Rejected)
    assert refusal.reason == "message too long"
    assert "2147483647" in stream.broken
    assert split_into(stream, frame(b"later")) == []
    assert len(stream.rest) == 0


def test_the_xml_of_older_editions_is_told_what_would_be_right():
    stream = FrameStream()
    (refused,) = split_into(stream, b'<?xml version="1.0"?><SensorRegistration>')
    assert refused.reason == "message too long"
    assert "set the node to BSI Flex 335 v2.0" in stream.broken


def test_the_longest_message_passes_and_one_octet_more_does_not():
    longest = bytes(LARGEST_MESSAGE)
    assert split_into(FrameStream(), frame(longest)) == [longest]
    with pytest.raises(ValueError, match="1048577"):
        frame(longest + b"x")


def test_a_connection_that_drips_octet_by_octet_costs_little():
    """Twice the octets may take about twice the time, not four times."""
    data = frame(bytes(200_000))
    stream, found = FrameStream(), []
    began = time.process_time()
    for at in range(0, len(data), 2):
        found += split_into(stream, data[at : at + 2])
    assert len(found) == 1
    assert time.process_time() - began < 2.0


def test_noise_leaves_at_most_one_message_waiting():
    chance = random.Random(3)
    for _ in range(200):
        stream = FrameStream()
        for _ in range(20):
            split_into(stream, chance.randbytes(chance.randint(0, 200)))
        assert len(stream.rest) <= LARGEST_MESSAGE + 4
