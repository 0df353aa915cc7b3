"""Who may: every route and every act against every role, written out here by hand."""

import asyncio

import httpx
from tests.service.fakes import FakePipeline
from tests.service.harness import service

from tocsin.codec.acts import VERBS
from tocsin.model.records import RECORD_VERBS
from tocsin.service.rights import ACT_RIGHTS, POSITION_ROLES, RIGHTS, ROLES

WATCH = {"watch officer", "site commander"}
ALL = {
    "viewer", "watch officer", "site commander", "incident officer", "planner", "technician",
    "auditor", "privacy officer", "administrator",
}  # fmt: skip
RECORD = {"incident officer"}
OPEN = "without signing in"  # holds nothing, or is how one signs in
MACHINE = "by a token of its own"

WHO = {
    "GET /": OPEN, "GET /{path:path}": OPEN, "GET /healthz": OPEN, "GET /readyz": OPEN,
    "GET /api/v1/openapi.json": OPEN, "GET /enter": OPEN, "POST /api/v1/sign-out": OPEN,
    "GET /metrics": OPEN,  # on this machine
    "GET /api/v1/sign-in": OPEN, "GET /oidc/start": OPEN, "GET /oidc/return": OPEN,
    "POST /api/v1/detections": MACHINE, "POST /api/v1/witness/checkpoint": MACHINE,
    "GET /api/v1/pulse": ALL,  # or a sentinel by its token
    "GET /api/v1/me": ALL, "GET /api/v1/node": ALL, "GET /api/v1/features/{site:str}": ALL,
    "GET /api/v1/status": ALL, "GET /api/v1/ledger": ALL, "GET /api/v1/performance": ALL,
    "GET /api/v1/shift-report.html": ALL, "GET /api/v1/evidence.html": ALL,
    "GET /api/v1/holds": ALL,
    "GET /api/v1/incidents": ALL, "GET /api/v1/incidents/{incident:str}": ALL,
    "GET /api/v1/record/ask": ALL, "GET /api/v1/record/known": ALL,
    "GET /api/v1/record/rows": ALL, "GET /api/v1/record/words": ALL,
    "GET /api/v1/record/checkpoint": ALL,
    "GET /api/v1/imports": ALL, "GET /api/v1/imports/{name:str}": ALL,
    "GET /api/v1/tracks.geojson": ALL, "GET /api/v1/tracks.kml": ALL,
    "GET /api/v1/link.kml": ALL, "GET /api/v1/sensors/{sensor:str}/message": ALL,
    "POST /api/v1/pin": ALL,
    "GET /api/v1/site-file": {"planner", "administrator"},
    "GET /api/v1/site-file.toml": {"planner", "administrator"},
    "POST /api/v1/site-file": {"planner", "administrator"},
    "POST /api/v1/site-file/try": {"planner", "administrator"},
    "POST /api/v1/site-file/choose": {"administrator"},
    "POST /api/v1/acts": WATCH | {"incident officer", "technician"},
    "POST /api/v1/operator": WATCH | {"incident officer", "privacy officer"},
    "POST /api/v1/source": RECORD,
    "POST /api/v1/holds": RECORD | {"privacy officer"},
    "POST /api/v1/holds/release": RECORD | {"privacy officer"},
    "POST /api/v1/record": RECORD | {"site commander"},
    "POST /api/v1/imports": RECORD, "POST /api/v1/imports/{name:str}": RECORD,
    "GET /api/v1/incidents/{incident:str}/report.html":
        RECORD | {"site commander", "auditor"},
    "GET /api/v1/record/export": RECORD | {"auditor"},
    "GET /api/v1/record/package": RECORD | {"auditor"},
    "POST /api/v1/record/checkpoint": RECORD | {"auditor"},
    "GET /api/v1/service-ledger": {"auditor", "privacy officer", "administrator"},
    "GET /api/v1/users": {"administrator"}, "POST /api/v1/users": {"administrator"},
    "POST /api/v1/users/sign-out": {"administrator"},
    "POST /api/v1/users/unlock": {"administrator"},
    "POST /api/v1/users/disable": {"administrator"},
    "POST /api/v1/users/pin-reset": {"administrator"},
    "GET /api/v1/users/sessions": {"administrator"},
    "POST /api/v1/users/sessions/end": {"administrator"},
    "GET /api/v1/tokens": {"administrator"}, "POST /api/v1/tokens": {"administrator"},
}  # fmt: skip
SOCKETS = {"/api/v1/live", "/api/v1/playback"}  # who may look; tests/service/test_live.py

ACTS = {
    "raise": WATCH, "release": WATCH, "acknowledge": WATCH, "decide": WATCH, "explain": WATCH,
    "refuse": WATCH, "cancel": WATCH, "clear": WATCH, "dispose": WATCH, "readiness": WATCH,
    "end_shift": WATCH, "begin_shift": WATCH, "shelve": WATCH, "unshelve": WATCH,
    "accept_rule": WATCH, "end_rule": WATCH,
    "sighting": WATCH | {"incident officer", "technician"},
    "account": WATCH | {"incident officer", "technician"},
    "point": WATCH | {"technician"}, "suspend": WATCH, "resume": WATCH,
}  # fmt: skip


def with_service(folder, check, **options):
    async def go():
        options.setdefault("pipeline", FakePipeline())
        async with service(folder, **options) as running:
            await check(running)

    asyncio.run(go())


async def signed_in(running, name, roles, **more):
    """Return a client of a new account; the caller closes it."""
    made = await running.client.post(
        "/api/v1/users", json={"name": name, "roles": roles, **more}
    )
    assert made.status_code == 200, made.text
    client = httpx.AsyncClient(base_url=running.url, timeout=60)
    assert (await client.get(made.json()["path"])).status_code == 303
    return client


async def one_a_role(running):
    return {role: await signed_in(running, f"the {role}", [role]) for role in sorted(ALL)}


def act(verb, key="k", **more):
    return {"verb": verb, "key": key, "site": "north", **more}


async def answer_to(client, route, **more):
    method, path = route.split(" ", 1)
    path = path.replace("{site:str}", "north").replace("{incident:str}", "none")
    path = path.replace("{name:str}", "none").replace("{sensor:str}", "none")
    return await client.request(method, path, **more)


def test_the_roles_are_those_of_the_page():
    assert set(ROLES) == ALL
    assert all(who <= ALL for who in RIGHTS.values())
    assert set(POSITION_ROLES) <= ALL


def test_every_route_stands_in_the_table(tmp_path):
    async def check(running):
        from tocsin.service.app import make_app

        app = make_app(running.hall)
        found, sockets = set(), set()
        for route in app.routes:
            methods = getattr(route, "methods", None)
            if not methods:
                sockets.add(route.path)
                continue
            for method in set(methods) - {"OPTIONS", "HEAD"}:
                found.add(f"{method} {route.path}")
        described = {
            r for r in found if r.split(" ")[1].startswith("/api/v1/openapi") and r not in WHO
        }
        assert found - described == set(WHO)
        assert sockets == SOCKETS

    with_service(tmp_path, check)


def test_every_route_answers_those_and_only_those_who_may(tmp_path):
    async def check(running):
        people = await one_a_role(running)
        stranger = httpx.AsyncClient(base_url=running.url, timeout=60)
        wrong = []
        for route, who in WHO.items():
            if who == OPEN:
                continue
            got = (await answer_to(stranger, route)).status_code
            if got != 401:
                wrong.append((route, "a stranger", got))
            for role, client in people.items():
                # An empty body: who may is told what is missing, who may not is told that.
                got = (await answer_to(client, route)).status_code
                refused = got in (401, 403)
                if refused != (who == MACHINE or role not in who):
                    wrong.append((route, role, got))
        assert not wrong
        for client in (*people.values(), stranger):
            await client.aclose()

    with_service(tmp_path, check)


def test_every_act_of_the_watch_is_for_those_and_only_those_who_may(tmp_path):
    assert set(ACTS) == set(VERBS) == set(ACT_RIGHTS)

    async def check(running):
        people = await one_a_role(running)
        wrong = []
        for verb, who in ACTS.items():
            for role, client in people.items():
                got = await client.post("/api/v1/acts", json=act(verb, f"{verb} {role}"))
                if got.status_code != (200 if role in who else 403):
                    wrong.append((verb, role, got.text))
        assert not wrong
        counted = (await running.client.get("/api/v1/status")).json()["denied"]
        assert sum(counted.values()) == sum(len(ALL - who) for who in ACTS.values())
        for client in people.values():
            await client.aclose()

    with_service(tmp_path, check)


def test_every_act_of_the_record_is_for_the_incident_officer_but_approving(tmp_path):
    async def check(running):
        people = await one_a_role(running)
        for verb in RECORD_VERBS:
            who = RECORD | {"site commander"} if verb == "approve" else RECORD
            for role, client in people.items():
                body = {"verb": verb, "key": f"{verb} {role}", "body": {"no": "field"}}
                got = await client.post("/api/v1/record", json=body)
                assert (got.status_code != 403) == (role in who), (verb, role, got.text)
        for client in people.values():
            await client.aclose()

    with_service(tmp_path, check)


def test_a_refusal_says_which_role_it_takes(tmp_path):
    async def check(running):
        viewer = await signed_in(running, "guest", ["viewer"])
        said = (await viewer.post("/api/v1/acts", json=act("release"))).json()["error"]
        assert "guest may not" in said
        assert "watch officer or site commander" in said
        await viewer.aclose()

    with_service(tmp_path, check)


def test_another_site_s_page_acts_for_nobody(tmp_path):
    async def check(running):
        client = await signed_in(running, "somebody", sorted(ALL))
        foreign = {"Origin": "http://evil.example"}
        for route, who in WHO.items():
            if route.startswith("POST") and who not in (OPEN, MACHINE):
                got = await answer_to(client, route, headers=foreign)
                assert got.status_code == 403, route
        await client.aclose()

    with_service(tmp_path, check)


def test_the_last_administrator_stays_one(tmp_path):
    async def check(running):
        body = {"name": "officer", "roles": ["viewer"]}
        answer = await running.client.post("/api/v1/users", json=body)
        assert answer.status_code == 409
        assert "only administrator" in answer.json()["error"]
        await (await signed_in(running, "second", ["administrator"])).aclose()
        assert (await running.client.post("/api/v1/users", json=body)).status_code == 200

    with_service(tmp_path, check)


def test_roles_that_were_taken_away_are_not_given_back_by_who_has_not_seen_it(tmp_path):
    async def check(running):
        async def given(roles, **more):
            body = {"name": "anna", "roles": roles, **more}
            return await running.client.post("/api/v1/users", json=body)

        officer, viewer = ["watch officer"], ["viewer"]
        assert (await given(officer, was=[])).status_code == 200
        assert (await given(viewer)).status_code == 200  # `was` may be left out
        for stale in (officer, []):
            answer = await given(officer, was=stale)
            assert answer.status_code == 409
            assert "anna is viewer by now" in answer.json()["error"]
        assert (await given(officer, was=viewer)).status_code == 200
        assert (await given(officer, was=viewer)).status_code == 200  # the same sent again
        answer = await running.client.post(
            "/api/v1/users", json={"name": "bob", "roles": viewer, "was": officer}
        )
        assert (answer.status_code, "bob is gone" in answer.text) == (409, True)

    with_service(tmp_path, check)
