"""The site file on disk: versions of it, and who changed what.

A change is checked by the same reader that starts the watch, kept as a version in the data
folder, and noted in the service ledger. The file itself stays as it is. An administrator may
choose the newest version for the next start (CHOICE): it is then read in the file's place for
as long as nobody has changed the file. IN_USE is a copy of what the watch was started with.
"""

import contextlib
import hashlib
import os
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog

from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.model import Node
from tocsin.service.service_ledger import ServiceLedger
from tocsin.service.site_edit import Draft, SiteDraft, Values, lay_into, outline_draft

__all__ = [
    "Choice", "Chosen", "Saved", "SiteFile", "StaleError", "Watched", "digest_of",
    "keep_in_use", "read_choice", "read_in_use",
]  # fmt: skip

MOST_BYTES = 1024 * 1024
CHOICE, IN_USE = "choice.json", "in-use.toml"

_log = structlog.get_logger("tocsin.site")


class StaleError(Exception):
    """The file has changed since the draft was begun."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watch is started with: the text of a site file, what it says, the file's name, and
    the pseudonym of who chose it on the page ("" nobody: it is the file itself).
    """

    text: str
    node: Node
    name: str
    by: str = ""


class Choice(msgspec.Struct, frozen=True):
    """A version to be read in the place of the file. over, digest: SHA-256 (hex) of the file as
    it was then, and of the version; by: a pseudonym; at_s: Unix UTC.
    """

    version: int
    digest: str
    over: str
    by: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Chosen:
    """The version that a choice gives."""

    version: int
    text: str
    by: str


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
            own = _read(self.path)
            kept = [_read(self._version(n)) for n in self._numbers()]
            return kept[-1] if own in kept else own
        except (OSError, UnicodeDecodeError) as error:
            raise SiteError(
                f"the site file {self.path.name} cannot be read: {error}"
            ) from error

    def outline(self) -> tuple[str, dict[str, SiteDraft], dict[str, Values]]:
        """Return the newest text and what a draft may change of it: sites and sensors by id.

        Raises SiteError with what is wrong where the text is no site file: hands may have
        changed it since the watch was started.
        """
        text = self.text()
        self._read_site(text)
        return text, *outline_draft(text)

    def try_draft(self, draft: Draft) -> tuple[str, list[str]]:
        """Return the text that a draft gives, and its changes. Raises SiteError with what is
        wrong with it, StaleError where it rests on another text than the file's.
        """
        text = self.text()
        if draft.base != digest_of(text):
            raise StaleError
        self._read_site(text)
        made, changes = lay_into(text, draft)
        if len(made.encode()) > MOST_BYTES:
            raise SiteError(f"the site file would have over {MOST_BYTES} bytes; draw less")
        self._read_site(made)
        return made, changes

    def _read_site(self, text: str) -> None:

        read_site(text.encode(), self.path.name)

    def save(self, draft: Draft, by: str, ledger: ServiceLedger) -> tuple[Saved, list[str]]:
        """Keep a draft as a new version; raises as `try_draft`, and OSError for a full disk."""
        with self.lock:
            before = self.text()
            made, changes = self.try_draft(draft)
            if not changes:
                raise SiteError("nothing is changed: there is nothing to save")
            self.versions.mkdir(mode=0o700, exist_ok=True)
            number = max(self._numbers(), default=0) + 1
            if number == 1 or before != _read(self._version(number - 1)):
                _write(self._version(number), before)
                number += 1
            kept = self._version(number)
            _write(kept, made)
            ledger.note(
                "site file", version=number, by=ledger.named(by), before=digest_of(before),
                after=digest_of(made), changes=changes[:200],
            )  # fmt: skip
            return Saved(number, kept), changes

    def choice(self) -> Choice | None:
        """Return what stands to be read in the file's place, None where the file itself is."""
        try:
            chosen = read_choice(self.versions, self.path.read_bytes())
        except OSError:
            return None
        return _choice(self.versions) if chosen is not None else None

    def next_text(self) -> str:
        """Return what the next start reads: the choice that stands, else the file itself.

        Raises OSError or UnicodeDecodeError where the file cannot be read.
        """
        own = self.path.read_bytes()
        chosen = read_choice(self.versions, own)
        return own.decode() if chosen is None else chosen.text

    def choose(self, digest: str, by: str, ledger: ServiceLedger) -> int:
        """Let the next start read the newest version; return its number.

        digest: of the text that is meant. Raises StaleError where that is not the newest,
        SiteError where it is no kept version, OSError for a full disk.
        """
        with self.lock:
            text = self.text()
            if digest_of(text) != digest:
                raise StaleError
            number = max(self._numbers(), default=0)
            if not number or _read(self._version(number)) != text:
                raise SiteError(
                    "the site file itself is the newest; the next start reads it as it is"
                )
            own = digest_of(_read(self.path))
            choice = Choice(number, digest, own, ledger.named(by), time.time())
            _write(self.versions / CHOICE, msgspec.json.encode(choice).decode())
            ledger.note("site file chosen", version=number, by=choice.by, digest=digest)
            return number

    def unchoose(self, by: str, ledger: ServiceLedger) -> None:
        """Let the next start read the file itself. Raises OSError."""
        with self.lock:
            (self.versions / CHOICE).unlink(missing_ok=True)
            ledger.note("site file chosen", version=0, by=ledger.named(by), digest="")

    def _version(self, number: int) -> Path:
        return self.versions / f"{number:04d}.toml"

    def _numbers(self) -> list[int]:
        names = [path.stem for path in self.versions.glob("*.toml")]
        return sorted(int(name) for name in names if name.isdigit())


def read_choice(versions: Path, own: bytes) -> Chosen | None:
    """Return the version that is to be read in the place of a file with these octets, None
    where none is chosen, the file was changed since, or the version is not what was chosen.
    """
    choice = _choice(versions)
    if choice is None or hashlib.sha256(own).hexdigest() != choice.over:
        return None
    try:
        text = _read(versions / f"{choice.version:04d}.toml")
    except (OSError, UnicodeDecodeError):
        return None
    return Chosen(choice.version, text, choice.by) if digest_of(text) == choice.digest else None


def _choice(versions: Path) -> Choice | None:
    try:
        return msgspec.json.decode((versions / CHOICE).read_bytes(), type=Choice)
    except (OSError, msgspec.DecodeError):
        return None


def read_in_use(versions: Path) -> str:
    """Return the text that the watch was last started with, "" where none is kept."""
    try:
        return _read(versions / IN_USE)
    except (OSError, UnicodeDecodeError):
        return ""


def keep_in_use(versions: Path, text: str) -> None:
    """Keep what the watch is started with; a full disk does not stop it."""
    if read_in_use(versions) == text:
        return
    try:
        versions.mkdir(mode=0o700, exist_ok=True)
        _write(versions / IN_USE, text)
    except OSError as error:
        _log.warning("the site file in use could not be kept", reason=str(error))


def digest_of(text: str) -> str:
    """Return the SHA-256 of a site file's text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> str:
    """Return a file's text with its line ends as they are."""
    return path.read_bytes().decode("utf-8")


def _write(path: Path, text: str) -> None:
    """Put a file in its place whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
