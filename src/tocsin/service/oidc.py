"""Signing in through a house's own provider (OpenID Connect, authorization code with PKCE).

The provider says who it is; what they may do stays here: only who has an account signs in, and
roles are the administrator's to give. Nothing here is needed for a duty position, which stays
signed on whatever the provider does.
"""

import base64
import contextlib
import hashlib
import hmac
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
from tocsin.service.sealing import Box, SealError, new_key
from tocsin.service.secrets_folder import read_secret
from tocsin.service.watch_options import WatchOptions

__all__ = ["Provider", "SignInError", "SignIns", "check_provider", "open_sign_ins"]

PLACE = "browser"  # to which a ticket is bound
OIDC_WORD = "oidc"  # name of the secret that the provider gave us
CALL_S = 5.0
MAX_ANSWER = 256 * 1024
WAIT_S = 600.0  # to sign in at the provider
MAX_ENDED = 1_000  # states that came back and count no more; beyond it the oldest is forgotten
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


class _Begun(msgspec.Struct, frozen=True, array_like=True):
    """What a browser carries, sealed, to the provider and back."""

    state: str
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
    """Sign-ins at a provider. Any thread. now: Unix UTC.

    What one was begun with lies sealed in the browser's own cookie, under a key of this run: so
    however many a stranger begins, no other is pushed out.
    """

    def __init__(self, provider: Provider, now: Callable[[], float] = time.time) -> None:
        self.provider, self._now = provider, now
        self._box = Box.of("sign-in", new_key())
        self._ended: dict[str, float] = {}  # state: when it would have run out
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def begin(self, back: str) -> tuple[str, str]:
        """Return (where to send the browser, the ticket that its cookie has to bring back).

        back: our address to which the provider sends it. Raises SignInError.
        """
        with self._place():
            found = self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        begun = _Begun(state, nonce, verifier, back, self._now() + WAIT_S)
        sealed = self._box.seal(PLACE, msgspec.msgpack.encode(begun))
        ticket = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        query = {
            "response_type": "code", "scope": "openid profile email",
            "client_id": self.provider.client, "redirect_uri": back, "state": state,
            "nonce": nonce, "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256",
        }  # fmt: skip
        where = found["authorization_endpoint"]
        return f"{where}{'&' if '?' in where else '?'}{urlencode(query)}", ticket

    def is_of(self, ticket: str, state: str) -> bool:
        """Tell whether a state that came back is the one that this browser was sent with."""
        begun = self._opened(ticket)
        return begun is not None and hmac.compare_digest(begun.state.encode(), state.encode())

    def finish(self, ticket: str, code: str) -> str:
        """Return the name of who has signed in at the provider. Raises SignInError.

        A ticket counts once, whatever comes of it; it does not where too many ask at once.
        """
        with self._place():
            return self._finish(ticket, code)

    def _finish(self, ticket: str, code: str) -> str:
        begun, now_s = self._opened(ticket), self._now()
        if begun is None or begun.until_s < now_s or self._has_ended(begun, now_s):
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

    def _opened(self, ticket: str) -> _Begun | None:
        """Return what a ticket of this run holds, None where it is none."""
        try:
            sealed = base64.b64decode(ticket + "=" * (-len(ticket) % 4), b"-_", validate=True)
            return msgspec.msgpack.decode(self._box.open(PLACE, sealed), type=_Begun)
        except (ValueError, SealError, msgspec.MsgspecError):
            return None

    def _has_ended(self, begun: _Begun, now_s: float) -> bool:
        """Tell whether a sign-in came back before; from now on it has."""
        with self._lock:
            if begun.state in self._ended:
                return True
            self._ended = {s: until for s, until in self._ended.items() if until >= now_s}
            self._ended[begun.state] = begun.until_s
            while len(self._ended) > MAX_ENDED:
                del self._ended[next(iter(self._ended))]
            return False

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
