"""`tocsin publish`: public pages and a feed from a folder of exported ledgers."""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from tocsin.cli._ledger import register_of
from tocsin.cli._output import print_json, print_words
from tocsin.cli._outputs import ENDINGS, other_outputs
from tocsin.cli._readers import Extras, read_counts, read_letters
from tocsin.errors import CallError, DataError, FormatError
from tocsin.model import Entry, Nature
from tocsin.model.accounts import Account
from tocsin.report import FeedItem, Release, Telling

if TYPE_CHECKING:
    from tocsin import record
    from tocsin.record.verifier import Key

__all__ = ["publish"]


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
    key
        Public keys that you trust (`tocsin key export`); none: those in keys.txt of the folder.
    unsigned
        Also take plain ledgers (*.jsonl): they are chained, and nobody has signed them.
    intake
        A correction that a reader sent, as a text file: it is checked and put into
        `quarantine` in the folder of exports, for a person to read; no pages are written.
    json
        Print one JSON object: pages, drafts, waiting, refused, feed.
    """
    if not exports.is_dir():
        raise CallError(f"{exports} is no folder; give one with signed packages (*.zip)")
    if base_url and not base_url.startswith(("https://", "http://")):
        raise CallError(f"--base-url {base_url!r} is no web address (https://...)")
    if intake is not None:
        result = _take_in(intake, exports)
    else:
        base = base_url if not base_url or base_url.endswith("/") else base_url + "/"
        look = {"base": base, "contact": contact, "wire": wire, "question": question}
        extras = Extras(read_counts(counts), read_letters(letters))
        files = _ledgers(exports, key or [], unsigned=unsigned)
        result = _publish(files, _made(out), look, draft=draft, extras=extras)
    if json:
        print_json(result)
    else:
        _say(result)


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
    files: "dict[Path, list[Key]]",
    out: Path,
    look: dict[str, str],
    *,
    draft: bool,
    extras: Extras,
) -> dict[str, Any]:
    """Write all pages; a ledger that does not hold gives none and is named."""
    from tocsin.cli._packages import checked

    result: dict[str, Any] = {"pages": [], "drafts": [], "waiting": [], "refused": []}
    pages: list[_Page] = []
    for file, keys in files.items():
        found = checked(file, keys) if keys else {"ok": True}
        if not found["ok"]:
            result["refused"].append(f"{file.name}: {found['reason']}")
            continue
        try:
            pages += _accounts(file, result, draft=draft, now_s=time.time())
        except DataError as error:
            result["refused"].append(f"{file.name}: {error}")
    names = [one.name for one in pages]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise FormatError(f"two ledgers give a page {doubled[0]!r}; keep one package a node")
    items = []
    for one in pages:
        item = _write_page(out, one, pages, look, extras=extras, result=result)
        if item is not None and not one.is_draft:
            items.append(item)
    _write_feed(out, items, look)
    result["feed"] = str(out / "feed.atom")
    if result["refused"] and not (result["pages"] or result["drafts"]):
        raise FormatError("nothing was published: " + "; ".join(result["refused"]))
    return result


@dataclass(frozen=True, slots=True)
class _Page:
    """One page to write: its name, its account and how that stands with the public."""

    name: str
    account: Account
    telling: Telling
    status: str
    is_draft: bool
    release: Release


def _accounts(file: Path, result: dict[str, Any], *, draft: bool, now_s: float) -> list[_Page]:
    """Return the page of each incident that is out, as of the entry that it tells."""
    from tocsin import record
    from tocsin.record.views import incidents_in_order

    register, entries = register_of(file)
    found = []
    for row, _, _ in incidents_in_order(register):
        now = record.standing(register, row.id, "public")
        waits = now.not_before_s is not None and now_s < now.not_before_s
        as_of: int | None = now.as_of
        if not now.state:  # nobody took a step: what two people approved is out
            as_of = record.approved_as_of(register, row.id, "public")
        elif waits:
            as_of = None
        if as_of is None and not draft:
            result["waiting"].append(row.id)
            continue
        upto = len(entries) - 1 if as_of is None else as_of
        found.append(_page_of(row.id, entries[: upto + 1], now, is_draft=as_of is None))
    return found


def _page_of(
    incident: str, entries: list[Entry], now: "record.Standing", *, is_draft: bool
) -> _Page:
    from tocsin import record, report

    account = record.account(record.rebuild(entries), incident, head=entries[-1].digest.hex())
    telling = report.tell(account, "public")
    telling = report.with_text(account, telling, now.text, now.steps)
    status = "canceled" if now.state == "withdrawn" else "withheld" if is_draft else "usable"
    release = report.release_of(account, now.steps)
    return _Page(f"{incident.lower()}.html", account, telling, status, is_draft, release)


def _write_page(
    out: Path,
    one: _Page,
    pages: list[_Page],
    look: dict[str, str],
    *,
    extras: Extras,
    result: dict[str, Any],
) -> FeedItem | None:
    """Write one page and return its item for the feed, None where it was refused."""
    from tocsin import report
    from tocsin.cli._output import write_whole

    name, account, telling, is_draft = one.name, one.account, one.telling, one.is_draft
    words = (account.incident.kind, account.incident.site, _unreal(account))
    tags = tuple(dict.fromkeys(word for word in words if word))
    withheld = report.withheld_values(account, "public")
    for who, said in extras.letters.get(account.incident.id, ()):
        found = report.found_in(f"{who} {said}", withheld)
        if found:
            result["refused"].append(f"a letter of {who}: it names {withheld[found[0]]}")
    edition = report.Edition(
        permalink=look["base"] + name,
        wire=look["wire"],
        tags=tags,
        related=_related(one, pages),
        contact=look["contact"],
        draft=is_draft,
        most_read=_most_read(one, pages, extras.read),
        question=look["question"],
        letters=tuple(
            (who, words)
            for who, words in extras.letters.get(account.incident.id, ())
            if not report.found_in(f"{who} {words}", withheld)
        ),
    )
    html = report.page(account, telling, edition)
    leaks = report.found_in(_words(telling), _checked(account))
    if leaks:
        values = report.withheld_values(account, "public")
        what = ", ".join(sorted({values[v] for v in leaks}))
        result["refused"].append(
            f"{account.incident.id}: the page would give away {what}; correct the words of the "
            "incident or mark the statement internal"
        )
        for ending in (".html", *ENDINGS.values()):
            (out / name.replace(".html", ending)).unlink(missing_ok=True)
        return None
    write_whole(out / name, html.encode())
    link = look["base"] + name if look["base"] else ""
    kept = [] if one.status == "canceled" else report.told(account, "public")
    others = other_outputs(
        account, telling, kept, one.release, url=link, tags=tags, status=one.status
    )
    for format, text in others.items():
        write_whole(out / name.replace(".html", ENDINGS[format]), text.encode())
    result["drafts" if is_draft else "pages"].append(name)
    return report.FeedItem(
        link=look["base"] + name if look["base"] else f"urn:tocsin:{account.incident.id}",
        title=telling.title,
        summary=telling.summary.text,
        updated_s=one.release.latest_s,
        tags=tags,
        notice=report.notice(telling),
        published_s=one.release.first_s,
        exact=one.release.exact,
    )


def _words(telling: Telling) -> str:
    """Return what the page says in words that are not this program's own."""
    lines = [line for section in telling.sections for line in section.lines]
    texts = [telling.title, *(text for line in lines for text in (line.text, line.quote))]
    return "\n".join([*texts, *(name for name, _ in telling.sources)])


def _checked(account: Account) -> dict[str, str]:
    """Return what the finished page is searched for once more.

    Statements that a person marked public may name a zone; those words are let through.
    """
    from tocsin import report

    values = report.withheld_values(account, "public")
    allowed = " ".join(
        [n.verbatim for _, n in account.statements if n.audience == "public"]
        + [n.verbatim for _, n in account.claims if n.audience == "public"]
    )
    open_words = report.found_in(allowed, values)
    return {value: what for value, what in values.items() if value not in open_words}


def _unreal(account: Account) -> str:
    return "" if account.incident.nature == Nature.LIVE else account.incident.nature


def _related(one: _Page, pages: list[_Page]) -> tuple[tuple[str, str], ...]:
    """Return the pages of its series, then of its site: of those that are written too."""
    account = one.account
    series = [i for _, s in account.series for i in s.incidents]
    found = []
    for other in pages:
        its = other.account
        if other.name == one.name or (other.is_draft and not one.is_draft):
            continue
        same = its.incident.id in series or its.incident.site == account.incident.site
        if same and its.incident.nature == account.incident.nature:
            found.append((other.name, f"{other.telling.title} ({its.incident.id})"))
    return tuple(found)


def _most_read(
    one: _Page, pages: list[_Page], read: dict[str, int]
) -> tuple[tuple[str, str], ...]:
    """Return the five most read of the other pages that are out, the most read first."""
    others = [p for p in pages if p.name != one.name and not p.is_draft and read.get(p.name)]
    others.sort(key=lambda page: (-read[page.name], page.name))
    return tuple(
        (page.name, f"{page.telling.title} ({page.account.incident.id})") for page in others[:5]
    )


def _write_feed(out: Path, items: list[FeedItem], look: dict[str, str]) -> None:
    from tocsin import report
    from tocsin.cli._output import write_whole

    base = look["base"]
    feed_id = base or "urn:tocsin:incidents"
    title = "Incidents"
    texts = {
        "feed.atom": report.atom(items, feed_id=feed_id, title=title, author="Tocsin",
                                 link=f"{base}feed.atom"),
        "feed.rss": report.rss(items, title=title, link=feed_id,
                               about="What is told of incidents, and what was corrected",
                               self_link=f"{base}feed.rss" if base else ""),
        "feed.json": report.json_feed(items, title=title, home=base,
                                      link=f"{base}feed.json" if base else ""),
    }  # fmt: skip
    for name, text in texts.items():
        write_whole(out / name, text.encode())


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
    print_words(f"{len(result['pages'])} pages, {len(result['drafts'])} drafts.")
    for name in result["waiting"]:
        print_words(f"{name} waits: two people have to approve it as of the same entry.")
    for words in result["refused"]:
        print_words(f"Refused: {words}")
