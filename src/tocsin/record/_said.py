"""What is asked of the register, and what an answer is made of."""

from dataclasses import dataclass, field

from tocsin.model.register import Version

__all__ = ["Answer", "Question", "Said", "entries_of"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. what: one of QUESTIONS; incident: of which, "" all of them; at_s: as
    known at that time (Unix UTC), None now.
    """

    what: str
    incident: str = ""
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of an answer, the entries that it rests on and the rows it is about."""

    text: str
    entries: tuple[int, ...] = ()
    rows: tuple[str, ...] = ()
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """covers: what the register covers at all; as_known_at: a time in words, "" now."""

    question: str
    sentences: tuple[Said, ...]
    covers: str
    as_known_at: str = ""


def entries_of(*versions: Version) -> tuple[int, ...]:
    """Return the numbers of the entries that made these versions, each once."""
    return tuple(sorted({v.entry for v in versions}))
