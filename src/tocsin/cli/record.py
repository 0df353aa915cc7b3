"""`tocsin record`: the ledger verified, exported, and asked."""

from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from tocsin.cli import _record_import, _record_keeping, _record_proof, _record_subject
from tocsin.cli._ledger import names_of, read_time, register_of
from tocsin.cli._output import print_json, print_words
from tocsin.errors import CallError

__all__ = ["app"]

app = cyclopts.App(
    name="record",
    help="""Verify the record, export it, and ask it who said what.

    Example: tocsin record verify data/
    """,
)

for verbs in (_record_proof, _record_keeping, _record_subject, _record_import):
    verbs.add_to(app)

_Json = Annotated[bool, Parameter(negative="")]


@app.command
def timeline(
    incident: str,
    /,
    *,
    ledger: Annotated[Path, Parameter(name="--from")],
    by: str = "happened",
    json: _Json = False,
) -> None:
    """List what the watch recorded of an incident and when people said what.

    Example: tocsin record timeline INC-2026-0001 --from data/ --by recorded

    Parameters
    ----------
    incident
        Its id.
    ledger
        A data folder of `tocsin watch`, a journal, or an exported ledger.
    by
        "happened" or "recorded": both orders matter after the fact.
    json
        Print one JSON object: incident, by, rows.
    """
    from tocsin import record

    if by not in ("happened", "recorded"):
        raise CallError(f"--by {by!r} is neither happened nor recorded")
    register, _ = register_of(ledger)
    rows = record.timeline(register, incident, by=by)
    if json:
        print_json({"incident": incident, "by": by, "rows": rows})
        return
    reveal = names_of(ledger)
    for row in rows:
        happened = row["happened"] or "time not stated"
        print_words(
            f"{happened:20}  recorded {row['recorded']}  [{row['entry']}]  "
            + reveal(str(row["text"]))
        )
    if not rows:
        print_words(f"Nothing is recorded of {incident}.")


@app.command
def show(
    incident: str,
    /,
    *,
    ledger: Annotated[Path, Parameter(name="--from")],
    profile: str = "internal",
    json: _Json = False,
) -> None:
    """Tell an incident in sentences, each with the entries that it rests on.

    Example: tocsin record show INC-2026-0001 --from ledger.jsonl

    Parameters
    ----------
    incident
        Its id.
    ledger
        A data folder of `tocsin watch`, a journal, or an exported ledger.
    profile
        Who reads it: internal, partner or public.
    json
        Print one JSON object.
    """
    import msgspec

    from tocsin import record, report

    register, _ = register_of(ledger)
    reveal = names_of(ledger)
    telling = report.tell(record.account(register, incident), profile, name_of=reveal)
    say = reveal if profile == "internal" else str
    if json:
        print_json(msgspec.to_builtins(telling))
        return
    print_words(f"{telling.title}\n{telling.summary.text}")
    for section in telling.sections:
        print_words(f"\n{section.title}")
        for line in section.lines:
            struck = "(no longer holds) " if line.struck else ""
            numbers = ", ".join(map(str, line.entries))
            print_words(say(f"- {struck}{line.text} [{numbers}]"))
        if not section.lines:
            print_words(f"  {section.empty}")
    for words in telling.withheld:
        print_words(f"Withheld: {words}.")


@app.command
def ask(
    question: str,
    /,
    *,
    ledger: Annotated[Path, Parameter(name="--from")],
    incident: str = "",
    like: str = "",
    at: str = "",
    json: _Json = False,
) -> None:
    """Ask the register, now or as it was known at a time; answers name their entries.

    Questions: last (with --like), order, drones, injuries (and how that changed), claims,
    relations, anonymous (what rests on sources that cannot be asked again), writer-only (what
    has no source but the writer), contradictions, gaps (what is not known), known (all of it
    in short; with --at, what was known then).

    Example: tocsin record ask claims --from data/ --incident INC-2026-0001

    Parameters
    ----------
    question
        One of the words above.
    ledger
        A data folder of `tocsin watch`, a journal, or an exported ledger.
    incident
        Only about this one; otherwise about all.
    like
        For "last": the incident that an earlier one should be like.
    at
        As it was known at this time, for example 2026-11-23T09:36:22Z.
    json
        Print one JSON object: question, sentences, covers, as_known_at.
    """
    import msgspec

    from tocsin import record

    register, _ = register_of(ledger)
    asked = record.Question(question, like or incident, read_time(at) if at else None)
    answer = record.ask(register, asked)
    if json:
        print_json(msgspec.to_builtins(answer))
        return
    for said in answer.sentences:
        numbers = f" [{', '.join(map(str, said.entries))}]" if said.entries else ""
        print_words(said.text + numbers)
    if answer.as_known_at:
        print_words(f"As known at {answer.as_known_at}.")
    print_words(answer.covers)
