"""Where a channel leads: a folder, or a web address; and what may not go there."""

import ipaddress
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from tocsin.errors import SiteError

__all__ = ["check_channel_address", "stays_here"]


def stays_here(to: str) -> bool:
    """Tell whether what goes there stays on this machine: a folder, or a loopback address."""
    if to.startswith("file:"):
        return True
    host = urlsplit(to).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_channel_address(to: str, here: str, *, only_live: bool, has_secret: bool) -> None:
    """Raise SiteError, beginning with `here`, where a channel cannot or may not lead there."""
    if not _is_usable(to):
        raise SiteError(
            f'{here} leads to {to!r}; write "file:FOLDER" (in the data folder), '
            '"http://HOST:PORT/PATH" or "https://HOST/PATH"',
            to=to,
        )
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
    if has_secret and to.startswith("http:") and not stays_here(to):
        raise SiteError(
            f"{here} would send its secret readable by all to {to!r}; write https://", to=to
        )


def _is_usable(to: str) -> bool:
    if not to.isprintable() or " " in to:
        return False
    if to.startswith("file:"):
        return bool(to.removeprefix("file:").strip("/"))
    try:
        parts = urlsplit(to)
        port = parts.port
    except ValueError:
        return False
    plain = not (parts.username or parts.password or parts.fragment) and port != 0
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain
