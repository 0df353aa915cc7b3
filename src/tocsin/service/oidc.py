"""Signing in through a house's own provider (OpenID Connect, authorization code with PKCE).

The provider says who it is; what they may do stays here: only who has an account signs in, and
roles are the administrator's to give. Nothing here is needed for a duty position, which stays
signed on whatever the provider does.
"""

import base64
import contextlib
import hashlib
import http.client
import ipaddress
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from tocsin.errors import CallError
from tocsin.service.id_token import TokenError, claims_of
from tocsin.service.secrets_folder import read_secret
from tocsin.service.watch_options import WatchOptions

__all__ = ["Provider", "SignInError", "SignIns", "check_provider", "open_sign_ins"]

OIDC_WORD = "oidc"  # name of the secret that the provider gave us
CALL_S = 5.0
MAX_ANSWER = 256 * 1024
WAIT_S = 600.0  # to sign in at the provider
MAX_WAITING = 1_000  # sign-ins that were begun; beyond it the oldest is dropped
MAX_NAME = 64
AT_ONCE = 4  # calls to the provider: each holds a thread that acts of the watch need too


class SignInError(Exception):
    """Nobody is signed in by this; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider as the service was told of it. claim: it holds the account's name."""

    issuer: str
    client: str
    secret: str
    claim: str = "preferred_username"

    @property
    def host(self) -> str:
        """Its name, as people know it."""
        return urlsplit(self.issuer).hostname or ""


@dataclass(frozen=True, slots=True)
class _Begun:
    nonce: str
    verifier: str
    back: str
    until_s: float


def check_provider(issuer: str, client: str) -> None:
    """Raise CallError where these are no provider and client."""
    if not _is_safe(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:
        raise CallError(
            f"--oidc-issuer {issuer!r}: write it as https://HOST/PATH, exactly as the provider "
            "calls itself"
        )
    if not client:
        raise CallError("--oidc-issuer needs --oidc-client, the id that the provider gave")


class SignIns:
    """Sign-ins that were begun at a provider. Any thread. now: Unix UTC."""

    def __init__(self, provider: Provider, now: Callable[[], float] = time.time) -> None:
        self.provider, self._now = provider, now
        self._begun: dict[str, _Begun] = {}
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def begin(self, back: str) -> tuple[str, str]:
        """Return (where to send the browser, the state that has to come back with it).

        back: our address to which the provider sends it. Raises SignInError.
        """
        with self._place():
            found = self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        now_s = self._now()
        with self._lock:
            kept = {s: b for s, b in self._begun.items() if b.until_s > now_s}
            while len(kept) >= MAX_WAITING:
                del kept[next(iter(kept))]
            kept[state] = _Begun(nonce, verifier, back, now_s + WAIT_S)
            self._begun = kept
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        query = {
            "response_type": "code", "scope": "openid profile email",
            "client_id": self.provider.client, "redirect_uri": back, "state": state,
            "nonce": nonce, "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256",
        }  # fmt: skip
        where = found["authorization_endpoint"]
        return f"{where}{'&' if '?' in where else '?'}{urlencode(query)}", state

    def finish(self, state: str, code: str) -> str:
        """Return the name of who has signed in at the provider. Raises SignInError.

        A state counts once, whatever comes of it; it does not where too many ask at once.
        """
        with self._place():
            return self._finish(state, code)

    def _finish(self, state: str, code: str) -> str:
        with self._lock:
            begun = self._begun.pop(state, None)
        if begun is None or begun.until_s < self._now():
            raise SignInError("this sign-in was not begun here, or took too long: begin again")
        found = self._discovered()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": begun.back,
            "code_verifier": begun.verifier,
        }  # fmt: skip
        # RFC 6749, 2.3.1: both are form-encoded before they are joined.
        pair = f"{quote(self.provider.client, safe='')}:{quote(self.provider.secret, safe='')}"
        token = _asked(
            found["token_endpoint"],
            urlencode(form).encode(),
            {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"},
        ).get("id_token")
        keys = _asked(found["jwks_uri"]).get("keys")
        if not isinstance(token, str) or not isinstance(keys, list):
            raise SignInError(f"{self.provider.host} has not said who signed in")
        try:
            claims = claims_of(
                token, [key for key in keys if isinstance(key, Mapping)],
                issuer=self.provider.issuer, client=self.provider.client, nonce=begun.nonce,
                now_s=self._now(),
            )  # fmt: skip
        except TokenError as error:
            raise SignInError(f"{self.provider.host}: {error}") from error
        name = claims.get(self.provider.claim)
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
            raise SignInError(
                f"{self.provider.host} tells no {self.provider.claim!r}, by which accounts are "
                "known here; see --oidc-claim"
            )
        return name

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        """One of AT_ONCE places: anybody may begin, and a dead provider holds each for long."""
        if not self._places.acquire(blocking=False):
            raise SignInError("many sign in at this moment; try again in some seconds")
        try:
            yield
        finally:
            self._places.release()

    def _discovered(self) -> dict[str, Any]:
        """Return the provider's own description (OpenID Connect Discovery 1.0, 4)."""
        issuer = self.provider.issuer
        found = _asked(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise SignInError(f"{self.provider.host} calls itself {found.get('issuer')!r}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            where = found.get(name)
            if not isinstance(where, str) or not _is_safe(where):
                raise SignInError(f"{self.provider.host} names no safe {name}")
        return found


def open_sign_ins(options: WatchOptions) -> SignIns | None:
    """Return the sign-ins at the provider that was given, None where none was.

    Raises ServiceError where its secret is nowhere.
    """
    if not options.oidc_issuer:
        return None
    secret = read_secret(OIDC_WORD, options.data / "secrets")
    return SignIns(
        Provider(options.oidc_issuer, options.oidc_client, secret, options.oidc_claim)
    )


def _is_safe(url: str) -> bool:
    """Tell whether a URL is encrypted, or of this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not url.isascii():
        return False
    if parts.scheme == "https":
        return bool(host)
    try:
        here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = False
    return parts.scheme == "http" and here


def _asked(
    url: str, form: bytes | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the JSON object that answers a GET, or a POST of a form. Follows no redirect."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=CALL_S, context=context
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=CALL_S)
    sent = {"Accept": "application/json", "User-Agent": "tocsin", **(headers or {})}
    if form is not None:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("GET" if form is None else "POST", target, form, sent)
        answer = connection.getresponse()
        body = answer.read(MAX_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise SignInError(
            f"{host} does not answer ({error}); a link from an administrator signs in "
            "without it"
        ) from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise SignInError(f"{host} answered {answer.status} at {parts.path}")
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SignInError(f"{host} answered something else than JSON") from error
    if not isinstance(found, dict):
        raise SignInError(f"{host} answered something else than an object")
    return found
