"""The ledger is signed while the watch runs, and given to who will hold us to it."""

import asyncio
import zipfile

from tests.service.harness import service
from tests.service.test_journal import header

from tocsin.model import Batch
from tocsin.record import append_into, open_chain
from tocsin.record.verifier import check_package, checkpoint_of, read_package
from tocsin.service import journal as j
from tocsin.service.notary import open_notary
from tocsin.service.witness_api import sweep


def test_a_running_watch_signs_its_ledger_and_says_who_holds_it(tmp_path):
    async def run():
        async with service(tmp_path) as running:
            origin = {"Origin": running.url}
            client = running.client
            first = await client.post("/api/v1/record/checkpoint", json={}, headers=origin)
            assert first.status_code == 200, first.text
            assert first.json()["words"] == "no outside witness"
            held = await client.post(
                "/api/v1/record/checkpoint", json={"holder": "head office"}, headers=origin
            )
            body = held.json()
            assert body["held_by"] == ["head office"]
            assert body["words"].startswith("unchanged since checkpoint")
            assert body["words"].endswith("held by head office")
            newest = (await client.get("/api/v1/record/checkpoint")).json()
            point = checkpoint_of(newest["note"])
            assert point.size >= body["entries"]
            assert newest["code"].startswith(f"{point.size}-")
            refused = await client.post(
                "/api/v1/record/checkpoint", json={"who": "x"}, headers=origin
            )
            assert refused.status_code == 400

    asyncio.run(run())


WEEK_S = 7 * 86_400.0


def test_what_a_person_took_is_known_for_good_and_so_is_where_a_key_was_replaced(tmp_path):
    chain, first = open_chain("live", 1.0, {"node": "N", "number": 1})
    opened = j.Snapshot(0, 1.0, b"x", {})
    journal = j.Journal.begin(tmp_path / "journal", header(), opened, [first])
    notary, at_s = open_notary(tmp_path), 1.8e9

    def sign(at_s):
        number = journal.number + 1
        told = append_into(chain, "heartbeat", at_s, {})
        journal.append([j.Written(number, Batch(at_s), (told,))])
        return notary.sign(at_s)

    made = sign(at_s)
    notary.book.note_holder(made.checkpoint.size, "head office", at_s)
    rotated = notary.rotate(at_s)
    for k in (1, 2, 3):  # of the same hour, taken by a peer as each is
        peers = sign(at_s + k * 300.0)
        notary.book.note_receipt("north", peers.checkpoint.size, peers.note, at_s)
    sign(at_s + 1.1 * WEEK_S)
    kept = [(m.checkpoint.size, m.holders) for m in notary.book.made()]
    assert kept == [(2, ("head office",)), (5, ("north",)), (6, ())]
    assert notary.book.made()[0].note == rotated.note  # by both keys
    sign(at_s + 2.2 * WEEK_S)
    assert [m.holders for m in notary.book.made()] == [("head office",), ("north",), (), ()]
    notary.book.close()
    journal.close()


def test_a_package_that_a_kill_cut_short_is_swept_and_nothing_else(tmp_path):
    for name in ("package-a1b2", "package-mine"):
        (tmp_path / name).mkdir()
    (tmp_path / "package-a1b2" / "ledger.zip.part").write_bytes(b"x")
    (tmp_path / "package-mine" / "notes").write_bytes(b"x")
    (tmp_path / "package-kept.zip").write_bytes(b"x")
    sweep(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["package-kept.zip", "package-mine"]
    assert (tmp_path / "package-mine" / "notes").exists()


def test_the_package_of_a_running_watch_is_whole_and_signed(tmp_path):
    async def run():
        async with service(tmp_path) as running:
            acts = {"verb": "raise", "key": "one", "site": "north", "zones": ["apron"],
                    "step": "CAUTION"}  # fmt: skip
            origin = {"Origin": running.url}
            assert (
                await running.client.post("/api/v1/acts", json=acts, headers=origin)
            ).json()["accepted"]
            reply = await running.client.get("/api/v1/record/package")
            assert reply.status_code == 200
            out = tmp_path / "node.zip"
            out.write_bytes(reply.content)
            found = check_package(read_package(out), [])
            assert found["ok"], found["reason"]
            with zipfile.ZipFile(out) as file:
                assert b"raised by hand" in file.read("ledger.jsonl")
            assert [
                p for p in (tmp_path / "data").iterdir() if p.name.startswith("package-")
            ] == []

    asyncio.run(run())


def test_who_is_not_signed_in_gets_neither(tmp_path):
    async def run():
        async with service(tmp_path, signed_in=False) as running:
            for path in ("/api/v1/record/checkpoint", "/api/v1/record/package"):
                assert (await running.client.get(path)).status_code == 401

    asyncio.run(run())
