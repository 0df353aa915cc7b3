"""The tables `[[peer]]` of a site file: sites that hold our checkpoints, and we theirs."""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from tocsin.codec._channel_address import check_channel_address
from tocsin.codec._site_secrets import check_secret_name
from tocsin.errors import SiteError
from tocsin.model import Peer

__all__ = ["PeerTable", "peer_of"]

# A key as `tocsin key show` prints it: name+id+data.
_KEY = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}")


class PeerTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One peer as written."""

    id: str
    keys: Annotated[list[str], Meta(min_length=1, max_length=16)]
    to: str = ""
    secret: str = ""


def peer_of(raw: PeerTable, where: str) -> Peer:
    """Return the noun. Raises SiteError with what would be right."""
    here = f"{where}: peer {raw.id!r}"
    for key in raw.keys:
        if not _KEY.fullmatch(key):
            raise SiteError(
                f"{here} has the key {key[:80]!r}; give the line that `tocsin key show` prints "
                "there",
                peer=raw.id,
            )
    check_secret_name(here, raw.secret)
    if raw.to:
        # What a checkpoint says is no secret, the token is.
        check_channel_address(raw.to, "peer", here, only_live=True, has_secret=True)
    return Peer(raw.id, tuple(raw.keys), raw.to.rstrip("/"), raw.secret or f"peer-{raw.id}")
