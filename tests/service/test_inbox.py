"""What arrives is bounded, a flood hurts only its own source, and every loss is counted."""

import threading
import time
from concurrent.futures import Future

from hypothesis import given
from hypothesis import strategies as st

from tocsin.service.inbox import Arrival, Inbox


def arrival(source, payload=b"x", reply=None):
    return Arrival(source, 1.0, payload, "", reply)


@given(st.lists(st.sampled_from(["radar", "adsb", "camera"]), max_size=60))
def test_what_goes_in_comes_out_or_is_counted(sources):
    inbox = Inbox(max_frames=5)
    inbox.put(arrival(s, str(k).encode()) for k, s in enumerate(sources))
    found = inbox.take(0.0)
    dropped = sum(one["dropped"] for one in inbox.losses().values())
    assert len(found) + dropped == len(sources)
    for source in set(sources):
        came = [int(a.payload) for a in found if a.source == source]
        sent = [k for k, s in enumerate(sources) if s == source]
        assert came == sent[-5:]


@given(st.lists(st.integers(0, 7), max_size=12))
def test_many_at_once_are_the_same_as_one_by_one(sizes):
    one, many = Inbox(max_frames=9, max_bytes=30), Inbox(max_frames=9, max_bytes=30)
    for number, size in enumerate(sizes):
        group = [arrival("radar", bytes([k]) * size) for k in range(number % 5)]
        one.put(group)
        many.put_all("radar", group)
        assert one.losses() == many.losses()
    assert one.take(0.0) == many.take(0.0)


def test_a_flood_does_not_touch_another_source():
    inbox = Inbox(max_frames=10)
    inbox.put([arrival("radar")])
    inbox.put(arrival("flood") for _ in range(1000))
    assert sum(a.source == "radar" for a in inbox.take(0.0)) == 1
    assert inbox.losses() == {"flood": {"dropped": 990, "refused": 0}}


def test_bytes_are_bounded_too():
    inbox = Inbox(max_bytes=100)
    inbox.put(arrival("radar", bytes(40)) for _ in range(3))
    assert len(inbox.take(0.0)) == 2
    inbox.put([arrival("radar", bytes(101))])
    assert inbox.take(0.0) == []
    assert inbox.losses()["radar"]["dropped"] == 2


def test_what_somebody_waits_for_is_refused_and_never_dropped():
    inbox = Inbox(max_frames=2)
    assert inbox.put([arrival("camera", reply=Future())])
    assert inbox.put([arrival("camera", reply=Future())])
    assert not inbox.put([arrival("camera", reply=Future())])
    assert len(inbox.take(0.0)) == 2
    assert inbox.losses()["camera"] == {"dropped": 0, "refused": 1}


def test_taking_waits_for_the_first_and_not_longer():
    inbox = Inbox()
    threading.Timer(0.05, lambda: inbox.put([arrival("radar")])).start()
    began = time.monotonic()
    assert len(inbox.take(60.0)) == 1
    assert time.monotonic() - began < 30.0
    assert inbox.take(0.01) == []


def test_waking_ends_the_wait():
    inbox = Inbox()
    threading.Timer(0.05, inbox.wake).start()
    began = time.monotonic()
    assert inbox.take(60.0) == []
    assert time.monotonic() - began < 30.0
