"""`tocsin publish`: public pages and a feed from a folder of exported ledgers."""

import contextlib
import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from tocsin.cli._followed import Book, Shelf
from tocsin.cli._ledger import register_of
from tocsin.cli._output import print_json, print_words
from tocsin.cli._public_pages import Known, Look, remove_drafts, write_feeds, write_pages
from tocsin.cli._public_plans import Plan, page_name, plans_of
from tocsin.cli._readers import Extras, read_counts, read_letters
from tocsin.errors import CallError, DataError, FormatError, TocsinError

if TYPE_CHECKING:
    from tocsin.record.verifier import Key

__all__ = ["publish"]

_LOOK_S = 0.1  # a change is seen within two looks: a correction has a second in all


def publish(
    exports: Path,
    /,
    *,
    out: Path | None = None,
    base_url: str = "",
    contact: str = "",
    wire: str = "",
    counts: Path | None = None,
    question: str = "",
    letters: Path | None = None,
    draft: Annotated[bool, Parameter(negative="")] = False,
    pdf: Annotated[bool, Parameter(negative="")] = False,
    follow: Annotated[bool, Parameter(negative="")] = False,
    key: Annotated[list[Path] | None, Parameter(negative="")] = None,
    unsigned: Annotated[bool, Parameter(negative="")] = False,
    intake: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Write one public page for each incident that two people have let out, and feeds.

    Reads files only: it needs no account, port or database of the watch. A page tells the
    incident as of the entry that was approved, whatever came later.

    Example: tocsin publish exports/ --out public/ --base-url https://example.org/incidents/

    Parameters
    ----------
    exports
        A folder of signed packages (*.zip) written by `tocsin record export`.
    out
        The folder to write to: for each page also ninjs, JSON-LD, PROV, CAP, CSV and a GTD
        row, and feed.atom, feed.rss, feed.json.
    base_url
        Where the pages will stand: their permalinks begin with it.
    contact
        An e-mail address to which readers send corrections.
    wire
        A label over the headline, for example WIRE.
    counts
        How often pages were read, as lines "page,number" (inc-2026-0001.html,57): a page then
        lists the most read of the others. Nothing is counted by the pages themselves.
    question
        One that every page asks its readers, to be answered by e-mail; none without it.
    letters
        Letters of readers that somebody has chosen to show, as TOML: [[letter]] with incident,
        name and text. One that names what is withheld is refused; none are shown without it.
    draft
        Also write pages that nobody has let out yet, marked DRAFT and left out of the feed.
    pdf
        Also write each page as PDF (needs `tocsin[pdf]`). Without it, a PDF that an earlier
        run wrote of a page is removed.
    follow
        Go on looking at the folder, and write everything anew as soon as a package, a letter or
        the count changes, or the time of a scheduled one comes; until Ctrl-C.
    key
        Public keys that you trust (`tocsin key export`); none: those in keys.txt of the folder.
    unsigned
        Also take plain ledgers (*.jsonl): they are chained, and nobody has signed them.
    intake
        A correction that a reader sent, as a text file: it is checked and put into
        `quarantine` in the folder of exports, for a person to read; no pages are written.
    json
        Print one JSON object: pages, drafts, waiting, refused, feed, read (entries that were
        new), seconds; with --follow one a line each time.
    """
    if not exports.is_dir():
        raise CallError(f"{exports} is no folder; give one with signed packages (*.zip)")
    if base_url and not base_url.startswith(("https://", "http://")):
        raise CallError(f"--base-url {base_url!r} is no web address (https://...)")
    if intake is not None:
        result = _take_in(intake, exports)
    else:
        base = base_url if not base_url or base_url.endswith("/") else base_url + "/"
        target = _made(out)
        known: Known = {}
        shelf = Shelf()

        def once() -> dict[str, Any]:
            began_s = time.monotonic()
            extras = Extras(read_counts(counts), read_letters(letters))
            look = Look(base, contact, wire, question, pdf, extras)
            files = _ledgers(exports, key or [], unsigned=unsigned)
            made = _publish(shelf, files, target, look, known, draft=draft)
            return {**made, "seconds": round(time.monotonic() - began_s, 3)}

        if follow:
            inputs = (exports, *(f for f in (counts, letters) if f), *(key or ()))
            _follow(once, inputs, say=print_json if json else _say)
            return
        result = once()
    if json:
        print_json(result)
    else:
        _say(result)


def _follow(
    once: Callable[[], dict[str, Any]], inputs: Sequence[Path], *, say: Callable[[Any], None]
) -> None:
    """Publish whenever an input has changed and come to rest, or a time has come.

    What is wrong with an input is said, and what was published before stays.
    """
    known: object = None
    before, next_s = _seen(inputs), 0.0
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            seen = _seen(inputs)
            is_due = 0.0 < next_s <= time.time()
            # A file that is still being copied grows from one look to the next.
            if seen == before and (seen != known or is_due):
                known, next_s = seen, 0.0
                try:
                    result = once()
                except TocsinError as error:
                    say({"refused": [str(error)]})
                else:
                    next_s = result.get("next_s") or 0.0
                    say(result)
            before = seen
            time.sleep(_LOOK_S)


def _seen(inputs: Sequence[Path]) -> list[tuple[str, int, int]]:
    """Return name, time of change (ns) and size of every file that pages are made of."""
    files = [
        file
        for one in inputs
        for file in (sorted(one.iterdir()) if one.is_dir() else [one])
        if not file.name.endswith(".part")
    ]
    found = []
    for file in files:
        with contextlib.suppress(OSError):  # gone meanwhile: seen at the next look
            stat = file.stat()
            found.append((str(file), stat.st_mtime_ns, stat.st_size))
    return found


def _made(out: Path | None) -> Path:
    if out is None:
        raise CallError("say with --out where the pages go, for example --out public/")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CallError(f"{out} cannot be made: {error.strerror}") from error
    return out


def _ledgers(exports: Path, key: list[Path], *, unsigned: bool) -> "dict[Path, list[Key]]":
    """Return the files to publish from, each with the keys of which one must have signed it;
    none for a plain ledger, which is taken only where asked for.
    """
    from tocsin.cli._record_proof import trusted_in

    packages, plain = sorted(exports.glob("*.zip")), sorted(exports.glob("*.jsonl"))
    if plain and not unsigned:
        raise FormatError(
            f"{plain[0].name} is signed by nobody: write a package with `tocsin record export "
            "DATA --out node.zip`, or say --unsigned if you know where it comes from"
        )
    if not packages and not plain:
        raise FormatError(f"{exports} holds no package (*.zip)")
    trusted = trusted_in(exports, key) if packages else []
    return {file: trusted if file in packages else [] for file in (*packages, *plain)}


def _publish(
    shelf: Shelf,
    files: "dict[Path, list[Key]]",
    out: Path,
    look: Look,
    known: Known,
    *,
    draft: bool,
) -> dict[str, Any]:
    """Write all pages; a ledger that does not hold gives none and is named. Then its pages and
    the feeds stay as they were: a feed never loses an item because a package is damaged.
    """
    result: dict[str, Any] = {
        "pages": [],
        "drafts": [],
        "waiting": [],
        "refused": [],
        "read": 0,
    }
    books: list[tuple[list[Plan], Book]] = []
    for file, keys in files.items():
        try:
            book = shelf.read(file, keys)
            books.append((plans_of(book, result, draft=draft, now_s=time.time()), book))
            result["read"] += book.fresh
        except DataError as error:
            result["refused"].append(f"{file.name}: {error}")
    is_whole = not result["refused"]
    books = _one_a_page(books, result)
    cards = [plan.card for plans, _ in books for plan in plans]
    names = [card.name for card in cards]
    items = [
        item
        for plans, book in books
        for item in write_pages(out, plans, book, cards, look, result, known)
    ]
    remove_drafts(out, set(map(page_name, result["waiting"])) - set(names))
    for kind in ("pages", "drafts"):
        result[kind].sort(key=names.index)
    if is_whole or not (out / "feed.atom").exists():
        write_feeds(out, items, look)
    result["feed"] = str(out / "feed.atom")
    if result["refused"] and not (result["pages"] or result["drafts"]):
        raise FormatError("nothing was published: " + "; ".join(result["refused"]))
    return result


def _one_a_page(
    books: list[tuple[list[Plan], Book]], result: dict[str, Any]
) -> list[tuple[list[Plan], Book]]:
    """Return the books without the pages whose name is that of an incident that was recorded
    before: ids that differ in their case alone, or one id in two ledgers. They are told.
    """
    first: dict[str, tuple[float, int, int]] = {}
    recorded: list[dict[str, tuple[float, int, int]]] = []
    for number, (_, book) in enumerate(books):
        rows = [row for row in book.register.rows.values() if row.kind == "incident"]
        begun = {row.id: row.versions[0] for row in rows}
        recorded.append({id: (v.recorded_s, number, v.entry) for id, v in begun.items()})
        for id, when in recorded[-1].items():
            name = page_name(id)
            first[name] = min(first.get(name, when), when)
    kept = []
    for (plans, book), whens in zip(books, recorded, strict=True):
        mine = [p for p in plans if whens[p.card.incident] == first[p.card.name]]
        kept.append((mine, book))
        result["refused"] += [
            f"{p.card.incident}: {p.card.name} is the page of an incident that was recorded "
            "before; record this one under another id"
            for p in plans
            if p not in mine
        ]
    return kept


def _take_in(file: Path, exports: Path) -> dict[str, Any]:
    """Check a reader's correction and put it aside; nothing of it is believed."""
    from tocsin import report
    from tocsin.cli._output import write_whole
    from tocsin.record.views import incidents_in_order
    from tocsin.report.intake import MAX_BYTES

    try:
        with file.open("rb") as source:
            data = source.read(MAX_BYTES + 1)
    except OSError as error:
        raise CallError(f"{file} cannot be read: {error.strerror}") from error
    request = report.read_request(data, file.name)
    known = [
        row.id
        for ledger in sorted((*exports.glob("*.zip"), *exports.glob("*.jsonl")))
        for row, _, _ in incidents_in_order(register_of(ledger)[0])
    ]
    if request.incident not in known:
        raise FormatError(f"{file.name} is about {request.incident!r}, which is not published")
    folder = exports / "quarantine"
    folder.mkdir(mode=0o700, exist_ok=True)
    # The name is of the bytes: the same letter sent twice is kept once.
    kept = folder / f"{hashlib.sha256(data).hexdigest()[:16]}.txt"
    is_new = not kept.exists()
    if is_new:
        write_whole(kept, data)
        kept.chmod(0o600)
    return {"incident": request.incident, "quarantined": str(kept), "new": is_new}


def _say(result: dict[str, Any]) -> None:
    if "quarantined" in result:
        word = "kept" if result["new"] else "was kept already"
        print_words(f"The correction to {result['incident']} {word}: {result['quarantined']}.")
        return
    if "pages" in result:
        print_words(f"{len(result['pages'])} pages, {len(result['drafts'])} drafts.")
    for name in result.get("waiting", ()):
        print_words(f"{name} waits: two people have to approve it as of the same entry.")
    for words in result["refused"]:
        print_words(f"Refused: {words}")
