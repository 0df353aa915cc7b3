"""Checkpoints, packages and keys as a stranger runs them: whatever is changed is named."""

import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile

import pytest
from tests.cli.test_record_verbs import answer, run
from tests.report.raid import FIRST, T_S, raid

from tocsin.model import Batch, Frame
from tocsin.service.journal import Header, Journal, Snapshot, Written
from tocsin.service.keyring import Keyring


def folder_of(entries, folder):
    """Write a data folder whose journal holds these entries."""
    header = Header(file=1, first_batch=1, chain=bytes(32), version="test", processor="test",
                    site="", where="", mode="live", live=True, opened_s=T_S, begun_s=T_S,
                    clock=(T_S, T_S, 1.0))  # fmt: skip
    book = Journal.begin(folder / "journal", header, Snapshot(0, T_S, b"", {}), entries[:5])
    batch = Batch(T_S + 1, (Frame("officer", 1, T_S + 1, b"{}"),))
    book.append([Written(1, batch, tuple(entries[5:]))])
    book.close()
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder, and beside it a checkpoint that somebody else holds, and its keys."""
    folder = folder_of(raid().entries, tmp_path_factory.mktemp("data") / "watch")
    made = answer("record", "checkpoint", folder, "--out", folder.parent / "held.txt",
                  "--holder", "head office")  # fmt: skip
    answer("key", "export", folder, "--out", folder.parent / "keys.txt")
    (folder.parent / "code").write_text(made["code"])
    return folder


def tampered(data, target, *statements):
    copy = target / "copy"
    shutil.copytree(data, copy)
    [file] = (copy / "journal").glob("*.sqlite")
    db = sqlite3.connect(file)
    with db:
        for statement in statements:
            db.execute(statement)
    db.close()
    return copy


def test_an_unchanged_ledger_is_unchanged_since_a_checkpoint_that_somebody_holds(data):
    found = answer("record", "verify", data)
    assert found["ok"]
    assert "held by head office" in found["witness"]
    outside = data.parent
    words = ("--held", f"archive={outside / 'held.txt'}", "--key", outside / "keys.txt")
    found = answer("record", "verify", data, *words)
    assert found["ok"]
    assert "archive" in found["witness"]
    assert answer("record", "verify", data, "--code", (outside / "code").read_text())["ok"]


# The seven: what was done, and the first entry that is bad for it.
SEVEN = {
    "changed": (24, "UPDATE entry SET body = replace(body, 'drone', 'kite') WHERE number = 24"),
    "deleted": (12, "DELETE FROM entry WHERE number = 12"),
    "inserted": (38, "INSERT INTO entry SELECT 38, kind, recorded_s, body, digest FROM entry "
                     "WHERE number = 37"),
    "reordered": (8, "UPDATE entry SET number = 999 WHERE number = 8;"
                     "UPDATE entry SET number = 8 WHERE number = 9;"
                     "UPDATE entry SET number = 9 WHERE number = 999"),
    "truncated": (31, "DELETE FROM entry WHERE number > 30"),
}  # fmt: skip


@pytest.mark.parametrize("how", SEVEN)
def test_what_was_done_to_the_ledger_is_named_with_its_first_bad_entry(data, tmp_path, how):
    bad, sql = SEVEN[how]
    copy = tampered(data, tmp_path, *sql.split(";"))
    (copy / "checkpoints.sqlite").unlink()  # whoever changes the one takes the other away
    held = f"archive={data.parent / 'held.txt'}"
    found = answer("record", "verify", copy, "--held", held, status=1)
    assert (found["ok"], found["first_bad"]) == (False, bad), found["reason"]


def test_an_older_state_put_back_shows_against_what_somebody_holds(data, tmp_path):
    old = folder_of(raid().entries[:20], tmp_path / "old")
    held = f"archive={data.parent / 'held.txt'}"
    assert answer("record", "verify", old)["ok"]
    found = answer("record", "verify", old, "--held", held, status=1)
    assert found["first_bad"] == 20


def test_a_fork_shows_against_what_somebody_holds(data, tmp_path):
    other = raid(approve=False)
    for name in ("One", "Two", "Three", "Four", "Five"):
        other.act("add_actor", name=name)
    fork = folder_of(other.entries, tmp_path / "fork")
    assert answer("record", "verify", fork)["ok"]
    held = f"archive={data.parent / 'held.txt'}"
    found = answer("record", "verify", fork, "--held", held, status=1)
    assert not found["ok"]
    assert found["first_bad"] is not None


def test_nothing_is_signed_where_the_ledger_does_not_go_on_from_its_checkpoint(data, tmp_path):
    copy = tampered(data, tmp_path, "DELETE FROM entry WHERE number > 30")
    assert "does not go on" in run("record", "checkpoint", copy, status=1).stderr


@pytest.fixture(scope="module")
def package(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("package") / "node.zip"
    answer("record", "export", data, "--out", out)
    return out


def alone(package, *words):
    """Run the verifier that lies in the package, as a program of Python's own."""
    folder = package.parent / "alone"
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(package) as file:
        file.extract("verify.py", folder)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", str(package), *map(str, words)],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_package_is_checked_by_the_product_and_by_python_alone(data, package):
    keys = data.parent / "keys.txt"
    found = answer("record", "verify", package, "--key", keys)
    assert (found["ok"], found["entries"]) == (True, 38)
    status, said = alone(package, "--key", keys)
    assert status == 0, said
    assert "no outside witness" in said
    status, said = alone(
        package, "--key", keys, "--held", f"archive={data.parent / 'held.txt'}"
    )
    assert status == 0, said
    assert "archive" in said


def altered(package, target, name, change):
    """Return a copy of a package in which one file is another."""
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info, change(data) if info.filename == name else data)
    return target


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("ledger.jsonl", lambda d: d.replace(b"drone", b"kite", 1)),
        ("ledger.jsonl", lambda d: b"".join(d.splitlines(keepends=True)[:-3])),
        ("checkpoints.txt", lambda d: d.replace(b"38\n", b"37\n", 1)),
        ("manifest.json", lambda d: d.replace(b'"entries":38', b'"entries":39', 1)),
        ("manifest.sig", lambda d: d[:-12] + b"AAAAAAAAAA==" ),
    ],
    ids=["changed", "truncated", "checkpoint", "manifest", "signature"],
)  # fmt: skip
def test_a_package_that_was_changed_is_refused_by_both(data, package, tmp_path, name, change):
    bad = altered(package, tmp_path / "bad.zip", name, change)
    keys = data.parent / "keys.txt"
    assert not answer("record", "verify", bad, "--key", keys, status=1)["ok"]
    assert alone(bad, "--key", keys)[0] == 1


def test_a_package_signed_by_a_stranger_is_not_taken(data, package, tmp_path):
    stranger = folder_of(raid().entries, tmp_path / "stranger")
    foreign = tmp_path / "foreign.zip"
    answer("record", "export", stranger, "--out", foreign)
    folder = tmp_path / "centre"
    folder.mkdir()
    shutil.copy(data.parent / "keys.txt", folder)
    assert "not taken" in run("record", "take", foreign, "--into", folder, status=1).stderr
    assert [p.name for p in folder.iterdir()] == ["keys.txt"]
    taken = answer("record", "take", package, "--into", folder)
    assert (taken["entries"], taken["was"]) == (38, None)


def test_an_incident_goes_out_with_the_proofs_of_its_entries_alone(data, tmp_path):
    out = tmp_path / "evidence.zip"
    made = answer("record", "evidence", FIRST, "--from", data, "--out", out)
    assert 0 < made["entries"] < 38
    status, said = alone(out, "--key", data.parent / "keys.txt")
    assert status == 0, said
    bad = altered(out, tmp_path / "bad.zip", "entries.jsonl",
                  lambda d: d.replace(b"drone", b"kite", 1))  # fmt: skip
    assert alone(bad, "--key", data.parent / "keys.txt")[0] == 1


def test_a_new_key_is_known_by_the_signature_of_the_old_one(tmp_path):
    folder = folder_of(raid().entries, tmp_path / "watch")
    Keyring.open(folder).close()
    answer("key", "export", folder, "--out", tmp_path / "old.txt")
    turned = answer("key", "rotate", folder, "--reason", "yearly", "--by", "officer")
    assert turned["key"] != turned["was"]
    shown = answer("key", "show", folder)["keys"]
    assert [k["until_s"] is None for k in shown] == [False, True]
    # Who has only the old key can check the checkpoint that both have signed.
    assert answer("record", "verify", folder, "--key", tmp_path / "old.txt")["ok"]


def test_pages_are_made_of_signed_packages_and_of_plain_lines_only_where_asked(
    data, package, tmp_path
):
    folder = tmp_path / "exports"
    folder.mkdir()
    shutil.copy(package, folder / "node.zip")
    refused = run("publish", folder, "--out", tmp_path / "out", status=2)
    assert "no key is trusted" in refused.stderr
    shutil.copy(data.parent / "keys.txt", folder)
    made = answer("publish", folder, "--out", tmp_path / "out")
    assert made["pages"] or made["waiting"]
    altered(package, folder / "node.zip", "ledger.jsonl",
            lambda d: d.replace(b"drone", b"kite", 1))  # fmt: skip
    again = run("publish", folder, "--out", tmp_path / "again", "--json", status=1)
    assert "node.zip" in again.stderr
    raid().write(folder / "plain.jsonl")
    assert (
        "signed by nobody" in run("publish", folder, "--out", tmp_path / "x", status=1).stderr
    )


def test_json_of_a_refused_package_names_its_reason(package, tmp_path):
    bad = altered(package, tmp_path / "bad.zip", "ledger.jsonl", lambda d: d[:-1])
    found = json.loads(run("record", "verify", bad, "--json", status=1).stdout.splitlines()[-1])
    assert found["reason"]


def test_a_folder_that_holds_no_ledger_does_not_fit_together(data, tmp_path):
    assert "holds no ledger" in run("record", "verify", tmp_path, status=2).stderr
    emptied = tmp_path / "emptied"
    shutil.copytree(data, emptied)
    shutil.rmtree(emptied / "journal")
    assert answer("record", "verify", emptied, status=1)["first_bad"] == 0


def test_a_package_is_checked_unpacked_too(data, package, tmp_path):
    with zipfile.ZipFile(package) as file:
        file.extractall(tmp_path)
    assert answer("record", "verify", tmp_path, "--key", data.parent / "keys.txt")["ok"]
    text = (tmp_path / "ledger.jsonl").read_bytes()
    (tmp_path / "ledger.jsonl").write_bytes(text.replace(b"drone", b"kite ", 1))
    assert "entry" in answer("record", "verify", tmp_path, status=1)["reason"]
