"""Packages: the ledger, or some of its entries with proofs, signed and in one zip file.

Everything that is needed to check it lies in it, with the program that does (verify.py).
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from types import TracebackType

from tocsin.errors import CallError, FormatError
from tocsin.model import Entry
from tocsin.record import verifier
from tocsin.record.checkpoint import manifest_of, manifest_text, signed_note
from tocsin.record.lines import export_lines
from tocsin.record.verifier import START, signatures_of
from tocsin.service.checkpoint_book import Made
from tocsin.service.journal import read_entries
from tocsin.service.notary import Notary
from tocsin.service.signing import Signer, signer_for
from tocsin.service.stamp_book import Stamped, stamps

__all__ = ["Packed", "write_evidence", "write_ledger"]

CHUNK = 1_000  # entries read at once
MAX_CHECKPOINTS = 1_000  # in a package: the newest that others hold
MAX_STAMPS = 100  # of one authority in a package of the whole ledger: the first, the newest
WHEN = (1980, 1, 1, 0, 0, 0)  # of every file in it: the same content, the same bytes

READ_ME = """This package was made by Tocsin.

Check it with Python 3.11 or newer and nothing else; unpacked or not:

    python3 verify.py PACKAGE.zip --key KEYS

KEYS is a file of public keys that you have from the watch itself (`tocsin key export`), not
from here. If another party holds a checkpoint of this ledger, give it: --held NAME=FILE.
Without one, the answer is that there is no outside witness: the keeper of the ledger could have
written it anew before it was signed.

stamp-WHO-N.tsr is the answer of a time-stamping authority (RFC 3161) to the checkpoint of N
entries, which lies in stamp-WHO-N.txt: those entries were there, as they are now, at the time
that it says. verify.py reads the time and sees that the stamp is of that checkpoint; whether
the authority signed it is checked with its root certificate, which you have from itself and not
from here:

    openssl ts -verify -data stamp-WHO-N.txt -in stamp-WHO-N.tsr -CAfile ROOT.pem

Where its certificate has expired since, add -attime SECONDS with the time of the stamp.

manifest.json lists the files with their SHA-256, manifest.sig signs it. checkpoints.txt holds
signed heads of the ledger, keys.txt the keys that signed them.
"""


@dataclass(frozen=True, slots=True)
class Packed:
    """What was written: so many entries, under the checkpoint of so many."""

    entries: int
    checkpoint: Made


@dataclass(slots=True)
class _Zip:
    """A zip file that is there completely or not at all; it keeps each file's digest."""

    path: Path
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    _zip: zipfile.ZipFile = field(init=False)
    _draft: Path = field(init=False)

    def __enter__(self) -> "_Zip":
        self._draft = self.path.with_name(self.path.name + ".part")
        try:
            self._zip = zipfile.ZipFile(self._draft, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        except OSError as error:
            raise CallError(f"{self.path} cannot be written: {error.strerror}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        try:
            self._zip.close()
            if error is None:
                os.replace(self._draft, self.path)
        except OSError as failed:
            raise CallError(f"{self.path} cannot be written: {failed.strerror}") from failed
        finally:
            self._draft.unlink(missing_ok=True)

    def put(self, name: str, parts: Iterable[bytes]) -> None:
        size, digest = 0, hashlib.sha256()
        about = zipfile.ZipInfo(name, WHEN)
        about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        with self._zip.open(about, "w", force_zip64=True) as file:
            for part in parts:
                size += len(part)
                digest.update(part)
                file.write(part)
        self.files[name] = (size, digest.hexdigest())

    def seal(self, signer: Signer, about: dict[str, object]) -> None:
        manifest = manifest_of(self.files, about)
        note = signed_note(manifest_text(manifest), [(signer.key, signer.sign)])
        self.put("manifest.json", [manifest])
        self.put("manifest.sig", [note.encode()])


def write_ledger(notary: Notary, out: Path, now_s: float) -> Packed:
    """Sign the ledger as it stands and write all of it."""
    made = _signed(notary, now_s)
    size = made.checkpoint.size
    chosen = [s for found in _stamps(notary, size) for s in _first_and_newest(found)]
    with _Zip(out) as package:
        package.put("ledger.jsonl", _lines(notary, size))
        _put_common(package, notary, made, {"what": "ledger", "entries": size}, chosen)
    return Packed(size, made)


def write_evidence(
    notary: Notary, out: Path, numbers: Sequence[int], now_s: float, *,
    about: dict[str, object], files: dict[str, bytes],
) -> Packed:  # fmt: skip
    """Sign the ledger as it stands and write some of its entries, each with its proof.

    files: what else goes in, by name; about: what the manifest says of it.
    """
    made = _signed(notary, now_s)
    size = made.checkpoint.size
    wanted = sorted({n for n in numbers if 0 <= n < size})
    if not wanted:
        raise CallError("there is no entry to prove")
    entries, proofs = list[Entry](), dict[str, object]()
    folder = notary.data / "journal"
    for number in wanted:
        entries += read_entries(folder, after=number - 1, limit=1)
        before = notary.reader.digests(number - 1, 1)[0] if number else START
        path = notary.path_of(number, size)
        proofs[str(number)] = {"before": before.hex(), "path": [p.hex() for p in path]}
    chosen = [s for found in _stamps(notary, size) for s in _soonest(found, wanted[-1] + 1)]
    steps = {s.checkpoint.size: notary.steps_between(s.checkpoint.size, size) for s in chosen}
    text = json.dumps({
        "size": size, "entries": proofs,
        "stamps": {str(old): [step.hex() for step in path] for old, path in steps.items()},
    }, indent=1) + "\n"  # fmt: skip
    with _Zip(out) as package:
        lines = export_lines(entries)
        next(lines)  # the head of a whole ledger
        package.put("entries.jsonl", lines)
        package.put("proofs.json", [text.encode()])
        for name, data in files.items():
            package.put(name, [data])
        _put_common(
            package, notary, made, {"what": "evidence", "entries": len(wanted), **about}, chosen
        )
    return Packed(len(wanted), made)


def _signed(notary: Notary, now_s: float) -> Made:
    made = notary.sign(now_s)
    if made is None:
        raise FormatError(f"{notary.data} holds no entry of a ledger")
    return made


def _lines(notary: Notary, size: int) -> Iterator[bytes]:
    yield from export_lines(())
    after = -1
    while after < size - 1:
        found = read_entries(
            notary.data / "journal", after=after, limit=min(CHUNK, size - 1 - after)
        )
        if not found:
            raise FormatError(f"entry {after + 1} of the ledger is missing")
        lines = export_lines(found)
        next(lines)
        yield b"".join(lines)
        after = found[-1].number


def _stamps(notary: Notary, size: int) -> Iterator[list[Stamped]]:
    """Yield the stamps of each authority that belong to this ledger up to `size`."""
    signer = signer_for(notary.data, notary.origin, notary.mode)
    for _, found in groupby(stamps(notary.book), lambda s: s.authority):
        ours = [
            s for s in found if 0 < s.checkpoint.size <= size and _is_signed_by(s.note, signer)
        ]
        if ours:
            yield ours


def _first_and_newest(found: list[Stamped]) -> list[Stamped]:
    return [*found[:1], *found[1:][-MAX_STAMPS:]]


def _soonest(found: list[Stamped], entries: int) -> list[Stamped]:
    """Return the first stamp that covers so many entries, and the newest of all."""
    first = next((s for s in found if s.checkpoint.size >= entries), found[-1])
    return [first] if first is found[-1] else [first, found[-1]]


def _put_common(
    package: _Zip, notary: Notary, made: Made, about: dict[str, object],
    chosen: Sequence[Stamped],
) -> None:  # fmt: skip
    signer = signer_for(notary.data, notary.origin, notary.mode)
    held = [m.note for m in notary.book.made() if m.holders and m.checkpoint != made.checkpoint]
    notes = [n for n in held[-MAX_CHECKPOINTS:] if _is_signed_by(n, signer)] + [made.note]
    package.put("checkpoints.txt", ["\n".join(notes).encode()])
    keys = [s.key.text for s in notary.book.signing_keys() if s.until_s is None]
    package.put("keys.txt", [("\n".join(keys) + "\n").encode()])
    for stamp in chosen:
        name = f"stamp-{stamp.authority}-{stamp.checkpoint.size}"
        package.put(f"{name}.txt", [stamp.note.encode()])
        package.put(f"{name}.tsr", [stamp.answer])
    package.put("README.txt", [READ_ME.encode()])
    package.put("verify.py", [Path(verifier.__file__).read_bytes()])
    package.seal(signer, {
        **about, "origin": notary.origin, "checkpoint": made.checkpoint.size,
        "head": made.checkpoint.head.hex(), "signed": made.checkpoint.signed,
    })  # fmt: skip


def _is_signed_by(note: str, signer: Signer) -> bool:
    parts = signatures_of(note)
    return parts is not None and any(s.key_id == signer.key.key_id for s in parts[1])
