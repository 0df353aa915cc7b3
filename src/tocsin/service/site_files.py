"""The site file on disk: versions of it, and who changed what.

A change is checked by the same reader that starts the watch, kept as a version in the data
folder, and noted in the service ledger. The file itself stays as it is: journal and ledger rest
on it, and a watch that ends by accident must find it unchanged to go on with them.
"""

import contextlib
import hashlib
import os
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

from tocsin.errors import SiteError
from tocsin.service.service_ledger import ServiceLedger
from tocsin.service.site_edit import Draft, lay_into

__all__ = ["Saved", "SiteFile", "StaleError", "digest_of"]

MOST_BYTES = 1024 * 1024


class StaleError(Exception):
    """The file has changed since the draft was begun."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A version that was kept: its number, where it lies."""

    number: int
    path: Path


@dataclass(slots=True)
class SiteFile:
    """path: what the watch was started with; versions: a folder of the data folder; started:
    digest of the text at the start.
    """

    path: Path
    versions: Path
    started: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def text(self) -> str:
        """Return the newest version, or the file where hands have made it one that was not
        kept yet. Raises SiteError where it cannot be read.
        """
        try:
            own = self.path.read_text(encoding="utf-8")
            kept = [self._version(n).read_text(encoding="utf-8") for n in self._numbers()]
            return kept[-1] if own in kept else own
        except (OSError, UnicodeDecodeError) as error:
            raise SiteError(
                f"the site file {self.path.name} cannot be read: {error}"
            ) from error

    def try_draft(self, draft: Draft) -> tuple[str, list[str]]:
        """Return the text that a draft gives, and its changes. Raises SiteError with what is
        wrong with it, StaleError where it rests on another text than the file's.
        """
        from tocsin.codec.site_toml import read_site  # noqa: PLC0415 - loads kernels

        text = self.text()
        if draft.base != digest_of(text):
            raise StaleError
        made, changes = lay_into(text, draft)
        if len(made.encode()) > MOST_BYTES:
            raise SiteError(f"the site file would have over {MOST_BYTES} bytes; draw less")
        read_site(made.encode(), self.path.name)
        return made, changes

    def save(self, draft: Draft, by: str, ledger: ServiceLedger) -> tuple[Saved, list[str]]:
        """Keep a draft as a new version; raises as `try_draft`, and OSError for a full disk."""
        with self.lock:
            before = self.text()
            made, changes = self.try_draft(draft)
            if not changes:
                raise SiteError("nothing is changed: there is nothing to save")
            self.versions.mkdir(mode=0o700, exist_ok=True)
            number = max(self._numbers(), default=0) + 1
            if number == 1 or before != self._version(number - 1).read_text(encoding="utf-8"):
                _write(self._version(number), before)
                number += 1
            kept = self._version(number)
            _write(kept, made)
            ledger.note(
                "site file", version=number, by=ledger.named(by), before=digest_of(before),
                after=digest_of(made), changes=changes[:200],
            )  # fmt: skip
            return Saved(number, kept), changes

    def _version(self, number: int) -> Path:
        return self.versions / f"{number:04d}.toml"

    def _numbers(self) -> list[int]:
        names = [path.stem for path in self.versions.glob("*.toml")]
        return sorted(int(name) for name in names if name.isdigit())


def digest_of(text: str) -> str:
    """Return the SHA-256 of a site file's text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _write(path: Path, text: str) -> None:
    """Put a file in its place whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
