"""Names of secrets and certificates in a site file: of files in DATA/secrets, never paths."""

import re
from collections.abc import Sequence
from urllib.parse import parse_qs

from tocsin.errors import SiteError

__all__ = ["check_authorities", "check_certificate_names", "check_secret_name", "is_name"]

# As `service.secrets_folder` takes them: it may not be imported here, and a test keeps the two
# alike. No slash, and no dot at the front: nothing outside the folder has such a name.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def is_name(text: str) -> bool:
    """Tell whether a file in DATA/secrets can have that name."""
    return _NAME.fullmatch(text) is not None


def check_secret_name(here: str, secret: str) -> None:
    """Raise SiteError where `secret` is neither empty nor a name."""
    if secret and not is_name(secret):
        raise SiteError(
            f"{here} has secret {secret[:80]!r}; give a name of letters, digits, . _ and -: of "
            "an environment variable or of a file in DATA/secrets",
            secret=secret,
        )


def check_certificate_names(here: str, **names: str) -> None:
    """Raise SiteError where one of them, each by its field, is neither empty nor a name."""
    for field, name in names.items():
        if name and not is_name(name):
            raise SiteError(
                f"{here} has {field} {name[:80]!r}; give the name of a file in DATA/secrets "
                'without its ending: "state-tsa" is secrets/state-tsa.crt, with its .key where '
                "a key is needed",
                name=name,
            )


def check_authorities(here: str, listen: Sequence[str]) -> None:
    """Raise SiteError where an address names an authority that is no name (?authority=NAME)."""
    for address in listen:
        for name in parse_qs(address.partition("?")[2]).get("authority", []):
            check_certificate_names(here, authority=name)
