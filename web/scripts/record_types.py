"""Write `src/record/nouns.gen.ts` from the record's nouns and closed word lists.

`python web/scripts/record_types.py` writes it; `--check` writes nothing and exits with 1 where
the file is not what it would write. A field with a default may be missing in JSON.
"""

import sys
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from tocsin.model.records import Block, SawTrack, Span, State, Step, TimeSaid, Written
from tocsin.record import QUESTIONS, words
from tocsin.record.shape import NOUN_OF

TARGET = Path(__file__).parents[1] / "src" / "record" / "nouns.gen.ts"
HEAD = "// Generated from tocsin.model by web/scripts/record_types.py; do not edit.\n"
PARTS = (TimeSaid, Step, Span, Block, SawTrack, Written)
PLAIN: dict[Any, str] = {
    str: "string", int: "number", float: "number", bool: "boolean", NoneType: "null",
    Any: "unknown",
}  # fmt: skip


def type_of(hint: Any) -> str:
    """Return the TypeScript type of a field's annotation."""
    if hint in PLAIN:
        return PLAIN[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " | ".join(type_of(one) for one in inner)
    if origin is tuple and inner[-1] is Ellipsis:
        return f"{type_of(inner[0])}[]"
    if origin is tuple:
        return f"[{', '.join(type_of(one) for one in inner)}]"
    if origin is dict:
        return f"Record<{type_of(inner[0])}, {type_of(inner[1])}>"
    return str(hint.__name__)


def _may_miss(field: "Field[Any]") -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def interface(noun: type) -> str:
    """Return the TypeScript interface of a dataclass."""
    hints = get_type_hints(noun)
    rows = "".join(
        f"  {f.name}{'?' if _may_miss(f) else ''}: {type_of(hints[f.name])};\n"
        for f in fields(noun)
    )
    return f"export interface {noun.__name__} {{\n{rows}}}\n"


def listed(name: str, values: tuple[str, ...]) -> str:
    """Return a constant list of words."""
    inner = ", ".join(f'"{value}"' for value in values)
    return f"export const {name} = [{inner}] as const;\n"


def generate() -> str:
    """Return the whole file."""
    closed = [name for name in words.__all__ if isinstance(getattr(words, name), tuple)]
    verbs = "".join(f'  "{verb}": {noun.__name__};\n' for verb, noun in NOUN_OF.items())
    about = "/** What an act of each verb has as its body. */\n"
    parts = [
        HEAD,
        listed("STATES", State.ALL),
        listed("QUESTIONS", QUESTIONS),
        *(listed(name, getattr(words, name)) for name in closed),
        *(interface(noun) for noun in (*PARTS, *NOUN_OF.values())),
        f"{about}export interface Nouns {{\n{verbs}}}\n",
        "export type Verb = keyof Nouns;\nexport type Noun = Nouns[Verb];\n",
    ]
    return "\n".join(parts)


def main() -> int:
    """Write or check the file."""
    text = generate()
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.is_file() and TARGET.read_text() == text else 1
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
