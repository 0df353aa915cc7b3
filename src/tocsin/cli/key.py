"""`tocsin key`: the keys that sign the ledger, shown, handed out, replaced."""

import time
from pathlib import Path
from typing import Annotated, Any

import cyclopts
from cyclopts import Parameter

from tocsin.cli._output import print_json, print_words, write_whole
from tocsin.cli._record_proof import notary_of
from tocsin.errors import CallError

__all__ = ["app"]

app = cyclopts.App(
    name="key",
    help="""Show, hand out and replace the keys that the ledger is signed with.

    Each mode (live, exercise, simulated) has a key of its own. The secret half never leaves
    the folder `secrets` of the data folder.

    Example: tocsin key show data/
    """,
)

_Json = Annotated[bool, Parameter(negative="")]


@app.command
def show(data: Path, /, *, json: _Json = False) -> None:
    """Print the public keys of a data folder: the one that signs now, and earlier ones.

    Example: tocsin key show data/ --json

    Parameters
    ----------
    data
        The data folder of `tocsin watch`.
    json
        Print one JSON object: keys, each {key, name, mode, since_s, until_s}.
    """
    rows = _keys(data)
    if json:
        print_json({"keys": rows})
        return
    for row in rows:
        state = "signs now" if row["until_s"] is None else "signed before"
        print_words(f"{row['key']}\n    {row['mode']}, {state}")


@app.command
def export(data: Path, /, *, out: Path, json: _Json = False) -> None:
    """Write the public key that signs now, for those who check what it signed.

    Bring the file to them by a way that you trust: who trusts it trusts what it signed.

    Example: tocsin key export data/ --out two-bases.keys

    Parameters
    ----------
    data
        The data folder of `tocsin watch`.
    out
        The file to write.
    json
        Print one JSON object: key, out.
    """
    key = next(row["key"] for row in _keys(data) if row["until_s"] is None)
    write_whole(out, f"{key}\n".encode())
    if json:
        print_json({"key": key, "out": str(out)})
    else:
        print_words(f"{key}\nwritten to {out}.")


@app.command
def rotate(data: Path, /, *, reason: str, by: str, json: _Json = False) -> None:
    """Sign with a new key from now on; the old one is deleted.

    The newest checkpoint gets both signatures: who trusts the old key can check with it that
    the new one belongs to the same ledger. Packages are signed by the new key alone.

    Example: tocsin key rotate data/ --reason "yearly" --by "security officer"

    Parameters
    ----------
    data
        The data folder of `tocsin watch`.
    reason
        Why; it stands in the service ledger.
    by
        Who does it.
    json
        Print one JSON object: key, was, checkpoint.
    """
    from tocsin.cli._record_keeping import open_folder

    if not reason.strip() or not by.strip():
        raise CallError("a key is replaced by somebody for a reason: give --by and --reason")
    people, ledger = open_folder(data)
    notary = notary_of(data)
    was = next((s.key.text for s in notary.book.signing_keys() if s.until_s is None), None)
    made = notary.rotate(time.time())
    key = next(s.key.text for s in notary.book.signing_keys() if s.until_s is None)
    size = made.checkpoint.size if made else None
    ledger.note("signing key replaced", mode=notary.mode, key=key, was=was, checkpoint=size,
                by=people.staff(by), reason=reason)  # fmt: skip
    if json:
        print_json({"key": key, "was": was, "checkpoint": size})
    else:
        print_words(f"{key}\nsigns from now on; checkpoint {size} bears both signatures.")


def _keys(data: Path) -> list[dict[str, Any]]:
    notary = notary_of(data)
    if not notary.book.signing_keys():
        notary.sign(time.time())
    return [
        {"key": s.key.text, "name": s.key.name, "mode": s.mode, "since_s": s.since_s,
         "until_s": s.until_s}
        for s in notary.book.signing_keys()
    ]  # fmt: skip
