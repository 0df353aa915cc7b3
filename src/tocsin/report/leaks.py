"""The last look at a finished telling: whether it gives away what its readers must not get."""

from collections.abc import Callable

from tocsin.model.accounts import Account
from tocsin.report._plain import plain
from tocsin.report.telling import Telling
from tocsin.report.withheld import found_in, withheld_values

__all__ = ["given_away"]


def given_away(
    account: Account, telling: Telling, *, name_of: Callable[[str], str] = str
) -> tuple[str, ...]:
    """Return what a telling would give away, in words and sorted; () where nothing.

    name_of: as of `withheld_values`.
    """
    values = _searched(account, telling.profile, name_of)
    return tuple(sorted({values[v] for v in found_in(_words(account, telling), values)}))


def _searched(account: Account, profile: str, name_of: Callable[[str], str]) -> dict[str, str]:
    """Return what is searched for. Statements that a person marked public may name a zone;
    those words are let through.
    """
    values = withheld_values(account, profile, name_of=name_of)
    allowed = " ".join(
        [n.verbatim for _, n in account.statements if n.audience == "public"]
        + [n.verbatim for _, n in account.claims if n.audience == "public"]
    )
    open_words = found_in(allowed, values)
    return {value: what for value, what in values.items() if value not in open_words}


def _words(account: Account, telling: Telling) -> str:
    """Return what is told in words that are not this program's own."""
    lines = [line for section in telling.sections for line in section.lines]
    texts = [telling.title, *(t for line in lines for t in (line.text, line.quote, line.note))]
    # Of the summary the words about its time alone: the rest is the program's, and a zone may
    # be called "shelter".
    when = account.incident.happened
    texts += [
        t for t in (when.verbatim, when.why_unresolved) if plain(t) in telling.summary.text
    ]
    return "\n".join([*texts, *(name for name, _ in telling.sources)])
