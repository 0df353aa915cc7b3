"""The engine answers after the commit, outlives poison and a full disk, and forgets
nothing.
"""

import json
import math
import resource
import signal
import sqlite3
import threading
import time
from concurrent.futures import Future

import pytest
from tests.service.fakes import NODE, FakePipeline

from tocsin.errors import JournalError
from tocsin.model import OFFICER
from tocsin.service import journal as j
from tocsin.service.clock import REAL, Clock
from tocsin.service.engine import Engine, PutAsideError
from tocsin.service.inbox import Arrival, Inbox
from tocsin.service.recovery import Past
from tocsin.service.wall import Wall


class Sink:
    def __init__(self):
        self.outcomes, self.numbers, self.commits = [], [], []

    def ready(self, node, state, pipeline):
        self.state = state

    def take(self, outcome, number, roster):
        self.outcomes.append(outcome)
        self.numbers.append(number)

    def committed(self, number):
        self.commits.append(number)


def start(folder, *, pipeline=None, clock=REAL, site="[node]", inbox=None):
    pipeline = pipeline or FakePipeline()
    engine = Engine(
        load_pipeline=lambda: pipeline,
        folder=folder / "journal",
        past=Past(NODE, site, "site.toml", "live", clock),
        clock=clock,
        inbox=inbox or Inbox(),
        sink=Sink(),
    )
    engine.start()
    return engine


@pytest.fixture
def running(tmp_path):
    engine = start(tmp_path)
    engine.started.result(60)
    yield engine
    engine.stop()


def post(engine, payload, source="camera", asks=None):
    reply = Future()
    assert engine.inbox.put([Arrival(source, REAL.now_s(), payload, "http", reply, asks)])
    return reply


def payloads(folder):
    return [f.payload for b in j.read_batches(folder) for f in b.frames]


def until(condition, timeout_s=60.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def test_an_answer_comes_after_the_commit(running, tmp_path):
    receipt = post(running, b"hello").result(60)
    assert b"hello" in payloads(tmp_path)
    assert receipt.batch <= running.counters.journal_batch
    assert post(running, b"bad").result(60).rejected == {"bad": 1}


def test_a_quiet_sky_still_ticks_five_times_a_second(running):
    sink = running.sink
    until(lambda: len([o for o in sink.outcomes if o.picture]) >= 5)
    times = [o.picture.now_s for o in list(sink.outcomes) if o.picture]
    assert len({int(t * 5) for t in times}) == len(times)  # never two in one 0.2 s
    until(lambda: sink.commits and sink.commits[-1] >= sink.numbers[4])


def test_where_no_other_file_can_be_begun_that_is_tried_seldom(running, monkeypatch):
    """Each try packs the whole state, and there is room for batches: the watch goes on."""
    tries = []

    def refuse(_db):
        tries.append(time.monotonic())
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(j.jf, "make_tables", refuse)
    monkeypatch.setattr(j.Journal, "is_due_to_rotate", lambda *_: True)
    until(lambda: tries)
    before = running.counters.journal_batch
    until(lambda: running.counters.journal_batch > before + 10)
    assert len(tries) == 1


def test_time_never_steps_back_and_ticks_follow_the_rate(tmp_path):
    engine = start(tmp_path, clock=Clock(1000.0, time.time(), 20.0))
    began = time.time()
    engine.started.result(60)
    until(lambda: engine.counters.journal_batch > 20)
    engine.stop()
    times = [b.now_s for b in j.read_batches(tmp_path)]
    assert times == sorted(times)
    assert len(times) > 20
    # Twenty seconds of service time a second: 21 ticks of 0.2 s and no more than has passed.
    assert 2.0 <= times[-1] - 1000.0 <= 20.0 * (time.time() - began + 1.0)


def test_a_restart_goes_on_with_state_and_sequences(tmp_path):
    for round_ in range(3):
        engine = start(tmp_path)
        engine.started.result(60)
        post(engine, b"%d" % round_).result(60)
        engine.stop()
    seen = engine._state["seen"]
    assert seen == [["camera", k, b"%d" % k] for k in range(3)]
    assert payloads(tmp_path) == [b"0", b"1", b"2"]


def test_snapshot_and_tail_give_what_the_whole_journal_gives(tmp_path):
    engine = start(tmp_path, clock=Clock(0.0, time.time(), 1000.0))  # a snapshot every 10 ms
    engine.started.result(60)
    for k in range(20):
        post(engine, b"%d" % k).result(60)
    engine._close_down = engine._journal._db.close  # no snapshot, as after kill -9
    engine.stop()
    pipeline = FakePipeline()
    state, _ = pipeline.open_state(NODE, mode="live", now_s=0.0, live=True)
    state["now_s"] = 0.0
    for batch in j.read_batches(tmp_path):
        state, _ = pipeline.step(state, batch)
    again = j.Journal.resume(tmp_path / "journal")
    snapshot = next(again.snapshots())
    assert snapshot.number > 0
    recovered = pipeline.thaw(snapshot.body)
    for _, batch in again.tail(snapshot.number):
        recovered, _ = pipeline.step(recovered, batch)
    again.close()
    assert recovered["seen"] == [list(row) for row in state["seen"]]
    assert recovered["ticks"] == state["ticks"]


class Slow(FakePipeline):
    """Its snapshots are not made smaller before it is let go on."""

    def __init__(self):
        self.go, self.waiting = threading.Event(), 0

    def squeeze(self, packed):
        self.waiting += 1
        assert self.go.wait(60)
        return packed


def test_nobody_waits_while_a_snapshot_is_made_smaller(tmp_path):
    """Posts are answered, and what the snapshot holds is the state as it was when it began."""
    pipeline = Slow()
    pipeline.go.set()
    engine = start(tmp_path, pipeline=pipeline, clock=Clock(0.0, time.time(), 1000.0))
    engine.started.result(60)
    until(lambda: engine.counters.journal_batch > 0)
    pipeline.go.clear()
    asked = pipeline.waiting
    until(lambda: pipeline.waiting > asked)
    for k in range(10):
        post(engine, b"%d" % k).result(60)
    pipeline.go.set()
    until(lambda: len(list(j.read_snapshots(tmp_path))) > 1)
    engine.stop()
    again = j.Journal.resume(tmp_path / "journal")
    for snapshot in again.snapshots():
        kept = pipeline.thaw(snapshot.body)
        state, _ = pipeline.open_state(NODE, mode="live", now_s=0.0, live=True)
        for number, batch in again.tail(0):
            if number <= snapshot.number:
                state, _ = pipeline.step(state, batch)
        assert kept["seen"] == [list(row) for row in state["seen"]]
        assert kept["ticks"] == state["ticks"]
    again.close()


def test_poisoned_frames_are_put_aside_and_the_others_are_kept(running, tmp_path):
    good = [post(running, b"good %d" % k) for k in range(3)]
    poison = post(running, b"poison")
    more = [post(running, b"more %d" % k, source="radar") for k in range(3)]
    for reply in (*good, *more):
        reply.result(60)
    with pytest.raises(PutAsideError, match="ZeroDivisionError"):
        poison.result(60)
    post(running, b"after").result(60)
    assert b"poison" not in payloads(tmp_path)
    assert [p for *_, p in running._state["seen"]].count(b"good 0") == 1
    assert [s for src, s, _ in running._state["seen"] if src == "camera"] == [0, 1, 2, 3]
    assert running.counters.put_aside == {"camera": {"ZeroDivisionError": 1}}
    assert running.not_ready == ""
    with sqlite3.connect(running._journal.path) as db:
        assert db.execute("SELECT frames FROM quarantine").fetchall() == [(1,)]
    db.close()


def test_a_clock_that_is_set_back_stops_nothing_and_a_restart_goes_on_from_the_journal(
    tmp_path,
):
    """Time does not step back in the record; the watch goes on by its own."""
    set_s = [0.0]

    def clock():
        return Clock(source=Wall(lambda: time.time() + set_s[0]))

    engine = start(tmp_path, clock=clock())
    engine.started.result(60)
    until(lambda: len(engine.sink.outcomes) > 2)
    set_s[0] = -3600.0
    before = len(engine.sink.outcomes)
    until(lambda: len(engine.sink.outcomes) > before + 5)
    assert engine.not_ready == ""
    engine.stop()
    engine = start(tmp_path, clock=clock())
    engine.started.result(60)
    until(lambda: len(engine.sink.outcomes) > 5)
    assert engine.not_ready == ""
    assert "set back" in engine._clock.note()
    engine.stop()
    times = [b.now_s for b in j.read_batches(tmp_path)]
    assert times == sorted(times)
    assert len(times) > 10
    assert times[-1] - times[0] < 60.0


def test_a_pipeline_that_fails_on_every_tick_is_not_ready_and_does_not_die(tmp_path):
    class Broken(FakePipeline):
        from_s = math.inf  # what went well before goes well again when it is restored

        def step(self, state, batch):
            if batch.now_s >= self.from_s:
                raise RuntimeError("everything fails")
            return super().step(state, batch)

    pipeline = Broken()
    engine = start(tmp_path, pipeline=pipeline)
    engine.started.result(60)
    pipeline.from_s = REAL.now_s()
    until(lambda: engine.counters.failed_steps > 3)
    engine._failing_since -= 10.0
    assert "everything fails" in engine.not_ready
    pipeline.from_s = math.inf
    until(lambda: engine.not_ready == "")
    engine.stop()
    assert engine.ended.result(60) is None


class _FullDisk:
    def __enter__(self):
        self.before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        self.limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, self.limits[1]))

    def __exit__(self, *_):
        resource.setrlimit(resource.RLIMIT_FSIZE, self.limits)
        signal.signal(signal.SIGXFSZ, self.before)


def test_a_full_disk_is_said_and_when_there_is_room_all_of_it_is_written(running, tmp_path):
    post(running, b"before").result(60)
    with _FullDisk():
        refused = post(running, b"x" * 10_000)
        with pytest.raises(j.NoRoomError):
            refused.result(60)
        assert running.counters.disk_error
        seen = len(running.sink.outcomes)
        until(lambda: len(running.sink.outcomes) > seen + 3)  # the watch goes on
        with pytest.raises(j.NoRoomError):
            post(running, b"x" * 10_000).result(60)
    until(lambda: not running.counters.disk_error)
    post(running, b"after").result(60)
    found = payloads(tmp_path)
    assert found == [b"before", b"x" * 10_000, b"after"]  # the repeat was no second frame
    assert running.counters.refused_no_room == 2


def test_what_was_lost_to_a_long_full_disk_is_a_gap_with_a_snapshot(
    running, tmp_path, monkeypatch
):
    monkeypatch.setattr("tocsin.service.engine.MAX_OWED_BYTES", 1000)
    post(running, b"before").result(60)
    with _FullDisk():
        with pytest.raises(j.NoRoomError):
            post(running, b"x" * 10_000).result(60)
        until(lambda: running.counters.lost_batches)
    until(lambda: not running.counters.disk_error)
    post(running, b"after").result(60)
    running.stop()
    files = j.journal_files(tmp_path)
    assert len(files) == 2
    assert [f.payload for b in j.read_batches(files[1]) for f in b.frames] == [b"after"]
    with pytest.raises(JournalError, match="batches are missing"):
        list(j.read_batches(tmp_path))
    numbers = [e.number for e in j.read_entries(tmp_path)]
    assert numbers == list(range(len(numbers)))  # the ledger has no gap
    again = start(tmp_path)
    again.started.result(60)
    assert [p for *_, p in again._state["seen"]] == [b"before", b"x" * 10_000, b"after"]
    again.stop()


def act(engine, key, user="officer"):
    payload = json.dumps({"key": f"{user}:{key}"}).encode()
    return post(engine, payload, OFFICER, asks=(user, key, b"digest"))


def test_the_same_key_gets_the_same_answer_and_is_journalled_once(running, tmp_path):
    first = act(running, "k1").result(60)
    assert first.answer == (True, "so be it")
    assert act(running, "k1").result(60).answer == first.answer
    running.stop()
    again = start(tmp_path)
    again.started.result(60)
    assert act(again, "k1").result(60).answer == first.answer
    again.stop()
    assert len(payloads(tmp_path)) == 1


def test_another_site_file_is_refused_with_a_sentence(tmp_path):
    start_one = start(tmp_path)
    start_one.started.result(60)
    start_one.stop()
    other = start(tmp_path, site="[other]")
    with pytest.raises(JournalError, match="written for another site file"):
        other.started.result(60)


def test_a_new_version_that_can_read_the_state_begins_a_new_file(tmp_path):
    engine = start(tmp_path)
    engine.started.result(60)
    post(engine, b"old").result(60)
    engine.stop()

    class Newer(FakePipeline):
        VERSION = "fake 2"

    engine = start(tmp_path, pipeline=Newer())
    engine.started.result(60)
    post(engine, b"new").result(60)
    engine.stop()
    files = j.journal_files(tmp_path)
    assert [j.read_header(f).version for f in files] == ["fake 1", "fake 2"]
    assert payloads(tmp_path) == [b"old", b"new"]


def test_what_arrives_during_recovery_waits_and_is_taken(tmp_path):
    gate = threading.Event()

    class Slow(FakePipeline):
        def open_state(self, node, **about):
            gate.wait(5)
            return super().open_state(node, **about)

    engine = start(tmp_path, pipeline=Slow())
    reply = post(engine, b"early")
    assert "starting" in engine.not_ready
    gate.set()
    reply.result(60)
    engine.stop()
    assert payloads(tmp_path) == [b"early"]


def test_an_engine_that_cannot_write_its_journal_says_so_at_the_start(tmp_path):
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "journal-000001.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(JournalError, match="is damaged"):
        start(tmp_path).started.result(60)
