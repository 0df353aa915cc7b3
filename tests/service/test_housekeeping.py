"""What is pruned every ten minutes, and what is not: by the parts of a hall that it needs."""

import contextlib
import time
from functools import partial
from types import SimpleNamespace

import pytest
from tests.service.test_journal import header
from tests.service.test_sealed_journal import HOUR_S, hourly, known

from tocsin.model import Batch, Retention
from tocsin.model.register import Register
from tocsin.service import retention
from tocsin.service.hall import STEADY_S, Hall
from tocsin.service.holding import incident_span, place_hold
from tocsin.service.housekeeping import prune_once
from tocsin.service.journal import Journal, Snapshot, Written
from tocsin.service.keyring import Keyring
from tocsin.service.people import People
from tocsin.service.pseudonyms import Kind
from tocsin.service.retention import prune_journal
from tocsin.service.service_ledger import ServiceLedger


class Shelf:
    def __init__(self):
        self.register = Register()

    @contextlib.contextmanager
    def reading(self):
        yield self.register, ""


@pytest.fixture
def hall(tmp_path):
    """A hall whose journal holds nine hours, and people's values of its first day."""
    keys = Keyring.open(tmp_path)
    people = People(keys)
    people.name(Kind.SERIAL, b"MFG1A0123456789", HOUR_S)
    people.flush()
    hourly(tmp_path / "journal", keys, 9)
    ledger = ServiceLedger(tmp_path / "service.sqlite")
    made = SimpleNamespace(
        data=tmp_path, keys=keys, people=people, ledger=ledger, shelf=Shelf(),
        node=SimpleNamespace(retention=Retention()), clock=SimpleNamespace(),
        engine=SimpleNamespace(ahead_s=0.0), steady_since=time.monotonic(),
        stepped_ahead_s=0.0, clock_steps=0, wall_offset_s=time.time() - time.monotonic(),
    )  # fmt: skip
    made.is_clock_doubted = partial(Hall.is_clock_doubted, made)
    yield made
    ledger.close()
    keys.close()


def at(hall, hours):
    hall.clock.now_s = lambda: hours * HOUR_S


def days(hall):
    return [what for _, what, _ in hall.keys.listed() if what.startswith("people")]


def test_a_hold_grows_with_its_incident_for_the_journal_and_for_peoples_values(hall):
    early = known([2.2, 2.4], is_open=True)
    place_hold(
        hall.keys, "INC-1", incident_span(early, "INC-1"), until_s=500 * HOUR_S, by="p",
        reason="inquiry", now_s=2.4 * HOUR_S,
    )  # fmt: skip
    at(hall, 120)
    hall.shelf.register = early
    assert [g.first for g in prune_once(hall)] == [1]
    assert len(days(hall)) == 1
    hall.shelf.register = known([2.2, 2.4, 4.0, 5.5], is_open=False)
    assert [g.first for g in prune_once(hall)] == [8, 9]
    kinds = [entry.kind for entry in hall.ledger.entries(after=-1, limit=99)]
    assert kinds == ["pruned"] * 3


MONTH_S = 30 * 86_400.0


@pytest.mark.parametrize("when", ["at the start", "while it runs", "a moment ago"])
def test_a_clock_that_has_gone_far_ahead_deletes_nothing_before_it_was_steady(hall, when):
    """A battery clock may be wrong at boot; NTP sets it right, and nothing is gone."""
    at(hall, 9 + MONTH_S / HOUR_S)
    if when == "at the start":
        hall.engine.ahead_s = MONTH_S
    elif when == "while it runs":
        Hall.note_clock_step(hall, MONTH_S)
    else:
        hall.wall_offset_s -= MONTH_S
    assert prune_once(hall) == []
    assert len(days(hall)) == 1
    Hall.note_clock_step(hall, -MONTH_S)  # set right: what is due by it goes at once
    hall.engine.ahead_s = 0.0
    assert not hall.is_clock_doubted(hall.node.retention.keep_s)


def test_what_a_long_pause_has_let_outlive_its_time_goes_after_an_hour(hall):
    at(hall, 9 + MONTH_S / HOUR_S)
    hall.engine.ahead_s = MONTH_S
    hall.steady_since -= STEADY_S
    assert len(prune_once(hall)) == 9
    assert days(hall) == []


def test_what_was_found_pruned_is_not_opened_again(hall, monkeypatch):
    opened, reader = [], retention.jf.open_reader

    def counted(path):
        opened.append(path.name)
        return reader(path)

    monkeypatch.setattr(retention.jf, "open_reader", counted)
    at(hall, 9 + 1000)
    known = set()
    assert len(prune_once(hall, known)) == 9
    prune_once(hall, known)
    opened.clear()
    assert prune_once(hall, known) == []
    assert opened == ["journal-000010.sqlite"]


def test_a_file_ends_with_its_newest_batch_where_the_next_begins_long_after(tmp_path):
    keys = Keyring.open(tmp_path)
    journal = Journal.begin(
        tmp_path / "journal", header(begun_s=HOUR_S), Snapshot(0, HOUR_S, b"x", {}), [], keys
    )
    journal.append([Written(1, Batch(2 * HOUR_S))])
    journal.rotate(Snapshot(1, MONTH_S, b"y", {}))
    gone = prune_journal(tmp_path / "journal", keys, Retention(), (), 80 * HOUR_S)
    assert [g.first for g in gone] == [1]
    assert journal.is_due_to_rotate(MONTH_S - 1.0)  # begun by a clock that was wrong
    assert not journal.is_due_to_rotate(MONTH_S + 1.0)
    journal.close()
    keys.close()
