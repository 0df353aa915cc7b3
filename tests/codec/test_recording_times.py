"""Times of a recording: in order, across midnight both ways, whatever one wrong clock says."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.codec.test_asterix_framings import final_frame, oradis
from tests.codec.test_recordings import LINKS, pcap

from tocsin.codec._sapient_frames import stream_frames
from tocsin.codec._stamps import GAP_S, in_order
from tocsin.codec.asterix import encode_block, encode_plot
from tocsin.codec.recordings import open_recording
from tocsin.codec.sapient import frame
from tocsin.codec.sapient._protobuf import load

DAY = "2026-01-01"
DAY_S = 1_767_225_600.0
NODE = "7c1f7a2e-1111-4222-8333-444455556666"


def blocks(*times_s):
    return [encode_block(48, [encode_plot(7, k, t, 1e4, 1.0)]) for k, t in enumerate(times_s)]


FRAMINGS = {"raw": b"".join, "final-frame": lambda all: final_frame(*all),
            "oradis": lambda all: oradis(*all)}  # fmt: skip


def times_of(framing, *times_s):
    data = FRAMINGS[framing](blocks(*times_s))
    recording = open_recording(data, "r.raw", date=DAY, format="asterix", framing=framing)
    return [one.arrival_s - DAY_S for one in recording.frames], recording.skipped


@pytest.mark.parametrize("framing", FRAMINGS)
def test_radars_that_interleave_at_midnight_stay_within_a_second(framing):
    said = [86399.75, 86400.0, 86399.875, 86400.125, 86399.9375, 86400.25, 86400.1875]
    times_s, skipped = times_of(framing, *said)
    assert times_s == [86399.75, 86400.0, 86400.0, 86400.125, 86400.125, 86400.25, 86400.25]
    assert skipped == {}


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("wrong_s", [0.0, 5.0, 30_000.0, 70_000.0])
def test_one_record_with_a_wrong_time_of_day_moves_no_other(framing, wrong_s):
    times_s, skipped = times_of(framing, 60_000.0, 60_001.0, wrong_s, 60_002.0, 60_003.0)
    assert times_s == [60_000.0, 60_001.0, 60_001.0, 60_002.0, 60_003.0]
    assert set(skipped) <= {"time jumps ahead"}


def test_a_pause_of_hours_counts_once_a_second_record_bears_it_out():
    assert times_of("raw", 100.0, 101.0, 20_000.0, 20_001.0) == (
        [100.0, 101.0, 20_000.0, 20_001.0], {},
    )  # fmt: skip
    assert times_of("raw", 100.0, 101.0, 20_000.0)[1] == {"time jumps ahead": 1}


def test_one_packet_with_a_wild_clock_dates_no_other():
    number, packet = LINKS["ethernet"]
    said = (DAY_S, DAY_S + 1, 4.1e9, DAY_S + 2, DAY_S + 3)
    recording = open_recording(pcap(number, [(t, packet) for t in said]), "c.pcap")
    assert [one.arrival_s - DAY_S for one in recording.frames] == [0, 1, 1, 2, 3]
    assert recording.skipped == {"time jumps ahead": 1}


def test_a_wild_clock_of_the_first_packet_dates_no_other():
    number, packet = LINKS["ethernet"]
    said = (4.1e9, DAY_S, DAY_S + 1)
    recording = open_recording(pcap(number, [(t, packet) for t in said]), "c.pcap")
    assert [one.arrival_s - DAY_S for one in recording.frames] == [0, 0, 1]


@pytest.mark.parametrize(
    ("wild_s", "reason"), [(4 * 10**15, "impossible time"), (4 * 10**9, "time jumps ahead")]
)
def test_one_wild_time_of_sapient_dates_no_other(wild_s, reason):
    said = []
    for seconds in (1_700_000_000, 1_700_000_001, wild_s, 1_700_000_002):
        message = load().SapientMessage()
        message.timestamp.seconds, message.node_id = seconds, NODE
        said.append(frame(message.SerializeToString()))
    counts = {}
    times_s = [t - 1.7e9 for t, _, _ in stream_frames(b"".join(said), counts)]
    assert (times_s, counts) == ([0, 1, 1, 2], {reason: 1})


@given(st.lists(st.one_of(st.just(math.nan), st.floats(0, 1e5)), max_size=20))
def test_nothing_is_lost_and_no_time_steps_back(times_s):
    noted = []
    given_s = list(in_order([(t, k) for k, t in enumerate(times_s)], noted.append))
    assert [k for _, k in given_s] == list(range(len(times_s)))
    assert all(a <= b for (a, _), (b, _) in itertools.pairwise(given_s))


@given(st.lists(st.floats(0, GAP_S), min_size=1, max_size=20))
def test_without_a_jump_each_time_is_the_newest_so_far(times_s):
    noted = []
    newest = [max(times_s[: k + 1]) for k in range(len(times_s))]
    assert [t for t, _ in in_order([(t, 0) for t in times_s], noted.append)] == newest
    assert noted == []
