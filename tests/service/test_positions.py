"""A duty position: signed on for good, and people who say by PIN who they are."""

import asyncio
import json
import sqlite3
import time

import pytest
from tests.service.test_roles import act, signed_in, with_service

from tocsin.errors import CallError
from tocsin.service.account import KEEP_S
from tocsin.service.journal import read_batches
from tocsin.service.pins import LOCK_MOST_S, LOCK_S, TRIES, PinError, Pins
from tocsin.service.service_ledger import ServiceLedger

PIN, OTHER = "271828", "314159"
RAISING = ("raise", "release", "sighting", "account")
LOWERING = ("refuse", "clear", "dispose", "resume")


async def crew(running):
    """Return the client of a position's screen; "ada" is a watch officer, "vic" a viewer."""
    for name, roles, pin in (("ada", ["watch officer"], PIN), ("vic", ["viewer"], OTHER)):
        person = await signed_in(running, name, roles)
        answer = await person.post("/api/v1/pin", json={"pin": pin})
        assert answer.status_code == 200, answer.text
        await person.aclose()
    return await signed_in(running, "north desk", ["watch officer"], position=True)


async def post(client, verb, key, **more):
    return await client.post("/api/v1/acts", json=act(verb, key, **more))


def change(folder, sql):
    """Change the service's database as time, or a verb on the command line, would."""
    with sqlite3.connect(folder / "data" / "service.sqlite") as db:
        db.execute(sql)
    db.close()


def with_desk(folder, check):
    async def go(running):
        desk = await crew(running)
        await check(running, desk)
        await desk.aclose()

    with_service(folder, go)


def users_of(folder, running):
    frames = [json.loads(f.payload) for b in read_batches(folder / "data") for f in b.frames]
    reveal = running.hall.people.reveal
    acts = [frame for frame in frames if "verb" in frame]
    return {act["key"].split(":")[1]: (act["verb"], reveal(act["user"])) for act in acts}


def test_warning_takes_no_pin_and_no_shift_and_a_wrong_pin_does_not_hold_it_up(tmp_path):
    async def check(running, desk):
        for verb in RAISING:
            assert (await post(desk, verb, f"{verb} 1")).json()["accepted"]
            wrong = await post(desk, verb, f"{verb} 2", person="ada", pin="000000")
            assert wrong.json()["accepted"]
        ahead = running.hall.clock.now_s() + 3600.0
        assert (await post(desk, "readiness", "r", until_s=ahead)).status_code == 200
        assert {who for _, who in users_of(tmp_path, running).values()} == {"north desk"}

    with_desk(tmp_path, check)


def test_lowering_takes_a_shift_and_the_pin_of_somebody_who_may(tmp_path):
    async def check(running, desk):
        ada = {"person": "ada", "pin": PIN}
        for verb in (*LOWERING, "acknowledge", "cancel", "decide"):
            before = await post(desk, verb, f"{verb} 0", **ada)
            assert before.status_code == 403
            assert "no shift runs" in before.json()["error"]
        assert (await post(desk, "begin_shift", "t", **ada)).json()["accepted"]
        for verb in LOWERING:
            assert "say who you are" in (await post(desk, verb, f"{verb} 1")).text
            assert "do not fit" in (
                await post(desk, verb, f"{verb} 2", person="ada", pin=OTHER)
            ).text  # fmt: skip
            assert "vic may not watch" in (
                await post(desk, verb, f"{verb} 3", person="vic", pin=OTHER)
            ).text  # fmt: skip
            assert (await post(desk, verb, f"{verb} 4", **ada)).json()["accepted"]
        # Past by the time that the pipeline takes it up, though not yet when it is asked for.
        soon = running.hall.clock.now_s() + 30.0
        assert "say who" in (await post(desk, "readiness", "r 0", until_s=soon)).text
        past = running.hall.clock.now_s() - 1.0
        assert "say who" in (await post(desk, "readiness", "r 1", until_s=past)).text
        assert (await post(desk, "readiness", "r 2", until_s=past, **ada)).status_code == 200
        for verb in ("acknowledge", "cancel"):  # seconds count, and it lowers nothing for long
            assert (await post(desk, verb, f"{verb} 5")).json()["accepted"]
        done = users_of(tmp_path, running)
        assert {key: who for key, (_, who) in done.items()} == {
            "t": "ada", "refuse 4": "ada", "clear 4": "ada", "dispose 4": "ada",
            "resume 4": "ada", "r 2": "ada", "acknowledge 5": "north desk",
            "cancel 5": "north desk",
        }  # fmt: skip

    with_desk(tmp_path, check)


def test_the_end_of_a_shift_leaves_picture_and_warning_and_takes_the_rest(tmp_path):
    async def check(running, desk):
        ada = {"person": "ada", "pin": PIN}
        await post(desk, "begin_shift", "t", **ada)
        me = (await desk.get("/api/v1/me")).json()
        assert (me["position"], me["over"], me["by"]) == (True, False, "ada")
        assert me["until_s"] - time.time() == pytest.approx(12 * 3600.0, abs=60.0)
        change(tmp_path, "UPDATE shift SET until_s = 1.0")
        assert (await desk.get("/api/v1/me")).json()["over"]
        assert (await desk.get("/api/v1/status")).status_code == 200
        for verb in RAISING:
            assert (await post(desk, verb, verb)).json()["accepted"]
        for verb in (*LOWERING, "acknowledge", "cancel"):
            assert "right to warn stay" in (await post(desk, verb, verb, **ada)).text
        # The note can still be written, and the next shift begun.
        assert (await post(desk, "end_shift", "h", text="nothing", **ada)).status_code == 200
        assert (await post(desk, "begin_shift", "t 2", **ada)).status_code == 200
        assert (await post(desk, "clear", "c 2", **ada)).json()["accepted"]

    with_desk(tmp_path, check)


def test_handing_over_ends_one_s_own_shift_and_nobody_else_s(tmp_path):
    async def check(running, desk):
        bob = await signed_in(running, "bob", ["site commander"])
        await bob.post("/api/v1/pin", json={"pin": OTHER})
        await post(desk, "begin_shift", "t", person="ada", pin=PIN)
        note = {"text": "a note", "person": "bob", "pin": OTHER}
        assert (await post(desk, "end_shift", "h", **note)).status_code == 200
        assert not (await desk.get("/api/v1/me")).json()["over"]
        await post(desk, "end_shift", "h 2", text="a note", person="ada", pin=PIN)
        assert (await desk.get("/api/v1/me")).json()["over"]
        await bob.aclose()

    with_desk(tmp_path, check)


def test_a_pin_stands_nowhere_in_clear(tmp_path):
    async def check(running, desk):
        pin = "82736451"  # digits that no time or number of a test holds
        person = await signed_in(running, "eve", ["watch officer"])
        await person.post("/api/v1/pin", json={"pin": pin})
        assert (await post(desk, "begin_shift", "t", person="eve", pin=pin)).status_code == 200
        await person.aclose()
        files = [p for p in (tmp_path / "data").rglob("*") if p.is_file()]
        assert len(files) > 5
        assert not [path for path in files if pin.encode() in path.read_bytes()]
        frames = [f.payload for b in read_batches(tmp_path / "data") for f in b.frames]
        assert len(frames) == 1
        assert pin.encode() not in frames[0]

    with_desk(tmp_path, check)


def test_a_position_is_no_administrator_and_a_person_becomes_none(tmp_path):
    async def check(running, desk):
        for role in ("administrator", "incident officer", "auditor"):
            body = {"name": "wall", "roles": [role], "position": True}
            assert (await running.client.post("/api/v1/users", json=body)).status_code == 400
        body = {"name": "ada", "roles": ["viewer"], "position": True}
        assert (await running.client.post("/api/v1/users", json=body)).status_code == 409
        assert (await desk.post("/api/v1/pin", json={"pin": OTHER})).status_code == 409
        answer = await running.client.post(
            "/api/v1/acts", json=act("clear", "c", person="ada", pin=PIN)
        )
        assert answer.json()["accepted"]  # a session of one's own is who it is
        assert ("clear", "officer") in users_of(tmp_path, running).values()

    with_desk(tmp_path, check)


def test_after_the_shift_what_was_lowered_can_be_taken_back_without_a_pin(tmp_path):
    async def check(running, desk):
        ada = {"person": "ada", "pin": PIN}
        await post(desk, "begin_shift", "t", **ada)
        change(tmp_path, "UPDATE shift SET until_s = 1.0")
        assert (await desk.get("/api/v1/me")).json()["over"]
        for verb in ("unshelve", "end_rule"):
            assert (await post(desk, verb, verb, alarm="A-1-1", option="x")).status_code == 200
        assert (await post(desk, "shelve", "s", alarm="A-1-1", **ada)).status_code == 403

    with_desk(tmp_path, check)


def test_a_rule_that_is_accepted_late_in_a_shift_ends_with_it(tmp_path):
    async def check(running, desk):
        ada = {"person": "ada", "pin": PIN}
        await post(desk, "begin_shift", "t", **ada)
        change(tmp_path, f"UPDATE shift SET until_s = {time.time() + 600.0}")
        view_s = running.hall.clock.now_s()
        for key in ("r", "r"):  # sent again it is the same act
            more = {"option": "birds", "view_s": view_s, **ada}
            done = (await post(desk, "accept_rule", key, **more)).json()
            assert done["accepted"], done
        frames = [f.payload for b in read_batches(tmp_path / "data") for f in b.frames]
        (taken,) = [f for f in map(json.loads, frames) if f.get("verb") == "accept_rule"]
        assert 500.0 < taken["until_s"] - taken["at_s"] <= 600.0

    with_desk(tmp_path, check)


def test_a_shift_is_begun_once_by_one_act_however_often_it_is_sent(tmp_path):
    async def check(running, desk):
        bob = await signed_in(running, "bob", ["watch officer"])
        await bob.post("/api/v1/pin", json={"pin": OTHER})
        ada = {"person": "ada", "pin": PIN}
        await post(desk, "begin_shift", "k 1", **ada)
        await post(desk, "begin_shift", "k 2", person="bob", pin=OTHER)
        assert (await post(desk, "begin_shift", "k 1", **ada)).json()["accepted"]
        assert (await desk.get("/api/v1/me")).json()["by"] == "bob"
        await post(desk, "end_shift", "k 3", text="nothing", person="bob", pin=OTHER)
        await post(desk, "begin_shift", "k 4", person="bob", pin=OTHER)
        again = await post(desk, "end_shift", "k 3", text="nothing", person="bob", pin=OTHER)
        assert again.json()["accepted"]
        assert (await desk.get("/api/v1/me")).json()["by"] == "bob"
        await bob.aclose()

    with_desk(tmp_path, check)


def test_an_operator_is_opened_at_a_position_by_name_alone(tmp_path):
    async def check(running, desk):
        ask = {"declared": "x", "reason": "to call"}
        refused = await desk.post("/api/v1/operator", json=ask)
        assert (refused.status_code, refused.json()["ask"]) == (403, "shift")
        await post(desk, "begin_shift", "t", person="ada", pin=PIN)
        asked = (await desk.post("/api/v1/operator", json=ask)).json()
        assert (asked["ask"], "say who you are" in asked["error"]) == ("person", True)
        ask |= {"person": "ada", "pin": PIN}
        assert (await desk.post("/api/v1/operator", json=ask)).status_code == 200

    with_desk(tmp_path, check)


def test_a_refusal_tells_a_page_what_to_ask_for(tmp_path):
    async def check(running, desk):
        async def asked(verb, key, **more):
            answer = await post(desk, verb, key, **more)
            assert answer.status_code == 403, answer.text
            return answer.json().get("ask", "")

        assert await asked("clear", "1") == "shift"
        assert await asked("begin_shift", "2") == "person"
        assert await asked("begin_shift", "3", person="ada", pin=OTHER) == "person"
        assert await asked("begin_shift", "4", person="vic", pin=OTHER) == "person"
        await post(desk, "begin_shift", "t", person="ada", pin=PIN)
        assert await asked("clear", "5") == "person"
        assert await asked("clear", "6", person="nobody", pin=PIN) == "person"
        # The key was never used up: the same act goes through once it is known who acts.
        done = await post(desk, "clear", "5", person="ada", pin=PIN)
        assert done.json()["accepted"]
        vic = await signed_in(running, "vera", ["viewer"])
        assert "ask" not in (await post(vic, "clear", "7")).json()
        await vic.aclose()

    with_desk(tmp_path, check)


def test_a_watch_officer_s_session_that_ran_out_still_looks_and_warns(tmp_path):
    async def check(running):
        ada = await signed_in(running, "ada", ["watch officer"])
        vic = await signed_in(running, "vic", ["viewer"])
        change(tmp_path, f"UPDATE session SET until_s = {time.time() - 1.0}")
        assert (await vic.get("/api/v1/status")).status_code == 401
        assert (await ada.get("/api/v1/status")).status_code == 200
        assert (await post(ada, "raise", "r")).json()["accepted"]
        for verb in (*LOWERING, "acknowledge", "begin_shift"):
            answer = await post(ada, verb, verb)
            assert answer.status_code == 403
            assert "sign in by a new link" in answer.json()["error"]
        assert (await ada.post("/api/v1/pin", json={"pin": PIN})).status_code == 403
        change(tmp_path, f"UPDATE session SET until_s = {time.time() - KEEP_S - 1.0}")
        assert (await ada.get("/api/v1/status")).status_code == 401
        await ada.aclose()
        await vic.aclose()

    with_service(tmp_path, check)


def test_an_administrator_sees_locks_and_sessions_and_ends_them(tmp_path):
    async def check(running, desk):
        for n in range(TRIES):
            await post(desk, "begin_shift", f"t {n}", person="ada", pin=OTHER)
        said = (await post(desk, "begin_shift", "t", person="ada", pin=PIN)).json()["error"]
        assert "locked out" in said
        denied = (await running.client.get("/api/v1/status")).json()["denied"]
        assert (denied["wrong PIN"], denied["locked out"]) == (TRIES, 1)
        metrics = (await running.client.get("/metrics")).text
        assert 'tocsin_denied_total{what="locked out"} 1.0' in metrics

        async def row(name):
            page = (await running.client.get("/api/v1/users")).json()
            return next(a for a in page["accounts"] if a["name"] == name)

        assert (await row("ada"))["locked_until_s"] > time.time()
        for path, name in (("unlock", "ada"), ("sign-out", "north desk")):
            body = {"name": name}
            answer = await running.client.post(f"/api/v1/users/{path}", json=body)
            assert answer.status_code == 200
            body = {"name": "nobody"}
            answer = await running.client.post(f"/api/v1/users/{path}", json=body)
            assert answer.status_code == 404
        assert (await row("ada"))["locked_until_s"] is None
        assert (await row("north desk"))["sessions"] == 0
        assert (await desk.get("/api/v1/status")).status_code == 401
        ledger = (await running.client.get("/api/v1/service-ledger")).json()["entries"]
        noted = {entry["kind"] for entry in ledger}
        assert noted >= {"pin set", "pin locked out", "pin unlocked", "sessions ended"}

    with_desk(tmp_path, check)


@pytest.fixture
def pins(tmp_path):
    ledger = ServiceLedger(tmp_path / "service.sqlite")
    clock = [1.7e9]
    made = Pins(ledger, now=lambda: clock[0])
    made.set_pin("ada", PIN)
    yield made, clock
    ledger.close()


def wrong(pins, user="ada", pin=OTHER):
    with pytest.raises(PinError) as caught:
        pins.check(user, pin)
    return caught.value


def test_a_lock_out_doubles_to_an_hour_and_a_right_pin_ends_the_count(pins):
    pins, clock = pins
    for _ in range(TRIES - 1):
        assert wrong(pins).reason == "wrong PIN"
    pins.check("ada", PIN)
    expected_s = LOCK_S
    for _ in range(8):
        for _ in range(TRIES):
            assert wrong(pins).reason == "wrong PIN"
        clock[0] += expected_s - 1.0
        assert wrong(pins, pin=PIN).reason == "locked out"
        clock[0] += 1.0
        expected_s = min(2.0 * expected_s, LOCK_MOST_S)
    pins.check("ada", PIN)
    assert pins.standing() == {"ada": 0.0}


def test_a_clock_that_was_set_back_locks_nobody_out_for_longer_than_an_hour(pins):
    pins, clock = pins
    for _ in range(TRIES):
        assert wrong(pins).reason == "wrong PIN"
    assert wrong(pins, pin=PIN).reason == "locked out"
    clock[0] -= 365 * 86_400.0  # it had been a year ahead
    assert pins.standing() == {"ada": 0.0}
    pins.check("ada", PIN)


def test_a_name_that_nobody_has_is_refused_in_the_words_of_a_wrong_pin(pins):
    pins, _ = pins
    assert str(wrong(pins)) == str(wrong(pins, user="nobody"))
    for _ in range(3 * TRIES):
        assert wrong(pins, user="nobody").reason == "wrong PIN"  # and nothing grows
    assert pins.standing() == {"ada": 0.0}


def test_many_at_once_are_no_more_than_five(pins):
    pins, _ = pins

    async def go():
        tries = (asyncio.to_thread(wrong, pins) for _ in range(4 * TRIES))
        return [error.reason for error in await asyncio.gather(*tries)]

    reasons = asyncio.run(go())
    assert reasons.count("wrong PIN") == TRIES
    assert reasons.count("locked out") == 3 * TRIES


GUESSED = ("", "12", "12345", "1234567890123", "12345a", "٣١٤١٥٩", "111111", "123456", "654321")


@pytest.mark.parametrize("pin", GUESSED)
def test_a_pin_that_others_would_guess_is_refused(pins, pin):
    with pytest.raises(CallError):
        pins[0].set_pin("ada", pin)
    pins[0].check("ada", PIN)


def test_a_user_who_is_removed_leaves_no_pin_and_no_shift(pins, tmp_path):
    pins, _ = pins
    ledger = pins._ledger
    ledger.set_user("ada", ("watch officer",), by="start")
    ledger.set_user("desk", ("watch officer",), by="start", is_position=True)
    ledger.begin_shift("desk", "ada", "k")
    assert ledger.remove_user("ada")
    assert (pins.standing(), ledger.shifts()) == ({}, {})


def test_a_bad_body_never_says_the_pin(tmp_path):
    async def check(running):
        body = act("clear", "k", person="ada", pin=PIN) | {"zones": 7}
        answer = await running.client.post("/api/v1/acts", json=body)
        assert answer.status_code == 400
        assert PIN not in answer.text

    with_service(tmp_path, check)
