"""Whose signature counts for which ledger, and what a package is held against."""

import base64
import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
import warnings
import zipfile

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.cli.test_record_proof import altered, folder_of
from tests.cli.test_record_verbs import answer, run
from tests.report.raid import FIRST, raid

from tocsin.record import read_lines, verifier
from tocsin.record.chain import Chain, append_into
from tocsin.record.checkpoint import (
    checkpoint_text,
    key_for,
    manifest_of,
    manifest_text,
    signed_note,
)
from tocsin.record.lines import export_lines
from tocsin.record.verifier import Frontier, checkpoint_of, notes_of
from tocsin.service.keyring import Keyring
from tocsin.service.notary import open_notary

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = key_for("tocsin.other-site.0/simulated", PRIVATE.public_key().public_bytes_raw())
SIGNER = (OTHER, PRIVATE.sign)
SAID = "2026-08-05T16:00:00Z"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A data folder, what it signed, its keys, and the keys of a centre that trusts another
    site as well.
    """
    folder = tmp_path_factory.mktemp("site")
    data = folder_of(raid().entries, folder / "data")
    answer("record", "checkpoint", data, "--out", folder / "held.txt")
    answer("record", "export", data, "--out", folder / "node.zip")
    answer("record", "evidence", FIRST, "--from", data, "--out", folder / "inc.zip")
    answer("key", "export", data, "--out", folder / "keys.txt")
    both = (folder / "keys.txt").read_text() + OTHER.text + "\n"
    (folder / "both.txt").write_text(both)
    return folder


def parts_of(package):
    with zipfile.ZipFile(package) as file:
        return {name: file.read(name) for name in file.namelist()}


def alone(package, *words):
    """Run the verifier as a stranger does; return (status, what it says)."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", verifier.__file__, *map(str, (package, *words))],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def packed(out, files, signers):
    manifest = manifest_of(
        {n: (len(b), hashlib.sha256(b).hexdigest()) for n, b in files.items()}, {}
    )
    with zipfile.ZipFile(out, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
        file.writestr("manifest.json", manifest)
        file.writestr("manifest.sig", signed_note(manifest_text(manifest), signers))
    return out


def gone_on_with(site, target):
    """What another site makes of this one's ledger: an entry more, under its own signature."""
    files = parts_of(site / "node.zip")
    entries = list(read_lines(files["ledger.jsonl"].splitlines(keepends=True)))
    origin = checkpoint_of(notes_of(files["checkpoints.txt"].decode())[-1]).origin
    chain = Chain(count=len(entries), head=entries[-1].digest)
    body = {"verb": "add_actor", "key": "z", "by": "clara.keller", "at_s": 1.0,
            "body": {"id": "made-up", "name": "Made up"}}  # fmt: skip
    entries.append(append_into(chain, "record", entries[-1].recorded_s, body))
    tree = Frontier()
    tree.extend([e.digest for e in entries])
    text = checkpoint_text(origin, len(entries), tree.root(), entries[-1].digest, SAID)
    lines = b"".join(export_lines(entries))
    note = signed_note(text, [SIGNER])
    files = {"ledger.jsonl": lines, "checkpoints.txt": note.encode(), "keys.txt": b""}
    return packed(target, files, [SIGNER])


def test_a_site_signs_no_ledger_of_another_site(site, tmp_path):
    forged = gone_on_with(site, tmp_path / "forged.zip")
    found = answer("record", "verify", forged, "--key", site / "both.txt", status=1)
    assert "none of the keys that were given for tocsin.two-bases" in found["reason"]
    assert alone(forged, "--key", site / "both.txt")[0] == 1
    centre = tmp_path / "centre"
    centre.mkdir()
    shutil.copy(site / "both.txt", centre / "keys.txt")
    assert answer("record", "take", site / "node.zip", "--into", centre)["entries"] == 38
    before = sorted((p.name, p.read_bytes()) for p in centre.iterdir())
    assert "not taken" in run("record", "take", forged, "--into", centre, status=1).stderr
    assert sorted((p.name, p.read_bytes()) for p in centre.iterdir()) == before


def test_a_manifest_signed_by_another_trusted_site_counts_for_nothing(site, tmp_path):
    files = {n: b for n, b in parts_of(site / "node.zip").items() if "manifest" not in n}
    out = packed(tmp_path / "other.zip", files | {"note.txt": b"put in"}, [SIGNER])
    found = answer("record", "verify", out, "--key", site / "both.txt", status=1)
    assert "the signature of the manifest is not good" in found["reason"]


def test_a_package_has_checkpoints_of_one_ledger(site, tmp_path):
    files = {n: b for n, b in parts_of(site / "node.zip").items() if "manifest" not in n}
    text = checkpoint_text(OTHER.name, 1, bytes(32), bytes(32), SAID)
    more = b"\n" + signed_note(text, [SIGNER]).encode()
    files["checkpoints.txt"] += more
    out = packed(tmp_path / "two.zip", files, [SIGNER])
    found = answer("record", "verify", out, "--key", site / "both.txt", status=1)
    assert "checkpoints of two ledgers" in found["reason"]


def test_a_countersignature_of_a_peer_stays_an_extra_one(site, tmp_path):
    note = (site / "held.txt").read_text()
    text = note.rpartition("\n\n")[0] + "\n"
    data = base64.b64encode(OTHER.key_id + PRIVATE.sign(text.encode())).decode()
    theirs = f"— {OTHER.name} {data}\n"
    held = tmp_path / "held.txt"
    words = ("record", "verify", site / "node.zip", "--key", site / "both.txt")
    for counted in (note + theirs, note.rpartition("\n\n")[0] + "\n\n" + theirs
                    + note.rpartition("\n\n")[2]):  # fmt: skip
        held.write_text(counted)
        assert "peer" in answer(*words, "--held", f"peer={held}")["witness"]
    held.write_text(text + "\n" + theirs)
    assert "none of the keys" in run(*words, "--held", f"peer={held}", status=1).stderr
    status, said = alone(site / "node.zip", "--key", site / "both.txt", "--held", f"x={held}")
    assert status == 1, said


@pytest.mark.parametrize("mode", ["live", "exercise", "simulated"])
def test_each_mode_signs_under_its_own_name_also_after_its_key_was_replaced(mode, tmp_path):
    data = folder_of(raid().entries, tmp_path / "data")
    Keyring.open(data).close()
    open_notary(data, mode=mode).sign(1.8e9)
    answer("key", "export", data, "--out", tmp_path / "old.txt")
    answer("record", "checkpoint", data, "--holder", "head office")
    answer("record", "export", data, "--out", tmp_path / "old.zip")
    centre = tmp_path / "centre"
    centre.mkdir()
    shutil.copy(tmp_path / "old.txt", centre / "keys.txt")
    assert answer("record", "take", tmp_path / "old.zip", "--into", centre)["was"] is None
    answer("key", "rotate", data, "--reason", "yearly", "--by", "officer")
    answer("key", "export", data, "--out", tmp_path / "new.txt")
    assert f"/{mode}+" in (tmp_path / "new.txt").read_text()
    for out, words in (("new.zip", ("export", data)), ("inc.zip",
                       ("evidence", FIRST, "--from", data))):  # fmt: skip
        answer("record", *words, "--out", tmp_path / out)
        assert answer("record", "verify", tmp_path / out, "--key", tmp_path / "new.txt")["ok"]
    assert answer("record", "verify", data, "--key", tmp_path / "old.txt")["ok"]
    # The centre has the new key alone now: what the old one signed counts by its entries.
    shutil.copy(tmp_path / "new.txt", centre / "keys.txt")
    taken = answer("record", "take", tmp_path / "new.zip", "--into", centre)
    assert taken["was"] == 38
    assert "none of the keys" in taken["doubt"]


@pytest.mark.parametrize("name", ["report.html", "manifest.json"])
def test_a_file_that_stands_twice_in_a_package_is_found(site, tmp_path, name):
    doubled = tmp_path / "twice.zip"
    with warnings.catch_warnings(), zipfile.ZipFile(doubled, "w") as file:
        warnings.simplefilter("ignore")
        for part, data in parts_of(site / "inc.zip").items():
            if part == name:
                file.writestr(part, b"forged")
            file.writestr(part, data)
    found = answer("record", "verify", doubled, "--key", site / "keys.txt", status=1)
    assert f"{name} is in it twice" in found["reason"]
    assert alone(doubled, "--key", site / "keys.txt")[0] == 1


def test_a_file_in_a_folder_of_an_unpacked_package_is_found(site, tmp_path):
    with zipfile.ZipFile(site / "inc.zip") as file:
        file.extractall(tmp_path)
    words = ("record", "verify", tmp_path, "--key", site / "keys.txt")
    assert answer(*words)["ok"]
    (tmp_path / "annex").mkdir()
    (tmp_path / "annex" / "report2.html").write_text("forged")
    assert "annex/report2.html is not in the manifest" in answer(*words, status=1)["reason"]
    shutil.rmtree(tmp_path / "annex")
    (tmp_path / "link").symlink_to(tmp_path.parent)
    assert "link is not in the manifest" in answer(*words, status=1)["reason"]


def test_a_package_is_held_against_a_code_a_kept_head_and_an_earlier_copy(site, tmp_path):
    code = answer("record", "checkpoint", site / "data")["code"]
    old = folder_of(raid().entries[:30], tmp_path / "old")
    kept = tmp_path / "kept.json"
    kept.write_text(run("record", "verify", old, "--json").stdout)
    bad = json.loads(kept.read_text())
    bad["head"] = "00" + bad["head"][2:]
    (tmp_path / "bad.json").write_text(json.dumps(bad))
    package = ("record", "verify", site / "node.zip", "--key", site / "keys.txt")
    assert "by the code" in answer(*package, "--code", code)["witness"]
    assert "kept head of 30" in answer(*package, "--kept", kept)["witness"]
    raid().write(tmp_path / "copy.jsonl")
    assert "earlier copy" in answer(*package, "--kept", tmp_path / "copy.jsonl")["witness"]
    wrong = answer(*package, "--code", code[:-4] + "AAAA", status=1)
    assert "the code" in wrong["reason"]
    assert answer(*package, "--kept", tmp_path / "bad.json", status=1)["first_bad"] == 29
    assert "cannot be read" in run(*package, "--kept", tmp_path / "none", status=2).stderr
    assert "no short code" in run(*package, "--code", "x", status=2).stderr


def test_some_entries_are_held_against_what_is_of_their_own_checkpoint(site, tmp_path):
    evidence = ("record", "verify", site / "inc.zip", "--key", site / "keys.txt")
    held = f"HQ={site / 'held.txt'}"
    assert "held by HQ" in answer(*evidence, "--held", held)["witness"]
    code = answer("record", "checkpoint", site / "data")["code"]
    assert "by the code" in answer(*evidence, "--code", code)["witness"]
    assert not answer(*evidence, "--code", code[:-4] + "AAAA", status=1)["ok"]
    longer = raid()
    for k in range(3):
        longer.act("add_actor", name=f"Another {k}")
    fork = folder_of(longer.entries, tmp_path / "longer")
    answer("record", "checkpoint", fork, "--out", tmp_path / "other.txt")
    other = f"HQ={tmp_path / 'other.txt'}"
    words = ("record", "verify", site / "inc.zip", "--held", other)
    assert "a package of all of it" in run(*words, status=1).stderr
    status, said = alone(site / "inc.zip", "--held", other)
    assert (status, "a package of all of it" in said) == (2, True)
    assert alone(site / "inc.zip", "--held", held)[0] == 0


def test_verify_py_checks_the_signature_of_what_is_held_and_that_there_is_one(site, tmp_path):
    note = (site / "held.txt").read_text()
    head, _, tail = note.rpartition("\n\n")
    name = tail.split()[1]
    (tmp_path / "unsigned.txt").write_text(f"{head}\n\n— {name} AAAAAAAA\n")
    (tmp_path / "empty.txt").write_text("")
    words = ("--key", site / "keys.txt", "--held")
    package = site / "node.zip"
    status, said = alone(package, *words, f"HQ={tmp_path / 'unsigned.txt'}")
    assert (status, "none of the keys" in said) == (1, True)
    status, said = alone(package, *words, f"HQ={tmp_path / 'empty.txt'}")
    assert (status, "holds no checkpoint" in said) == (2, True)


def test_a_file_without_a_key_is_not_taken_for_no_key_at_all(site, tmp_path):
    (tmp_path / "keys.txt").write_text("# the keys of all sites\n\n")
    words = ("record", "verify", site / "node.zip", "--key", tmp_path / "keys.txt")
    assert "holds no key" in run(*words, status=2).stderr


@pytest.fixture
def centre(site, tmp_path):
    folder = tmp_path / "centre"
    folder.mkdir()
    shutil.copy(site / "keys.txt", folder / "keys.txt")
    answer("record", "take", site / "node.zip", "--into", folder)
    [taken] = folder.glob("*.zip")
    return folder, taken


def test_a_damaged_package_is_replaced_by_a_good_one(site, centre):
    folder, taken = centre
    good = taken.read_bytes()
    for damage in (good[:1500], b"", altered_bytes(site, folder, "README.txt"),
                   altered_bytes(site, folder, "ledger.jsonl")):  # fmt: skip
        taken.write_bytes(damage)
        found = answer("record", "take", site / "node.zip", "--into", folder)
        assert found["doubt"]
        assert taken.read_bytes() == good


def altered_bytes(site, folder, name):
    made = altered(site / "node.zip", folder / "x.part", name, lambda d: d.replace(b"e", b"E"))
    data = made.read_bytes()
    made.unlink()
    return data


def test_a_package_that_does_not_go_on_is_not_taken_in_place_of_one_that_is_not_good(
    site, centre, tmp_path
):
    folder, taken = centre
    other = raid()
    other.act("add_actor", name="Somebody else")
    lines = b"".join(export_lines(other.entries))
    shutil.copy(altered(site / "node.zip", tmp_path / "x.zip", "ledger.jsonl",
                        lambda d: lines), taken)  # fmt: skip
    said = run("record", "take", site / "node.zip", "--into", folder, status=1).stderr
    assert "move that one away" in said


def test_some_entries_are_taken_by_no_folder(site, centre):
    said = run("record", "take", site / "inc.zip", "--into", centre[0], status=1).stderr
    assert "no whole ledger" in said


@pytest.mark.parametrize("change", [
    lambda line: line.replace(b'"recorded_s":1', b'"recorded_s":1..2', 1),
    lambda line: line.replace(b'"number":3', b'"number":' + b"9" * 5000, 1),
    lambda line: line.replace(b'"recorded_s":1', b'"recorded_s":' + b"9" * 5000, 1),
], ids=["dots", "long number", "long time"])  # fmt: skip
def test_a_line_that_holds_no_number_is_named_and_no_crash(tmp_path, change):
    lines = raid().write(tmp_path / "x.jsonl").read_bytes().splitlines(keepends=True)
    lines[4] = change(lines[4])
    (tmp_path / "x.jsonl").write_bytes(b"".join(lines))
    assert answer("record", "verify", tmp_path / "x.jsonl", status=1)["first_bad"] == 3
    assert alone(tmp_path / "x.jsonl")[0] == 1


def test_a_file_without_an_entry_is_no_ledger_that_fits_together(tmp_path):
    (tmp_path / "none.sqlite").write_bytes(b"")
    (tmp_path / "head.jsonl").write_bytes(b'{"tocsin_ledger":1}\n')
    sqlite3.connect(tmp_path / "other.sqlite").execute("CREATE TABLE x (y)").connection.close()
    for name in ("none.sqlite", "head.jsonl", "other.sqlite"):
        assert "holds no entry" in run("record", "verify", tmp_path / name, status=1).stderr


@pytest.mark.parametrize("at", ["nan", "1e300", "2026", "20260806", "-inf", "0"])
def test_a_number_that_is_no_time_is_not_taken_for_one(tmp_path, at):
    file = raid().write(tmp_path / "x.jsonl")
    said = run("record", "ask", "order", "--from", file, f"--at={at}", status=2).stderr
    assert "is no time" in said
