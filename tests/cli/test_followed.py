"""A ledger that grows is taken in from where it ended: the same as reading all of it."""

import json
import shutil

import pytest
from tests.cli.test_public_folder import package_of
from tests.cli.test_record_verbs import answer, let_out
from tests.report.raid import FIRST, raid

from tocsin import record
from tocsin.cli._followed import Shelf
from tocsin.cli._packages import read_keys
from tocsin.errors import DataError, FormatError
from tocsin.record import export_lines, rebuild


def lines(entries):
    return b"".join(export_lines(entries))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "node.jsonl"


def test_only_what_is_new_is_taken_in_and_the_register_is_the_same(file):
    r, shelf, count = raid(), Shelf(), 0
    for steps in (None, ("published", {}), ("updated", {"right": "two"})):
        if steps:
            let_out(r, steps[0], **steps[1])
        before, count = count, len(r.entries)
        file.write_bytes(lines(r.entries))
        book = shelf.read(file, [])
        assert book.fresh == count - before
        assert book.register == rebuild(r.entries)
        assert [e.digest for e in book.entries] == [e.digest for e in r.entries]
    assert shelf.read(file, []).fresh == 0


def test_the_register_as_of_an_entry_is_what_folding_up_to_it_gives(file):
    r = raid()
    file.write_bytes(lines(r.entries))
    book = Shelf().read(file, [])
    for upto in (9, 9, 30, len(r.entries) - 1, 12):
        assert book.as_of(upto) == rebuild(r.entries[: upto + 1])


def test_a_ledger_that_begins_in_another_way_is_read_anew(file):
    shelf, one, two = Shelf(), raid(), raid(approve=False)
    two.act("add_actor", name="One")
    file.write_bytes(lines(one.entries))
    shelf.read(file, [])
    for entries in (two.entries, one.entries, one.entries[:20]):
        file.write_bytes(lines(entries))
        book = shelf.read(file, [])
        assert book.fresh == len(entries)
        assert book.register == rebuild(entries)


def changed_body(text):
    return text.replace(b"drone", b"kite!", 1)


def without_a_line(text):
    rows = text.splitlines(keepends=True)
    return b"".join([*rows[:-3], *rows[-2:]])


BAD = {
    "a body before the place": changed_body,
    "a line after it": without_a_line,
    "half a line": lambda text: text[:-40],
    "nothing": lambda _: b"",
    "no export": lambda text: b"{}\n" + text,
}


@pytest.mark.parametrize("how", BAD)
def test_what_does_not_hold_is_refused_and_the_next_good_one_goes_on(file, how):
    r, shelf = raid(), Shelf()
    file.write_bytes(lines(r.entries[:30]))
    shelf.read(file, [])
    whole = lines(r.entries)
    file.write_bytes(BAD[how](whole))
    with pytest.raises(FormatError):
        shelf.read(file, [])
    file.write_bytes(whole)
    book = shelf.read(file, [])
    assert book.fresh == len(r.entries) - 30
    assert book.register == rebuild(r.entries)


def test_an_entry_that_cannot_be_folded_leaves_no_half_of_a_register(file, monkeypatch):
    r, shelf = raid(), Shelf()
    file.write_bytes(lines(r.entries[:30]))
    shelf.read(file, [])
    file.write_bytes(lines(r.entries))
    fold = record.fold_into

    def halfway(register, entries):
        fold(register, list(entries)[:2])
        raise FormatError("an entry of a newer version")

    with monkeypatch.context() as patch:
        patch.setattr(record, "fold_into", halfway)
        with pytest.raises(FormatError):
            shelf.read(file, [])
    book = shelf.read(file, [])
    assert book.register == rebuild(r.entries)
    assert len(book.entries) == len(r.entries)


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """Three packages of a ledger as it grows, and the keys of the watch."""
    folder = tmp_path_factory.mktemp("watch")
    r, made = raid(approve=False), []
    for k in range(3):
        if k:
            let_out(
                r, "published" if k == 1 else "updated", **({} if k == 1 else {"right": "x"})
            )
        made.append((len(r.entries), folder / f"{k}.zip"))
        package_of(r, folder / "data", made[-1][1])
    answer("key", "export", folder / "data", "--out", folder / "keys.txt")
    return r, made, read_keys([folder / "keys.txt"])


def test_a_package_that_grew_is_taken_in_from_where_it_ended(packages, tmp_path):
    r, made, keys = packages
    shelf, file, before = Shelf(), tmp_path / "node.zip", 0
    for count, package in made:
        shutil.copy(package, file)
        book = shelf.read(file, keys)
        assert (book.fresh, len(book.entries)) == (count - before, count)
        assert book.register == rebuild(r.entries[:count])
        before = count


def test_a_package_of_another_key_is_refused_though_its_ledger_goes_on(packages, tmp_path):
    r, made, keys = packages
    file, other = tmp_path / "node.zip", tmp_path / "other"
    other.mkdir()
    shelf = Shelf()
    shutil.copy(made[0][1], file)
    shelf.read(file, keys)
    package_of(r, other / "data", file)
    with pytest.raises(DataError, match="none of the keys"):
        shelf.read(file, keys)


def test_the_same_pages_come_of_following_as_of_reading_once(tmp_path):
    from tocsin.cli import publish

    exports = tmp_path / "exports"
    exports.mkdir()
    r = raid()
    let_out(r, "published")
    one = publish._publish, Shelf(), {}
    for k in range(2):
        if k:
            let_out(r, "corrected", wrong="at dusk", right="at noon")
        (exports / "node.jsonl").write_bytes(lines(r.entries))
        look = publish.Look("", "", "", "", False)
        files = {exports / "node.jsonl": []}
        (tmp_path / "out").mkdir(exist_ok=True)
        made = one[0](one[1], files, tmp_path / "out", look, one[2], draft=False)
    assert made["read"] < len(r.entries) / 2
    answer("publish", exports, "--unsigned", "--out", tmp_path / "once")
    told = [{f.name: f.read_bytes() for f in (tmp_path / n).iterdir()} for n in ("out", "once")]
    assert told[0] == told[1]
    assert b"at noon" in told[0][f"{FIRST.lower()}.html"]
    assert json.loads(told[0]["feed.json"])["items"]
