"""The rules of the importer out of their file, with every pattern compiled once."""

import functools
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from re import Pattern
from typing import Any

from tocsin.errors import CallError

__all__ = [
    "DEFAULT_RULES",
    "Furniture",
    "Rules",
    "StatementRule",
    "read_rules",
    "shipped_rules",
]

DEFAULT_RULES = Path(__file__).with_name("rules.toml")
SCHEMA = 1

_NAME = r"(?:[A-Z][\w’'&-]*\w|[A-Z])"
# "Sons of the Ridge", "Karvelian Resistance Coalition", "Bureau of State Security"
_NAMES = rf"(?:[Tt]he\s+)?{_NAME}(?:(?:\s+(?:of|for|and)(?:\s+the)?)?\s+{_NAME})*"
NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "a dozen": 12, "twenty": 20,
}  # fmt: skip
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+|" + "|".join(NUMBERS) + ")"


@dataclass(frozen=True, slots=True)
class Furniture:
    """A function of the page, and how it is known. state: where it holds no text."""

    kind: str
    marks: Pattern[str] | None
    text: Pattern[str] | None
    tags: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class StatementRule:
    """A pattern that gives a quantity and a value, or a state without one."""

    name: str
    quantity: str
    pattern: Pattern[str]
    state: str
    value: float | str | None


@dataclass(frozen=True, slots=True)
class Rules:
    """All of them; `raw` is the file as it was read, `patterns` those of single names."""

    raw: dict[str, Any]
    furniture: tuple[Furniture, ...]
    statements: tuple[StatementRule, ...]
    relations: tuple[tuple[str, str, Pattern[str]], ...]
    claim_verbs: tuple[Pattern[str], ...]
    patterns: dict[str, Pattern[str]]
    kinds: dict[str, str] = field(default_factory=dict)

    def words(self, *path: str) -> list[str]:
        """Return a list of words of the file."""
        found: Any = self.raw
        for name in path:
            found = found[name]
        return [str(word) for word in found]


@functools.cache
def shipped_rules() -> Rules:
    """Return the rules that come with the package."""
    return read_rules(DEFAULT_RULES.read_bytes(), DEFAULT_RULES.name)


def read_rules(data: bytes, name: str) -> Rules:
    """Return the rules of a file's bytes; CallError with what is wrong and where."""
    try:
        raw = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CallError(f"the rules {name} cannot be read: {error}") from error
    if raw.get("schema") != SCHEMA:
        raise CallError(f"the rules {name} have schema {raw.get('schema')!r}; give {SCHEMA}")
    try:
        return _compiled(raw)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise CallError(
            f"the rules {name} lack {error}; begin with a copy of the shipped file"
        ) from error
    except re.error as error:
        raise CallError(
            f"a pattern of {name} is wrong: {error} in {error.pattern!r}"
        ) from error


def _compiled(raw: dict[str, Any]) -> Rules:
    macros = _macros(raw)

    def made(pattern: str, flags: int = 0) -> Pattern[str]:
        for macro, words in macros.items():
            pattern = pattern.replace("{" + macro + "}", words)
        return re.compile(pattern, flags)

    low = re.IGNORECASE
    furniture = tuple(
        Furniture(
            kind=rule["kind"],
            marks=made(rule["marks"], low) if "marks" in rule else None,
            text=made(rule["text"], low if rule["kind"] != "wire label" else 0)
            if "text" in rule
            else None,
            tags=tuple(rule.get("tags", ())),
            state=rule.get("state", ""),
        )
        for rule in raw["furniture"]
    )
    statements = tuple(
        StatementRule(
            rule["name"], rule["quantity"], made(rule["pattern"]), rule.get("state", "stated"),
            rule.get("value"),
        )
        for rule in raw["statement"]
    )  # fmt: skip
    patterns = {
        **{f"attribution.{k}": made(v) for k, v in raw["attribution"].items()
           if isinstance(v, str)},
        **{f"media.{k}": made(v) for k, v in raw["attribution"]["media"].items()},
        **{f"events.{k}": made(raw["events"][k], low) for k in ("first", "second", "third",
                                                                "all")},
        **{f"anonymity.{k}": made(v, low) for k, v in raw["anonymity"].items()},
        **{f"times.{k}": made(v) for k, v in raw["times"].items()},
        **{f"hedges.{k}": made(v) for k, v in raw["hedges"].items()},
        **{f"modes.{k}": made(v) for k, v in raw["claims"]["modes"].items()},
        "claims.passive": made(raw["claims"]["passive"]),
        "claims.together_with": made(raw["claims"]["together_with"]),
        "origin": made(raw["origin"]["pattern"]),
        "within": made(raw["places"]["within"]),
        "place": made("(?P<name>{place})"),
        "verbs": made(r"\b(?P<verb>" + "|".join(raw["attribution"]["verbs"]) + r")\b"),
        "subject": made(r"(?:^|(?<=[\s,“\"‘(;:—-]))(?P<source>{source})$"),
        "source": made("{source}"),
        # "three soldiers were wounded" counts the wounded, so people are looked for first.
        "counts.people": made(_counts(raw, ("injuries", "deaths"), 5)),
        "counts.things": made(_counts(raw, tuple(raw["counts"]), 3)),
    }  # fmt: skip
    return Rules(
        raw=raw,
        furniture=furniture,
        statements=statements,
        relations=tuple(
            (rule["name"], rule["type"], made(rule["pattern"])) for rule in raw["relation"]
        ),
        claim_verbs=tuple(made(r"\s*\b" + verb) for verb in raw["claims"]["verbs"]),
        patterns=patterns,
        kinds={
            word: kind for kind, words in raw["speakers"]["heads"].items() for word in words
        },
    )


def _macros(raw: dict[str, Any]) -> dict[str, str]:
    heads = sorted(
        (word for words in raw["speakers"]["heads"].values() for word in words),
        key=len, reverse=True,
    )  # fmt: skip
    stops = "|".join(map(re.escape, raw["speakers"]["stops"]["words"]))
    modifier = rf"(?!(?i:{stops}|an?|the|one|two|several|some)\s)[\w.’'-]+\s+"
    determiner = r"(?:[Aa]n?|[Tt]he|[Oo]ne|[Tt]wo|[Tt]hree|[Ss]everal|[Ss]ome|[Mm]any|[Oo]ther)"
    head = "|".join(map(re.escape, heads))
    # A head that another follows is none ("a senior military official"); a name may follow it
    # ("the broadcaster Example TV").
    described = (
        rf"(?:{determiner}\s+)?(?:{modifier}){{0,4}}?(?:{head})\b(?!\s+(?:{head})\b)"
        rf"(?:\s+{_NAME}(?:\s+{_NAME})*"
        rf"|\s+(?:at|of|from|with|for)\s+(?:the\s+)?"
        rf"(?:{_NAME}(?:\s+(?:of\s+)?{_NAME})*|[a-z]+\b))?"
        r"(?:\s+(?:familiar with|close to|briefed on)\s+[^,.;]{1,60})?"
    )
    pronouns = "|".join(raw["speakers"]["pronouns"]["words"])
    places = sorted(
        (word for words in raw["places"]["kinds"].values() for word in words),
        key=len, reverse=True,
    )  # fmt: skip
    return {
        "source": rf"(?:{described}|{_NAMES}|\b(?i:{pronouns})\b)",
        "place": rf"(?:{_NAME}\s+){{1,4}}?(?:{'|'.join(places)})\b",
        "event": "(?:" + "|".join(raw["events"]["words"]) + ")",
        "number": _NUMBER,
    }


def _counts(raw: dict[str, Any], quantities: tuple[str, ...], between: int) -> str:
    """Return the pattern of a number and what it counts, with a few words between them."""
    things = sorted(
        (word for name in quantities for word in raw["counts"][name]), key=len, reverse=True
    )
    return (
        r"\b(?P<bound>(?i:about|around|some|roughly|nearly|almost|at least|more than|over|"
        r"up to|at most|fewer than)\s+)?(?P<number>(?i:" + _NUMBER + r"))\s+(?:(?!"
        r"(?i:of|or|and|to|percent|years?|days?|hours?)\b)[\w’'-]+\s+){0,"
        + str(between)
        + r"}?(?P<what>(?i:"
        + "|".join(things) + r"))\b"
    )  # fmt: skip
