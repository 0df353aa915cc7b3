"""What several rules of the record share: each gives a sentence, or "" where it holds."""

from tocsin.model.records import TimeSaid
from tocsin.model.register import Register

__all__ = [
    "CLOCK_SLACK_S", "EARLIEST_S", "FAR_S", "PREFIX", "all_rows", "is_blank", "one_of",
    "why_not_row", "why_not_time",
]  # fmt: skip

EARLIEST_S = -2_208_988_800.0  # 1900-01-01: before powered flight nothing is an incident here
FAR_S = 253_402_300_800.0  # the year 10000, where dates of four digits end
# What an id begins with that the register gives; a person's ids begin with a small letter.
PREFIX = {
    "incident": "INC", "series": "SER", "actor": "ACT", "source": "SRC", "document": "DOC",
    "assertion": "AST", "claim": "CLM", "relation": "REL", "grade": "GRD",
    "correction": "COR", "approval": "APR", "publication": "PUB", "place": "PLC",
    "evidence": "EVI", "custody": "CUS",
}  # fmt: skip
CLOCK_SLACK_S = 120.0  # of the clock of whoever wrote a time down, against the record's


def one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value in allowed:
        return ""
    return f"{name} {value!r} is none of: {', '.join(word or chr(34) * 2 for word in allowed)}"


def is_blank(text: str) -> bool:
    return not text.strip()


def why_not_time(name: str, time: TimeSaid, recorded_s: float) -> str:
    early, late = time.earliest_s, time.latest_s
    if early is None and late is None:
        return ""
    if early is None or late is None:
        return (
            f"{name} has only one bound; give earliest_s and latest_s (equal where it is one)"
        )
    if not abs(early) < FAR_S or not abs(late) < FAR_S:
        return f"{name} cannot be: {early} to {late}; give Unix seconds (UTC)"
    if early > late:
        return f"{name} cannot be: its earliest ({early:.0f}) is after its latest ({late:.0f})"
    if early < EARLIEST_S:
        return f"{name} cannot be: {early:.0f} is before 1900; give Unix seconds (UTC)"
    if early > recorded_s + CLOCK_SLACK_S:
        return (
            f"{name} cannot be: {early:.0f} is after it was recorded ({recorded_s:.0f}); check "
            "the date and the time zone (Unix seconds, UTC)"
        )
    if not time.resolved_by:
        return f"{name} is resolved and does not say by what; give resolved_by"
    return ""


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def why_not_row(register: Register, row_id: str, kinds: tuple[str, ...], what: str) -> str:
    row = register.rows.get(row_id)
    wanted = " or ".join(kinds)
    if row is None:
        return f"{what} {row_id!r} is not in the register; record the {wanted} first"
    if row.kind not in kinds:
        return f"{what} {row_id!r} is {_a(row.kind)}; it must be {_a(wanted)}"
    if row.versions[-1].withdrawn:
        return f"{what} {row_id!r} was withdrawn"
    return ""


def all_rows(
    register: Register, ids: tuple[str, ...], kinds: tuple[str, ...], what: str
) -> str:
    for row_id in ids:
        wrong = why_not_row(register, row_id, kinds, what)
        if wrong:
            return wrong
    return ""
