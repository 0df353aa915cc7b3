"""`tocsin record verify` tells time stamps, and whose signature it could check."""

import json
import shutil
import sqlite3
import subprocess
import sys

import pytest
from tests.cli.test_record_proof import folder_of
from tests.cli.test_record_verbs import answer, run
from tests.report.raid import FIRST, raid
from tests.service.authority import Authority
from tests.service.test_timestamps import unpacked

from tocsin.service.checkpoint_book import CheckpointBook
from tocsin.service.notary import BOOK, open_notary
from tocsin.service.stamp_book import keep_stamp
from tocsin.service.stamps import request_of


@pytest.fixture(scope="module")
def tsa(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tsa") / "own")


@pytest.fixture(scope="module")
def data(tmp_path_factory, tsa):
    folder = folder_of(raid().entries, tmp_path_factory.mktemp("data") / "watch")
    notary = open_notary(folder)
    made = notary.sign(2e9)
    request, _ = request_of(made.note, nonce=True)
    keep_stamp(notary.book, "state", made.note, tsa.reply(request), 2e9)
    notary.book.close()
    return folder


def copied(data, target, sql):
    copy = target / "copy"
    shutil.copytree(data, copy)
    with sqlite3.connect(copy / BOOK) as db:
        db.execute(sql)
    db.close()
    return copy


def test_it_is_told_when_and_by_whom_and_that_no_certificate_was_given(data):
    [stamp] = answer("record", "verify", data)["stamps"]
    assert (stamp["by"], stamp["checkpoint"], stamp["signature"]) == (
        "state",
        38,
        "not checked",
    )
    told = run("record", "verify", data).stdout
    assert f"Checkpoint 38 was stamped by state at {stamp['at']}, as its token says." in told
    assert "no certificate was given" in told
    assert "--tsa state=FILE" in told


def test_with_the_root_the_signature_is_good_and_with_another_it_is_refused(
    data, tsa, tmp_path
):
    told = run("record", "verify", data, "--tsa", f"state={tsa.root}").stdout
    assert "The signature of state is good" in told
    assert "no certificate" not in told
    stranger = Authority(tmp_path / "stranger")
    refused = run("record", "verify", data, "--tsa", f"state={stranger.root}", status=1).stderr
    assert "is not of that authority" in refused
    assert "certificate" in refused


def test_a_name_or_a_file_that_is_not_there_is_a_sentence(data, tsa, tmp_path):
    told = run("record", "verify", data, "--tsa", f"other={tsa.root}", status=2).stderr
    assert "there are stamps of state" in told
    told = run("record", "verify", data, "--tsa", f"state={tmp_path / 'none'}", status=2).stderr
    assert "cannot be read" in told
    assert "NAME=FILE" in run("record", "verify", data, "--tsa", "x", status=2).stderr


def test_a_token_of_another_checkpoint_is_told(data, tsa, tmp_path):
    other = tsa.reply(request_of("another checkpoint", nonce=True)[0]).hex()
    copy = copied(data, tmp_path, f"UPDATE stamp SET answer = x'{other}'")
    told = run("record", "verify", copy, status=1).stderr
    assert "the time stamp of checkpoint 38 by state is of something else" in told


def test_a_stamped_checkpoint_with_a_changed_text_is_told(data, tmp_path):
    copy = copied(
        data, tmp_path, "UPDATE stamp SET note = replace(note, 'signed 2', 'signed 1')"
    )
    assert "is of something else" in run("record", "verify", copy, status=1).stderr


def test_a_ledger_written_anew_shows_against_its_stamp(data, tmp_path):
    """Who writes it anew makes new checkpoints too; the stamp cannot be made again."""
    other = raid(approve=False)
    for name in ("One", "Two", "Three", "Four", "Five"):
        other.act("add_actor", name=name)
    fork = folder_of(other.entries, tmp_path / "fork")
    shutil.copy(data / BOOK, fork / BOOK)
    with sqlite3.connect(fork / BOOK) as db:
        for table in ("checkpoint", "holder", "block"):
            db.execute(f"DELETE FROM {table}")
    db.close()
    found = answer("record", "verify", fork, status=1)
    assert found["first_bad"] == 37
    assert "checkpoint 38, stamped by state at " in found["reason"]
    assert found["stamps"] == []


def test_evidence_bears_its_stamp_and_says_how_to_check_it(data, tsa, tmp_path):
    out = tmp_path / "inc.zip"
    answer("record", "evidence", FIRST, "--from", data, "--out", out)
    told = run("record", "verify", out).stdout
    assert "was stamped by state at " in told
    assert "no certificate was given" in told
    found = answer("record", "verify", out, "--tsa", f"state={tsa.root}")
    assert [s["signature"] for s in found["stamps"]] == ["good"]
    folder = unpacked(out, tmp_path / "inc")
    assert "openssl ts -verify" in (folder / "README.txt").read_text()
    assert tsa.why_not(folder, "stamp-state-38") == ""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", str(out)],
        cwd=folder, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert f"stamped by state at {found['stamps'][0]['at']}" in done.stdout
    assert "its signature was not checked here" in done.stdout
    (folder / "stamp-state-38.tsr").write_bytes(tsa.reply(tsa.query(data=b"another")))
    assert "was changed" in answer("record", "verify", folder, status=1)["reason"]


def test_the_book_of_an_older_version_is_read_and_has_no_stamps(data, tmp_path):
    copy = copied(data, tmp_path, "DROP TABLE stamp")
    assert answer("record", "verify", copy)["stamps"] == []
    assert CheckpointBook(copy / BOOK).rows("SELECT count(*) FROM stamp") == [(0,)]


def test_json_is_one_object_with_the_stamps(data):
    assert json.loads(run("record", "verify", data, "--json").stdout)["stamps"]
