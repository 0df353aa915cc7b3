"""Seven tamperings, each on a copy; the first bad row is named."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.record.desk import Desk, enter_day

from tocsin.errors import FormatError
from tocsin.record import Chain, Kept, append_into, export_lines, read_lines, rebuild, verify

DAY = Desk()
enter_day(DAY)
LEDGER = tuple(DAY.entries)
PLACES = st.integers(1, len(LEDGER) - 2)
KEPT = Kept(len(LEDGER), LEDGER[-1].digest)


def rechained(entries):
    """A forger's work: the same or other entries with a chain that fits."""
    chain = Chain()
    return [append_raw(chain, e) for e in entries]


def append_raw(chain, entry):
    import json

    return append_into(chain, entry.kind, entry.recorded_s, json.loads(entry.body))


def test_an_untouched_ledger_holds_and_says_that_it_has_no_witness():
    verdict = verify(LEDGER)
    assert (verdict.first_bad, verdict.entries, verdict.head) == (None, len(LEDGER), KEPT.head)
    assert "no outside witness" in verdict.reason
    assert verify(LEDGER, kept=KEPT, copy=LEDGER).first_bad is None


@given(PLACES, st.sampled_from(["body", "kind", "time", "digest"]))
def test_a_changed_row_is_named(place, how):
    copy = list(LEDGER)
    old = copy[place]
    copy[place] = {
        "body": replace(old, body=old.body[:-1] + b',"zz":1}'),
        "kind": replace(old, kind="heartbeat"),
        "time": replace(old, recorded_s=old.recorded_s + 0.25),
        "digest": replace(old, digest=bytes(32)),
    }[how]
    assert verify(copy).first_bad == place


@given(PLACES)
def test_a_deleted_row_is_named(place):
    copy = [*LEDGER[:place], *LEDGER[place + 1 :]]
    assert verify(copy).first_bad == place


@given(PLACES, PLACES)
def test_an_inserted_row_is_named(place, source):
    copy = [*LEDGER[:place], replace(LEDGER[source], number=place), *LEDGER[place:]]
    bad = verify(copy).first_bad
    assert bad == (place + 1 if source == place else place)


@given(PLACES, PLACES)
def test_a_moved_row_is_named(a, b):
    if a == b:
        return
    copy = list(LEDGER)
    copy[a], copy[b] = copy[b], copy[a]
    assert verify(copy).first_bad == min(a, b)


@given(PLACES)
def test_a_missing_tail_shows_against_a_kept_head_and_only_there(place):
    assert verify(LEDGER[:place]).first_bad is None
    verdict = verify(LEDGER[:place], kept=KEPT)
    assert verdict.first_bad == place
    assert "tail is missing" in verdict.reason
    assert verify(LEDGER[:place], copy=LEDGER).first_bad == place


@given(PLACES, st.floats(1.0, 1e6))
def test_a_clock_set_back_is_named_even_where_the_chain_was_made_anew(place, back_s):
    copy = list(LEDGER)
    copy[place] = replace(copy[place], recorded_s=copy[place - 1].recorded_s - back_s)
    assert verify(rechained(copy)).first_bad == place


@given(PLACES)
def test_an_older_state_put_back_and_gone_on_with_shows_against_a_kept_head(place):
    """Rolled back: the tail was replaced by as many other entries, the chain fits."""
    other = [replace(e, kind="heartbeat", body=b"{}") for e in LEDGER[place:]]
    copy = rechained([*LEDGER[:place], *other])
    assert verify(copy).first_bad is None
    assert verify(copy, kept=KEPT).first_bad == len(LEDGER) - 1


@given(PLACES)
def test_a_fork_is_named_at_its_first_row_against_an_earlier_copy(place):
    changed = replace(LEDGER[place], body=b'{"what":"another"}')
    copy = rechained([*LEDGER[:place], changed, *LEDGER[place + 1 :]])
    verdict = verify(copy, copy=LEDGER)
    assert verdict.first_bad == place
    assert "fork" in verdict.reason


def test_an_export_reads_back_as_the_same_entries_and_the_same_register():
    lines = list(export_lines(LEDGER))
    assert tuple(read_lines(lines)) == LEDGER
    assert b"".join(export_lines(read_lines(lines))) == b"".join(lines)
    assert rebuild(read_lines(lines)) == DAY.register


BROKEN = [
    (b"", "no exported ledger"),
    (b"[]\n", "no exported ledger"),
    (b'{"tocsin_ledger":2}\n', "version 2"),
    (b'{"tocsin_ledger":1}\n{"number":0}\n', "line 2"),
    (b'{"tocsin_ledger":1}\nnot json\n', "line 2"),
    (b'{"tocsin_ledger":1}\n' + b"[" * 100_000 + b"\n", "line 2"),
]


@pytest.mark.parametrize(("data", "says"), BROKEN, ids=[s for _, s in BROKEN])
def test_a_file_that_is_no_export_is_a_sentence(data, says):
    with pytest.raises(FormatError, match=says):
        list(read_lines(data.splitlines(keepends=True), "x.jsonl"))


@given(st.integers(1, len(LEDGER)), st.integers(0, 10_000), st.integers(1, 255))
def test_any_flipped_byte_of_an_export_is_found(row, where, flip):
    lines = list(export_lines(LEDGER))
    line = bytearray(lines[row])
    line[where % (len(line) - 1)] ^= flip
    lines[row] = bytes(line)
    try:
        found = verify(read_lines(lines)).first_bad
    except FormatError as error:
        found = int(str(error.data["line"])) - 2
    assert found == row - 1
