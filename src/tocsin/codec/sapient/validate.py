"""What the standard asks of each message, read from the options in its protobuf definitions.

Mandatory fields, fields of which one must be there, UUIDs and ULIDs: BSI Flex 335 v2 marks them
in the definitions themselves, so the table below is built from those and not written by hand.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tocsin.codec.sapient._protobuf import load

__all__ = ["Fault", "is_ulid", "is_uuid", "validate"]

FAULT_LIMIT = 16  # of one message; more tell nobody more
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch
# Crockford's base 32; 26 characters hold 130 bits of which 128 are used.
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}").fullmatch


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where ("detection_report.report_id") and what, in a sentence."""

    path: str
    sentence: str


@dataclass(slots=True)
class _Rules:
    """Of one message type. needed: names of mandatory fields; choices: (name, members) of which
    one must be there; ids: field -> "UUID" or "ULID"; inner: fields that hold messages.
    """

    needed: frozenset[str]
    choices: tuple[tuple[str, frozenset[str]], ...]
    ids: dict[str, str] = field(default_factory=dict)
    inner: dict[str, tuple[bool, "_Rules"]] = field(default_factory=dict)


def is_uuid(text: str) -> bool:
    """Tell whether text is a UUID; which case its digits are in is left open."""
    return _UUID(text) is not None


def is_ulid(text: str) -> bool:
    """Tell whether text is a ULID; which case its letters are in is left open."""
    return _ULID(text) is not None


@cache
def _table() -> _Rules:
    built: dict[str, _Rules] = {}
    return _rules_of(load().SapientMessage.DESCRIPTOR, built)


def _rules_of(descriptor: Any, built: dict[str, _Rules]) -> _Rules:
    known = built.get(descriptor.full_name)
    if known is not None:
        return known
    options = load()
    needed, ids = [], {}
    for item in descriptor.fields:
        said = item.GetOptions().Extensions[options.field_options]
        if said.is_mandatory:
            needed.append(item.name)
        if said.is_uuid or said.is_ulid:
            ids[item.name] = "UUID" if said.is_uuid else "ULID"
    choices = tuple(
        (group.name, frozenset(member.name for member in group.fields))
        for group in descriptor.oneofs
        if group.GetOptions().Extensions[options.oneof_options].is_mandatory
    )
    rules = built[descriptor.full_name] = _Rules(frozenset(needed), choices, ids)
    for item in descriptor.fields:
        is_own = item.message_type is not None and item.message_type.file.package.startswith(
            "sapient_msg"
        )
        if is_own:
            rules.inner[item.name] = item.is_repeated, _rules_of(item.message_type, built)
    return rules


def validate(message: Any) -> list[Fault]:
    """Return what is wrong with a SapientMessage, at most FAULT_LIMIT things."""
    faults: list[Fault] = []
    if not _is_sound()(message):
        _check(message, _table(), "", faults)
    return faults


@cache
def _is_sound() -> Callable[[Any], bool]:
    """Return a test for "no fault", which is what nearly every message has.

    It asks the same table as `_check`, three times as fast: it visits only what has rules, and
    keeps no paths.
    """
    test = _test_of(_table(), load().SapientMessage.DESCRIPTOR, {})
    return test if test is not None else lambda _: True


def _test_of(
    rules: _Rules, descriptor: Any, built: dict[str, Callable[[Any], bool] | None]
) -> Callable[[Any], bool] | None:
    """Return the test of one message type; None where nothing in it has rules."""
    if descriptor.full_name in built:
        return built[descriptor.full_name]

    def again(message: Any) -> bool:  # a type may hold itself: found when it is called
        test = built[descriptor.full_name]
        return test is None or test(message)

    built[descriptor.full_name] = again
    fields = descriptor.fields_by_name
    singles: list[tuple[str, Callable[[Any], bool]]] = []
    lists: list[tuple[str, Callable[[Any], bool]]] = []
    for name, (is_repeated, inner) in rules.inner.items():
        test = _test_of(inner, fields[name].message_type, built)
        if test is not None:
            (lists if is_repeated else singles).append((name, test))
    # Lists, and scalars of which protobuf does not tell whether they are there, by their value.
    asked = [n for n in rules.needed if fields[n].has_presence]
    filled = [n for n in rules.needed if not fields[n].has_presence]
    ids = [(n, _UUID if form == "UUID" else _ULID) for n, form in rules.ids.items()]
    choices = [name for name, _ in rules.choices]
    if not (asked or filled or ids or choices or singles or lists):
        built[descriptor.full_name] = None
        return None

    def is_sound(message: Any) -> bool:
        has = message.HasField
        for name in asked:
            if not has(name):
                return False
        for name in filled:
            if not getattr(message, name):
                return False
        for name in choices:
            if message.WhichOneof(name) is None:
                return False
        for name, form in ids:
            text = getattr(message, name)
            if (text or has(name)) and form(text) is None:
                return False
        for name, test in singles:
            if has(name) and not test(getattr(message, name)):
                return False
        for name, test in lists:
            for part in getattr(message, name):
                if not test(part):
                    return False
        return True

    built[descriptor.full_name] = is_sound
    return is_sound


def _check(message: Any, rules: _Rules, path: str, faults: list[Fault]) -> None:
    present = []
    for item, value in message.ListFields():
        name = item.name
        present.append(name)
        form = rules.ids.get(name)
        if form is not None and not (_UUID if form == "UUID" else _ULID)(value):
            _add(faults, path + name, f"{value[:40]!r} is no {form}")
        inner = rules.inner.get(name)
        if inner is None:
            continue
        is_repeated, deeper = inner
        if is_repeated:
            for index, part in enumerate(value):
                _check(part, deeper, f"{path}{name}[{index}].", faults)
        else:
            _check(value, deeper, f"{path}{name}.", faults)
        if len(faults) >= FAULT_LIMIT:
            return
    if not rules.needed.issubset(present):
        for name in sorted(rules.needed.difference(present)):
            _add(faults, path + name, "is mandatory and missing")
    for name, members in rules.choices:
        if members.isdisjoint(present):
            _add(faults, path + name, f"one of {', '.join(sorted(members))} must be there")


def _add(faults: list[Fault], path: str, sentence: str) -> None:
    if len(faults) < FAULT_LIMIT:
        faults.append(Fault(path, sentence))
