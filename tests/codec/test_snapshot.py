"""Snapshots restore a state exactly."""

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.codec.snapshot import freeze, pack, thaw
from tocsin.errors import JournalError
from tocsin.model import Act, DetectionBatch, Frame, TrackTable

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
