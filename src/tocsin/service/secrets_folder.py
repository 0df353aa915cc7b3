"""Bearer tokens of the sensors that push. The site file names a secret, never its value.

A secret is an environment variable of that name, or a file of that name in DATA/secrets.
Where there is neither, a token is made and written there (mode 0600), so that no sensor is
ever open to everybody.
"""

import contextlib
import hashlib
import os
import re
import secrets
from pathlib import Path

from tocsin.errors import ServiceError
from tocsin.model import Channel, Node, Peer, Sensor, Sentinel

__all__ = [
    "Tokens",
    "draft_of",
    "is_pushing",
    "load_peers",
    "load_readers",
    "load_sentinels",
    "load_tokens",
    "own_secret",
    "read_secret",
]

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
MIN_LENGTH = 16  # characters; 96 bits where they are random base64

Tokens = dict[bytes, str]  # SHA-256 of a token: the sensor's id


def is_pushing(sensor: Sensor) -> bool:
    """Tell whether a sensor posts its detections to us."""
    return "http" in sensor.listen


def load_tokens(node: Node, folder: Path) -> Tokens:
    """Return the tokens of all pushing sensors; raises ServiceError with what would be
    right.
    """
    tokens: Tokens = {}
    for sensor in node.sensors:
        if not is_pushing(sensor):
            continue
        name = sensor.secret or sensor.id
        value = own_secret(name, folder)
        digest = hashlib.sha256(value.encode()).digest()
        if digest in tokens:
            raise ServiceError(
                f"sensors {tokens[digest]!r} and {sensor.id!r} have the same secret; give "
                "each its own, for a post is told apart by it alone",
                sensor=sensor.id,
            )
        tokens[digest] = sensor.id
    return tokens


def load_readers(node: Node, folder: Path) -> dict[bytes, Channel]:
    """Return the channels from which partners fetch, by the SHA-256 of the token of each."""
    readers: dict[bytes, Channel] = {}
    for channel in node.channels:
        if channel.to == "pull":
            value = own_secret(channel.secret or channel.id, folder)
            readers[hashlib.sha256(value.encode()).digest()] = channel
    return readers


def load_peers(node: Node, folder: Path) -> dict[bytes, Peer]:
    """Return the peers that may bring their checkpoints, by the SHA-256 of the token of each.

    Raises ServiceError where two have the same: they are told apart by it alone.
    """
    found: dict[bytes, Peer] = {}
    for peer in node.peers:
        digest = hashlib.sha256(own_secret(peer.secret, folder).encode()).digest()
        if digest in found:
            raise ServiceError(
                f"peers {found[digest].id!r} and {peer.id!r} have the same secret; give each "
                "its own",
                peer=peer.id,
            )
        found[digest] = peer
    return found


def load_sentinels(node: Node, folder: Path) -> dict[bytes, Sentinel]:
    """Return the sentinels that may ask for the pulse, by the SHA-256 of the token of each."""
    return {
        hashlib.sha256(own_secret(s.secret, folder).encode()).digest(): s
        for s in node.sentinels
    }


def read_secret(name: str, folder: Path) -> str:
    """Return a token that somebody else gave us; raises ServiceError where it is nowhere."""
    _check_name(name)
    value = os.environ.get(name, "")
    try:
        value = value or (folder / name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ServiceError(
            f"the secret {name!r} is neither an environment variable nor a file "
            f"{folder / name} ({error.strerror}); write the receiver's token there",
            secret=name,
        ) from error
    if not value or not value.isascii() or not value.isprintable():
        raise ServiceError(f"the secret {name!r} is no token: it goes into an HTTP header")
    return value


def own_secret(name: str, folder: Path) -> str:
    """Return a secret of ours, making it (mode 0600) where it is nowhere yet."""
    _check_name(name)
    value = os.environ.get(name) or _from_file(name, folder)
    if len(value) < MIN_LENGTH:
        raise ServiceError(
            f"the secret {name!r} has {len(value)} characters; give at least {MIN_LENGTH} "
            "random ones",
            secret=name,
        )
    return value


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise ServiceError(
            f"the secret {name!r} is no name; give letters, digits, . _ and -: it names an "
            "environment variable or a file in the folder `secrets`",
            secret=name,
        )


def _from_file(name: str, folder: Path) -> str:
    path = folder / name
    try:
        if path.exists():
            return path.read_text(encoding="utf-8").strip()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = draft_of(secrets.token_urlsafe(32), name, folder)
        try:
            # Whole or not at all, and the first to come wins: several threads may ask at once.
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(draft)
        finally:
            draft.unlink()
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ServiceError(
            f"the secret file {path} cannot be read or made: {error.strerror}", path=str(path)
        ) from error


def draft_of(secret: str, name: str, folder: Path) -> Path:
    """Write a secret to a file of its own (mode 0600, flushed to disk) beside its place."""
    draft = folder / f".{name}.{secrets.token_hex(8)}.part"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secret + "\n")
        file.flush()
        os.fsync(handle)
    return draft
