"""Where a channel leads: a folder or an address of the network; and what may not go there."""

import ipaddress
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from tocsin.errors import SiteError

__all__ = ["SCHEMES", "check_channel_address", "stays_here"]

_WEB = "http", "https"
_MAIL = "smtp", "smtps", "smtp+starttls"
SCHEMES = {  # by the channel's kind
    "peer": _WEB,
    "timestamp": _WEB,
    "cap": ("file", *_WEB),
    "webhook": ("file", *_WEB),
    "mqtt": ("mqtt", "mqtts"),
    "mail": _MAIL,
    "cot": ("udp", "tcp", "tls"),
    "asterix": ("udp", "tcp"),
    "sapient": ("tcp", "tls"),
    "geojson": ("file", "pull", "mqtt", "mqtts"),
    "kml": ("file", "pull"),
}
_WRITE = {
    "file": '"file:FOLDER" (in the data folder)',
    "pull": '"pull" (the partner fetches it from this service)',
    "http": '"http://HOST:PORT/PATH"',
    "https": '"https://HOST/PATH"',
    "udp": '"udp://HOST:PORT" (a group may add ?interface=ADDRESS)',
    "tcp": '"tcp://HOST:PORT"',
    "mqtt": '"mqtt://HOST:PORT/TOPIC"',
    "mqtts": '"mqtts://USER@HOST:PORT/TOPIC"',
    "smtp": '"smtp://HOST:PORT"',
    "smtps": '"smtps://USER@HOST:PORT"',
    "smtp+starttls": '"smtp+starttls://USER@HOST:PORT"',
    "tls": '"tls://HOST:PORT"',
}
# What is readable by all on the way, and what to write instead.
_SECURE = {"http": "https", "tcp": "tls", "udp": "tls", "mqtt": "mqtts", "smtp": "smtps"}
_WITH_PORT = ("udp", "tcp", "tls")
_WITH_TOPIC = ("mqtt", "mqtts")
_WITH_USER = (*_WITH_TOPIC, *_MAIL)


def stays_here(to: str) -> bool:
    """Tell whether what goes there stays on this machine: a folder, a loopback address, or
    what whoever has its token fetches from here.
    """
    if to.startswith("file:") or to == "pull":
        return True
    host = urlsplit(to).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_channel_address(
    to: str, kind: str, here: str, *, only_live: bool, has_secret: bool
) -> None:
    """Raise SiteError, beginning with `here`, where a channel of that kind cannot or may not
    lead there.
    """
    schemes = SCHEMES[kind]
    if not _is_usable(to, schemes):
        words = [_WRITE[scheme] for scheme in schemes]
        written = " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
        raise SiteError(f"{here} leads to {to!r}; write {written}", to=to)
    if to == "pull":
        if not only_live:
            raise SiteError(
                f"{here} would let a partner fetch what is not live, and take it for real; "
                'keep natures = ["live"], or write exercises into a folder',
                to=to,
            )
        return
    if to.startswith("file:"):
        if ".." in PurePosixPath(to.removeprefix("file:")).parts:
            raise SiteError(f"{here} leads to {to!r}; name the folder without ..", to=to)
        return
    if not only_live and not stays_here(to):
        raise SiteError(
            f"{here} would carry what is not live to {to!r}, where it would be taken for real; "
            'keep natures = ["live"], or send exercises to a folder or to this machine',
            to=to,
        )
    scheme = urlsplit(to).scheme
    if has_secret and scheme in _SECURE and not stays_here(to):
        raise SiteError(
            f"{here} would send its secret readable by all to {to!r}; write "
            f"{_SECURE[scheme]}://",
            to=to,
        )


def _is_usable(to: str, schemes: tuple[str, ...]) -> bool:
    if not to.isprintable() or " " in to or "#" in to:
        return False
    if to == "pull":
        return "pull" in schemes
    if to.startswith("file:"):
        return "file" in schemes and bool(to.removeprefix("file:").strip("/"))
    try:
        parts = urlsplit(to)
        port = parts.port
    except ValueError:
        return False
    named = bool(parts.username) and parts.scheme not in _WITH_USER
    plain = not (named or parts.password) and port != 0
    if parts.scheme in _WITH_TOPIC and not _is_topic(unquote(parts.path.strip("/"))):
        return False
    if parts.scheme in _WITH_PORT and (port is None or parts.path.strip("/")):
        return False
    return parts.scheme in schemes and bool(parts.hostname) and plain


def _is_topic(topic: str) -> bool:
    """Tell whether something can be published to it: MQTT 3.1.1, 4.7."""
    return bool(topic) and not set(topic) & set("#+\0") and not topic.startswith("$")
