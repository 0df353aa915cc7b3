"""Snapshots restore a state exactly."""

import contextlib
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.codec.snapshot import freeze, pack, thaw
from tocsin.errors import JournalError
from tocsin.model import Act, DetectionBatch, Frame, TrackTable
from tocsin.model.records import Incident, SawTrack, TimeSaid
from tocsin.model.register import Row, Version

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5)
)
KEYS = (
    st.integers()
    | st.text(max_size=3)
    | st.binary(max_size=3)
    | st.tuples(st.integers(), st.text(max_size=2))
)
VALUES = st.recursive(
    LEAVES,
    lambda v: (
        st.lists(v, max_size=4)
        | st.lists(v, max_size=4).map(tuple)
        | st.dictionaries(KEYS, v, max_size=4)
    ),
    max_leaves=15,
)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return np.float64(a).tobytes() == np.float64(b).tobytes() or (
            math.isnan(a) and math.isnan(b)
        )
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return a == b


@given(VALUES)
def test_any_tree_comes_back_with_its_types_and_its_order(value):
    assert same(thaw(freeze(value)), value)


NUMBERS = st.sampled_from([0.0, -0.0, 1.0, 1, True, math.nan, None, "", "1"])
NOUNS = st.builds(
    Incident,
    id=st.just("INC-1"),
    site=NUMBERS,  # whatever stands there comes back as it was
    text=st.sampled_from(["", "x"]),
    happened=st.builds(TimeSaid, st.just("noon"), NUMBERS, NUMBERS),
    tracks=st.lists(st.builds(SawTrack, st.sampled_from("12"), NUMBERS), max_size=4).map(tuple),
)
ONES = st.builds(Version, st.integers(0, 3), NUMBERS, st.just(""), NOUNS)
VERSIONS = st.lists(ONES, max_size=5)


@given(VERSIONS, st.data())
def test_the_versions_of_a_row_come_back_whatever_is_new_in_each(versions, data):
    for k in range(1, len(versions)):
        if data.draw(st.booleans()):  # as the watch adds tracks
            noun = versions[k - 1].noun
            more = replace(noun, tracks=noun.tracks + versions[k].noun.tracks)
            versions[k] = replace(versions[k], noun=more)
    row = Row("INC-1", "incident", versions)
    first = freeze(row)
    back = thaw(first)
    assert same_row(back, row)
    assert freeze(row) == freeze(back) == first  # by its values, not by what it shares
    again = Row("INC-1", "incident", [*versions[1:], *versions[:1]])
    assert same_row(thaw(freeze(again)), again)  # what was kept was of another neighbour


def same_row(a, b):
    return [repr(v) for v in a.versions] == [repr(v) for v in b.versions] and all(
        same(v.recorded_s, w.recorded_s) for v, w in zip(a.versions, b.versions, strict=True)
    )


def test_an_incident_that_grew_track_by_track_takes_no_room_by_its_square():
    def grown(n):
        versions, noun = [], Incident(id="INC-1", site="north")
        for k in range(n):
            noun = replace(noun, tracks=(*noun.tracks, SawTrack(f"{k:05d}", 1.0 + k)))
            versions.append(Version(k, 1.0, "", noun))
        return len(pack(Row("INC-1", "incident", versions)))

    assert grown(200) < 2.2 * grown(100)


@given(VALUES, st.integers(0, 200))
def test_the_room_to_begin_with_changes_no_byte(value, room):
    assert pack(value, room) == pack(value)


@pytest.mark.parametrize("dtype", ["f8", "i4", "u1", "u8", "S24", "?", "u2", "i1"])
def test_arrays_come_back_with_their_bits_and_can_be_written(dtype):
    array = np.frombuffer(np.random.default_rng(1).bytes(24 * 12), dtype="u1")
    array = array.view(dtype if dtype != "?" else "u1")[: 6 * 2].reshape(6, 2)
    array = array % 2 == 1 if dtype == "?" else array
    back = thaw(freeze({"x": array}))["x"]
    assert back.dtype == array.dtype
    assert back.tobytes() == array.tobytes()
    back[0] = back[1]


def test_nouns_come_back_as_nouns():
    frame = Frame("radar", 3, 1.5, b"\x00\x01", "a")
    assert thaw(freeze(frame)) == frame
    act = Act("release", "k", "u", 1.0, zones=("a", "b"))
    assert math.isnan(thaw(freeze(act)).view_s)
    table = thaw(freeze(TrackTable.blank(3)))
    assert isinstance(table, TrackTable)
    assert table.covariance.shape == (3, 6, 6)
    assert len(thaw(freeze(DetectionBatch.blank(2)))) == 2


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array([None]), print])
def test_what_cannot_be_restored_is_refused(value):
    with pytest.raises(TypeError):
        freeze(value)


@given(st.binary(max_size=60))
def test_other_bytes_are_an_error_and_nothing_else(data):
    with contextlib.suppress(JournalError):
        thaw(data)


def test_nothing_outside_the_package_is_ever_made():
    import msgspec

    for place in ("os:system", "tocsin.errors:TocsinError", "subprocess:Popen", "tocsin.x:y"):
        with pytest.raises(JournalError):
            thaw(msgspec.msgpack.encode(["c", place, "true"]))
