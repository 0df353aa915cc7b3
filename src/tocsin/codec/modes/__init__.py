"""Mode S: downlink frames of transponders (ICAO Annex 10 vol. IV) and ADS-B (RTCA DO-260B)."""

from tocsin.codec.modes._cpr import (
    decode_global,
    decode_local,
    encode_airborne,
    longitude_zones,
)
from tocsin.codec.modes._crc import attach_parity, remainder
from tocsin.codec.modes._squitter import (
    Position,
    Velocity,
    altitude_m,
    encode_identification,
    encode_position,
    encode_squitter,
    encode_velocity,
    read_identification,
    read_position,
    read_velocity,
    type_code,
)
from tocsin.codec.modes._text import (
    TICKS_PER_S,
    decode_avr,
    decode_jsonl,
    parse_avr,
)
from tocsin.codec.modes.beast import Message, encode, split

__all__ = [
    "TICKS_PER_S",
    "Message",
    "Position",
    "Velocity",
    "altitude_m",
    "attach_parity",
    "decode_avr",
    "decode_global",
    "decode_jsonl",
    "decode_local",
    "encode",
    "encode_airborne",
    "encode_identification",
    "encode_position",
    "encode_squitter",
    "encode_velocity",
    "longitude_zones",
    "parse_avr",
    "read_identification",
    "read_position",
    "read_velocity",
    "remainder",
    "split",
    "type_code",
]
