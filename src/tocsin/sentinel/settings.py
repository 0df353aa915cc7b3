"""The sentinel's settings: one small TOML file, read with sentences for what is wrong."""

import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tocsin.errors import CallError, DataError

__all__ = ["MAIL_PORTS", "WATCHED", "Mail", "Settings", "read_settings"]

WATCHED = ("server", "sirens", "pages")
MAIL_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}  # RFC 5321, 8314, 6409
MOST_RECIPIENTS = 50
MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Mail:
    """Where letters go. word: the password, "" where the server asks for none."""

    scheme: str
    host: str
    port: int
    user: str
    word: str
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the sentinel was told. gone_s: how long something is unheard before the alarm
    sounds; again_s: between two runs of the command while it stands; reference: (host, port)
    that tells whether this machine's own network works; bell: on the terminal.
    """

    server: str
    token: str
    folder: Path
    authority: Path | None = None
    gone_s: float = 10.0
    what: tuple[str, ...] = WATCHED
    reference: tuple[str, int] | None = None
    log: Path | None = None
    bell: bool = True
    command: tuple[str, ...] = ()
    again_s: float = 20.0
    webhook: str = ""
    webhook_token: str = ""
    mail: Mail | None = None


@dataclass(slots=True)
class _Table:
    """One table of the file; what is asked for is taken out, what is left is unknown."""

    where: str
    folder: Path
    values: dict[str, Any]
    names: list[str] = field(default_factory=list)

    def take(self, name: str, kind: type, usual: Any, is_right: Callable[[Any], bool],
             right: str) -> Any:  # fmt: skip
        self.names.append(name)
        if name not in self.values:
            return usual
        value = self.values.pop(name)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or not is_right(value):
            raise DataError(f"{self.where}: {name} is {value!r}; {right}", name=name)
        return value

    def text(self, name: str, right: str, *, needed: bool = False) -> str:
        value: str = self.take(name, str, "", lambda v: bool(v.strip()), right)
        if needed and not value:
            raise DataError(f"{self.where} has no {name}; {right}", name=name)
        return value

    def words(self, name: str, right: str, most: int) -> tuple[str, ...]:
        def is_right(value: list[Any]) -> bool:
            return 1 <= len(value) <= most and all(isinstance(v, str) and v for v in value)

        return tuple(self.take(name, list, (), is_right, right))

    def secret(self, name: str, *, needed: bool = False) -> str:
        """Return a secret: an environment variable of that name, or a file beside us."""
        key = self.text(name, "name an environment variable or a file beside this one",
                        needed=needed)  # fmt: skip
        if not key:
            return ""
        value = os.environ.get(key, "")
        try:
            value = value or (self.folder / key).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise DataError(
                f"{self.where}: the secret {key!r} is neither an environment variable nor a "
                f"file {self.folder / key}; write the token there",
                name=name,
            ) from error
        if not value or not value.isascii() or not value.isprintable():
            raise DataError(f"{self.where}: the secret {key!r} is no token", name=name)
        return value

    def end(self) -> None:
        if self.values:
            raise DataError(
                f"{self.where} has {next(iter(self.values))!r}; it knows "
                f"{', '.join(self.names)}"
            )


def read_settings(path: Path) -> Settings:
    """Return the settings. Raises CallError where there is no such file, DataError with what
    would be right.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}", path=str(path)) from error
    if len(text) > MAX_BYTES:
        raise DataError(f"{path} is larger than {MAX_BYTES} octets; it is no sentinel's file")
    try:
        raw = tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not TOML: {error}", path=str(path)) from error
    return _settings(path, raw)


def _settings(path: Path, raw: dict[str, Any]) -> Settings:
    folder = path.resolve().parent
    top = _Table(path.name, folder, raw)
    alarm = _Table(
        f"{path.name}: [alarm]", folder, top.take("alarm", dict, {}, _any, "a table")
    )
    mail = _mail(
        _Table(f"{path.name}: [mail]", folder, top.take("mail", dict, {}, _any, "a table"))
    )
    authority = top.text("authority", "name a file of certificates (PEM)")
    log = top.text("log", "name a file")
    settings = Settings(
        server=_url(top, "server", needed=True),
        token=top.secret("secret", needed=True),
        folder=folder,
        authority=folder / authority if authority else None,
        gone_s=top.take("gone_s", float, 10.0, lambda v: 3.0 <= v <= 600.0, "give 3 to 600"),
        what=_watched(top),
        reference=_reference(top),
        log=folder / log if log else None,
        bell=alarm.take("bell", bool, True, _any, "give true or false"),
        command=alarm.words("command", 'give a list, as ["aplay", "alarm.wav"]', 50),
        again_s=alarm.take("again_s", float, 20.0, lambda v: 1.0 <= v <= 3600.0,
                           "give 1 to 3600"),
        webhook=_url(alarm, "webhook"),
        webhook_token=alarm.secret("webhook_secret"),
        mail=mail,
    )  # fmt: skip
    top.end()
    alarm.end()
    return settings


def _any(_: object) -> bool:
    return True


def _url(table: _Table, name: str, *, needed: bool = False) -> str:
    right = "write it as https://tocsin.example.org (http:// on this machine only)"
    url = table.text(name, right, needed=needed).rstrip("/")
    parts = _split(url)
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if url and (not parts.hostname or parts.scheme not in ("http", "https") or parts.username):
        raise DataError(f"{table.where}: {name} is {url!r}; {right}", name=name)
    if url and parts.scheme == "http" and not is_here:
        # A token in clear would let anybody read the watch's pulse.
        raise DataError(f"{table.where}: {name} {url!r} is not encrypted; {right}", name=name)
    return url


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


def _watched(table: _Table) -> tuple[str, ...]:
    right = f"give some of {', '.join(WATCHED)}; server has to be one of them"
    what = table.words("what", right, len(WATCHED)) or WATCHED
    if "server" not in what or set(what) - set(WATCHED):
        raise DataError(f"{table.where}: what is {list(what)!r}; {right}", name="what")
    return tuple(name for name in WATCHED if name in what)


def _reference(table: _Table) -> tuple[str, int] | None:
    right = 'write it as "HOST:PORT", of another machine that always answers'
    text = table.text("reference", right)
    if not text:
        return None
    parts = _split(f"//{text}")
    if not parts.hostname or not parts.port:
        raise DataError(f"{table.where}: reference is {text!r}; {right}", name="reference")
    return parts.hostname, parts.port


def _mail(table: _Table) -> Mail | None:
    if not table.values:
        return None
    right = "write it as smtps://USER@HOST, smtp+starttls://USER@HOST or smtp://HOST"
    text = table.text("server", right, needed=True)
    parts = _split(text)
    if parts.scheme not in MAIL_PORTS or not parts.hostname:
        raise DataError(f"{table.where}: server is {text!r}; {right}", name="server")
    address = "give an address as desk@example.org"
    mail = Mail(
        parts.scheme,
        parts.hostname,
        parts.port or MAIL_PORTS[parts.scheme],
        parts.username or "",
        table.secret("secret"),
        table.text("sender", address, needed=True),
        table.words("recipients", f"{address}, at most {MOST_RECIPIENTS}", MOST_RECIPIENTS),
    )
    if mail.word and parts.scheme == "smtp":
        raise DataError(f"{table.where}: a password goes by smtps:// or smtp+starttls:// only")
    for one in (mail.sender, *(mail.recipients or ("",))):
        if one.count("@") != 1 or not one.isascii() or not one.isprintable() or " " in one:
            raise DataError(f"{table.where} has the address {one!r}; {address}")
    table.end()
    return mail
