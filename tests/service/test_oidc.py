"""Signing in through an OpenID provider: who has an account gets in, and nobody by a trick."""

import base64
import contextlib
import json

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.service.provider import CLIENT, SECRET, Provider, jwks, sign
from tests.service.test_roles import signed_in, with_service

from tocsin.errors import CallError
from tocsin.service import id_token
from tocsin.service.id_token import TokenError, claims_of
from tocsin.service.oidc import AT_ONCE, SignInError, SignIns, check_provider
from tocsin.service.oidc import Provider as Known

NOW_S = 1_700_000_000.0
ISSUER = "https://id.example.org"
CLAIMS = {
    "iss": ISSUER, "aud": CLIENT, "nonce": "n", "iat": NOW_S - 5, "exp": NOW_S + 300,
    "sub": "17",
}  # fmt: skip


def check(token, keys=None, **more):
    options = {"issuer": ISSUER, "client": CLIENT, "nonce": "n", "now_s": NOW_S, **more}
    return claims_of(token, jwks() if keys is None else keys, **options)


def test_the_signature_of_rfc_7515_appendix_a_3_is_taken_and_one_changed_octet_is_not():
    key = {
        "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }  # fmt: skip
    signed = (
        b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        b"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    signature = base64.urlsafe_b64decode(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q=="
    )
    id_token._check_signature({"alg": "ES256"}, [key], signed, signature)
    with pytest.raises(TokenError, match="no key"):
        id_token._check_signature({"alg": "ES256"}, [key], signed[:-1] + b"R", signature)


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_a_good_token_is_taken(alg):
    assert check(sign(CLAIMS, alg))["sub"] == "17"
    several = {**CLAIMS, "aud": ["else", CLIENT], "azp": CLIENT}
    assert check(sign(several, alg))["aud"] == ["else", CLIENT]


@pytest.mark.parametrize(
    ("change", "word"),
    [({"iss": "https://evil.example"}, "not of"), ({"aud": "else"}, "is for"),
     ({"aud": [CLIENT, "else"]}, "is for"), ({"aud": None}, "is for"),
     ({"nonce": "m"}, "not of this sign-in"), ({"nonce": None}, "not of this sign-in"),
     ({"exp": NOW_S - 61}, "run out"), ({"exp": "never"}, "when it ends"),
     ({"exp": True}, "when it ends"), ({"iat": NOW_S + 61}, "time to come"),
     ({"iat": None}, "when it ends")],
)  # fmt: skip
def test_a_token_of_somebody_else_or_another_time_is_refused(change, word):
    with pytest.raises(TokenError, match=word):
        check(sign({**CLAIMS, **change}))


def test_a_token_that_nobody_signed_is_refused():
    with pytest.raises(TokenError, match="'none'"):
        check(sign(CLAIMS, "none"))
    with pytest.raises(TokenError, match="'HS256'"):
        check(sign(CLAIMS, "HS256"))
    with pytest.raises(TokenError, match="no key"):
        check(sign(CLAIMS, key=rsa.generate_private_key(65537, 2048)))
    with pytest.raises(TokenError, match="no key"):
        check(sign(CLAIMS, "ES256", key=ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(TokenError, match="no key"):
        check(sign(CLAIMS), keys=[])
    with pytest.raises(TokenError, match="no key"):
        check(sign(CLAIMS, head={"kid": "another"}))
    with pytest.raises(TokenError, match="RS256 and ES256"):
        check(sign(CLAIMS, head={"crit": ["exp"]}))
    for odd in (["RS256"], {"RS256": 1}, 5, None):
        with pytest.raises(TokenError, match="is signed by"):
            check(sign(CLAIMS, head={"alg": odd}))
    short = rsa.generate_private_key(65537, 1024)
    numbers = short.public_key().public_numbers()
    weak = {"kty": "RSA", "n": _whole(numbers.n), "e": "AQAB"}
    with pytest.raises(TokenError, match="no key"):
        check(sign(CLAIMS, key=short, head={"kid": None}), keys=[weak])


def _whole(number):
    octets = number.to_bytes((number.bit_length() + 7) // 8)
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


@pytest.mark.parametrize(
    "token", ["", "a.b", "a.b.c.d", "!.!.!", "é.é.é", "bm8.bm8.bm8", "W10.W10.", "x" * 70_000,
              "Iv8i.e30.", f"{'W1tb' * 10_000}.e30."],
)  # fmt: skip
def test_what_is_no_token_is_refused_in_a_sentence(token):
    with pytest.raises(TokenError):
        check(token)


@pytest.mark.parametrize(
    "issuer",
    ["http://id.example.org", "id.example.org", "ftp://a", "https://", "https://a?b=c"],
)
def test_a_provider_that_is_not_encrypted_is_a_bad_call(issuer):
    with pytest.raises(CallError, match="--oidc-issuer"):
        check_provider(issuer, CLIENT)


def test_a_provider_without_a_client_is_a_bad_call():
    with pytest.raises(CallError, match="--oidc-client"):
        check_provider(ISSUER, "")


def with_provider(folder, run):
    with Provider() as provider:

        async def go(running):
            await run(running, provider)

        secrets = folder / "data" / "secrets"
        secrets.mkdir(parents=True)
        (secrets / "oidc").write_text(SECRET)
        with_service(folder, go, oidc_issuer=provider.issuer, oidc_client=CLIENT)


async def sign_in(running, client):
    """Go the way that a browser goes; return the last answer of the service."""
    asked = await client.get("/oidc/start")
    assert asked.status_code == 303, asked.text
    back = await client.get(asked.headers["location"])
    assert back.status_code == 302
    return await client.get(back.headers["location"])


def browser(running):
    return httpx.AsyncClient(base_url=running.url, timeout=60)


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_who_has_an_account_signs_in_with_the_roles_of_here(tmp_path, alg):
    async def run(running, provider):
        provider.alg = alg
        await (await signed_in(running, "ada", ["watch officer"])).aclose()
        async with browser(running) as client:
            told = (await client.get("/api/v1/sign-in")).json()
            assert told == {"provider": "127.0.0.1"}
            done = await sign_in(running, client)
            assert (done.status_code, done.headers["location"]) == (303, "/")
            assert "samesite=strict" in done.headers["set-cookie"].lower()
            me = (await client.get("/api/v1/me")).json()
            assert (me["user"], me["roles"]) == ("ada", ["watch officer"])
        rows = running.hall.ledger.db.execute("SELECT body FROM entry WHERE kind = 'signed in'")
        assert json.loads(rows.fetchall()[-1][0])["through"] == "127.0.0.1"

    with_provider(tmp_path, run)


def test_who_has_none_or_whose_is_shut_does_not_and_neither_does_a_position(tmp_path):
    async def run(running, provider):
        await (await signed_in(running, "shut", ["viewer"])).aclose()
        shut = {"name": "shut", "disabled": True}
        assert (await running.client.post("/api/v1/users/disable", json=shut)).is_success
        desk = await signed_in(running, "north desk", ["watch officer"], position=True)
        await desk.aclose()
        for name in ("nobody", "shut", "north desk"):
            provider.user = name
            async with browser(running) as client:
                done = await sign_in(running, client)
                assert (done.status_code, "ask an administrator" in done.text) == (401, True)
                assert (await client.get("/api/v1/me")).status_code == 401

    with_provider(tmp_path, run)


def test_an_answer_that_was_not_asked_for_here_signs_nobody_in(tmp_path):
    async def run(running, provider):
        await (await signed_in(running, "ada", ["viewer"])).aclose()
        async with browser(running) as mine, browser(running) as theirs:
            asked = await theirs.get("/oidc/start")
            back = (await theirs.get(asked.headers["location"])).headers["location"]
            # Another's answer, put before me: I would act in their name.
            stolen = await mine.get(back)
            assert (stolen.status_code, "not begun in this browser" in stolen.text) == (
                401,
                True,
            )
            assert (await theirs.get(back)).status_code == 303
            assert (await theirs.get(back)).status_code == 401, "it counts once"
            refused = await theirs.get("/oidc/start")
            state = refused.headers["location"].split("state=")[1].split("&")[0]
            said = await theirs.get(f"/oidc/return?state={state}&error=access_denied")
            assert (said.status_code, "access_denied" in said.text) == (401, True)

    with_provider(tmp_path, run)


def test_a_provider_that_errs_is_named_and_signs_nobody_in(tmp_path):
    async def run(running, provider):
        await (await signed_in(running, "ada", ["viewer"])).aclose()
        async with browser(running) as client:
            for change, word in (
                ({"aud": "else"}, "is for"), ({"preferred_username": None}, "--oidc-claim"),
                ({"nonce": "old"}, "not of this sign-in"),
            ):  # fmt: skip
                provider.spoil = lambda claims, change=change: {**claims, **change}
                done = await sign_in(running, client)
                assert (done.status_code, word in done.text) == (401, True), done.text
            provider.calls_itself = "https://evil.example"
            done = await client.get("/oidc/start")
            assert (done.status_code, "calls itself" in done.text) == (502, True)
            assert (await client.get("/api/v1/me")).status_code == 401

    with_provider(tmp_path, run)


def test_a_provider_that_is_gone_is_said_and_links_still_sign_in(tmp_path):
    with Provider() as gone:
        issuer = gone.issuer
    known = Known(issuer, CLIENT, SECRET)
    with pytest.raises(SignInError, match="a link from an administrator"):
        SignIns(known).begin("http://127.0.0.1/oidc/return")


def test_of_many_who_begin_at_once_a_few_hold_a_thread_and_the_others_are_told():
    with Provider() as provider:
        signs = SignIns(Known(provider.issuer, CLIENT, SECRET))
        with contextlib.ExitStack() as places:
            for _ in range(AT_ONCE):
                places.enter_context(signs._place())
            with pytest.raises(SignInError, match="many sign in"):
                signs.begin("http://127.0.0.1/oidc/return")
        signs.begin("http://127.0.0.1/oidc/return")
        for _ in range(AT_ONCE + 1):  # what failed gives its place back
            with pytest.raises(SignInError, match="not begun here"):
                signs.finish("another", "code")


def test_a_sign_in_that_takes_too_long_is_begun_again():
    with Provider() as provider:
        now = [NOW_S]
        signs = SignIns(Known(provider.issuer, CLIENT, SECRET), now=lambda: now[0])
        _, ticket = signs.begin("http://127.0.0.1/oidc/return")
        now[0] += 601.0
        with pytest.raises(SignInError, match="too long"):
            signs.finish(ticket, "code")


def test_however_many_a_stranger_begins_a_sign_in_under_way_is_not_pushed_out():
    with Provider() as provider:
        signs = SignIns(Known(provider.issuer, CLIENT, SECRET))
        where, mine = signs.begin("http://127.0.0.1/oidc/return")
        state = where.split("state=")[1].split("&")[0]
        found = signs._discovered()
        signs._discovered = lambda: found  # the provider need not be asked two thousand times
        for _ in range(2_000):
            signs.begin("http://127.0.0.1/oidc/return")
        assert signs.is_of(mine, state)
        with pytest.raises(SignInError) as refused:  # the provider knows no such code
            signs.finish(mine, "code")
        assert "not begun here" not in str(refused.value)
        with pytest.raises(SignInError, match="not begun here"):  # it counts once
            signs.finish(mine, "code")


@pytest.mark.parametrize("ticket", ["", "a", "é", "AAAA", "!" * 40, "A" * 5_000])
def test_a_ticket_that_nobody_gave_is_none(ticket):
    with Provider() as provider:
        signs = SignIns(Known(provider.issuer, CLIENT, SECRET))
        assert not signs.is_of(ticket, "")
        with pytest.raises(SignInError, match="not begun here"):
            signs.finish(ticket, "code")


def test_a_ticket_of_another_run_or_with_one_changed_letter_is_none():
    with Provider() as provider:
        known = Known(provider.issuer, CLIENT, SECRET)
        where, ticket = SignIns(known).begin("http://127.0.0.1/oidc/return")
        state = where.split("state=")[1].split("&")[0]
        assert not SignIns(known).is_of(ticket, state)
        signs = SignIns(known)
        where, ticket = signs.begin("http://127.0.0.1/oidc/return")
        state = where.split("state=")[1].split("&")[0]
        assert signs.is_of(ticket, state)
        assert not signs.is_of(ticket, state[:-1])
        other = "A" if ticket[20] != "A" else "B"
        assert not signs.is_of(ticket[:20] + other + ticket[21:], state)


def test_without_a_provider_there_is_no_such_way(tmp_path):
    async def run(running):
        async with browser(running) as client:
            assert (await client.get("/api/v1/sign-in")).json() == {"provider": ""}
            assert (await client.get("/oidc/start")).status_code == 404
            assert (await client.get("/oidc/return?state=a&code=b")).status_code == 404

    with_service(tmp_path, run)
