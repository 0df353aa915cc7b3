"""Write `src/wire.gen.ts` from the nouns of `tocsin.model`: `python web/scripts/wire_types.py`.

The text frames of the live socket carry the fields of these dataclasses; numbers may be null
(NaN and infinity have no JSON). Track ids are 64-bit and are kept as strings in the browser.
`--check` writes nothing and exits with 1 where the file is not what it would write.
"""

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

from tocsin.model.advice import Advice, Contact
from tocsin.model.alerts import Alarm, AlarmCause, AlarmState, AlertEvent, Ladder, ZoneStatus
from tocsin.model.detections import CLASSES
from tocsin.model.identities import LABELS
from tocsin.model.people import Handover, Notice, ShiftRule, Sighting
from tocsin.model.sensors import SensorStatus
from tocsin.model.volumes import Conflict, Operations, VolumeStatus

TARGET = Path(__file__).parents[1] / "src" / "wire.gen.ts"
HEAD = "// Generated from tocsin.model by web/scripts/wire_types.py; do not edit.\n"
TYPES: dict[Any, str] = {
    str: "string",
    int: "number",
    float: "number | null",
    tuple[str, ...]: "string[]",
    tuple[int, ...]: "TrackId[]",
    dict[str, int]: "Record<string, number>",
    dict[str, str | float | None]: "Record<string, string | number | null>",
    bool: "boolean",
    tuple[Contact, ...]: "Contact[]",
}


_NOUNS = (
    ZoneStatus, Alarm, AlertEvent, SensorStatus, Contact, Advice, Notice, Sighting,
    Handover, VolumeStatus, Conflict, Operations, ShiftRule,
)  # fmt: skip


def interface(noun: type) -> str:
    """Return the TypeScript interface of a dataclass."""
    hints = get_type_hints(noun)
    rows = "".join(f"  {f.name}: {TYPES[hints[f.name]]};\n" for f in fields(noun))
    return f"export interface {noun.__name__} {{\n{rows}}}\n"


def words(name: str, values: tuple[str, ...]) -> str:
    """Return a constant list of words and the union type of them."""
    listed = ", ".join(f'"{value}"' for value in values)
    return (
        f"export const {name.upper()} = [{listed}] as const;\n"
        f"export type {name} = (typeof {name.upper()})[number];\n"
    )


def generate() -> str:
    """Return the whole file."""
    states = (
        AlarmState.UNACKNOWLEDGED,
        AlarmState.ACKNOWLEDGED,
        AlarmState.RETURNED,
        AlarmState.CLOSED,
    )
    parts = [
        HEAD,
        "/** A 64-bit track id in decimal; a JavaScript number would lose its last digits. */\n"
        "export type TrackId = string;\n",
        words("Steps", Ladder.ALL),
        words("AlarmStates", states),
        words("AlarmCauses", AlarmCause.ALL),
        words("Labels", LABELS),
        words("Classes", CLASSES),
        *(interface(noun) for noun in _NOUNS),
    ]
    return "\n".join(parts)


def main() -> int:
    """Write or check the file."""
    text = generate()
    if "--check" in sys.argv[1:]:
        return 0 if TARGET.read_text() == text else 1
    TARGET.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
