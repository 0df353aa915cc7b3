"""Where a sensor is heard, as the site file writes it: ``udp://239.1.1.1:8600?interface=...``."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from tocsin.errors import SiteError

__all__ = ["Address", "parse_address"]

SCHEMES = ("udp", "tcp", "tls", "tcp-listen")
BROKERS = {"mqtt": 1883, "mqtts": 8883}  # with their usual ports (IANA)


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed address; text is as written and names the path of a frame.

    interface: of a multicast group, the address (IPv6: name) of the network card, "" any.
    topic, user: of a broker; authority: name of the certificate of who signed the broker's, or
    that of who is called by TLS, "" those that the machine trusts.
    """

    text: str
    scheme: str
    host: str
    port: int
    interface: str = ""
    topic: str = ""
    user: str = ""
    authority: str = ""

    @property
    def is_multicast(self) -> bool:
        """Tell whether the host is a group."""
        try:
            return ipaddress.ip_address(self.host).is_multicast
        except ValueError:
            return False

    @property
    def is_ipv6(self) -> bool:
        """Tell whether the host is an IPv6 address."""
        return ":" in self.host


def parse_address(text: str, sensor: str) -> Address:
    """Return the address; raises SiteError with what would be right."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
        options = parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        host, port, options, parts = None, None, {}, urlsplit("")
    if parts.scheme in BROKERS and host:
        return Address(
            text, parts.scheme, host, port or BROKERS[parts.scheme],
            topic=unquote(parts.path.strip("/")), user=unquote(parts.username or ""),
            authority=options.get("authority", [""])[0],
        )  # fmt: skip
    known = {"authority"} if parts.scheme == "tls" else {"interface"}
    unknown = sorted(set(options) - known)
    if parts.scheme not in SCHEMES or not host or not port or unknown:
        raise SiteError(
            f"sensor {sensor!r} listens on {text!r}; write udp://HOST:PORT (a group may add "
            "?interface=ADDRESS), tcp:// or tls://HOST:PORT to call the sensor, "
            'tcp-listen://HOST:PORT to be called, or "http" where it posts',
            address=text,
        )
    interface = options.get("interface", [""])[0]
    if interface and ":" not in host:
        _check_interface(interface, text, sensor)
    authority = options.get("authority", [""])[0]
    return Address(text, parts.scheme, host, port, interface, authority=authority)


def _check_interface(interface: str, text: str, sensor: str) -> None:
    try:
        ipaddress.IPv4Address(interface)
    except ValueError as error:
        raise SiteError(
            f"sensor {sensor!r} listens on {text!r}, whose interface {interface!r} is no "
            "address; give that of the network card, for example 127.0.0.1",
            address=text,
        ) from error
