"""Notices by webhook and e-mail, on a thread of their own: the bell does not wait for them."""

import contextlib
import http.client
import json
import queue
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tocsin.sentinel.settings import Mail, Settings

__all__ = ["Notice", "Notices"]

CALL_S = 5.0
TRIES = (0.0, 2.0, 5.0, 15.0)  # seconds before each try
WAITING = 32  # notices; the oldest goes first, and that is said


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told: state (gone, blind, back, test), what is gone, sentences, Unix time."""

    state: str
    what: tuple[str, ...]
    words: str
    at_s: float


@dataclass(slots=True)
class Notices:
    """`tell` returns at once; `say` gets a sentence where a notice went astray."""

    settings: Settings
    say: Callable[[str], None]
    _queue: "queue.Queue[Notice | None]" = field(default_factory=lambda: queue.Queue(WAITING))
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to send, where there is anywhere to send to."""
        if self.settings.webhook or self.settings.mail is not None:
            self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
            self._thread.start()

    def tell(self, notice: Notice) -> None:
        """Queue a notice."""
        if self._thread is None:
            return
        while True:
            try:
                self._queue.put_nowait(notice)
            except queue.Full:
                with contextlib.suppress(queue.Empty):
                    self._queue.get_nowait()
                    self.say("a notice was given up: too many wait to be sent")
            else:
                return

    def stop(self, timeout_s: float = 5.0) -> None:
        """Let what waits go, for a while."""
        if self._thread is not None:
            with contextlib.suppress(queue.Full):
                self._queue.put_nowait(None)
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while (notice := self._queue.get()) is not None:
            if self.settings.webhook:
                self._insist("the webhook", self._post, notice)
            if self.settings.mail is not None:
                self._insist("the mail server", self._mail, notice)

    def _insist(self, whom: str, send: Callable[[Notice], None], notice: Notice) -> None:
        trouble = ""
        for pause_s in TRIES:
            time.sleep(pause_s)
            try:
                send(notice)
            except (OSError, ValueError, http.client.HTTPException) as error:
                trouble = str(error) or type(error).__name__
            else:
                return
        self.say(f"{whom} did not take a notice ({trouble[:200]})")

    def _post(self, notice: Notice) -> None:
        parts = urlsplit(self.settings.webhook)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=CALL_S, context=context
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=CALL_S)
        headers = {"Content-Type": "application/json", "User-Agent": "tocsin-sentinel"}
        if self.settings.webhook_token:
            headers["Authorization"] = f"Bearer {self.settings.webhook_token}"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", target, body_of(notice, self.settings.server), headers)
            status = connection.getresponse().status
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise OSError(f"it answered {status}")

    def _mail(self, notice: Notice) -> None:
        mail = self.settings.mail
        assert mail is not None
        import smtplib  # noqa: PLC0415 - only who sends letters loads it

        server: smtplib.SMTP
        if mail.scheme == "smtps":
            server = smtplib.SMTP_SSL(mail.host, mail.port, timeout=CALL_S,
                                      context=ssl.create_default_context())  # fmt: skip
        else:
            server = smtplib.SMTP(mail.host, mail.port, timeout=CALL_S)
        try:
            if mail.scheme == "smtp+starttls":
                server.starttls(context=ssl.create_default_context())
            if mail.word:
                server.login(mail.user, mail.word)
            server.sendmail(mail.sender, list(mail.recipients), letter_of(notice, mail))
        finally:
            server.close()


def body_of(notice: Notice, server: str) -> bytes:
    """Return the webhook's JSON; docs/operating/sentinel.md."""
    said = {
        "schema": "tocsin-sentinel-1",
        "state": notice.state,
        "what": list(notice.what),
        "words": notice.words,
        "server": server,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(notice.at_s)),
    }
    return json.dumps(said).encode()


def letter_of(notice: Notice, mail: Mail) -> bytes:
    """Return the letter: plain words."""
    from email.message import EmailMessage  # noqa: PLC0415
    from email.policy import SMTP  # noqa: PLC0415
    from email.utils import formatdate  # noqa: PLC0415

    letter = EmailMessage(policy=SMTP)
    letter["From"], letter["To"] = mail.sender, ", ".join(mail.recipients)
    letter["Subject"] = (
        f"Tocsin sentinel: {notice.state.upper()} {', '.join(notice.what)}".strip()
    )
    letter["Date"] = formatdate(notice.at_s)
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation replies
    letter.set_content(notice.words + "\n")
    return letter.as_bytes()
