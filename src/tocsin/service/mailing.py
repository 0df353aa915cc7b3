"""Warnings by e-mail: one message a recipient, by SMTP (RFC 5321) with or without TLS."""

import smtplib
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tocsin.model import Channel
from tocsin.service.tls import client_context

__all__ = ["PORTS", "send_mail"]

CALL_S = 10.0  # for each answer of the server; greylisting servers are slow
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}  # RFC 5321, 8314, 6409
PERMANENT = 500  # replies from here on will not change by themselves (RFC 5321, 4.2.1)


def send_mail(body: bytes, channel: Channel, data: Path, token: str) -> int:
    """Hand one message to the server; return 0 once it was taken, else its permanent reply.

    Raises OSError (smtplib's errors are some) where another try may do.
    """
    parts = urlsplit(channel.to)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    recipient = str(message_from_bytes(body, policy=SMTP)["To"])
    context = None
    if parts.scheme != "smtp":
        context = client_context(channel.tls, channel.tls_authority, data / "secrets")
    server: smtplib.SMTP = (
        smtplib.SMTP_SSL(host, port, timeout=CALL_S, context=context)
        if parts.scheme == "smtps"
        else smtplib.SMTP(host, port, timeout=CALL_S)
    )
    try:
        if parts.scheme == "smtp+starttls":
            server.starttls(context=context)
        if token:
            server.login(unquote(parts.username or ""), token)
        server.sendmail(channel.sender, [recipient], body)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = error.recipients[recipient]
        return _reply(code, words, error)
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        return _reply(error.smtp_code, error.smtp_error, error)
    finally:
        server.close()
    return 0


def _reply(code: int, words: bytes | str, error: OSError) -> int:
    if code >= PERMANENT:
        return code
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    raise OSError(f"the mail server answered {code}: {said[:200]}") from error
