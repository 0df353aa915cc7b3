"""Where a sensor may be heard, as the site file writes it."""

import re

from tocsin.codec._channel_address import stays_here
from tocsin.codec.plugins import plugin_names
from tocsin.errors import SiteError

__all__ = ["check_sensor_address"]

SCHEMES = ("udp", "tcp", "tls", "tcp-listen", "http")
# Formats of which a publication is a whole payload.
BROKERED = ("detections", "plots-csv", "remote-id")
_BROKER = re.compile(
    r"^(mqtts?)://([^:/?@#]+@)?(\[[0-9a-fA-F:]+\]|[^:/?@#]+)(:\d+)?/[^?#]+(\?authority=[\w.-]+)?$"
)
STREAMED = ("remote-id",)  # formats that are one capture without end


def check_sensor_address(
    address: str, format: str, here: str, *, has_secret: bool = False
) -> None:
    """Raise SiteError, with what would be right, for an address that cannot be.

    format: of the sensor; here: words that name it.
    """
    if address.startswith(("mqtt:", "mqtts:")):
        check_broker(address, format, has_secret=has_secret, here=here)
        return
    scheme = "http" if address == "http" else _scheme(address, here)
    if format in STREAMED and scheme == "http":
        raise SiteError(
            f"{here} listens on {address!r}; a radio's capture is a stream without end: write "
            "tcp:// or tls://HOST:PORT (Tocsin calls) or tcp-listen://HOST:PORT (the receiver "
            "calls); udp://HOST:PORT for OpenDroneID by MAVLink",
            address=address,
        )
    if format in plugin_names() and scheme != "udp":
        raise SiteError(
            f"{here} listens on {address!r}; the plug-in {format!r} reads datagrams: write "
            "udp://HOST:PORT",
            address=address,
        )


def check_broker(address: str, format: str, *, has_secret: bool, here: str) -> None:
    """Raise SiteError for a broker that cannot be heard, or would be told a secret in clear."""
    match = _BROKER.match(address)
    if not match:
        raise SiteError(
            f"{here} listens on {address!r}; write mqtt://HOST:PORT/TOPIC or "
            "mqtts://USER@HOST:PORT/TOPIC, the password by `secret`",
            address=address,
        )
    if format not in BROKERED:
        raise SiteError(
            f"{here} of format {format!r} listens on {address!r}; a broker brings "
            f"{', '.join(BROKERED)}",
            address=address,
        )
    if has_secret and match[1] == "mqtt" and not stays_here(address):
        raise SiteError(
            f"{here} would send its secret readable by all to {address!r}; write mqtts://",
            address=address,
        )


def _scheme(address: str, here: str) -> str:
    match = re.match(r"^([a-z-]+)://(\[[0-9a-fA-F:]+\]|[^:/?]+):(\d+)(\?.*)?$", address)
    if match and match[1] in SCHEMES and 0 < int(match[3]) < 65_536:
        return match[1]
    raise SiteError(
        f"{here} listens on {address!r}; write udp://HOST:PORT, tcp:// or tls://HOST:PORT "
        "(Tocsin calls), tcp-listen://HOST:PORT (the sensor calls), mqtt://HOST:PORT/TOPIC or "
        '"http" (the sensor posts)',
        address=address,
    )
