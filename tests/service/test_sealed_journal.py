"""A journal on disk says nothing without its keys, and forgets what has outlived its time."""

import json
import sqlite3
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.replay.scene import NODE, scene
from tests.service.test_journal import batch, entry, header, written

from tocsin import pipeline
from tocsin.cli import main
from tocsin.errors import CallError, JournalError, ServiceError
from tocsin.model import Retention
from tocsin.model.records import Incident
from tocsin.model.register import Happening, Register, Row, Version
from tocsin.record import first_bad
from tocsin.service import _journal_file as jf
from tocsin.service import journal as j
from tocsin.service import retention
from tocsin.service.holding import (
    holds,
    incident_span,
    place_hold,
    release_hold,
    widened,
)
from tocsin.service.keyring import NODE_KEY, KeyFile, Keyring, find_keys, write_key_file
from tocsin.service.retention import prune_journal
from tocsin.service.sealing import Box, SealError, new_key

HOUR_S = 3600.0
SECRET = b"MFG1A0123456789 was here"


@pytest.fixture
def ring(tmp_path):
    made = Keyring.open(tmp_path)
    yield made
    made.close()


def hourly(folder, ring, hours):
    """Write a journal of one file an hour, each with one batch and one entry."""
    journal = j.Journal.begin(
        folder, header(site="[secret]"), j.Snapshot(0, 1.0, b"state 0", {}), [entry(0)], ring
    )
    for k in range(1, hours + 1):
        journal.append([written(k, SECRET)])
        snapshot = j.Snapshot(k, k * HOUR_S, b"state %d" % k, {})
        journal.rotate(snapshot)
    journal.close()
    return folder


@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=20), st.data())
def test_a_value_opens_only_whole_and_in_its_place(plain, place, other, data):
    box = Box.of("a", new_key())
    sealed = box.seal(place, plain)
    assert box.open(place, sealed) == plain
    assert box.seal(place, plain) != sealed  # a nonce is never used twice
    if other != place:
        with pytest.raises(SealError):
            box.open(other, sealed)
    at = data.draw(st.integers(0, len(sealed) - 1))
    with pytest.raises(SealError):
        box.open(place, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :])
    with pytest.raises(SealError):
        Box.of("a", new_key()).open(place, sealed)


def test_neither_frames_nor_states_nor_the_site_file_can_be_read_off_the_disk(tmp_path, ring):
    folder = tmp_path / "journal"
    hourly(folder, ring, 2)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            octets = path.read_bytes()
            assert SECRET not in octets, path
            assert b"state 1" not in octets, path
            assert b"[secret]" not in octets, path
    assert list(j.read_batches(tmp_path)) == [batch(1, SECRET), batch(2, SECRET)]
    assert next(j.read_snapshots(tmp_path)).body == b"state 2"
    assert j.read_header(tmp_path).site == "[secret]"


def test_a_journal_is_gone_on_with_by_its_keys(tmp_path, ring):
    folder = hourly(tmp_path / "journal", ring, 2)
    again = j.Journal.resume(folder, ring)
    again.append([written(3, b"more")])
    assert next(again.snapshots()).body == b"state 2"
    assert [n for n, _ in again.tail(1)] == [2, 3]
    again.close()
    with pytest.raises(JournalError, match="its keys are not here"):
        j.Journal.resume(folder)


def test_a_copy_without_its_keys_says_what_to_put_back(tmp_path, ring):
    folder = hourly(tmp_path / "journal", ring, 1)
    (tmp_path / "other").mkdir()
    other = Keyring.open(tmp_path / "other")
    with pytest.raises(
        JournalError, match=r"restore sealed\.sqlite from a copy, or give a new"
    ):
        j.Journal.resume(folder, other)
    other.close()


def test_elsewhere_it_is_a_sentence_or_the_keys_that_were_handed_over(tmp_path, ring):
    folder = hourly(tmp_path / "data", ring, 2)
    away = tmp_path / "elsewhere" / "deep" / "enough"
    away.parent.mkdir(parents=True)
    folder.rename(away)
    with pytest.raises(JournalError, match=r"--keys FILE"):
        list(j.read_batches(away))
    assert len(j.read_entries(away)) == 3  # the ledger needs no key
    keys = tmp_path / "keys.json"
    assert write_key_file(ring, keys) == 3
    assert keys.stat().st_mode & 0o077 == 0
    assert len(list(j.read_batches(away, keys=KeyFile(keys)))) == 2
    with pytest.raises(CallError, match="cannot be written"):
        write_key_file(ring, keys)
    (tmp_path / "no.json").write_text("[1]")
    with pytest.raises(CallError, match="is no file of keys"):
        KeyFile(tmp_path / "no.json")


def test_another_node_key_is_noticed_before_anything_is_written(tmp_path, ring):
    ring.close()
    secret = tmp_path / "secrets" / NODE_KEY
    assert secret.stat().st_mode & 0o777 == 0o600
    kept = secret.read_text()
    secret.write_text("x" * 43)
    with pytest.raises(ServiceError, match="does not open"):
        Keyring.open(tmp_path)
    secret.unlink()
    with pytest.raises(ServiceError, match="node's key is not"):
        Keyring.open(tmp_path)
    secret.write_text(kept)
    Keyring.open(tmp_path).close()


def test_what_is_older_than_allowed_goes_and_its_ledger_stays(tmp_path, ring):
    folder = hourly(tmp_path / "journal", ring, 5)
    before = j.read_entries(folder)
    gone = prune_journal(folder, ring, Retention(keep_s=2 * HOUR_S), (), 5.5 * HOUR_S)
    assert [(g.first, g.last, g.why) for g in gone] == [(1, 1, "age"), (2, 2, "age"),
                                                        (3, 3, "age")]  # fmt: skip
    assert [b.now_s for b in j.read_batches(folder, keys=ring)] == [4.0, 5.0]
    assert j.read_entries(folder) == before
    assert [w for _, w, _ in ring.listed()] == [f"journal {k:06d}" for k in (4, 5, 6)]
    assert not prune_journal(folder, ring, Retention(keep_s=2 * HOUR_S), (), 5.5 * HOUR_S)
    again = j.Journal.resume(folder, ring)
    assert again.number == 5
    again.close()


def test_the_chain_before_and_after_what_was_deleted_is_kept(tmp_path, ring):
    folder = hourly(tmp_path / "journal", ring, 3)
    prune_journal(folder, ring, Retention(keep_s=HOUR_S), (), 2.5 * HOUR_S)
    ends = []
    for path in j.journal_files(folder):
        with jf.open_reader(path) as db:
            head, pruned = jf.header_of(db, path), jf.pruned_of(db)
            ends.append((head.chain, pruned.after if pruned else None))
            if pruned:
                assert pruned.before == head.chain
                assert not db.execute("SELECT count(*) FROM batch").fetchone()[0]
    for (_, after), (following, _) in pairwise(ends):
        assert after in (None, following)
    assert ends[0][1] is not None


def test_what_the_disk_refuses_to_prune_keeps_nothing_else(tmp_path, ring, monkeypatch):
    folder = hourly(tmp_path / "journal", ring, 4)
    prune = retention._prune

    def refusing(part, *rest):
        if part.path.name == "journal-000001.sqlite":
            raise sqlite3.OperationalError("database or disk is full")
        return prune(part, *rest)

    keep = Retention(keep_s=HOUR_S)
    monkeypatch.setattr(retention, "_prune", refusing)
    assert [g.first for g in prune_journal(folder, ring, keep, (), 9 * HOUR_S)] == [2, 3, 4]
    monkeypatch.undo()
    assert [g.first for g in prune_journal(folder, ring, keep, (), 9 * HOUR_S)] == [1]


def test_room_is_kept_for_pruning_on_a_full_disk(tmp_path, ring, monkeypatch):
    monkeypatch.setattr(retention, "BALLAST_BYTES", 1000)
    folder = hourly(tmp_path / "journal", ring, 3)
    ballast = folder / retention.BALLAST
    prune_journal(folder, ring, Retention(), (), HOUR_S)
    assert ballast.stat().st_size == 1000
    prune = retention._prune

    def full(*part):
        if ballast.exists():
            raise sqlite3.OperationalError("database or disk is full")
        return prune(*part)

    monkeypatch.setattr(retention, "_prune", full)
    gone = prune_journal(folder, ring, Retention(keep_s=HOUR_S), (), 9 * HOUR_S)
    assert [g.first for g in gone] == [1, 2, 3]
    assert ballast.exists()
    assert [b.now_s for b in j.read_batches(folder, keys=ring)] == []


@pytest.mark.parametrize("is_sealed", [True, False])
def test_a_pruned_file_is_small_and_nothing_of_the_old_one_is_left(tmp_path, ring, is_sealed):
    folder = tmp_path / "journal"
    keys = ring if is_sealed else None
    journal = j.Journal.begin(folder, header(), j.Snapshot(0, 1.0, b"x", {}), [entry(0)], keys)
    journal.append([written(1, SECRET + bytes(500_000))])
    journal.rotate(j.Snapshot(1, HOUR_S, b"y", {}))
    path, before = j.journal_files(folder)[0], j.read_entries(folder)
    with path.open("rb") as old:
        prune_journal(folder, ring, Retention(keep_s=HOUR_S), (), 9 * HOUR_S)
        assert (SECRET in old.read()) is False
    assert path.stat().st_size < 50_000
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(p.name for p in folder.iterdir() if path.name in p.name) == [path.name]
    assert j.read_entries(folder) == before
    journal.close()


def test_what_grows_too_large_goes_oldest_first(tmp_path, ring):
    folder = hourly(tmp_path / "journal", ring, 4)
    sizes = sum(p.stat().st_size for p in j.journal_files(folder))
    gone = prune_journal(folder, ring, Retention(max_bytes=sizes - 1), (), 4.0 * HOUR_S)
    assert gone
    assert gone[0].first == 1
    assert {g.why for g in gone} == {"size"}


def test_a_hold_keeps_its_span_until_it_ends_or_is_let_go(tmp_path, ring):
    folder = hourly(tmp_path / "journal", ring, 5)
    hold = place_hold(
        ring, "INC-1", (1.2 * HOUR_S, 1.5 * HOUR_S), until_s=50 * HOUR_S, by="p",
        reason="inquiry", now_s=2.0 * HOUR_S,
    )  # fmt: skip
    keep = Retention(keep_s=HOUR_S)
    prune_journal(folder, ring, keep, holds(ring), 4.5 * HOUR_S)
    assert [g.first for g in prune_journal(folder, ring, keep, (), 4.5 * HOUR_S)] == [2]
    assert holds(ring) == [hold]
    assert not release_hold(ring, hold.id, 5.0).covers(0.0, 1e9, 6.0)
    with pytest.raises(CallError, match="no hold 1 that stands"):
        release_hold(ring, hold.id, 5.0)
    for wrong in ({"reason": " "}, {"by": ""}, {"until_s": 0.0}, {"until_s": 1e12}):
        values = {"until_s": 10.0, "by": "p", "reason": "r", "now_s": 5.0} | wrong
        with pytest.raises(CallError):
            place_hold(ring, "INC-1", (0.0, 1.0), **values)


def known(hours, *, is_open):
    """Return a register of one incident with happenings at these hours."""
    incident = Incident(id="INC-1", site="north", alarm="A1")
    version = Version(1, hours[0] * HOUR_S, "p", incident)
    register = Register(rows={"INC-1": Row("INC-1", "incident", [version])})
    register.timeline = [
        Happening(k, h * HOUR_S, h * HOUR_S, "INC-1", "step") for k, h in enumerate(hours)
    ]
    register.watching = ["INC-1"] if is_open else []
    return register


def test_a_hold_keeps_what_an_incident_brings_after_it_was_placed(tmp_path, ring):
    folder = hourly(tmp_path / "journal", ring, 9)
    early = known([2.2, 2.4], is_open=True)
    span = incident_span(early, "INC-1")
    place_hold(
        ring, "INC-1", span, until_s=500 * HOUR_S, by="p", reason="inquiry", now_s=2.4 * HOUR_S
    )
    keep, late_s = Retention(keep_s=HOUR_S), 88 * HOUR_S
    running = widened(holds(ring), early, late_s)
    assert [g.first for g in prune_journal(folder, ring, keep, running, late_s)] == [1]
    ended = widened(holds(ring), known([2.2, 2.4, 4.0, 5.5], is_open=False), late_s)
    assert [g.first for g in prune_journal(folder, ring, keep, ended, late_s)] == [8, 9]
    shrunk = widened(holds(ring), known([2.3], is_open=False), late_s)
    assert (shrunk[0].first_s, shrunk[0].last_s) == span
    assert widened(holds(ring), Register(), late_s) == holds(ring)


def test_a_crash_between_key_and_rows_is_mended_by_the_next_run(tmp_path, ring):
    folder = hourly(tmp_path / "journal", ring, 3)
    with jf.open_reader(j.journal_files(folder)[0]) as db:
        key_id = jf.header_of(db, folder).key
    assert ring.drop(key_id)
    with pytest.raises(JournalError, match="was deleted when its time ran out"):
        list(j.read_batches(folder, keys=ring))
    gone = prune_journal(folder, ring, Retention(keep_s=1.9 * HOUR_S), (), 3.0 * HOUR_S)
    assert [g.first for g in gone] == [1]
    assert [b.now_s for b in j.read_batches(folder, keys=ring)] == [2.0, 3.0]


@pytest.mark.jit
def test_a_replay_of_what_is_left_ends_where_the_watch_ended(tmp_path, ring, capsys):
    batches = scene(seconds=20.0)
    head = header(site='[node]\nname = "x"\n', opened_s=batches[0].now_s)
    state, first = pipeline.open_state(NODE, mode="live", now_s=batches[0].now_s, live=False)
    folder = tmp_path / "journal"
    book = j.Journal.begin(
        folder, head, j.Snapshot(0, batches[0].now_s, pipeline.freeze(state), {}),
        [first], ring,
    )  # fmt: skip
    cut = len(batches) // 2
    for number, one in enumerate(batches, 1):
        state, outcome = pipeline.step(state, one)
        book.append([j.Written(number, one, outcome.entries)])
        if number == cut:
            book.rotate(j.Snapshot(number, one.now_s, pipeline.freeze(state), {}))
    book.close()
    late_s = batches[-1].now_s + 100 * HOUR_S
    assert len(prune_journal(folder, ring, Retention(), (), late_s)) == 1
    with pytest.raises(SystemExit, match="0"):
        main(["replay", str(folder), "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["outcome_digest"] == pipeline.outcome_digest(state)
    entries = j.read_entries(folder, limit=100_000)
    assert len(entries) > 20
    assert first_bad(entries) is None


def test_readers_find_the_keys_from_the_folder_the_journal_or_a_file(tmp_path, ring):
    folder = hourly(tmp_path / "journal", ring, 1)
    for path in (tmp_path, folder, j.journal_files(folder)[0]):
        with find_keys(path) as keys:
            assert keys is not None
        assert j.read_header(path).site == "[secret]"


def test_a_file_of_before_there_were_keys_is_still_read(tmp_path):
    journal = j.Journal.begin(
        tmp_path, header(), j.Snapshot(0, 1.0, b"state 0", {}), [entry(0)]
    )
    journal.append([written(1, b"a")])
    journal.close()
    with closing(sqlite3.connect(journal.path)) as db:
        assert (
            db.execute("SELECT 1 FROM sqlite_master WHERE name = 'pruned'").fetchone() is None
        )
    assert list(j.read_batches(tmp_path)) == [batch(1, b"a")]
