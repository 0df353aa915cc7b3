"""The table `[retention]` of a site file."""

from typing import Annotated

import msgspec
from msgspec import Meta

from tocsin.model import Retention

__all__ = ["RetentionTable", "retention_of"]


class RetentionTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How long raw input is kept (hours) and how much of it at most (gigabytes)."""

    hours: Annotated[float, Meta(ge=1, le=8760)] = 72.0
    gigabytes: Annotated[float, Meta(ge=0.5)] = 50.0


def retention_of(table: RetentionTable) -> Retention:
    """Return the noun."""
    return Retention(keep_s=table.hours * 3600.0, max_bytes=table.gigabytes * 1e9)
