"""The SAPIENT messages (BSI Flex 335 v2.0) as the package `sapient-msg` has them.

Imported when first asked for: who uses no SAPIENT needs neither the package nor its 0.1 s.
"""

import importlib
from functools import cache
from types import SimpleNamespace
from typing import Any

from tocsin.errors import CallError, ServiceError

__all__ = ["ICD_VERSION", "load", "name_of"]

ICD_VERSION = "BSI Flex 335 v2.0"
_PACKAGE = "sapient_msg.bsi_flex_335_v2_0"
_MODULES = (
    "sapient_message", "registration", "status_report", "detection_report", "task", "task_ack",
    "alert", "alert_ack", "location", "range_bearing", "velocity",
)  # fmt: skip


@cache
def load() -> Any:
    """Return the message classes and enumerations, and `field_options` and `oneof_options`.

    Raises CallError where the package is missing, and ServiceError where protobuf runs in pure
    Python: 20 times slower, a busy sensor would not be kept up with.
    """
    try:
        backend = importlib.import_module("google.protobuf.internal.api_implementation").Type()
        modules = [importlib.import_module(f"{_PACKAGE}.{name}_pb2") for name in _MODULES]
        options: Any = importlib.import_module("sapient_msg.proto_options_pb2")
    except ImportError as error:
        raise CallError(
            f"SAPIENT needs the Python package sapient-msg 0.2, which is not here ({error}); "
            "install it with: pip install 'sapient-msg>=0.2.1,<0.3'",
            package="sapient-msg",
        ) from error
    if backend == "python":
        raise ServiceError(
            "protobuf runs on its pure-Python backend, too slow for a sensor's stream; install "
            "a protobuf wheel for this machine, or unset the environment variable "
            "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION",
            backend=backend,
        )
    found: dict[str, Any] = {}
    for module in modules:
        found |= {k: v for k, v in vars(module).items() if k[:1].isupper()}
    found["field_options"] = options.field_options
    found["oneof_options"] = options.oneof_options
    found["DecodeError"] = importlib.import_module("google.protobuf.message").DecodeError
    found["json_format"] = importlib.import_module("google.protobuf.json_format")
    return SimpleNamespace(**found)


def name_of(enum: Any, number: int, prefix: str) -> str:
    """Return an enumeration's value as a word ("radar"), or its number where it is unknown."""
    names = enum.DESCRIPTOR.values_by_number
    if number not in names:
        return str(number)
    return str(names[number].name).removeprefix(prefix).lower().replace("_", " ")
