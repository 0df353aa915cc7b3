"""`tocsin report`: one incident as a self-contained page."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tocsin.cli._ledger import keep_apart, names_of, read_time, register_of
from tocsin.cli._output import print_json, print_words
from tocsin.cli._outputs import format_of, other_outputs, pdf_of
from tocsin.errors import DataError

__all__ = ["report"]


def report(
    incident: str,
    /,
    *,
    ledger: Annotated[Path, Parameter(name="--from")],
    out: Path,
    format: str = "",
    profile: str = "internal",
    at: str = "",
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Write the report of an incident: every sentence with the entries that it rests on.

    Example: tocsin report INC-2026-0001 --from data/ --out report.html

    Parameters
    ----------
    incident
        Its id; `tocsin record ask order` lists them.
    ledger
        A data folder of `tocsin watch`, a journal, or an exported ledger.
    out
        The file to write, outside the data folder. A page holds its map and style, fetches
        nothing and prints well.
    format
        As the ending of the file's name says, if not given. html; pdf (needs `tocsin[pdf]`);
        ninjs (3.0), jsonld (schema.org), prov (W3C PROV), csv (every sentence), gtd (one row),
        or cap (CAP 1.2, urgency Past).
    profile
        Who reads it: internal, partner or public. What a reader does not get is listed.
    at
        As it was known at this time, for example 2026-11-23T09:36:22Z.
    json
        Print one JSON object: incident, out, as_of, sentences, withheld.
    """
    from tocsin import record
    from tocsin import report as room
    from tocsin.cli._output import write_whole

    format = format_of(out, format)
    keep_apart(out, ledger)
    register, entries = register_of(ledger)
    if at:
        at_s = read_time(at)
        register = record.rebuild([e for e in entries if e.recorded_s <= at_s])
    head = next((e.digest.hex() for e in entries if e.number == register.last_entry), "")
    account = record.account(register, incident, head=head)
    reveal = names_of(ledger)
    telling = room.tell(account, profile, name_of=reveal)
    leaks = room.given_away(account, telling, name_of=reveal)
    if leaks:
        raise DataError(
            f"the report for {profile} use would give away {', '.join(leaks)}; correct the "
            "words of the incident or mark the statement internal"
        )
    say = reveal if profile == "internal" else str
    if format == "pdf":
        data = pdf_of(say(room.typst_source(account, telling)))
    elif format == "html":
        data = say(room.page(account, telling)).encode()
    else:
        kept = room.told(account, profile, name_of=reveal)
        others = other_outputs(account, telling, kept, room.release_of(account))
        data = say(others[format]).encode()
    write_whole(out, data)
    count = 1 + sum(len(section.lines) for section in telling.sections)
    if json:
        print_json({"incident": incident, "out": str(out), "as_of": account.as_of,
                    "sentences": count, "withheld": list(telling.withheld)})  # fmt: skip
        return
    print_words(f"{count} sentences written to {out}, as of entry {account.as_of}.")
    for words in telling.withheld:
        print_words(f"Withheld: {words}.")
