"""An act's body to its noun and back: what is missing, misnamed or of a wrong kind is said."""

import dataclasses
import difflib
from typing import Any

import msgspec

from tocsin.model.records import (
    RECORD_VERBS,
    Actor,
    Approval,
    Assertion,
    Claim,
    Correction,
    Custody,
    Document,
    Evidence,
    Grade,
    Incident,
    Noun,
    Place,
    Publication,
    Relation,
    Series,
    Source,
)  # fmt: skip

__all__ = ["KIND_OF", "NOUN_OF", "VERBS", "body_of", "fields_of", "noun_of", "read_noun"]

# verb of an act: the noun that it adds. The row's kind is the noun's name in small letters.
_NOUNS: tuple[type[Noun], ...] = (
    Incident, Series, Actor, Source, Document, Assertion, Claim, Relation, Grade, Correction,
    Approval, Publication, Place, Evidence, Custody,
)  # fmt: skip
NOUN_OF = dict(zip(RECORD_VERBS, _NOUNS, strict=True))
VERBS = RECORD_VERBS
KIND_OF = {noun: noun.__name__.lower() for noun in NOUN_OF.values()}
_BY_KIND = {kind: noun for noun, kind in KIND_OF.items()}


def read_noun(verb: str, body: object) -> Noun | str:
    """Return the noun of an act's body, or a sentence that says what would be right."""
    kind = NOUN_OF.get(verb)
    if kind is None:
        near = difflib.get_close_matches(verb, VERBS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"give one of {', '.join(VERBS)}"
        return f"{verb!r} is no act of the record; {hint}"
    if not isinstance(body, dict):
        return f"the body of {verb!r} is an object with the fields {_names(kind)}"
    unknown = sorted(str(name) for name in body if name not in _fields(kind))
    if unknown:
        return f"{verb!r} has no field {unknown[0]!r}; it has {_names(kind)}"
    missing = [name for name in _required(kind) if name not in body]
    if missing:
        return f"{verb!r} needs {missing[0]!r}; nothing was recorded"
    try:
        noun = msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        return f"{verb!r} cannot be read: {error}; nothing was recorded"
    lost = _lost(body, msgspec.to_builtins(noun))
    return f"{verb!r} has no field {lost!r}; nothing was recorded" if lost else noun


def body_of(noun: Noun) -> dict[str, Any]:
    """Return a noun as JSON values. Fields at their default are left out, so that a field
    that is added later changes no old entry.
    """
    values: dict[str, Any] = msgspec.to_builtins(noun)
    plain = {
        f.name: msgspec.to_builtins(_default(f))
        for f in dataclasses.fields(noun)
        if not _is_required(f)
    }
    return {n: v for n, v in values.items() if n not in plain or plain[n] != v}


def noun_of(kind: str, body: dict[str, Any]) -> Noun:
    """Return the noun of an entry's body; raises msgspec.ValidationError or KeyError."""
    noun: Noun = msgspec.convert(body, _BY_KIND[kind])
    return noun


def fields_of(kind: type[Noun]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of a noun's fields, and of those that must be given."""
    return _fields(kind), tuple(_required(kind))


def _fields(kind: type[Noun]) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind))


def _names(kind: type[Noun]) -> str:
    return ", ".join(_fields(kind))


def _is_required(f: "dataclasses.Field[Any]") -> bool:
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


def _required(kind: type[Noun]) -> list[str]:
    return [f.name for f in dataclasses.fields(kind) if _is_required(f)]


def _default(f: "dataclasses.Field[Any]") -> Any:
    if f.default_factory is not dataclasses.MISSING:
        return f.default_factory()
    return f.default


def _lost(given: Any, kept: Any) -> str:
    """Return the name of the first field that reading left out, "" where there is none."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for name, value in given.items():
            if name not in kept:
                return str(name)
            inner = _lost(value, kept[name])
            if inner:
                return f"{name}.{inner}"
    elif isinstance(given, list | tuple) and isinstance(kept, list | tuple):
        for value, other in zip(given, kept, strict=False):
            inner = _lost(value, other)
            if inner:
                return inner
    return ""
