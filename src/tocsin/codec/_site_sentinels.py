"""The tables `[[sentinel]]` of a site file: machines that watch this watch."""

import msgspec

from tocsin.model import Sentinel

__all__ = ["SentinelTable", "sentinel_of"]


class SentinelTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One sentinel as written."""

    id: str
    secret: str = ""


def sentinel_of(raw: SentinelTable) -> Sentinel:
    """Return the noun."""
    return Sentinel(raw.id, raw.secret or f"sentinel-{raw.id}")
