"""Whether the siren path of a site is heard, as canonical JSON in frames whose source is
`SIREN_PATHS`: the service sees it, journals the bytes, and they enter like any plot.
"""

import msgspec

from tocsin.model import SIREN_PATHS, Rejected, SirenHeard

__all__ = ["decode_siren_path", "encode_siren_path"]

MAX_WORDS = 300


class _Heard(msgspec.Struct, forbid_unknown_fields=True):
    site: str
    heard: bool
    words: str = ""


_DECODER = msgspec.json.Decoder(_Heard)
_ENCODER = msgspec.json.Encoder(order="sorted")


def decode_siren_path(payload: bytes) -> SirenHeard | Rejected:
    """Return the noun, or why the bytes are none."""
    try:
        raw = _DECODER.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejected(SIREN_PATHS, "not a siren path", str(error), payload[:64])
    return SirenHeard(raw.site, raw.heard, raw.words[:MAX_WORDS])


def encode_siren_path(told: SirenHeard) -> bytes:
    """Return the canonical bytes."""
    return _ENCODER.encode(_Heard(told.site, told.is_heard, told.words[:MAX_WORDS]))
