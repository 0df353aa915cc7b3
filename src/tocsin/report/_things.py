"""Evidence and its way through hands, in sentences; for readers inside only."""

from tocsin.model.accounts import Account
from tocsin.model.records import Custody, Evidence
from tocsin.report._times import time_words

__all__ = ["evidence_lines"]


def evidence_lines(account: Account) -> list[tuple[str, tuple[int, ...]]]:
    """Return (sentence, entries) of each piece of evidence and each step of its custody."""
    found: list[tuple[str, tuple[int, ...]]] = []
    for version, noun, steps in account.evidence:
        mark = f"SHA-256 {noun.sha256}" if noun.sha256 else f"marked {noun.mark}"
        made = time_words(noun.captured, to_the_hour=False)
        text = f"{noun.name} ({noun.id}), {noun.kind}, {mark}; made: {made}."
        found.append((text, (version.entry,)))
        if not steps:
            found.append((f"{noun.name}: no step of custody is recorded.", (version.entry,)))
        found += [(_step(noun, step), (later.entry,)) for later, step in steps]
    return found


def _step(of: Evidence, step: Custody) -> str:
    digest = "digest not measured"
    if step.sha256:
        digest = "digest the same" if step.sha256 == of.sha256 else "DIGEST DIFFERS"
    when = time_words(step.at, to_the_hour=False)
    text = f"{of.name}: {step.action}, held by {step.holder}, {when}; {digest}."
    return f"{text} {step.note}" if step.note else text
