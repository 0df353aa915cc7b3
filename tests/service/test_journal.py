"""The journal keeps what it was given, and says what is wrong when it cannot."""

import resource
import signal
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import JournalError
from tocsin.model import Batch, Entry, Frame
from tocsin.service import journal as j
from tocsin.service._journal_file import START
from tocsin.service.keyring import Keyring


def header(file=1, **changes):
    values = {
        "file": file, "first_batch": 1, "chain": START, "version": "1", "processor": "x",
        "site": "[node]", "where": "site.toml", "mode": "live", "live": True, "opened_s": 1.0,
        "begun_s": 1.0, "clock": (0.0, 0.0, 1.0),
    }  # fmt: skip
    return j.Header(**(values | changes))


def begin(folder):
    return j.Journal.begin(folder, header(), j.Snapshot(0, 1.0, b"state 0", {}), [entry(0)])


def entry(number):
    return Entry(number, "kind", float(number), b"{}", bytes([number % 256]) * 32)


def batch(number, *payloads):
    frames = tuple(Frame("radar", k, number + 0.1, p, "udp") for k, p in enumerate(payloads))
    return Batch(float(number), frames)


def written(number, *payloads, answers=()):
    return j.Written(number, batch(number, *payloads), (entry(number),), answers)


FRAMES = st.lists(
    st.builds(
        Frame,
        source=st.text(max_size=8),
        sequence=st.integers(0, 2**63 - 1),
        arrival_s=st.floats(allow_nan=False),
        payload=st.binary(max_size=100),
        path=st.text(max_size=8),
    ),
    max_size=5,
)


@given(st.lists(FRAMES, max_size=4))
def test_batches_come_back_as_they_were_written(tmp_path_factory, batches):
    folder = tmp_path_factory.mktemp("journal")
    journal = begin(folder)
    given_batches = [Batch(float(k), tuple(frames)) for k, frames in enumerate(batches)]
    for k, one in enumerate(given_batches):
        journal.append([j.Written(k + 1, one)])
    journal.close()
    assert list(j.read_batches(folder)) == given_batches


def test_a_journal_can_be_read_while_it_is_written(tmp_path):
    journal = begin(tmp_path)
    journal.append([written(1, b"a")])
    assert list(j.read_batches(tmp_path)) == [batch(1, b"a")]
    journal.append([written(2, b"b")])
    assert len(list(j.read_batches(tmp_path))) == 2
    journal.close()


def test_resume_goes_on_where_the_last_commit_ended(tmp_path):
    journal = begin(tmp_path)
    journal.append([written(1, b"a"), written(2, b"b")], j.Snapshot(2, 2.0, b"s", {"radar": 7}))
    del journal  # no close: as after kill -9
    again = j.Journal.resume(tmp_path)
    assert again is not None
    assert again.number == 2
    assert next(again.snapshots()) == j.Snapshot(2, 2.0, b"s", {"radar": 7})
    again.append([written(3, b"c")])
    again.close()
    assert [b.now_s for b in j.read_batches(tmp_path)] == [1.0, 2.0, 3.0]


def test_a_folder_without_a_journal_is_nothing_to_resume_and_a_sentence_to_read(tmp_path):
    assert j.Journal.resume(tmp_path) is None
    with pytest.raises(JournalError, match="there is no journal in"):
        next(j.read_batches(tmp_path))


def test_rotated_files_read_as_one_journal_and_each_by_itself(tmp_path):
    journal = begin(tmp_path)
    journal.append([written(1, b"a"), written(2, b"b")])
    journal.rotate(j.Snapshot(2, 2.0, b"state 2", {}), version="2")
    journal.append([written(3, b"c")])
    journal.close()
    files = j.journal_files(tmp_path)
    assert len(files) == 2
    assert [b.now_s for b in j.read_batches(tmp_path)] == [1.0, 2.0, 3.0]
    assert [b.now_s for b in j.read_batches(files[1])] == [3.0]
    assert j.read_header(files[1]).version == "2"
    assert next(j.read_snapshots(files[1])).body == b"state 2"
    assert list(j.read_batches(tmp_path, after=2)) == [batch(3, b"c")]
    assert [e.number for e in j.read_entries(tmp_path)] == [0, 1, 2, 3]
    assert [e.number for e in j.read_entries(tmp_path, after=1, limit=1)] == [2]


def test_of_many_files_few_are_opened_and_the_same_is_read(tmp_path, monkeypatch):
    """A year has thousands, and each page of an export begins somewhere in them. Some hold no
    entry, one was never begun.
    """
    journal = begin(tmp_path)
    for k in range(1, 61):
        entries = () if k % 7 in (2, 3, 4) else (entry(k),)
        journal.append([j.Written(k, batch(k, b"x"), entries)])
        journal.rotate(j.Snapshot(k, float(k), b"s", {}))
    sqlite3.connect(tmp_path / "journal-000099.sqlite").close()
    numbers = [0, *(k for k in range(1, 61) if k % 7 not in (2, 3, 4))]
    opened, reader = [], j.jf.open_reader

    def counted(path):
        opened.append(path)
        return reader(path)

    monkeypatch.setattr(j.jf, "open_reader", counted)
    for after in range(-1, 62):
        opened.clear()
        found = [e.number for e in j.read_entries(tmp_path, after=after, limit=2)]
        assert found == [n for n in numbers if n > after][:2]
        assert len(opened) < 24  # of 62
        opened.clear()
        batches = j.read_batches(tmp_path, after=max(after, 0))
        assert next(batches, None) == (batch(max(after, 0) + 1, b"x") if after < 60 else None)
        batches.close()
        assert len(opened) < 12 or after > 60
        opened.clear()
        first = max(after, 56) + 1
        assert [n for n, _ in journal.tail(first - 1)] == list(range(first, 61))
        assert len(opened) < 15
    journal.close()


def test_a_file_that_finds_no_room_leaves_no_key(tmp_path, monkeypatch):
    keys = Keyring.open(tmp_path)
    first = j.Snapshot(0, 1.0, b"state 0", {})
    journal = j.Journal.begin(tmp_path / "journal", header(), first, [entry(0)], keys)

    def refuse(_db):
        raise sqlite3.OperationalError("database or disk is full")

    for name in ("make_tables", "open_writer"):
        with monkeypatch.context() as full:
            full.setattr(j.jf, name, refuse)
            with pytest.raises(j.NoRoomError, match="is full"):
                journal.rotate(j.Snapshot(0, 1.0, b"s", {}))
    assert [what for _, what, _ in keys.listed()] == ["journal 000001"]
    journal.rotate(j.Snapshot(0, 1.0, b"s", {}))
    assert len(keys.listed()) == 2
    journal.close()
    keys.close()


def test_a_snapshot_that_was_changed_is_passed_over(tmp_path):
    journal = begin(tmp_path)
    journal.append([written(1, b"a")], j.Snapshot(1, 1.0, b"good", {}))
    journal.append([written(2, b"b")], j.Snapshot(2, 2.0, b"bad", {}))
    path = journal.path
    journal.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE snapshot SET body = x'00' WHERE number = 2")
    db.close()
    again = j.Journal.resume(tmp_path)
    found = next(again.snapshots())
    assert (found.number, found.body) == (1, b"good")
    assert [n for n, _ in again.tail(found.number)] == [2]
    again.close()


def test_a_batch_that_was_changed_is_named(tmp_path):
    journal = begin(tmp_path)
    journal.append([written(1, b"a"), written(2, b"b")])
    path = journal.path
    journal.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE batch SET body = (SELECT body FROM batch WHERE number = 2)")
    db.close()
    with pytest.raises(JournalError, match="batch 1 does not fit its chain"):
        list(j.read_batches(tmp_path))


@pytest.mark.parametrize("size", [0, 100, 5000, 20_000])
def test_a_truncated_file_gives_a_sentence_that_says_what_to_do(tmp_path, size):
    journal = begin(tmp_path)
    journal.append([written(k, b"x" * 500) for k in range(1, 200)])
    path = journal.path
    journal.close()
    path.write_bytes(path.read_bytes()[:size])
    if size == 0:  # an empty database is a file that was never begun
        assert j.Journal.resume(tmp_path) is None
        return
    with pytest.raises(JournalError, match=r"move it away \(mv"):
        _read_all_again(tmp_path)


def _read_all_again(folder):
    again = j.Journal.resume(folder)
    return list(again.snapshots()), list(again.tail(0))


def test_random_bytes_are_no_journal(tmp_path):
    (tmp_path / "journal-000001.sqlite").write_bytes(b"\x17" * 4096)
    with pytest.raises(JournalError, match="is damaged"):
        j.Journal.resume(tmp_path)


def test_a_file_that_was_never_begun_is_passed_over(tmp_path):
    journal = begin(tmp_path)
    journal.append([written(1, b"a")])
    journal.close()
    sqlite3.connect(tmp_path / "journal-000002.sqlite").close()
    again = j.Journal.resume(tmp_path)
    assert again.number == 1
    again.close()


def test_a_missing_file_between_two_is_noticed(tmp_path):
    journal = begin(tmp_path)
    for k in (1, 2, 3):
        journal.append([written(k, b"a")])
        journal.rotate(j.Snapshot(k, float(k), b"s", {}))
    journal.append([written(4, b"d")])
    journal.close()
    j.journal_files(tmp_path)[1].unlink()
    with pytest.raises(JournalError, match="1 batches are missing"):
        list(j.read_batches(tmp_path))


def test_a_gap_left_by_a_full_disk_stops_a_replay_and_says_so(tmp_path):
    journal = begin(tmp_path)
    journal.append([written(1, b"a")])
    journal.rotate(j.Snapshot(9, 9.0, b"state 9", {}), gap=8)
    journal.append([written(10, b"b")])
    journal.close()
    with pytest.raises(JournalError, match="8 batches are missing"):
        list(j.read_batches(tmp_path))
    assert [b.now_s for b in j.read_batches(j.journal_files(tmp_path)[1])] == [10.0]


def test_a_full_disk_is_said_and_nothing_of_the_commit_stays(tmp_path):
    """A limit on the size of files stands for the full disk: the kernel refuses the write."""
    journal = begin(tmp_path)
    journal.append([written(1, b"a")])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(j.NoRoomError):
            journal.append([written(2, b"x" * 1_000_000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert journal.number == 1
    journal.append([written(2, b"x" * 1_000_000)])  # space is back
    journal.close()
    assert [b.now_s for b in j.read_batches(tmp_path)] == [1.0, 2.0]


def test_a_database_that_may_not_grow_is_a_full_disk_too(tmp_path):
    journal = begin(tmp_path)
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(j.NoRoomError, match="full"):
        journal.append([written(1, b"x" * 100_000)])
    journal._db.execute("PRAGMA max_page_count=1000000")
    journal.append([written(1, b"x" * 100_000)])
    journal.close()
    assert len(list(j.read_batches(tmp_path))) == 1


def test_answers_to_acts_survive(tmp_path):
    answer = j.Answer("officer", "k1", b"d", True, "seen")
    journal = begin(tmp_path)
    journal.append([written(1, b"act", answers=(answer,))])
    del journal
    again = j.Journal.resume(tmp_path)
    assert again.answers() == [answer]
    again.close()


def test_old_snapshots_thin_out_to_one_a_minute_and_the_first_stays(tmp_path):
    journal = begin(tmp_path)
    for k in range(1, 61):
        journal.append([j.Written(k, Batch(k * 10.0))], j.Snapshot(k, k * 10.0, b"s", {}))
    numbers = [s.number for s in journal.snapshots()]
    journal.close()
    assert numbers[:12] == list(range(60, 48, -1))
    assert numbers[-1] == 0
    assert len(numbers) <= 12 + 10


def test_frames_that_were_put_aside_are_kept_with_their_reason(tmp_path):
    journal = begin(tmp_path)
    journal.put_aside(batch(1, b"poison"), "ZeroDivisionError")
    path = journal.path
    journal.close()
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT reason, frames FROM quarantine").fetchall()
    db.close()
    assert rows == [("ZeroDivisionError", 1)]
