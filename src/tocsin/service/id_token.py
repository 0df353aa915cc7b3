"""An ID token, checked: who the provider says has signed in (OpenID Connect Core 1.0, 3.1.3.7).

RS256 and ES256 alone (RFC 7518, 3.3 and 3.4): never "none", never a shared secret.
"""

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

__all__ = ["LEEWAY_S", "TokenError", "claims_of"]

LEEWAY_S = 60.0  # by which the provider's clock and ours may differ
SMALLEST_RSA = 2048  # bits; RFC 7518, 3.3
P256_OCTETS = 32  # of each half of a signature; RFC 7518, 3.4
MAX_CHARS = 64 * 1024


class TokenError(Exception):
    """The token says nothing that can be trusted; the message is a sentence."""


def claims_of(
    token: str,
    keys: list[Mapping[str, Any]],
    *,
    issuer: str,
    client: str,
    nonce: str,
    now_s: float,
) -> dict[str, Any]:
    """Return the claims of a token that this issuer made, for this client, in this sign-in.

    keys: of the provider's JWK set (RFC 7517). now_s: Unix UTC. Raises TokenError.
    """
    parts = token.split(".")
    if len(parts) != 3 or len(token) > MAX_CHARS:
        raise TokenError("the provider's token is no JWT")
    head, claims = _json(parts[0]), _json(parts[1])
    _check_signature(head, keys, ".".join(parts[:2]).encode(), _octets(parts[2]))
    if claims.get("iss") != issuer:
        raise TokenError(f"the token is of {claims.get('iss')!r}, not of {issuer!r}")
    audience = claims.get("aud")
    for_us = audience == client or (isinstance(audience, list) and client in audience)
    several = isinstance(audience, list) and len(audience) > 1
    if not for_us or (several and claims.get("azp") != client):
        raise TokenError(f"the token is for {audience!r}, not for {client!r}")
    if claims.get("nonce") != nonce:
        raise TokenError("the token is not of this sign-in")
    expires_s, issued_s = _number(claims, "exp"), _number(claims, "iat")
    if now_s >= expires_s + LEEWAY_S:
        raise TokenError("the token has run out; are both clocks right?")
    if issued_s > now_s + LEEWAY_S:
        raise TokenError("the token is of a time to come; are both clocks right?")
    return claims


def _check_signature(
    head: Mapping[str, Any], keys: list[Mapping[str, Any]], signed: bytes, signature: bytes
) -> None:
    algorithm = head.get("alg")
    kinds = {"RS256": "RSA", "ES256": "EC"}
    if not isinstance(algorithm, str) or algorithm not in kinds or "crit" in head:
        raise TokenError(f"the token is signed by {algorithm!r}; RS256 and ES256 are taken")
    mine = [
        key
        for key in keys
        if key.get("kty") == kinds[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and ("kid" not in head or key.get("kid") == head["kid"])
    ]
    for key in mine:
        try:
            (_check_rsa if algorithm == "RS256" else _check_p256)(key, signed, signature)
        except (InvalidSignature, TokenError, ValueError, KeyError):
            continue
        return
    raise TokenError("no key of the provider fits the token's signature")


def _check_rsa(key: Mapping[str, Any], signed: bytes, signature: bytes) -> None:
    public = rsa.RSAPublicNumbers(_whole(key["e"]), _whole(key["n"])).public_key()
    if public.key_size < SMALLEST_RSA:
        raise ValueError("too short a key")
    public.verify(signature, signed, padding.PKCS1v15(), SHA256())


def _check_p256(key: Mapping[str, Any], signed: bytes, signature: bytes) -> None:
    if key.get("crv") != "P-256" or len(signature) != 2 * P256_OCTETS:
        raise ValueError("not of P-256")
    numbers = ec.EllipticCurvePublicNumbers(_whole(key["x"]), _whole(key["y"]), ec.SECP256R1())
    r = int.from_bytes(signature[:P256_OCTETS])
    s = int.from_bytes(signature[P256_OCTETS:])
    numbers.public_key().verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))


def _octets(text: object) -> bytes:
    if not isinstance(text, str) or not text.isascii():
        raise TokenError("the provider's token is no JWT")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise TokenError("the provider's token is no JWT") from error


def _whole(text: object) -> int:
    return int.from_bytes(_octets(text))


def _json(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(_octets(text))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TokenError("the provider's token is no JWT") from error
    if not isinstance(found, dict):
        raise TokenError("the provider's token is no JWT")
    return found


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value or 0):
        raise TokenError(f"the token does not say when it was made and when it ends ({name})")
    return float(value or 0)
