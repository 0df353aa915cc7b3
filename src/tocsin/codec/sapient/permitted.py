"""Which frames may leave: one message whose kind is on a closed list, and lets it."""

from collections.abc import Callable, Mapping
from typing import Any

from tocsin.codec.sapient._protobuf import load

__all__ = ["permitted_kind"]


def permitted_kind(payload: bytes, kinds: Mapping[str, Callable[[Any], bool]]) -> str:
    """Return which of the kinds one frame is; "" for whatever may not leave.

    kinds: by the name of the message's content in BSI Flex 335 v2; each tells which of its kind
    may go.
    """
    messages = load()
    if int.from_bytes(payload[:4], "little") != len(payload) - 4:
        return ""
    try:
        message = messages.SapientMessage.FromString(payload[4:])
    except messages.DecodeError:
        return ""
    kind = message.WhichOneof("content") or ""
    return kind if kind in kinds and kinds[kind](message) else ""
