"""`tocsin record hold`, `holds` and `keys` on a data folder, as a stranger runs them."""

import json

import pytest
from tests.cli.test_record_verbs import answer, run
from tests.report.raid import FIRST, T_S, raid

from tocsin.model import Batch, Frame
from tocsin.record import first_bad
from tocsin.service.journal import Header, Journal, Snapshot, Written
from tocsin.service.keyring import Keyring
from tocsin.service.pseudonyms import PATTERN
from tocsin.service.service_ledger import _ENTRIES, Entry, ServiceLedger


@pytest.fixture
def data(tmp_path):
    """A data folder with a sealed journal that holds the raid's ledger."""
    folder = tmp_path / "data"
    folder.mkdir()
    ring = Keyring.open(folder)
    entries = raid().entries
    header = Header(file=1, first_batch=1, chain=bytes(32), version="test", processor="test",
                    site="", where="", mode="live", live=True, opened_s=T_S, begun_s=T_S,
                    clock=(T_S, 0.0, 1e-9))  # fmt: skip
    book = Journal.begin(folder / "journal", header, Snapshot(0, T_S, b"", {}), entries, ring)
    book.append([Written(1, Batch(T_S + 1, (Frame("radar", 1, T_S + 1, b"plot"),)))])
    book.close()
    ring.close()
    ServiceLedger(folder / "service.sqlite").close()
    return folder


def service_entries(data):
    ledger = ServiceLedger(data / "service.sqlite")
    rows = [Entry(*row) for row in ledger.db.execute(_ENTRIES)]
    ledger.close()
    assert first_bad(rows) is None
    return [(row.kind, json.loads(row.body)) for row in rows]


def test_a_hold_names_incident_person_reason_and_end_and_is_in_the_service_ledger(data):
    words = ("--data", data, "--reason", "inquiry 7", "--by", "duty officer", "--days", "30")
    [held] = answer("record", "hold", FIRST, *words)["holds"]
    assert held["incident"] == FIRST
    assert held["first_s"] < T_S < held["last_s"]
    assert 29.9 < (held["until_s"] - T_S) / 86_400 < 30.1
    assert answer("record", "holds", "--data", data)["holds"] == [held]
    assert "until" in run("record", "holds", "--data", data).stdout
    kind, body = service_entries(data)[-1]
    assert (kind, body["reason"]) == ("hold", "inquiry 7")
    assert PATTERN.fullmatch(body["by"])  # a name is personal, also here
    assert held["by"] == "duty officer"
    run("record", "hold", FIRST, *words, "--release")
    assert service_entries(data)[-1][0] == "hold released"
    assert "no hold" in run("record", "hold", FIRST, *words, "--release", status=2).stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("INC-1999-0001", "--days", "3"), "there is no incident 'INC-1999-0001'"),
        ((FIRST, "--days", "-1"), "a hold ends some day"),
        ((FIRST, "--days", "400"), "within 366 days"),
    ],
)
def test_a_hold_that_cannot_be_is_a_sentence(data, words, sentence):
    words = ("record", "hold", *words, "--data", data, "--reason", "r", "--by", "b")
    assert sentence in run(*words, status=2).stderr


def test_keys_go_out_by_somebody_for_a_reason(data, tmp_path):
    out = tmp_path / "keys.json"
    words = ("record", "keys", data, "--out", out, "--reason", "inquiry", "--by", "lead")
    assert answer(*words)["keys"] == 1
    assert service_entries(data)[-1][0] == "keys handed over"
    assert "cannot be written" in run(*words, status=2).stderr
    words = ("record", "keys", data, "--out", out, "--reason", "", "--by", "lead")
    assert "for a reason" in run(*words, status=2).stderr


def test_a_folder_that_is_none_is_a_sentence(tmp_path):
    assert "no data folder" in run("record", "holds", "--data", tmp_path, status=2).stderr
