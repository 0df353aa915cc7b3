"""What an administrator does: accounts shut, sessions, forgotten PINs, machines' tokens."""

import asyncio
import contextlib
import json
import sqlite3
import threading

from tests.service.test_positions import OTHER, PIN, crew, post
from tests.service.test_roles import signed_in, with_service

from tocsin.service import accounts_api, sessions_api
from tocsin.service.service_ledger import ServiceLedger


def noted(running):
    rows = running.hall.ledger.db.execute("SELECT kind FROM entry")
    return [kind for (kind,) in rows]


async def rows_of(running):
    page = (await running.client.get("/api/v1/users")).json()
    return {row["name"]: row for row in page["accounts"]}


async def say(client, path, **body):
    return await client.post(f"/api/v1/{path}", json=body)


def test_a_shut_account_does_nothing_until_it_is_opened(tmp_path):
    async def check(running):
        desk = await crew(running)
        ada = await signed_in(running, "ada", ["watch officer"])
        waiting = (await say(running.client, "users", name="ada", roles=["viewer"])).json()
        shut = await say(running.client, "users/disable", name="ada", disabled=True)
        assert (shut.status_code, "sessions have ended" in shut.text) == (200, True)
        assert (await ada.get("/api/v1/me")).status_code == 401
        assert (await ada.get(waiting["path"])).status_code == 401, "a link from before"
        pin = await post(desk, "begin_shift", "t", person="ada", pin=PIN)
        assert (pin.status_code, pin.json()["ask"]) == (403, "person")
        assert (await rows_of(running))["ada"]["disabled"]
        again = await say(running.client, "users", name="ada", roles=["watch officer"])
        assert (again.status_code, "open the account first" in again.text) == (409, True)
        assert (
            await say(running.client, "users/disable", name="ada", disabled=False)
        ).status_code == 200
        back = await signed_in(running, "ada", ["watch officer"])
        assert (await back.get("/api/v1/me")).json()["user"] == "ada"
        assert {"account shut", "account opened"} <= set(noted(running))
        for client in (desk, ada, back):
            await client.aclose()

    with_service(tmp_path, check)


def test_a_shift_of_a_shut_account_ends_and_the_screen_stays(tmp_path):
    async def check(running):
        desk = await crew(running)
        await post(desk, "begin_shift", "t", person="ada", pin=PIN)
        await say(running.client, "users/disable", name="ada", disabled=True)
        me = (await desk.get("/api/v1/me")).json()
        assert (me["over"], me["by"]) == (True, "")
        assert (await post(desk, "raise", "w", step="CAUTION")).json()["accepted"]
        await desk.aclose()

    with_service(tmp_path, check)


def test_the_only_administrator_is_not_shut_whoever_else_was(tmp_path):
    async def check(running):
        async def shut(name):
            return await say(running.client, "users/disable", name=name, disabled=True)

        await (await signed_in(running, "second", ["administrator"])).aclose()
        assert (await shut("second")).status_code == 200
        refused = await shut("officer")
        assert (refused.status_code, "only administrator" in refused.text) == (409, True)
        assert (await shut("nobody")).status_code == 404

    with_service(tmp_path, check)


def test_two_administrators_who_shut_each_other_at_once_leave_one(tmp_path, monkeypatch):
    """Both have looked who is left before either has shut anybody, were there no lock."""
    both = threading.Barrier(2)
    looked = accounts_api.keep_an_administrator

    def look(*words):
        looked(*words)
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(1.0)  # as a busy machine would hold it here

    monkeypatch.setattr(sessions_api, "keep_an_administrator", look)

    async def check(running):
        second = await signed_in(running, "second", ["administrator"])
        answers = await asyncio.gather(
            say(running.client, "users/disable", name="second", disabled=True),
            say(second, "users/disable", name="officer", disabled=True),
        )
        await second.aclose()
        assert sum(answer.status_code == 200 for answer in answers) == 1
        assert len(running.hall.ledger.disabled()) == 1

    with_service(tmp_path, check)


def test_one_session_is_ended_and_the_others_go_on(tmp_path):
    async def check(running):
        one = await signed_in(running, "eve", ["viewer"])
        two = await signed_in(running, "eve", ["viewer"])
        path = "/api/v1/users/sessions"
        page = (await running.client.get(path, params={"name": "eve"})).json()
        assert len(page["sessions"]) == 2
        newest = page["sessions"][0]
        assert newest["until_s"] - newest["began_s"] == 12 * 3600.0
        assert not any(row["is_mine"] for row in page["sessions"])
        ended = await say(running.client, "users/sessions/end", name="eve", id=newest["id"])
        assert ended.status_code == 200
        left = [client for client in (one, two) if (await client.get("/api/v1/me")).is_success]
        assert left == [one]
        twice = await say(running.client, "users/sessions/end", name="eve", id=newest["id"])
        assert twice.status_code == 404
        mine = (await running.client.get(path, params={"name": "officer"})).json()["sessions"]
        assert [row["is_mine"] for row in mine] == [True]
        for client in (one, two):
            await client.aclose()

    with_service(tmp_path, check)


def test_a_forgotten_pin_is_taken_away_and_its_person_sets_a_new_one(tmp_path):
    async def check(running):
        desk = await crew(running)
        assert (await say(running.client, "users/pin-reset", name="ada")).status_code == 200
        assert (await say(running.client, "users/pin-reset", name="ada")).status_code == 404
        assert (await post(desk, "begin_shift", "a", person="ada", pin=PIN)).status_code == 403
        ada = await signed_in(running, "ada", ["watch officer"])
        assert (await ada.post("/api/v1/pin", json={"pin": OTHER})).status_code == 200
        begun = await post(desk, "begin_shift", "b", person="ada", pin=OTHER)
        assert begun.json()["accepted"]
        assert "pin reset" in noted(running)
        for client in (desk, ada):
            await client.aclose()

    with_service(tmp_path, check)


def test_a_new_token_counts_at_once_and_the_old_one_no_more(tmp_path):
    async def check(running):
        listed = (await running.client.get("/api/v1/tokens")).json()["tokens"]
        assert [(row["kind"], row["id"]) for row in listed] == [("sensor", "camera")]
        assert running.token not in json.dumps(listed)
        old, body = running.bearer(), {"detections": []}

        async def answer(bearer):
            got = await running.client.post("/api/v1/detections", json=body, headers=bearer)
            return got.status_code

        assert await answer(old) == 200
        made = await say(running.client, "tokens", kind="sensor", id="camera")
        token = made.json()["token"]
        assert await answer({"Authorization": f"Bearer {token}"}) == 200
        assert await answer(old) == 401
        secret = tmp_path / "data" / "secrets" / "camera"
        assert secret.read_text().strip() == token
        assert secret.stat().st_mode & 0o777 == 0o600
        assert (
            await say(running.client, "tokens", kind="peer", id="camera")
        ).status_code == 404
        assert "token renewed" in noted(running)
        ledger = running.hall.ledger.db.execute("SELECT body FROM entry").fetchall()
        assert not any(token.encode() in body for (body,) in ledger)

    with_service(tmp_path, check)


def test_a_token_of_the_environment_is_changed_there(tmp_path, monkeypatch):
    async def check(running):
        monkeypatch.setenv("camera", "0123456789abcdef-of-the-environment")
        refused = await say(running.client, "tokens", kind="sensor", id="camera")
        assert (refused.status_code, "environment variable" in refused.text) == (409, True)

    with_service(tmp_path, check)


def test_a_database_from_before_sessions_said_when_they_began_is_taken(tmp_path):
    path = tmp_path / "service.sqlite"
    with sqlite3.connect(path) as db:
        db.execute(
            "CREATE TABLE session (digest BLOB PRIMARY KEY, user TEXT NOT NULL, "
            "until_s REAL NOT NULL)"
        )
    db.close()
    for _ in range(2):
        ledger = ServiceLedger(path)
        ledger.set_user("ada", ["viewer"], by="ada")
        session = ledger.enter(ledger.new_link("ada", loopback=False), is_loopback=True)
        assert ledger.account(session).user == "ada"
        ledger.close()
