"""`tocsin record hold|holds|keys`: what of a data folder is kept, and how it is handed over."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import cyclopts
from cyclopts import Parameter

from tocsin.cli._ledger import register_of
from tocsin.cli._output import print_json, print_words
from tocsin.errors import CallError

if TYPE_CHECKING:
    from tocsin.service.people import People
    from tocsin.service.service_ledger import ServiceLedger

__all__ = ["add_to", "open_folder", "service_now_s"]

_Json = Annotated[bool, Parameter(negative="")]
DAY_S = 86_400.0


def add_to(app: cyclopts.App) -> None:
    """Give `tocsin record` these verbs."""
    for function in (hold, holds, keys):
        app.command(function)


def open_folder(data: Path) -> "tuple[People, ServiceLedger]":
    """Open people's values (and keys) and the service ledger of a data folder that is there."""
    from tocsin.service.service_ledger import ServiceLedger

    people = _open_people(data, reading=False)
    return people, ServiceLedger(data / "service.sqlite", people.staff)


def _open_people(data: Path, *, reading: bool) -> "People":
    from tocsin.service.keyring import Keyring
    from tocsin.service.people import People

    if not (data / "sealed.sqlite").exists():
        raise CallError(f"{data} is no data folder of `tocsin watch`; give its --data")
    return People(Keyring.open(data, reading=reading))


def service_now_s(data: Path) -> float:
    """Return the service time of a data folder's journal, which may not be the machine's."""
    from tocsin.service.clock import Clock
    from tocsin.service.journal import journal_clock

    clock = journal_clock(data)
    return time.time() if clock is None else Clock(*clock).now_s()


def hold(
    incident: str,
    /,
    *,
    reason: str,
    by: str,
    data: Path = Path("tocsin-data"),
    days: float = 90.0,
    release: bool = False,
    json: _Json = False,
) -> None:
    """Keep what came in during an incident past its time, or let it go again.

    Example: tocsin record hold INC-2026-0001 --reason "inquiry 7" --by "duty officer"

    Parameters
    ----------
    incident
        Its id in the record.
    reason
        Why; it stands in the service ledger.
    by
        Who asks for it.
    data
        The data folder of `tocsin watch`.
    days
        For how long, at most 366; then it may be asked for again.
    release
        Let every hold of this incident go.
    json
        Print one JSON object: holds.
    """
    from tocsin.service.holding import holds as all_holds
    from tocsin.service.holding import incident_span, place_hold, release_hold

    people, ledger = open_folder(data)
    ring = people.keys
    now_s = service_now_s(data)
    if release:
        found = [
            release_hold(ring, h.id, now_s)
            for h in all_holds(ring)
            if h.incident == incident and h.released_s is None
        ]
        if not found:
            raise CallError(f"no hold of {incident} stands")
    else:
        span = incident_span(register_of(data)[0], incident)
        until_s = now_s + days * DAY_S
        found = [
            place_hold(
                ring,
                incident,
                span,
                until_s=until_s,
                by=people.staff(by),
                reason=reason,
                now_s=now_s,
            )
        ]
    for one in found:
        ledger.note(
            "hold released" if release else "hold",
            **{**_told(one, people), "by": people.staff(by), "reason": reason},
        )
    if json:
        print_json({"holds": [_told(one, people) for one in found]})
    else:
        _print(found, people)


def holds(*, data: Path = Path("tocsin-data"), json: _Json = False) -> None:
    """List what is kept past its time, by whom and why.

    Example: tocsin record holds --data tocsin-data --json

    Parameters
    ----------
    data
        The data folder of `tocsin watch`.
    json
        Print one JSON object: holds.
    """
    from tocsin.service.holding import holds as all_holds

    people = _open_people(data, reading=True)
    found = all_holds(people.keys)
    if json:
        print_json({"holds": [_told(one, people) for one in found]})
    else:
        _print(found, people)


def keys(data: Path, /, *, out: Path, reason: str, by: str, json: _Json = False) -> None:
    """Write the keys of a journal into a file, for somebody who may replay it elsewhere.

    Example: tocsin record keys tocsin-data --out keys.json --reason "inquiry 7" --by "lead"

    Parameters
    ----------
    data
        The data folder of `tocsin watch`.
    out
        The file to write; it must not be there yet. Hand it over apart from the journal.
    reason
        Why; it stands in the service ledger.
    by
        Who hands it over.
    json
        Print one JSON object: keys, out.
    """
    from tocsin.service.keyring import write_key_file

    if not reason.strip() or not by.strip():
        raise CallError("keys are handed over by somebody for a reason: give --by and --reason")
    people, ledger = open_folder(data)
    ring = people.keys
    number = write_key_file(ring, out)
    ledger.note("keys handed over", keys=number, by=people.staff(by), reason=reason)
    if json:
        print_json({"keys": number, "out": str(out)})
    else:
        print_words(f"{number} keys written to {out}; they open what the journal holds now.")


def _told(one: Any, people: "People") -> dict[str, Any]:
    return {
        "id": one.id, "incident": one.incident, "first_s": one.first_s, "last_s": one.last_s,
        "until_s": one.until_s, "by": people.value_of(one.by), "reason": one.reason,
        "released_s": one.released_s,
    }  # fmt: skip


def _print(found: list[Any], people: "People") -> None:
    for one in found:
        state = "let go" if one.released_s is not None else f"until {_utc(one.until_s)}"
        print_words(
            f"{one.id}  {one.incident}  {_utc(one.first_s)} to {_utc(one.last_s)}  {state}  "
            f"{people.value_of(one.by)}: {one.reason}"
        )
    if not found:
        print_words("Nothing is held.")


def _utc(at_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))
