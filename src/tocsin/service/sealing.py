"""Encryption of what is personal: AES-256-GCM, one random nonce a value.

NIST SP 800-38D: 96-bit nonces, 128-bit tags; with random nonces at most 2**32 values a key
(8.3), which a file of the journal or a day of declared things stays far below. The place where
a value lies (file, table, number) is its associated data: a value that was moved elsewhere
does not open.
"""

import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["KEY_BYTES", "Box", "SealError", "derived_key", "new_key"]

KEY_BYTES = 32
_NONCE_BYTES = 12
_FORM = b"\x01"  # AES-256-GCM: form, nonce, ciphertext, tag


class SealError(Exception):
    """A value does not open: another key, another place, or changed bytes."""


@dataclass(frozen=True, slots=True)
class Box:
    """Seals and opens values under one key. key_id names the key wherever it is kept."""

    key_id: str
    _cipher: AESGCM

    @classmethod
    def of(cls, key_id: str, key: bytes) -> "Box":
        """Return the box of a key of 32 octets."""
        return cls(key_id, AESGCM(key))

    def seal(self, place: str, plain: bytes) -> bytes:
        """Return the sealed value; place is bound to it, not stored in it."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORM + nonce + self._cipher.encrypt(nonce, plain, self._bound(place))

    def open(self, place: str, sealed: bytes) -> bytes:
        """Return the value; raises SealError where it does not open here."""
        start = len(_FORM)
        nonce, rest = sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
        if sealed[:start] != _FORM or len(nonce) != _NONCE_BYTES:
            raise SealError(f"{place}: this is no sealed value")
        try:
            return self._cipher.decrypt(nonce, rest, self._bound(place))
        except InvalidTag as error:
            raise SealError(f"{place}: it does not open with key {self.key_id}") from error

    def _bound(self, place: str) -> bytes:
        return f"{self.key_id}\n{place}".encode()


def new_key() -> bytes:
    """Return a fresh random key."""
    return AESGCM.generate_key(bit_length=8 * KEY_BYTES)


def derived_key(secret: bytes, use: str) -> bytes:
    """Return a key for one use from a secret of at least 16 random octets (RFC 5869)."""
    info = f"tocsin {use} 1".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(secret)
