"""`tocsin record import`: an article as a proposal, for a person to accept or not."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cyclopts
from cyclopts import Parameter

from tocsin.cli._output import print_json, print_words
from tocsin.errors import CallError

if TYPE_CHECKING:
    from tocsin.model.proposals import Candidate, Proposal
    from tocsin.record.importer import Proposer

__all__ = ["add_to"]

_GROUP = "tocsin.proposers"


def add_to(app: cyclopts.App) -> None:
    """Give `tocsin record` this verb."""
    app.command(import_article, name="import")


def import_article(
    file: Path,
    /,
    *,
    rules: Path | None = None,
    proposer: str = "",
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Read an article and propose what it says, by whom, through whom; nothing is recorded.

    In the browser a person goes through the proposal, item by item (docs/record/importing.md).

    Example: tocsin record import article.html --json

    Parameters
    ----------
    file
        The article: HTML, plain text, an item of RSS, or ninjs; at most 2 MB.
    rules
        A changed copy of the shipped rules; `docs/record/importing.md` says where they are.
    proposer
        A program that suggests statements beside the rules, by the name it was installed under.
    json
        Print one JSON object: id, sha256, format, document, rows, items, times, places, gaps.
    """
    import msgspec

    from tocsin.record import importer

    chosen = None
    if rules is not None:
        chosen = importer.read_rules(_bytes_of(rules), str(rules))
    helpers = [_proposer(proposer)] if proposer else []
    # One byte more than is read tells a long file from one that just fits.
    data = _bytes_of(file, importer.MAX_ARTICLE_BYTES + 1)
    made = importer.propose(data, file.name, rules=chosen, proposers=helpers)
    if json:
        print_json(msgspec.to_builtins(made))
    else:
        _say(made)


def _bytes_of(file: Path, limit: int = -1) -> bytes:
    try:
        with file.open("rb") as source:
            return source.read(limit)
    except OSError as error:
        raise CallError(f"{file} cannot be read: {error.strerror}") from error


def _proposer(name: str) -> "Proposer":
    found = {point.name: point for point in entry_points(group=_GROUP)}
    if name not in found:
        known = ", ".join(sorted(found)) or "none is installed"
        raise CallError(f"there is no proposer {name!r}; {known}")
    made: Proposer = found[name].load()()
    return made


def _say(made: "Proposal") -> None:
    text = sum(block.kind in ("paragraph", "quote", "caption") for block in made.blocks)
    print_words(
        f"{made.document.headline or made.id}\n{len(made.blocks)} blocks, {text} of them the "
        f"article; {len(made.items)} items are proposed. Nothing was recorded."
    )
    names = {row.id: str(row.body.get("name") or row.body.get("descriptor") or row.id)
             for row in made.rows}  # fmt: skip
    for item in made.items:
        print_words(f"\n{_words(item, names)}\n  “{item.body['verbatim']}”")
        chain = ", through ".join(names.get(s["source"], s["source"])
                                  for s in item.body["chain"])  # fmt: skip
        print_words(f"  according to {chain}")
        for gap in item.gaps:
            print_words(f"  open: {gap}")
    for row in made.rows:
        for gap in row.gaps:
            print_words(f"Open: {names[row.id]}: {gap}")
    for gap in (*made.gaps, *made.refused):
        print_words(f"Open: {gap}")


def _words(item: "Candidate", names: dict[str, str]) -> str:
    body = item.body
    if item.verb == "claim":
        return f"claim by {names.get(body['claimant'], body['claimant'])}"
    if item.verb == "relate":
        ends = [names.get(body[end], body[end]) for end in ("from_id", "to_id")]
        return f"{ends[0]} {body['type']} {ends[1]}"
    value = body.get("value", body.get("state"))
    return f"{body['quantity']}: {value:g}" if isinstance(value, float) else (
        f"{body['quantity']}: {str(value)[:60]}"
    )  # fmt: skip
