"""Tokens that machines bear: who has one, and a new one in its place while the service runs."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from tocsin.errors import ServiceError
from tocsin.service.hall import Hall
from tocsin.service.secrets_folder import draft_of, is_pushing

__all__ = ["Bearer", "bearers", "renew"]

Kind = Literal["sensor", "reader", "peer", "sentinel"]
_TABLES = {"sensor": "tokens", "reader": "readers", "peer": "peers", "sentinel": "sentinels"}


@dataclass(frozen=True, slots=True)
class Bearer:
    """A machine by its kind and id, the name of its secret, and whether that secret is an
    environment variable. what: what the service's table holds for it.
    """

    kind: Kind
    id: str
    secret: str
    from_environment: bool
    what: Any


def bearers(hall: Hall) -> list[Bearer]:
    """Return who bears a token at this service, in the order of the site file."""
    node = hall.node
    found = [
        *(
            _bearer("sensor", s.id, s.secret or s.id, s.id)
            for s in node.sensors
            if is_pushing(s)
        ),
        *(
            _bearer("reader", c.id, c.secret or c.id, c)
            for c in node.channels
            if c.to == "pull"
        ),
        *(_bearer("peer", p.id, p.secret, p) for p in node.peers),
        *(_bearer("sentinel", s.id, s.secret, s) for s in node.sentinels),
    ]
    return found


def renew(hall: Hall, kind: Kind, machine: str) -> str | None:
    """Return a new token in place of a machine's, None where there is no such machine.

    On disk first, whole or not at all; from then on the old one is of no use. Raises
    ServiceError where the secret is an environment variable, is shared, or cannot be written.
    """
    known = bearers(hall)
    found = next((b for b in known if (b.kind, b.id) == (kind, machine)), None)
    if found is None:
        return None
    if found.from_environment:
        raise ServiceError(
            f"the secret {found.secret!r} is an environment variable; change it there, and "
            "start the service again",
            secret=found.secret,
        )
    if sum(b.secret == found.secret for b in known) > 1:
        raise ServiceError(
            f"the secret {found.secret!r} is of more than {machine!r}; give each its own in "
            "the site file first",
            secret=found.secret,
        )
    token = secrets.token_urlsafe(32)
    folder = hall.data / "secrets"
    try:
        draft_of(token, found.secret, folder).replace(folder / found.secret)
    except OSError as error:
        raise ServiceError(
            f"the secret file {folder / found.secret} cannot be written: {error.strerror}",
            path=str(folder / found.secret),
        ) from error
    # A new table in place of the old one: others look through them meanwhile.
    table: dict[bytes, Any] = getattr(hall, _TABLES[kind])
    kept = {digest: what for digest, what in table.items() if what != found.what}
    kept[hashlib.sha256(token.encode()).digest()] = found.what
    setattr(hall, _TABLES[kind], kept)
    return token


def _bearer(kind: Kind, machine: str, secret: str, what: Any) -> Bearer:
    return Bearer(kind, machine, secret, bool(os.environ.get(secret)), what)
