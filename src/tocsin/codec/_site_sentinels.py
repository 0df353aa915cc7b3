"""The tables `[[sentinel]]` of a site file: machines that watch this watch."""

import msgspec

from tocsin.codec._site_secrets import check_secret_name
from tocsin.model import Sentinel

__all__ = ["SentinelTable", "sentinel_of"]


class SentinelTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One sentinel as written."""

    id: str
    secret: str = ""


def sentinel_of(raw: SentinelTable, where: str) -> Sentinel:
    """Return the noun. Raises SiteError with what would be right."""
    check_secret_name(f"{where}: sentinel {raw.id!r}", raw.secret)
    return Sentinel(raw.id, raw.secret or f"sentinel-{raw.id}")
