"""Where a sensor may be heard, as the site file writes it."""

import re

from tocsin.errors import SiteError

__all__ = ["check_sensor_address"]

SCHEMES = ("udp", "tcp", "tcp-listen", "http")
STREAMED = ("remote-id",)  # formats that are one capture without end


def check_sensor_address(address: str, format: str, here: str) -> None:
    """Raise SiteError, with what would be right, for an address that cannot be.

    format: of the sensor; here: words that name it.
    """
    scheme = "http" if address == "http" else _scheme(address, here)
    if format in STREAMED and not scheme.startswith("tcp"):
        raise SiteError(
            f"{here} listens on {address!r}; a radio's capture is a stream without end: write "
            "tcp://HOST:PORT (Tocsin calls) or tcp-listen://HOST:PORT (the receiver calls)",
            address=address,
        )


def _scheme(address: str, here: str) -> str:
    match = re.match(r"^([a-z-]+)://(\[[0-9a-fA-F:]+\]|[^:/?]+):(\d+)(\?.*)?$", address)
    if match and match[1] in SCHEMES and 0 < int(match[3]) < 65_536:
        return match[1]
    raise SiteError(
        f"{here} listens on {address!r}; write udp://HOST:PORT, tcp://HOST:PORT (Tocsin "
        'calls), tcp-listen://HOST:PORT (the sensor calls) or "http" (the sensor posts)',
        address=address,
    )
