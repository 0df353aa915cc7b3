"""What is pruned every ten minutes, and what is not: by the parts of a hall that it needs."""

import contextlib
from types import SimpleNamespace

import pytest
from tests.service.test_sealed_journal import HOUR_S, hourly, known

from tocsin.model import Retention
from tocsin.model.register import Register
from tocsin.service.holding import incident_span, place_hold
from tocsin.service.housekeeping import prune_once
from tocsin.service.keyring import Keyring
from tocsin.service.people import People
from tocsin.service.pseudonyms import Kind
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
    )  # fmt: skip
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
