"""The ledger is signed while the watch runs, and given to who will hold us to it."""

import asyncio
import zipfile

from tests.service.harness import service

from tocsin.record.verifier import check_package, checkpoint_of, read_package


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
