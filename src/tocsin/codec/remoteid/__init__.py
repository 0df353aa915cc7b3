"""Broadcast Remote ID (ASTM F3411-22a, ASD-STAN prEN 4709-002), decoded and encoded."""

from tocsin.codec.remoteid._hints import Hint, is_serial
from tocsin.codec.remoteid.authentication import Authentication
from tocsin.codec.remoteid.broadcasts import (
    Broadcast,
    bluetooth_extended,
    bluetooth_legacy,
    find_broadcast,
    read_broadcasts,
    wifi_beacon,
    wifi_nan,
)
from tocsin.codec.remoteid.decode import decode_message, decode_payload
from tocsin.codec.remoteid.dronescout import read_dronescout
from tocsin.codec.remoteid.encode import encode_message, encode_pack
from tocsin.codec.remoteid.intake import KINDS, Sifted, Taken, sift_into, take_into
from tocsin.codec.remoteid.mavlink import read_mavlink
from tocsin.codec.remoteid.messages import (
    AuthPage,
    BasicId,
    IdType,
    Location,
    Message,
    OperatorId,
    SelfId,
    System,
    UaStatus,
    UaType,
    plain_text,
)
from tocsin.codec.remoteid.personal import Personal, masked, personal_of
from tocsin.codec.remoteid.session import Heard, Operator, RemoteIdSession, hear_into

__all__ = [
    "KINDS",
    "AuthPage",
    "Authentication",
    "BasicId",
    "Broadcast",
    "Heard",
    "Hint",
    "IdType",
    "Location",
    "Message",
    "Operator",
    "OperatorId",
    "Personal",
    "RemoteIdSession",
    "SelfId",
    "Sifted",
    "System",
    "Taken",
    "UaStatus",
    "UaType",
    "bluetooth_extended",
    "bluetooth_legacy",
    "decode_message",
    "decode_payload",
    "encode_message",
    "encode_pack",
    "find_broadcast",
    "hear_into",
    "is_serial",
    "masked",
    "personal_of",
    "plain_text",
    "read_broadcasts",
    "read_dronescout",
    "read_mavlink",
    "sift_into",
    "take_into",
    "wifi_beacon",
    "wifi_nan",
]
