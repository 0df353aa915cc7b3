"""`tocsin record`: the ledger verified, exported, and asked."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter

from tocsin.cli import _record_import, _record_subject
from tocsin.cli._ledger import entries_of, is_export, names_of, read_time, register_of
from tocsin.cli._output import print_json, print_words
from tocsin.cli._record_keeping import add_to
from tocsin.errors import CallError, FormatError

__all__ = ["app"]

app = cyclopts.App(
    name="record",
    help="""Verify the record, export it, and ask it who said what.

    Example: tocsin record verify data/
    """,
)

add_to(app)
_record_subject.add_to(app)
_record_import.add_to(app)

_Json = Annotated[bool, Parameter(negative="")]


@app.command
def verify(path: Path, /, *, kept: Path | None = None, json: _Json = False) -> None:
    """Say whether a ledger is unchanged, and name the first bad entry where it is not.

    Exit status 0 if it holds, 1 if not. A missing tail, an older state put back and a fork
    show only against something kept elsewhere: keep the --json of this command, or an export.

    Example: tocsin record verify data/ --kept yesterday.json --json

    Parameters
    ----------
    path
        A data folder of `tocsin watch`, a journal (folder or file), or an exported ledger.
    kept
        An earlier result of `tocsin record verify --json`, or an earlier export.
    json
        Print one JSON object: ok, first_bad, reason, entries, head, witness.
    """
    from tocsin import record

    head, copy = _kept(kept)
    try:
        verdict = record.verify(entries_of(path), kept=head, copy=copy)
    except FormatError as error:
        row = error.data.get("line")
        if json:
            bad = int(row) - 2 if isinstance(row, int) else None
            print_json({"ok": False, "first_bad": bad, "reason": str(error), "entries": None,
                        "head": None, "witness": ""})  # fmt: skip
        raise
    ok = verdict.first_bad is None
    if json:
        print_json({"ok": ok, "first_bad": verdict.first_bad, "reason": verdict.reason,
                    "entries": verdict.entries, "head": verdict.head.hex(),
                    "witness": verdict.witness})  # fmt: skip
    else:
        print_words(verdict.reason + ".")
        if not ok:
            print_words(f"First bad entry: {verdict.first_bad}.")
    if not ok:
        sys.exit(1)


def _kept(path: Path | None) -> tuple[Any, Any]:
    """Return (head, copy) of what was kept elsewhere."""
    import msgspec

    from tocsin.record import Kept

    if path is None:
        return None, None
    if is_export(path) or path.is_dir() or path.suffix == ".sqlite":
        return None, entries_of(path)
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        return Kept(int(found["entries"]), bytes.fromhex(found["head"])), None
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise CallError(
            f"{path} is neither an export nor a result of `tocsin record verify --json`"
        ) from error


@app.command
def export(path: Path, /, *, out: Path, json: _Json = False) -> None:
    """Write a ledger as JSON lines, each entry in the bytes that its digest covers.

    Example: tocsin record export data/ --out ledger.jsonl

    Parameters
    ----------
    path
        A data folder of `tocsin watch`, a journal, or an exported ledger.
    out
        The file to write; it is complete or not there.
    json
        Print one JSON object: entries, head, out.
    """
    from tocsin import record

    entries = list(entries_of(path))
    verdict = record.verify(entries)
    if verdict.first_bad is not None:
        raise FormatError(f"the ledger in {path} was changed: {verdict.reason}")
    write_whole(out, b"".join(record.export_lines(entries)))
    if json:
        print_json({"entries": verdict.entries, "head": verdict.head.hex(), "out": str(out)})
    else:
        print_words(f"{verdict.entries} entries written to {out}.")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there completely or not at all."""
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_bytes(data)
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise CallError(f"{path} cannot be written: {error.strerror}") from error


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

    Questions: last (with --like), order, drones, injuries, claims, relations, anonymous (what
    rests on sources that cannot be asked again), writer-only (what has no source but the
    writer), contradictions.

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
