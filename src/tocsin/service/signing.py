"""The keys that checkpoints and packages are signed with: one for each mode, Ed25519.

A key is derived from a secret of its own in DATA/secrets (mode 0600) or the environment, as
the other secrets are: `tocsin_signing_live`, `tocsin_signing_exercise` and
`tocsin_signing_simulated`. What was signed in an exercise can never be taken for real.
"""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tocsin.errors import CallError, ServiceError
from tocsin.model import Nature, Node
from tocsin.record.checkpoint import key_for
from tocsin.record.verifier import Key
from tocsin.service.sealing import derived_key
from tocsin.service.secrets_folder import draft_of, own_secret

__all__ = ["Signer", "new_secret_for", "signer_for", "signing_mode"]


@dataclass(frozen=True, slots=True)
class Signer:
    """A public key, and what signs with its other half."""

    key: Key
    sign: Callable[[bytes], bytes]


def signing_mode(node: Node) -> str:
    """Return the mode whose key signs a node's ledger: that of its most real sensor."""
    found = {sensor.nature for sensor in node.sensors}
    return next((nature for nature in Nature.ALL if nature in found), Nature.LIVE)


def signer_for(data: Path, origin: str, mode: str) -> Signer:
    """Return the signer of a data folder's ledger, making its secret where there is none."""
    return _signer(origin, mode, own_secret(_name(mode), data / "secrets"))


def new_secret_for(data: Path, origin: str, mode: str) -> tuple[Signer, Callable[[], None]]:
    """Return the signer of a new secret, and what puts it in the place of the old one."""
    name = _name(mode)
    if name in os.environ:
        raise CallError(
            f"the key of mode {mode} comes from the environment variable {name}; change it "
            "there"
        )
    folder = data / "secrets"
    secret = secrets.token_urlsafe(32)

    def put() -> None:
        try:
            draft_of(secret, name, folder).replace(folder / name)
        except OSError as error:
            raise ServiceError(
                f"the secret file {folder / name} cannot be written: {error.strerror}"
            ) from error

    return _signer(origin, mode, secret), put


def _name(mode: str) -> str:
    if mode not in Nature.ALL:
        raise CallError(f"{mode!r} is no mode; give one of {', '.join(Nature.ALL)}")
    return f"tocsin_signing_{mode}"


def _signer(origin: str, mode: str, secret: str) -> Signer:
    seed = derived_key(secret.encode(), f"signing {mode}")
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return Signer(key_for(origin, private.public_key().public_bytes_raw()), private.sign)
