"""The HTTP API over real sockets: who may, what is answered, and when."""

import asyncio
import json
import re
import sys
import time

import httpx
import pytest
from tests.service.fakes import FakePipeline
from tests.service.harness import SITE, service
from tests.service.test_engine import _FullDisk

from tocsin.errors import CallError, ServiceError, SiteError
from tocsin.service import premises, run
from tocsin.service.journal import read_batches
from tocsin.service.service_ledger import ServiceLedger
from tocsin.service.watch_options import WatchOptions

DETECTION = {"time_s": 1.0, "azimuth_deg": 12.0, "range_m": 500.0}


def with_service(folder, check, **options):
    async def go():
        options.setdefault("pipeline", FakePipeline())
        async with service(folder, **options) as running:
            await check(running)

    asyncio.run(go())


def act(key, **more):
    return {"verb": "acknowledge", "key": key, "alarm": "A-1-1", **more}


def test_a_post_is_answered_once_it_is_in_the_journal(tmp_path):
    async def check(running):
        body = json.dumps(DETECTION).encode()
        answer = await running.client.post(
            "/api/v1/detections", content=body, headers=running.bearer()
        )
        assert answer.status_code == 200
        assert answer.json()["detections"] == 1
        frames = [f for b in read_batches(tmp_path / "data") for f in b.frames]
        assert [(f.source, f.payload, f.path) for f in frames] == [("camera", body, "http")]

    with_service(tmp_path, check)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{", 400, "not a body of detections"),
        (b"\xff\xfe", 400, "not a body of detections"),
        (json.dumps(DETECTION | {"azimuth_deg": 999}).encode(), 400, "azimuth_deg is 999"),
        (b"[" * 100_000, 400, "not a body"),
        (b"x" * (4 * 1024 * 1024 + 1), 413, ""),
    ],
)
def test_a_bad_body_is_refused_with_a_sentence_and_counted(tmp_path, body, status, words):
    async def check(running):
        answer = await running.client.post(
            "/api/v1/detections", content=body, headers=running.bearer()
        )
        assert answer.status_code == status
        assert words in answer.json()["error"]
        counted = (await running.client.get("/api/v1/status")).json()["rejected"]
        assert status == 413 or counted == {"camera": {"not a body of detections": 1}}

    with_service(tmp_path, check)


def test_everything_is_denied_to_who_is_not_signed_in(tmp_path):
    async def check(running):
        for path in ("me", "node", "status", "ledger", "features/north"):
            answer = await running.client.get(f"/api/v1/{path}")
            assert (answer.status_code, list(answer.json())) == (401, ["error"]), path
        assert (await running.client.post("/api/v1/acts", json=act("k"))).status_code == 401
        for bearer in ({}, {"Authorization": "Bearer guess"}):
            answer = await running.client.post(
                "/api/v1/detections", json=DETECTION, headers=bearer
            )
            assert answer.status_code == 401
        for path, status in (("/healthz", 200), ("/readyz", 200), ("/metrics", 200)):
            assert (await running.client.get(path)).status_code == status

    with_service(tmp_path, check, signed_in=False)


def test_a_link_signs_in_once_and_the_session_outlives_a_restart(tmp_path):
    kept = {}

    async def first(running):
        cookie = next(iter(running.client.cookies.jar))
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite") == "strict"
        kept.update(running.client.cookies)
        again = await running.client.get(running.said[0].split(" ", 1)[1])
        assert again.status_code == 401
        assert "used up" in again.json()["error"]

    async def second(running):
        running.client.cookies.update(kept)
        answer = await running.client.get("/api/v1/me")
        told = answer.json()
        assert told["user"] == "officer"
        assert told["roles"] == ["watch officer", "incident officer", "administrator"]
        assert not told["over"]

    with_service(tmp_path, first)
    with_service(tmp_path, second, signed_in=False)
    stored = (tmp_path / "data" / "service.sqlite").read_bytes()
    assert kept["tocsin_session"].encode() not in stored


def test_a_link_is_for_this_machine_only_and_not_through_a_proxy(tmp_path):
    async def check(running):
        link = running.said[0].split(" ", 1)[1]
        headers = {"X-Forwarded-For": "203.0.113.9"}
        assert (await running.client.get(link, headers=headers)).status_code == 401
        assert (await running.client.get(link)).status_code == 303

    with_service(tmp_path, check, signed_in=False)


def test_an_act_is_answered_after_the_commit_and_its_key_counts_once(tmp_path):
    async def check(running):
        client = running.client
        both = await asyncio.gather(
            *(client.post("/api/v1/acts", json=act("k1", track="4611686018427387905"))
              for _ in range(5))
        )  # fmt: skip
        assert {a.text for a in both} == {'{"accepted":true,"sentence":"so be it"}'}
        other = await client.post("/api/v1/acts", json=act("k1", alarm="A-1-2"))
        assert (other.status_code, "error" in other.json()) == (409, True)
        frames = [f for b in read_batches(tmp_path / "data") for f in b.frames]
        assert len(frames) == 1
        payload = json.loads(frames[0].payload)
        assert (payload["user"], payload["key"]) == ("officer", "officer:k1")
        assert payload["track"] == 4611686018427387905
        assert (
            frames[0].payload
            == json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
        )

    with_service(tmp_path, check)


@pytest.mark.parametrize(
    "wrong", [{"verb": "fire"}, {"key": ""}, {"unknown": 1}, {"text": "x" * 5000}]
)
def test_an_act_that_is_none_is_refused_with_a_sentence(tmp_path, wrong):
    async def check(running):
        answer = await running.client.post("/api/v1/acts", json=act("k1") | wrong)
        assert answer.status_code == 400
        assert len(answer.json()["error"]) > 20

    with_service(tmp_path, check)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
    ],
)
def test_another_pages_requests_are_refused(tmp_path, headers):
    async def check(running):
        answer = await running.client.post("/api/v1/acts", json=act("k1"), headers=headers)
        assert answer.status_code == 403

    with_service(tmp_path, check)


def test_a_viewer_looks_and_does_not_act(tmp_path):
    async def check(running):
        made = await running.client.post(
            "/api/v1/users", json={"name": "guest", "roles": ["viewer"]}
        )
        async with httpx.AsyncClient(base_url=running.url) as guest:
            await guest.get(made.json()["path"])
            assert (await guest.get("/api/v1/me")).json()["roles"] == ["viewer"]
            assert (await guest.get("/api/v1/status")).status_code == 200
            for path, body in (
                ("acts", act("k")),
                ("users", {"name": "x", "roles": ["viewer"]}),
            ):
                answer = await guest.post(f"/api/v1/{path}", json=body)
                assert answer.status_code == 403
                assert "guest may not" in answer.json()["error"]
            await guest.post("/api/v1/sign-out")
            assert (await guest.get("/api/v1/me")).status_code == 401

    with_service(tmp_path, check)


def test_a_full_disk_is_507_to_who_posts_and_goes_away(tmp_path):
    async def check(running):
        post = running.client.post
        with _FullDisk():
            answer = await post("/api/v1/detections", json=DETECTION, headers=running.bearer())
            assert answer.status_code == 507
            assert "disk" in answer.json()["error"]
            assert running.hall.status().disk_error
        await running.until(lambda: not running.hall.engine.counters.disk_error)
        answer = await post("/api/v1/detections", json=DETECTION, headers=running.bearer())
        assert answer.status_code == 200
        frames = [f for b in read_batches(tmp_path / "data") for f in b.frames]
        assert len(frames) == 1  # posted twice, taken once

    with_service(tmp_path, check)


def test_not_ready_is_503_with_the_reason(tmp_path):
    async def check(running):
        running.hall.engine._stepped_at -= 60.0
        answer = await running.client.get("/readyz")
        assert answer.status_code == 503
        assert "not finished a step" in answer.json()["error"]

    with_service(tmp_path, check)


def test_the_ledger_is_read_in_pages(tmp_path):
    async def check(running):
        for _ in range(3):
            await running.client.post(
                "/api/v1/detections", json=DETECTION, headers=running.bearer()
            )
        page = (await running.client.get("/api/v1/ledger?limit=2")).json()
        assert [e["number"] for e in page["entries"]] == [0, 1]
        assert page["entries"][0]["body"] == {}
        page = (await running.client.get(f"/api/v1/ledger?after={page['after']}")).json()
        assert [e["number"] for e in page["entries"]] == [2, 3]
        bad = await running.client.get("/api/v1/ledger?after=x")
        assert (bad.status_code, list(bad.json())) == (400, ["error"])

    with_service(tmp_path, check)


# Words of commands to effectors; none may name a path, a field, an operation or a value.
EFFECTOR = re.compile(
    r"\b(fire|shoot|engage|intercept|jam|jammer|laser|spoof|launch|destroy|kill|effector|weapon|"
    r"neutrali[sz]e|defeat|takeover|gun)(s|ed|ing|er|or)?\b",
    re.IGNORECASE,
)


def test_the_api_has_no_word_that_commands_an_effector(tmp_path):
    async def check(running):
        text = (await running.client.get("/api/v1/openapi.json")).text
        described = json.loads(text)
        assert "/api/v1/acts" in described["paths"]
        schema = described["paths"]["/api/v1/detections"]["post"]["requestBody"]
        assert "azimuth_deg" in json.dumps(schema)
        assert EFFECTOR.findall(re.sub(r"[_/{}]", " ", text)) == []

    with_service(tmp_path, check)


def test_the_service_calls_nobody_but_the_sensors_of_its_site_file(tmp_path):
    calls = []

    def listen(event, args):
        if event == "socket.connect" and isinstance(args[1], tuple):
            calls.append(args[1][:2])

    sys.addaudithook(listen)
    site = (
        SITE
        + """
[[sensor]]
id = "ear"
kind = "adsb"
format = "beast"
listen = "tcp://127.0.0.9:9"
sites = ["north"]
"""
    )

    async def check(running):
        await running.client.post(
            "/api/v1/detections", json=DETECTION, headers=running.bearer()
        )
        await running.client.get("/api/v1/openapi.json")
        await running.client.get("/metrics")
        await running.until(
            lambda: running.hall.listening.states()["tcp://127.0.0.9:9"].startswith(
                "cannot be reached"
            )
        )
        own = int(running.url.rsplit(":", 1)[1])
        assert "ear" in str(running.hall.node)
        assert {c for c in calls if c[1] != own} <= {("127.0.0.9", 9)}

    with_service(tmp_path, check, site=site)


def test_pages_say_what_they_may_load_and_how_long_they_may_be_kept(tmp_path, monkeypatch):
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    monkeypatch.setattr("tocsin.service.pages.STATIC", static)

    async def check(running):
        get = running.client.get
        assert "run <code>make web" in (await get("/")).text
        (static / "index.html").write_text("<!doctype html>hello")
        (static / "assets" / "main-123.js").write_text("1")
        page = await get("/")
        assert page.text.endswith("hello")
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-cache"
        asset = await get("/assets/main-123.js")
        assert "immutable" in asset.headers["cache-control"]
        assert asset.headers["content-type"].startswith("text/javascript")
        for path in ("/../site.toml", "/%2e%2e/site.toml", "/nope", "/api/v1/nope"):
            answer = await get(path)
            assert (answer.status_code, list(answer.json())) == (404, ["error"])

    with_service(tmp_path, check)


def options(tmp_path, **more):
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    return WatchOptions(**({"site": path, "data": tmp_path / "data", "port": 0} | more))


def test_the_network_needs_a_certificate_or_a_proxy(tmp_path):
    with pytest.raises(CallError, match="without encryption"):
        run.watch(options(tmp_path, host="0.0.0.0"), print)
    premises.check_binding(options(tmp_path, host="0.0.0.0", behind_proxy=True))


def test_a_port_or_a_certificate_of_the_page_that_cannot_be_is_a_sentence(tmp_path):
    with pytest.raises(CallError, match="give 1 to 65535"):
        run.watch(options(tmp_path, port=99_999), print)
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    for cert in (bad, tmp_path / "none.pem"):
        with pytest.raises(ServiceError, match="cannot be used"):
            run.watch(options(tmp_path, tls_cert=cert, tls_key=bad), print)
    assert not (tmp_path / "data").exists()


def test_what_stands_in_the_way_of_a_start_is_a_sentence(tmp_path):
    with pytest.raises(SiteError, match="cannot be read"):
        run.watch(options(tmp_path, site=tmp_path / "none.toml"), print)
    with premises.bind("127.0.0.1", 0) as web:
        port = web.getsockname()[1]
        with pytest.raises(ServiceError, match="give another --port"):
            run.watch(options(tmp_path, port=port), print)
    with (
        premises.locked(tmp_path / "data" / "lock"),
        pytest.raises(ServiceError, match="another watch"),
    ):
        run.watch(options(tmp_path), print)


def test_a_changed_service_ledger_is_noticed(tmp_path):
    ledger = ServiceLedger(tmp_path / "service.sqlite")
    for k in range(3):
        ledger.note("started", count=k)
    ledger.db.execute("UPDATE entry SET body = '{}' WHERE number = 1")
    ledger.close()
    with pytest.raises(ServiceError, match=r"entry 1 .* does not fit its chain"):
        ServiceLedger(tmp_path / "service.sqlite")


def test_a_link_older_than_ten_minutes_is_refused(tmp_path, monkeypatch):
    ledger = ServiceLedger(tmp_path / "service.sqlite")
    ledger.set_user("officer", ("viewer",), by="test")
    token = ledger.new_link("officer", loopback=True)
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + 601.0)
    assert ledger.enter(token, is_loopback=True) is None
    ledger.close()
