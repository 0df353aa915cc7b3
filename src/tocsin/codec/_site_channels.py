"""The tables `[[channel]]` of a site file."""

import re
from collections.abc import Collection
from typing import Annotated

import msgspec
from msgspec import Meta

from tocsin.codec._channel_address import check_channel_address
from tocsin.codec._site_secrets import check_certificate_names, check_secret_name
from tocsin.codec._site_words import one_of
from tocsin.errors import SiteError
from tocsin.model import Channel, Nature

__all__ = ["ChannelTable", "channel_of"]

Octet = Annotated[int, Meta(ge=0, le=255)]
PROTOCOLS = ("xml", "protobuf")
# Messages a second where the site file says nothing: of warnings, and of the picture.
PER_WARNING, PER_PICTURE, PER_MAP = 20.0, 500.0, 5.0
MOST_RECIPIENTS = 50
_ADDRESS = re.compile(r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$")
_SECURED = ("tls:", "mqtts:", "smtps:", "smtp+starttls:")
_WITH_TLS = ("cot", "mqtt", "mail", "geojson", "sapient")
# Fields that mean something for these kinds alone.
_BELONG = {
    "secret": ("cap", "webhook", "mqtt", "mail", "geojson", "kml"),
    "period_s": Channel.PICTURES,
    "protocol": ("cot",),
    "sender": ("mail",),
    "recipients": ("mail",),
    "heartbeat_s": ("cap", "webhook", "mqtt"),
    "sac": ("asterix",),
    "sic": ("asterix",),
    "tls": _WITH_TLS,
    "tls_authority": _WITH_TLS,
}


class ChannelTable(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One channel as written."""

    id: str
    to: str
    kind: str = "cap"
    sites: list[str] = []
    natures: Annotated[tuple[str, ...], Meta(min_length=1)] = (Nature.LIVE,)
    secret: str = ""
    per_second: Annotated[float, Meta(gt=0, le=10_000)] | None = None
    period_s: Annotated[float, Meta(ge=0.2, le=3600)] | None = None
    protocol: str | None = None
    sac: Octet | None = None
    sic: Octet | None = None
    sender: str = ""
    recipients: list[str] = []
    heartbeat_s: Annotated[float, Meta(ge=1, le=5)] | None = None
    tls: str | None = None
    tls_authority: str | None = None


def channel_of(raw: ChannelTable, sites: Collection[str], where: str) -> Channel:
    """Return the noun. Raises SiteError with what would be right."""
    here = f"{where}: channel {raw.id!r}"
    every = dict.fromkeys((*Channel.WARNINGS, *Channel.PICTURES))
    one_of(raw.kind, tuple(every), f"{here} kind")
    for name in raw.sites:
        one_of(name, tuple(sites), f"{here} sites")
    for nature in raw.natures:
        one_of(nature, Nature.ALL, f"{here} natures")
    said = {k: v for k, v in msgspec.structs.asdict(raw).items() if v is not None}
    for name, kinds in _BELONG.items():
        if said.get(name) and raw.kind not in kinds:
            raise SiteError(
                f"{here} of kind {raw.kind!r} has {name}, which belongs to "
                f"{' and '.join(kinds)}; take it away",
                channel=raw.id,
            )
    check_secret_name(here, raw.secret)
    check_certificate_names(here, tls=raw.tls or "", tls_authority=raw.tls_authority or "")
    one_of(said.get("protocol", PROTOCOLS[0]), PROTOCOLS, f"{here} protocol")
    if (raw.tls or raw.tls_authority) and not raw.to.startswith(_SECURED):
        raise SiteError(
            f"{here} has a certificate and leads to {raw.to!r}; write "
            f"{' or '.join(f'{scheme}//' for scheme in _SECURED)}",
            channel=raw.id,
        )
    if raw.kind == "asterix" and (raw.sac is None or raw.sic is None):
        raise SiteError(
            f"{here} has no sac and sic; give the data source identification under which the "
            "receiver knows you",
            channel=raw.id,
        )
    if raw.kind == "sapient" and not sites:
        raise SiteError(
            f"{here} leads to a parent fusion node, and there is no [[site]] whose tracks it "
            "could be told",
            channel=raw.id,
        )
    if raw.kind == "mail":
        _check_letters(raw, here)
    if raw.heartbeat_s and raw.to.startswith("file:"):
        raise SiteError(
            f"{here} has heartbeat_s and leads into a folder, which answers nothing; take it "
            "away, or lead to a server or a broker",
            channel=raw.id,
        )
    only_live = set(raw.natures) == {Nature.LIVE}
    check_channel_address(
        raw.to, raw.kind, here, only_live=only_live, has_secret=bool(raw.secret)
    )
    usual = PER_PICTURE if raw.kind in Channel.PICTURES else PER_WARNING
    if raw.kind in ("geojson", "kml"):
        usual = PER_MAP
    said.setdefault("per_second", usual)
    return Channel(**{**said, "sites": tuple(raw.sites), "recipients": tuple(raw.recipients)})


def _check_letters(raw: ChannelTable, here: str) -> None:
    """Addresses as RFC 5321 writes them, without names, quotes or comments."""
    if not 1 <= len(raw.recipients) <= MOST_RECIPIENTS:
        raise SiteError(
            f"{here} has {len(raw.recipients)} recipients; give 1 to {MOST_RECIPIENTS} (more "
            "are reached by a list of your mail server)",
            channel=raw.id,
        )
    if len(set(raw.recipients)) < len(raw.recipients):
        raise SiteError(f"{here} names a recipient twice", channel=raw.id)
    for address in (raw.sender, *raw.recipients):
        if not _ADDRESS.match(address):
            raise SiteError(
                f"{here} has the mail address {address!r}; write one like desk@example.org as "
                "sender, and in recipients",
                channel=raw.id,
            )
