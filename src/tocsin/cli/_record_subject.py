"""`tocsin record subject`: what is held of a person, handed out, erased."""

from pathlib import Path
from typing import Annotated, Any, Literal

import cyclopts
from cyclopts import Parameter

from tocsin.cli._output import print_json, print_words
from tocsin.cli._record_keeping import open_folder
from tocsin.errors import CallError

__all__ = ["add_to"]

_Json = Annotated[bool, Parameter(negative="")]


def add_to(app: cyclopts.App) -> None:
    """Give `tocsin record` this verb."""
    app.command(subject)


def subject(
    who: str,
    action: Literal["list", "export", "erase"] = "list",
    /,
    *,
    data: Path = Path("tocsin-data"),
    out: Path | None = None,
    reason: str = "",
    by: str = "",
    json: _Json = False,
) -> None:
    """List, export or erase what is held of one person, drone or transmitter.

    Erasing deletes what the pseudonyms stand for. The ledger still verifies and a replay still
    gives the same tracks, under names that nobody can resolve any more.

    Example: tocsin record subject MFG1A0123456789 erase --reason "request" --by "privacy"

    Parameters
    ----------
    who
        A serial number, a registration, an operator's registration, a transmitter's address,
        a user's name, or a pseudonym.
    action
        list, export (with --out) or erase (with --reason and --by).
    data
        The data folder of `tocsin watch`.
    out
        The file that an export is written to (JSON); it must not be there yet.
    reason
        Why it is erased or handed out; it stands in the service ledger.
    by
        Who does it.
    json
        Print one JSON object: who, found, and what was asked for.
    """
    if action != "list" and not (reason.strip() and by.strip()):
        raise CallError(f"to {action} takes a person and a reason: give --by and --reason")
    if action == "export" and out is None:
        raise CallError("an export goes into a file: give --out FILE")
    people, ledger = open_folder(data)
    if action == "erase":
        result = _erase(people, ledger, data, who, people.staff(by), reason)
    else:
        result = _look(people, data, who, out)
        if out is not None and action == "export":
            ledger.note("subject exported", by=people.staff(by), reason=reason,
                        pseudonyms=[n["pseudonym"] for n in result["names"]])  # fmt: skip
    if json:
        print_json({"who": who, **{k: v for k, v in result.items() if k != "frames"}})
    else:
        _print(who, action, result, out)


def _look(people: Any, data: Path, who: str, out: Path | None) -> dict[str, Any]:
    import os

    import msgspec

    from tocsin.service.subject import held_of

    held = held_of(people, data, who)
    told = {"found": len(held.names), **held.told(with_frames=out is not None)}
    if out is not None:
        try:
            handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
        except OSError as error:
            raise CallError(f"{out} cannot be written: {error.strerror}") from error
    return told


def _erase(
    people: Any, ledger: Any, data: Path, who: str, by: str, reason: str
) -> dict[str, Any]:
    from tocsin.service.pseudonyms import Kind
    from tocsin.service.subject import erase, find_names

    names = find_names(people, who)
    if any(name.kind == Kind.LISTED for name in names) and _is_in_use(data):
        raise CallError(
            f"the site file of the running watch lists {who} as authorised; take it out there, "
            "stop the watch, erase it, and start the watch again"
        )
    users = [name.value.decode() for name in names if name.kind == "user"]
    accounts = sum(ledger.remove_user(user) for user in users)
    number = erase(people, names)
    pseudonyms = [name.form.shown for name in names]
    if names:
        ledger.note("subject erased", by=by, reason=reason, pseudonyms=pseudonyms)
    return {"found": len(names), "erased": number, "accounts": accounts,
            "pseudonyms": pseudonyms}  # fmt: skip


def _is_in_use(data: Path) -> bool:
    """Tell whether a watch holds the folder's lock."""
    import fcntl

    path = data / "lock"
    if not path.exists():
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _print(who: str, action: str, result: dict[str, Any], out: Path | None) -> None:
    if not result["found"]:
        print_words(f"Nothing is held of {who}.")
        return
    if action == "erase":
        print_words(f"{result['erased']} names of {who} were erased; what bears them stays.")
        return
    for name in result["names"]:
        print_words(
            f"{name['kind']}: {name['value']}, as {name['pseudonym']}, "
            f"{name['first_heard']} to {name['last_heard']}"
        )
    print_words(
        f"{result['journal_frames']} frames of the journal, {len(result['ledger_entries'])} "
        f"entries of the ledger, {len(result['operator'])} statements about an operator."
    )
    if result["journal_unread"]:
        print_words(f"The journal was searched as far as it goes: {result['journal_unread']}.")
    if out is not None:
        print_words(f"Written to {out}.")
