"""The files of a published incident: its page, what tells the same to programs, the feeds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tocsin.cli._ledger import register_of
from tocsin.cli._output import write_whole
from tocsin.cli._outputs import ENDINGS, other_outputs, pdf_of
from tocsin.cli._readers import Extras
from tocsin.model import Entry, Nature
from tocsin.model.accounts import Account
from tocsin.report import FeedItem, Release, Telling

if TYPE_CHECKING:
    from tocsin import record

__all__ = ["Look", "Page", "pages_of", "write_feeds", "write_page"]


@dataclass(frozen=True, slots=True)
class Look:
    """What is the same for all pages: their address ("" none), how readers write, the label,
    a question, whether there are PDFs, and what readers did and wrote.
    """

    base: str = ""
    contact: str = ""
    wire: str = ""
    question: str = ""
    pdf: bool = False
    extras: Extras = field(default_factory=lambda: Extras({}, {}))


@dataclass(frozen=True, slots=True)
class Page:
    """One page to write: its name, its account and how that stands with the public."""

    name: str
    account: Account
    telling: Telling
    status: str
    is_draft: bool
    release: Release

    def file(self, ending: str) -> str:
        """Return the name of one of its files."""
        return self.name.removesuffix(".html") + ending


def pages_of(file: Path, result: dict[str, Any], *, draft: bool, now_s: float) -> list[Page]:
    """Return the page of each incident that is out, as of the entry that it tells."""
    from tocsin import record
    from tocsin.record.views import incidents_in_order

    register, entries = register_of(file)
    found = []
    for row, _, _ in incidents_in_order(register):
        now = record.standing(register, row.id, "public")
        waits = now.not_before_s is not None and now_s < now.not_before_s
        if waits and now.not_before_s is not None:
            result["next_s"] = min(now.not_before_s, result.get("next_s") or now.not_before_s)
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
) -> Page:
    from tocsin import record, report

    account = record.account(record.rebuild(entries), incident, head=entries[-1].digest.hex())
    telling = report.tell(account, "public")
    telling = report.with_text(account, telling, now.text, now.steps)
    status = "canceled" if now.state == "withdrawn" else "withheld" if is_draft else "usable"
    release = report.release_of(account, now.steps)
    return Page(f"{incident.lower()}.html", account, telling, status, is_draft, release)


def write_page(
    out: Path, one: Page, pages: Sequence[Page], look: Look, result: dict[str, Any]
) -> FeedItem | None:
    """Write one page and return its item for the feed, None where it was refused."""
    from tocsin import report

    account, telling = one.account, one.telling
    leaks = report.found_in(_words(telling), _checked(account))
    if leaks:
        values = report.withheld_values(account, "public")
        what = ", ".join(sorted({values[v] for v in leaks}))
        result["refused"].append(
            f"{account.incident.id}: the page would give away {what}; correct the words of the "
            "incident or mark the statement internal"
        )
        for ending in (".html", ".pdf", *ENDINGS.values()):
            (out / one.file(ending)).unlink(missing_ok=True)
        return None
    words = (account.incident.kind, account.incident.site, _unreal(account))
    tags = tuple(dict.fromkeys(word for word in words if word))
    link = look.base + one.name if look.base else ""
    for ending, data in _files(one, pages, look, tags, link, result).items():
        write_whole(out / one.file(ending), data)
    result["drafts" if one.is_draft else "pages"].append(one.name)
    return FeedItem(
        link=link or f"urn:tocsin:{account.incident.id}",
        title=telling.title,
        summary=telling.summary.text,
        updated_s=one.release.latest_s,
        tags=tags,
        notice=report.notice(telling),
        published_s=one.release.first_s,
        exact=one.release.exact,
    )


def _files(
    one: Page,
    pages: Sequence[Page],
    look: Look,
    tags: tuple[str, ...],
    link: str,
    result: dict[str, Any],
) -> dict[str, bytes]:
    """Return what is written of a page, by the ending of the file's name."""
    from tocsin import report

    account, telling = one.account, one.telling
    edition = report.Edition(
        permalink=look.base + one.name,
        wire=look.wire,
        tags=tags,
        related=_related(one, pages),
        contact=look.contact,
        draft=one.is_draft,
        most_read=_most_read(one, pages, look.extras.read),
        question=look.question,
        letters=_letters(account, look.extras, result),
    )
    kept = [] if one.status == "canceled" else report.told(account, "public")
    others = other_outputs(
        account, telling, kept, one.release, url=link, tags=tags, status=one.status
    )
    made = {".html": report.page(account, telling, edition).encode()}
    made |= {ENDINGS[format]: text.encode() for format, text in others.items()}
    if look.pdf:
        made[".pdf"] = pdf_of(
            report.typst_source(account, telling, draft=one.is_draft, permalink=link)
        )
    return made


def _letters(
    account: Account, extras: Extras, result: dict[str, Any]
) -> tuple[tuple[str, str], ...]:
    """Return the letters that may be shown; one that names what is withheld is refused."""
    from tocsin import report

    withheld = report.withheld_values(account, "public")
    kept = []
    for who, said in extras.letters.get(account.incident.id, ()):
        found = report.found_in(f"{who} {said}", withheld)
        if found:
            result["refused"].append(f"a letter of {who}: it names {withheld[found[0]]}")
        else:
            kept.append((who, said))
    return tuple(kept)


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


def _related(one: Page, pages: Sequence[Page]) -> tuple[tuple[str, str], ...]:
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
    one: Page, pages: Sequence[Page], read: dict[str, int]
) -> tuple[tuple[str, str], ...]:
    """Return the five most read of the other pages that are out, the most read first."""
    others = [p for p in pages if p.name != one.name and not p.is_draft and read.get(p.name)]
    others.sort(key=lambda page: (-read[page.name], page.name))
    return tuple(
        (page.name, f"{page.telling.title} ({page.account.incident.id})") for page in others[:5]
    )


def write_feeds(out: Path, items: Sequence[FeedItem], look: Look) -> None:
    """Write the feeds of all pages that are out."""
    from tocsin import report

    base = look.base
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
