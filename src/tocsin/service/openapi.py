"""What the generated OpenAPI description says of a body that is journalled as it came."""

from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

import msgspec
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)

from tocsin.codec.detections import Detection, Scan

__all__ = ["DetectionsOperation"]

_TYPES = {
    str: OpenAPIType.STRING, float: OpenAPIType.NUMBER, int: OpenAPIType.INTEGER,
    bool: OpenAPIType.BOOLEAN,
}  # fmt: skip


def _of_struct(struct: type[msgspec.Struct]) -> Schema:
    fields = msgspec.structs.fields(struct)
    return Schema(
        type=OpenAPIType.OBJECT,
        properties={field.name: _of_type(field.type) for field in fields},
        required=[field.name for field in fields if field.required] or None,
        additional_properties=False,
    )


def _of_type(kind: Any) -> Schema:
    if get_origin(kind) is Literal:
        return Schema(type=OpenAPIType.STRING, enum=list(get_args(kind)))
    if get_origin(kind) is dict:
        return Schema(
            type=OpenAPIType.OBJECT, additional_properties=_of_type(get_args(kind)[1])
        )
    if isinstance(kind, UnionType):
        chosen = next(k for k in get_args(kind) if k is not NoneType)
        return Schema(one_of=[_of_type(chosen), Schema(type=OpenAPIType.NULL)])
    return Schema(type=_TYPES[kind])


def _body() -> Schema:
    one = _of_struct(Detection)
    many = Schema(type=OpenAPIType.ARRAY, items=one)
    scan = Schema(
        type=OpenAPIType.OBJECT,
        properties={
            "sensor": Schema(type=OpenAPIType.STRING),
            "scan": _of_struct(Scan),
            "detections": many,
        },
        required=["detections"],
    )
    return Schema(one_of=[scan, many, one])


@dataclass
class DetectionsOperation(Operation):
    """One detection, a list of them, or a whole scan."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            content={"application/json": OpenAPIMediaType(schema=_body())}, required=True
        )
        self.security = [{"sensor": []}]
