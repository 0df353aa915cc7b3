"""Checkpoints of the ledger as signed notes, and packages' manifests: what is signed, in text.

The forms are C2SP's signed-note and tlog-checkpoint, so that other tools read them too. Who
holds the key signs: `sign(text) -> 64 bytes`.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence

from tocsin.record.canonical import canonical
from tocsin.record.verifier import PACKAGE, Key, key_id_of

__all__ = [
    "checkpoint_text",
    "key_for",
    "manifest_of",
    "manifest_text",
    "origin_of",
    "signed_note",
]

Sign = Callable[[bytes], bytes]


def origin_of(node: str, number: int, mode: str) -> str:
    """Return the name under which a node's ledger of a mode is signed: letters, digits, -./."""
    word = re.sub(r"[^A-Za-z0-9]+", "-", node).strip("-").lower() or "node"
    return f"tocsin.{word}.{number}/{mode}"


def key_for(name: str, public: bytes) -> Key:
    """Return the key of a name and 32 bytes."""
    return Key(name, key_id_of(name, public), public)


def checkpoint_text(origin: str, size: int, root: bytes, head: bytes, signed: str) -> str:
    """Return what is signed of a ledger: entries, root of their tree, digest of the last one.

    signed: when, UTC to the second ("2026-08-05T12:00:07Z").
    """
    tree = base64.b64encode(root).decode()
    return f"{origin}\n{size}\n{tree}\nhead {head.hex()}\nsigned {signed}\n"


def manifest_of(files: Mapping[str, tuple[int, str]], about: Mapping[str, object]) -> bytes:
    """Return the manifest of a package; files: (octets, SHA-256 in hex) by name."""
    listed = {name: {"bytes": size, "sha256": digest} for name, (size, digest) in files.items()}
    return canonical({"tocsin_package": PACKAGE, "files": listed, **about})


def manifest_text(manifest: bytes) -> str:
    """Return what is signed of a package."""
    return f"tocsin-package-{PACKAGE}\n{hashlib.sha256(manifest).hexdigest()}\n"


def signed_note(text: str, signers: Sequence[tuple[Key, Sign]]) -> str:
    """Return the note: the text, an empty line, a line for each signature."""
    lines = [
        f"— {key.name} {base64.b64encode(key.key_id + sign(text.encode())).decode()}\n"
        for key, sign in signers
    ]
    return text + "\n" + "".join(lines)
