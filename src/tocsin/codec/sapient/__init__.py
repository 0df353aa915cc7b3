"""SAPIENT (BSI Flex 335 v2.0): sensors over TCP, length-prefixed protobuf.

Reads registrations, status and detection reports and alerts; answers with acknowledgements and
errors. Tasks are neither made nor passed on: one that comes is answered REJECTED.
"""

from tocsin.codec.sapient.calls import Taken
from tocsin.codec.sapient.classes import class_scores
from tocsin.codec.sapient.encode import (
    Sighted,
    encode_registration,
    encode_scan,
    encode_status,
)
from tocsin.codec.sapient.framing import LARGEST_MESSAGE, FrameStream, frame, split_into
from tocsin.codec.sapient.ids import ulid
from tocsin.codec.sapient.nodes import NodeState, SapientSession
from tocsin.codec.sapient.session import read_json, receive_into, take_into
from tocsin.codec.sapient.validate import Fault, is_ulid, is_uuid, validate

__all__ = [
    "LARGEST_MESSAGE",
    "Fault",
    "FrameStream",
    "NodeState",
    "SapientSession",
    "Sighted",
    "Taken",
    "class_scores",
    "encode_registration",
    "encode_scan",
    "encode_status",
    "frame",
    "is_ulid",
    "is_uuid",
    "read_json",
    "receive_into",
    "split_into",
    "take_into",
    "ulid",
    "validate",
]
