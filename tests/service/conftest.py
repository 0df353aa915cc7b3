"""Fixtures of warnings on their way."""

import pytest
from tests.service.desk import Receiver

from tocsin.service import sender as sender_module
from tocsin.service.outbox import Outbox
from tocsin.service.sender import Sender
from tocsin.service.service_ledger import ServiceLedger


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(sender_module, "BACK_OFF_S", (0.05,))


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Start a sender of a node in the test's folder; all are stopped at the end."""
    monkeypatch.setattr(sender_module, "read_entries", lambda *_, **__: [])
    running, ledger = [], ServiceLedger(tmp_path / "service.sqlite")

    def start(node, entries=()):
        made = Sender(node, tmp_path, Outbox(tmp_path / "outbox.sqlite", -1), ledger, {})
        running.append(made)
        made.start()
        made.take(entries)
        return made

    yield start
    for made in running:
        made.stop()
        made.outbox.close()
    ledger.close()
