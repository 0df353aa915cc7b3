"""The rules of the importer out of their file, with every pattern compiled once."""

import functools
import re
import tomllib
from collections.abc import Iterable
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
SCHEMA = 2
# A number that is none by itself: in "2.5", "21:30", "3-4", "$3", "1 500", "F-16".
_PLAIN_BEFORE = r"(?<![\w.,:/#$€£¥+-])(?<![$€£¥]\s)(?<!\d\s)(?<!\d[–—])(?<!\d\s[–-]\s)"


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
    numbers: dict[str, int] = field(default_factory=dict)
    bounds: dict[str, str] = field(default_factory=dict)

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
        raise CallError(
            f"the rules {name} have schema {raw.get('schema')!r}; "
            f"give {SCHEMA}, beginning with a copy of the shipped file"
        )
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
                                                                "all", "elsewhere")},
        **{f"anonymity.{k}": made(v, low) for k, v in raw["anonymity"].items()},
        **{f"times.{k}": made(v) for k, v in raw["times"].items()},
        **{f"hedges.{k}": made(v) for k, v in raw["hedges"].items()},
        **{f"modes.{k}": made(v, low) for k, v in raw["claims"]["modes"].items()},
        "claims.passive": made(raw["claims"]["passive"]),
        "claims.together_with": made(raw["claims"]["together_with"]),
        "origin": made(raw["origin"]["pattern"]),
        "within": made(raw["places"]["within"]),
        "place": made("(?P<name>{place})"),
        "verbs": made(r"\b(?P<verb>" + "|".join(raw["attribution"]["verbs"]) + r")\b"),
        "subject": made(r"(?:^|(?<=[\s,“\"‘(;:—-]))(?P<source>{source}|{anyone})$"),
        "source": made("{source}"),
        "amended": made(raw["amended"]["pattern"]),
        "dateline": made(raw["dateline"]["pattern"]),
        "adverbs": made(rf"\s+(?:{raw['grammar']['adverbs']})$", low),
        "aside": made(rf"(?:{raw['grammar']['aside']})\b", low),
        "object": made(rf"\s+(?:{raw['grammar']['object_of']})$", low),
        "some": made(rf"\b(?:{raw['grammar']['determiner']})$"),
        "plural": made(raw["grammar"]["plural"]),
        "name": made(rf"(?:{raw['grammar']['name']})(?:\s+(?:{raw['grammar']['name']}))*$"),
        "article": made(rf"^(?:{raw['grammar']['article']})\s+"),
        "definite": made(rf"(?:{raw['grammar']['definite']})\s", low),
        "core": made(rf"\s+(?:{raw['grammar']['of']}|{raw['grammar']['known_from']})\b"),
        # "three soldiers were wounded" counts the wounded, so people are looked for first.
        "counts.people": made(_counts_people(raw)),
        "counts.after": made(_counts_after(raw)),
        "counts.things": made(_counts(raw, tuple(raw["counts"]), 3)),
        "counts.words": made(rf"\b(?:{'|'.join(_things(raw, raw['counts']))})\b", low),
        "counts.any": made(_any_number(raw), low),
        "counts.others": made(_others(raw), low),
        **{f"counts.{k}": made(raw["grammar"][k], low) for k in ("no_number", "no_count_after",
                                                            "year")},
        "counts.beside": made(raw["grammar"]["counts_beside"], low),
        **{k: made(raw["grammar"][k], low) for k in ("negation", "clause", "new_thought")},
        "nobody": made(raw["grammar"]["nobody"], low),
        "nobody_of": made(rf"\b(?:{raw['grammar']['nobody']})"
                          rf"(?:\s+(?:{raw['grammar']['of']}))?"
                          rf"(?:\s+(?:{raw['grammar']['definite']}))?\s*$", low),
        "no_name": made(rf"(?:{raw['grammar']['article']})$"),
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
        numbers={word: int(n) for word, n in raw["grammar"]["numbers"].items()},
        bounds=dict(raw["grammar"]["bounds"]),
    )


def _macros(raw: dict[str, Any]) -> dict[str, str]:
    grammar = raw["grammar"]
    name, joiners = grammar["name"], grammar["joiners"]
    # "Sons of the Ridge", "Karvelian Resistance Coalition", "Bureau of State Security"
    names = rf"(?:(?:{grammar['article']})\s+)?{name}(?:(?:\s+{joiners})?\s+{name})*"
    heads = _longest_first(
        word for words in raw["speakers"]["heads"].values() for word in words
    )
    stops = "|".join(map(re.escape, raw["speakers"]["stops"]["words"]))
    word = r"[\w.’'-]+"
    modifier = rf"(?!(?i:{stops}|{grammar['no_modifier']})\s){word}\s+"
    determiner = rf"(?:{grammar['determiner']})"
    head = "|".join(map(re.escape, heads))
    # A head that another follows is none ("a senior military official"); a name may follow it
    # ("the broadcaster Example TV").
    described = (
        rf"(?:{determiner}\s+)?(?:{modifier}){{0,4}}?(?:{head})\b(?!\s+(?:{head})\b)"
        rf"(?:\s+{name}(?:\s+{name})*"
        rf"|\s+(?:{grammar['of']})\s+(?:(?:{grammar['definite']})\s+)?"
        rf"(?:{name}(?:\s+(?:of\s+)?{name})*|[a-z]+\b))?"
        rf"(?:\s+{grammar['known_from']}\s+[^,.;]{{1,60}})?"
    )
    pronouns = "|".join(map(re.escape, raw["speakers"]["pronouns"]["words"]))
    places = _longest_first(word for words in raw["places"]["kinds"].values() for word in words)
    things = "|".join(map(re.escape, raw["speakers"]["things"]["words"]))
    # "the regional hospital": a determiner and a few words, none of which a phrase ends at.
    anyone = rf"{determiner}\s+(?:{modifier}){{0,2}}(?!(?i:{stops}|{things})\b)[^\W\d_][\w’'-]*"
    return {
        "source": rf"(?:\b(?i:{pronouns})\b|{described}|{names})",
        "anyone": anyone,
        "place": rf"(?:{name}\s+){{1,4}}?(?:{'|'.join(places)})\b",
        "event": "(?:" + "|".join(raw["events"]["words"]) + ")",
        "number": _PLAIN_BEFORE + _number(raw) + _plain_after(raw),
        "bare": _number(raw),
        "part": raw["grammar"]["number_part"],
    }


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted(words, key=len, reverse=True)


def _number(raw: dict[str, Any]) -> str:
    words = "|".join(map(re.escape, _longest_first(raw["grammar"]["numbers"])))
    return rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+|{words})"


def _plain_after(raw: dict[str, Any]) -> str:
    part = raw["grammar"]["number_part"]
    return (
        r"(?![\w%]|[.,:/]\d|[–—/’'-]\w|\s*[–-]\s*\d|\s\d|\s%"
        rf"|\s+(?i:{part}|{_number(raw)})(?![\w-]))"
    )


def _things(raw: dict[str, Any], quantities: Iterable[str]) -> list[str]:
    return _longest_first(word for name in quantities for word in raw["counts"][name])


def _counted(raw: dict[str, Any]) -> str:
    """Return the pattern of a plain number with its bound, or of two that it lies between."""
    grammar = raw["grammar"]
    bounds = "|".join(map(re.escape, _longest_first(grammar["bounds"])))
    return (
        rf"{_PLAIN_BEFORE}(?P<bound>(?i:{bounds})\s+)?(?:{grammar['range']})?"
        rf"\b(?P<number>(?i:{_number(raw)})){_plain_after(raw)}"
    )


def _between(raw: dict[str, Any], most: int, apart: Iterable[str] = ()) -> str:
    """Return the pattern of at most so many words between a number and what it counts."""
    grammar = raw["grammar"]
    # "Two officials said three drones ..." counts two of nothing that is counted here.
    number = rf"(?:{_number(raw)})(?![\w-])"
    said = raw["attribution"]["verbs"]
    others = "|".join((grammar["no_count"], grammar["units"], number, *said, *apart))
    return rf"(?:(?!(?i:{others})\b)[\w’'-]+\s+){{0,{most}}}?"


def _counts(raw: dict[str, Any], quantities: Iterable[str], between: int) -> str:
    """Return the pattern of a number and what it counts, with a few words between them."""
    what = "|".join(_things(raw, quantities))
    return rf"{_counted(raw)}\s+{_between(raw, between)}(?P<what>(?i:{what}))\b"


def _counts_people(raw: dict[str, Any]) -> str:
    """Return the pattern of who was hurt: "three drones wounded" and "two soldiers killed
    five" count who did it.
    """
    grammar, events = raw["grammar"], raw["events"]
    what = "|".join(_things(raw, ("injuries", "deaths")))
    did_it = [w for name in ("drones", "missiles", "rockets", "words") for w in events[name]]
    bounds = "|".join(map(re.escape, grammar["bounds"]))
    return (
        rf"{_counted(raw)}\s+{_between(raw, 5, did_it)}(?P<what>(?i:{what}))\b"
        rf"(?!\s+(?i:{bounds}|{_number(raw)}|{grammar['determiner']})\b)"
    )


def _counts_after(raw: dict[str, Any]) -> str:
    """Return the pattern of a verb of harm and the number after it."""
    rule = raw["counts_after"]
    what = "|".join((*rule["deaths"], *rule["injuries"]))
    people = "|".join(_longest_first(rule["people"]))
    return (
        rf"\b(?P<what>(?i:{what}))\s+{_counted(raw)}"
        rf"(?=\s+{_between(raw, 2)}(?i:{people})\b|{rule['then']})"
    )


def _any_number(raw: dict[str, Any]) -> str:
    word = rf"(?:{_number(raw)}|{raw['grammar']['number_part']})"
    return rf"(?<![\w-])(?:[$€£¥]\s?)?(?:\d(?:[.,:/–-]?\w)*|{word}(?:[–-]{word})*)(?![\w-])"


def _others(raw: dict[str, Any]) -> str:
    """Return the pattern of what a number counts that is nothing of the event."""
    heads = _longest_first(w for words in raw["speakers"]["heads"].values() for w in words)
    others = "|".join((raw["grammar"]["units"], *map(re.escape, heads)))
    return rf"\s*(?:[\w’'-]+\s+){{0,2}}?(?:{others})\b"
