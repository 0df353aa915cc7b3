"""The ledger's chain, judged by RFC 8785's own vectors and by tampering."""

import json
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.record import append_into, canonical, first_bad, open_chain

# RFC 8785, appendix B: IEEE 754 bits and the text that they must give.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_numbers_are_written_as_rfc_8785_says(bits, text):
    value = struct.unpack(">d", bytes.fromhex(bits))[0]
    assert canonical(value).decode() == text


def test_names_are_sorted_by_utf16_as_in_rfc_8785():
    # RFC 8785, 3.2.3
    value = {
        "\u20ac": 1,
        "\r": 2,
        "\ufb33": 3,
        "1": 4,
        "\U0001f600": 5,
        "\u0080": 6,
        "\u00f6": 7,
    }
    names = list(json.loads(canonical(value)))
    assert names == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_canonical_json_reads_back_as_the_same_value_and_is_stable(value):
    once = canonical(value)
    back = json.loads(once, parse_int=float)  # a JSON number is a double (RFC 8785, 3.2.2.3)
    assert back == value
    assert canonical(back) == once


def chain_of(n):
    chain, first = open_chain("live", 100.0, {"node": "test"})
    entries = [first]
    entries += [append_into(chain, "note", 100.0 + k, {"k": k, "x": k / 7}) for k in range(n)]
    return chain, entries


def test_the_outcome_does_not_depend_on_the_mode_and_the_head_does():
    live, _ = open_chain("live", 1.0, {})
    replay, _ = open_chain("replay", 1.0, {})
    assert live.head != replay.head
    assert live.outcome == replay.outcome
    for chain in (live, replay):
        append_into(chain, "note", 2.0, {"a": 1})
    assert live.outcome == replay.outcome != bytes(32)


@given(
    st.integers(0, 9), st.sampled_from(["change", "delete", "insert", "swap", "time", "kind"])
)
def test_the_first_tampered_entry_is_named(place, how):
    _, entries = chain_of(10)
    assert first_bad(entries) is None
    if how == "change":
        entries[place] = replace(entries[place], body=b'{"k":99}')
    elif how == "time":
        entries[place] = replace(entries[place], recorded_s=entries[place].recorded_s + 1e-6)
    elif how == "kind":
        entries[place] = replace(entries[place], kind="other")
    elif how == "delete":
        del entries[place]
    elif how == "insert":
        entries.insert(place, entries[5])
    else:
        entries[place], entries[place + 1] = entries[place + 1], entries[place]
    if how == "insert" and place == 5:
        assert first_bad(entries) == 6
    else:
        assert first_bad(entries) == place


def test_the_sample_of_rfc_8785_gives_its_bytes():
    # RFC 8785, 3.2.2 (the value) and 3.2.4 (its UTF-8 bytes)
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '\u20ac$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    wanted = (
        "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a"
        "5b3333333333333333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d"
        "2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d"
    )
    assert canonical(value).hex() == wanted


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_the_shortest_that_reads_back(value):
    text = canonical(value).decode()
    assert float(text) == value
    assert not text.startswith("+")
    assert len(text) <= 24
