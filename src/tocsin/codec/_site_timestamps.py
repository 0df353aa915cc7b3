"""The tables `[[timestamp]]` of a site file: who stamps our checkpoints (RFC 3161)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tocsin.codec._channel_address import check_channel_address
from tocsin.codec._site_secrets import check_certificate_names
from tocsin.errors import SiteError
from tocsin.model import TimeAuthority

__all__ = ["TimestampTable", "time_authority_of"]


class TimestampTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One authority as written."""

    id: str
    to: str
    certificate: str = ""
    every_s: Annotated[float, Meta(ge=60, le=30 * 86_400)] = 3600.0
    nonce: bool = True
    tls_authority: str = ""


def time_authority_of(raw: TimestampTable, where: str) -> TimeAuthority:
    """Return the noun. Raises SiteError with what would be right."""
    here = f"{where}: timestamp {raw.id!r}"
    # What leaves is a hash, and what comes back is signed: plain http tells nobody anything.
    check_channel_address(raw.to, "timestamp", here, only_live=True, has_secret=False)
    check_certificate_names(here, certificate=raw.certificate, tls_authority=raw.tls_authority)
    if raw.tls_authority and not raw.to.startswith("https:"):
        raise SiteError(
            f"{here} has a tls_authority and leads to {raw.to!r}; write https:// or leave it "
            "out",
            timestamp=raw.id,
        )
    return TimeAuthority(
        raw.id, raw.to, raw.certificate, raw.every_s, raw.nonce, raw.tls_authority
    )
