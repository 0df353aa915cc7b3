"""What `tocsin watch` was asked for."""

from dataclasses import dataclass
from pathlib import Path

from tocsin.service.clock import REAL, Clock

__all__ = ["WatchOptions"]


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What `tocsin watch` was asked for. data: folder of journal, service.sqlite, secrets;
    drill_of: address of the real watch, "" where this is no drill; oidc_*: the provider at
    which people sign in, "" none.
    """

    site: Path
    data: Path
    host: str = "127.0.0.1"
    port: int = 8080
    clock: Clock = REAL
    note: str = ""
    first_user: str = "officer"
    link: bool = False
    behind_proxy: bool = False
    tls_cert: Path | None = None
    tls_key: Path | None = None
    drill_of: str = ""
    oidc_issuer: str = ""
    oidc_client: str = ""
    oidc_claim: str = "preferred_username"
