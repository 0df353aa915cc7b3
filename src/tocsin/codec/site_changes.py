"""A change of the site file as bytes, in a frame whose source is `SITE_FILE`.

The service makes one at a start with another file than the journal's, and journals it; so a
replay goes over to the new file where the watch did.
"""

import msgspec

from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.model import SITE_FILE, Batch, Rejected
from tocsin.model.site_changes import SiteChange

__all__ = ["change_in", "decode_site_change", "encode_site_change"]


class _Wire(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    site: str
    where: str
    before: str
    after: str
    by: str = ""


_IN = msgspec.json.Decoder(_Wire)


def encode_site_change(site: str, *, where: str, before: str, after: str, by: str) -> bytes:
    """Return the payload; site: text of the new file as journal and pipeline get it."""
    return msgspec.json.encode(_Wire(site, where, before, after, by))


def decode_site_change(payload: bytes) -> SiteChange | Rejected:
    """Return the change, or why it is none."""
    try:
        wire = _IN.decode(payload)
        node = read_site(wire.site.encode(), wire.where)
    except (msgspec.DecodeError, UnicodeDecodeError, SiteError) as error:
        return Rejected(SITE_FILE, "not a site file", str(error), payload[:64])
    return SiteChange(node, wire.where, wire.before, wire.after, wire.by)


def change_in(batch: Batch) -> SiteChange | None:
    """Return the change that a batch consists of, None where it is one like any other."""
    if len(batch.frames) != 1 or batch.frames[0].source != SITE_FILE:
        return None
    change = decode_site_change(batch.frames[0].payload)
    return change if isinstance(change, SiteChange) else None
