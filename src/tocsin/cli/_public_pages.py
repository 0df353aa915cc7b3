"""The files of a published incident: its page, what tells the same to programs, the feeds."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tocsin.cli._followed import Book
from tocsin.cli._output import write_whole
from tocsin.cli._outputs import ENDINGS, other_outputs, pdf_of
from tocsin.cli._public_plans import Card, Plan, most_read, related
from tocsin.cli._readers import Extras
from tocsin.model import Nature
from tocsin.model.accounts import Account
from tocsin.report import FeedItem, Release, Telling

__all__ = ["Known", "Look", "remove_drafts", "write_feeds", "write_pages"]


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
    """One page to write: its account, its telling and when it went out."""

    plan: Plan
    account: Account
    telling: Telling
    release: Release

    @property
    def status(self) -> str:
        """The status of ninjs."""
        if self.plan.now.state == "withdrawn":
            return "canceled"
        return _DRAFT if self.plan.card.is_draft else "usable"


_ALL = frozenset({".html", ".pdf", *ENDINGS.values()})  # of a page, whatever a run writes
_DRAFT = "withheld"  # pubStatus in ninjs of what nobody let out

# Of each page that was written: all that it was made of, and its item in the feeds.
Known = dict[str, tuple[tuple[object, ...], FeedItem]]


def write_pages(
    out: Path,
    plans: Sequence[Plan],
    book: Book,
    cards: Sequence[Card],
    look: Look,
    result: dict[str, Any],
    known: Known,
) -> list[FeedItem]:
    """Write the pages of one ledger and return their items for the feeds.

    cards: of all pages of all ledgers. A page of which nothing has changed since it was written
    is left as it is.
    """
    from tocsin import record, report

    items, entries = [], book.entries
    for plan in sorted(plans, key=lambda plan: plan.upto):
        card = plan.card
        made_of = (
            entries[plan.upto].digest, tuple(v.entry for v, _ in plan.now.steps), card, look,
            related(card, cards), most_read(card, cards, look.extras.read),
        )  # fmt: skip
        before = known.get(card.name)
        if before is not None and before[0] == made_of and (out / card.name).exists():
            result["drafts" if card.is_draft else "pages"].append(card.name)
            items.append(before[1])
            continue
        head = entries[plan.upto].digest.hex()
        account = record.account(book.as_of(plan.upto), card.incident, head=head)
        telling = report.tell(account, "public")
        telling = report.with_text(account, telling, plan.now.text, plan.now.steps)
        release = report.release_of(account, plan.now.steps)
        item = _write_page(out, Page(plan, account, telling, release), cards, look, result)
        if item is not None:
            known[card.name] = (made_of, item)
            if not card.is_draft:
                items.append(item)
    return items


def _write_page(
    out: Path, one: Page, cards: Sequence[Card], look: Look, result: dict[str, Any]
) -> FeedItem | None:
    """Write one page and return its item for the feed, None where it was refused."""
    from tocsin import report

    account, telling, card = one.account, one.telling, one.plan.card
    leaks = report.given_away(account, telling)
    if leaks:
        result["refused"].append(
            f"{account.incident.id}: the page would give away {', '.join(leaks)}; correct the "
            "words of the incident or mark the statement internal"
        )
        _remove(out, card.name)
        return None
    words = (account.incident.kind, account.incident.site, _unreal(account))
    tags = tuple(dict.fromkeys(word for word in words if word))
    link = look.base + card.name if look.base else ""
    files = _files(one, cards, look, tags, link, result)
    # First what an earlier run wrote and this one does not: it may hold what was wrong.
    for ending in _ALL.difference(files):
        (out / card.file(ending)).unlink(missing_ok=True)
    for ending, data in files.items():
        write_whole(out / card.file(ending), data)
    result["drafts" if card.is_draft else "pages"].append(card.name)
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


def remove_drafts(out: Path, names: Iterable[str]) -> None:
    """Remove what an earlier run wrote as a draft of pages that are not written now."""
    for name in names:
        try:
            about = json.loads((out / _file(name, ENDINGS["ninjs"])).read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(about, dict) and about.get("pubStatus") == _DRAFT:
            _remove(out, name)


def _remove(out: Path, name: str) -> None:
    for ending in _ALL:
        (out / _file(name, ending)).unlink(missing_ok=True)


def _file(name: str, ending: str) -> str:
    return name.removesuffix(".html") + ending


def _files(
    one: Page,
    cards: Sequence[Card],
    look: Look,
    tags: tuple[str, ...],
    link: str,
    result: dict[str, Any],
) -> dict[str, bytes]:
    """Return what is written of a page, by the ending of the file's name."""
    from tocsin import report

    account, telling, card = one.account, one.telling, one.plan.card
    edition = report.Edition(
        permalink=look.base + card.name,
        wire=look.wire,
        tags=tags,
        related=related(card, cards),
        contact=look.contact,
        draft=card.is_draft,
        most_read=most_read(card, cards, look.extras.read),
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
            report.typst_source(account, telling, draft=card.is_draft, permalink=link)
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


def _unreal(account: Account) -> str:
    return "" if account.incident.nature == Nature.LIVE else account.incident.nature


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
