"""Whole numbers on the command line: a fraction is refused, and not rounded in silence."""

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter, Token

from tocsin.errors import CallError

__all__ = ["Whole", "whole"]


def whole(_type: Any, tokens: Sequence[Token]) -> int:
    """Return a whole number, also as 0x1f or 10_000; CallError for what is none."""
    token = tokens[0]
    try:
        return int(token.value, 0 if token.value.lower().startswith("0x") else 10)
    except ValueError:
        name = token.keyword or "the argument"
        raise CallError(f"{name} is a whole number, not {token.value!r}") from None


Whole = Annotated[int, Parameter(converter=whole)]
