"""Data folders on media that cannot be written, and what was erased out of their logs too."""

import errno
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.service.test_journal import header

from tocsin.cli import main
from tocsin.errors import ServiceError
from tocsin.record import Chain, append_into
from tocsin.service import _sqlite_files as files
from tocsin.service import holding, keyring
from tocsin.service.checkpoint_book import CheckpointBook
from tocsin.service.holding import place_hold
from tocsin.service.journal import Journal, Snapshot
from tocsin.service.keyring import Keyring
from tocsin.service.service_ledger import ServiceLedger

NAME = "Janeway Quillfeather"


def test_a_removed_account_is_in_no_file_while_the_watch_has_the_ledger_open(tmp_path):
    path = tmp_path / "service.sqlite"
    with closing(ServiceLedger(path)) as watch:  # its connection keeps the log there
        watch.set_user(NAME, ["viewer"], by="start")
        watch.db.execute("DELETE FROM entry")  # whose name it is by a pseudonym, in a watch
        watch.db.execute("SELECT 1")
        with closing(ServiceLedger(path)) as verb:
            assert verb.remove_user(NAME)
        for file in tmp_path.iterdir():
            assert NAME.encode() not in file.read_bytes(), file.name


def test_a_log_that_a_reader_holds_on_to_is_tried_again(tmp_path, monkeypatch):
    path = tmp_path / "service.sqlite"
    monkeypatch.setattr(files, "FOLD_WAIT_S", 0.0)
    with closing(ServiceLedger(path)) as ledger:
        ledger.set_user(NAME, ["viewer"], by="start")
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM user").fetchall()
        ledger.db.execute("DELETE FROM user")
        assert not files.fold_log(ledger.db)
        waited = []

        def ends(_s):
            waited.append(1)
            if len(waited) == 3:
                reader.close()

        monkeypatch.setattr(files.time, "sleep", ends)
        assert files.fold_log(ledger.db)
        assert len(waited) == 3
        assert ledger.db.execute("PRAGMA busy_timeout").fetchone()[0] == 5000


@pytest.fixture
def evidence(tmp_path, monkeypatch):
    """A data folder on a disk that takes nothing."""
    ring = Keyring.open(tmp_path)
    first = append_into(Chain(), "note", 1.0, {"text": "evidence"})
    Journal.begin(
        tmp_path / "journal", header(), Snapshot(0, 1.0, b"x", {}), [first], ring
    ).close()
    place_hold(ring, "INC-1", (0.0, 1.0), until_s=5e9, by="p", reason="inquiry", now_s=4.99e9)
    ring.close()
    CheckpointBook(tmp_path / "checkpoints.sqlite").close()

    def refuse(path, _mode):
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    def immutable(path):
        uri = f"{path.resolve().as_uri()}?immutable=1"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    monkeypatch.setattr(Path, "chmod", refuse)
    for module in (keyring, holding):
        monkeypatch.setattr(module, "_TABLE" if module is holding else "_TABLES", "no SQL")
    monkeypatch.setattr(keyring, "connect_reader", immutable)
    return tmp_path


@pytest.mark.parametrize("verb", [["record", "verify"], ["record", "holds", "--data"]])
def test_evidence_on_read_only_media_is_read(evidence, verb, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*verb, str(evidence), "--json"])
    said = capsys.readouterr()
    assert ended.value.code == 0, said.err
    assert "inquiry" in said.out or "verify" in verb


def test_what_has_to_write_says_that_the_disk_is_read_only(evidence):
    for opened in (
        lambda: Keyring.open(evidence),
        lambda: CheckpointBook(evidence / "checkpoints.sqlite"),
        lambda: ServiceLedger(evidence / "service.sqlite"),
    ):
        with pytest.raises(ServiceError, match="read-only") as error:
            opened()
        assert "copy the whole data folder" in str(error.value)
    with closing(Keyring.open(evidence, reading=True)) as keys:
        assert len(keys.listed()) == 1


def test_a_damaged_file_of_keys_says_to_restore_it(tmp_path):
    Keyring.open(tmp_path).close()
    (tmp_path / "sealed.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(ServiceError, match=r"restore sealed\.sqlite from a copy"):
        Keyring.open(tmp_path, reading=True)
