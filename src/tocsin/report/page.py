"""A telling laid out as one HTML file: nothing is fetched, nothing runs, it prints."""

from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from tocsin.model.accounts import Account
from tocsin.report._plain import unturned
from tocsin.report._style import CSS
from tocsin.report._times import hour, moment
from tocsin.report.map_svg import map_svg
from tocsin.report.telling import UNREAL, Line, Section, Telling, is_withdrawn

__all__ = ["Edition", "page", "section_html"]

# Nothing may load or run, whatever stands in a quoted text.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True)
class Edition:
    """What a page has besides its account.

    permalink: its address, "" for a report of one file; wire: the label ("WIRE"); tags: words;
    related: (address, title) of other pages; contact: an e-mail address for corrections;
    draft: fewer than two people have let it out; most_read: (address, title), the most read
    first; question: one that readers are asked, "" none (needs a contact);
    letters: (who, words) of readers that a person chose to show.
    """

    permalink: str = ""
    wire: str = ""
    tags: tuple[str, ...] = ()
    related: tuple[tuple[str, str], ...] = ()
    contact: str = ""
    draft: bool = False
    most_read: tuple[tuple[str, str], ...] = ()
    question: str = ""
    letters: tuple[tuple[str, str], ...] = ()


def page(account: Account, telling: Telling, edition: Edition | None = None) -> str:
    """Return the HTML of a telling. All text is escaped; there is no script."""
    edition = edition or Edition()
    parts = [
        _banner(telling, edition),
        "<main>",
        _head(telling, edition),
        _newest_correction(telling),
        "" if is_withdrawn(telling) else map_svg(account, telling.profile),
        *(section_html(section) for section in telling.sections),
        _sources(telling),
        _withheld(telling),
        _links_to("Related", edition.related),
        _links_to("Most read", edition.most_read),
        _question(account, edition),
        _letters(edition),
        _send(account, telling, edition),
        _foot(account, telling, edition),
        "</main>",
    ]
    return unturned(
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{escape(telling.title)}</title>{_links(edition)}"
        f"<style>{CSS}</style></head><body>\n" + "\n".join(p for p in parts if p)
        + "\n</body></html>\n"
    )  # fmt: skip


def _links(edition: Edition) -> str:
    if not edition.permalink:
        return ""
    return (
        f'<link rel="canonical" href="{escape(edition.permalink)}">'
        '<link rel="alternate" type="application/atom+xml" title="Incidents" href="feed.atom">'
        '<link rel="alternate" type="application/rss+xml" title="Incidents" href="feed.rss">'
        '<link rel="alternate" type="application/feed+json" title="Incidents" href="feed.json">'
        + _machines(edition.permalink)
    )


def _machines(permalink: str) -> str:
    """Link what tells the same to programs; it lies beside the page."""
    stem = permalink.rsplit("/", 1)[-1].removesuffix(".html")
    kinds = (("application/ld+json", ".jsonld"), ("application/json", ".ninjs.json"))
    return "".join(
        f'<link rel="alternate" type="{kind}" href="{escape(stem + ending)}">'
        for kind, ending in kinds
    )


def _banner(telling: Telling, edition: Edition) -> str:
    out = ""
    if telling.nature in UNREAL:
        out += f'<div class="unreal">{UNREAL[telling.nature]}</div>'
    if edition.draft:
        out += '<div class="draft">DRAFT: two people have not yet let this out</div>'
    return out


def _head(telling: Telling, edition: Edition) -> str:
    kicker = f'<span class="wire">{escape(edition.wire)}</span>' if edition.wire else ""
    if telling.profile != "public":
        kicker += f"<span>Report for {escape(telling.profile)} use</span>"
    tags = "".join(f"<li>{escape(tag)}</li>" for tag in edition.tags)
    tags = f'<ul class="tags" aria-label="Tags">{tags}</ul>' if tags else ""
    share = ""
    if edition.permalink:
        link = escape(edition.permalink)
        mail = f"mailto:?subject={quote(telling.title)}&body={quote(edition.permalink)}"
        share = (
            f'<p class="share">Share: <a href="{link}">permalink</a> · '
            f'<a href="{escape(mail)}">by e-mail</a></p>'
        )
    return (
        (f'<p class="kicker">{kicker}</p>' if kicker else "")
        + f'<h1 dir="auto">{escape(telling.title)}</h1>'
        + f'<p class="lead">{_line(telling.summary)}</p>'
        + tags
        + share
    )


def _newest_correction(telling: Telling) -> str:
    """Put what was corrected last over everything else: it is not to be looked for."""
    section = next((s for s in telling.sections if s.title == "Corrections"), None)
    if section is None or not section.lines or telling.sections[0] is section:
        return ""
    newest = max(section.lines, key=lambda line: line.at_s or 0.0)
    more = f'<a href="#corrections">All corrections ({len(section.lines)})</a>'
    return f'<div class="notice" role="note">{_line(newest)} {more}</div>'


def section_html(section: Section) -> str:
    """Return a section of a page, escaped."""
    items = "".join(f"<li>{_line(line)}</li>" for line in section.lines)
    body = f'<ul class="lines">{items}</ul>' if items else ""
    if not items:
        body = f'<p class="none">{escape(section.empty)}</p>'
    mark = ' id="corrections"' if section.title == "Corrections" else ""
    return f"<section{mark}><h2>{escape(section.title)}</h2>{body}</section>"


def _line(line: Line) -> str:
    text = escape(line.text)
    out = f"<s>{text}</s>" if line.struck else text
    if line.entries:
        word = "entry" if len(line.entries) == 1 else "entries"
        out += f' <span class="entry">[{word} {", ".join(map(str, line.entries))}]</span>'
    if line.note:
        out += f'<span class="note">{escape(line.note)}</span>'
    if line.quote:
        words = escape(line.quote)
        said = f"<s>{words}</s>" if line.struck else words
        out += f'<blockquote dir="auto">{said}</blockquote>'
    return out


def _sources(telling: Telling) -> str:
    if not telling.sources:
        return ""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(kind)}</td></tr>"
        for name, kind in telling.sources
    )
    return (
        "<section><h2>Sources</h2><table><thead><tr><th>source</th><th>kind</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></section>"
    )


def _withheld(telling: Telling) -> str:
    if not telling.withheld:
        return ""
    items = "".join(f"<li>{escape(word)}</li>" for word in telling.withheld)
    return f"<section><h2>Withheld from this page</h2><ul>{items}</ul></section>"


def _links_to(title: str, links: tuple[tuple[str, str], ...]) -> str:
    if not links:
        return ""
    items = "".join(
        f'<li><a href="{escape(link)}">{escape(words)}</a></li>' for link, words in links
    )
    return f'<section class="links"><h2>{title}</h2><ul>{items}</ul></section>'


def _question(account: Account, edition: Edition) -> str:
    """Ask readers something, by e-mail: nothing is counted here, and no answer is shown."""
    if not edition.question or not edition.contact:
        return ""
    subject = quote(f"Answer about {account.incident.id}")
    link = f"mailto:{quote(edition.contact, safe='@.+-_')}?subject={subject}"
    return (
        '<section class="send"><h2>A question to readers</h2>'
        f'<p>{escape(edition.question)} <a href="{escape(link)}">Answer by e-mail</a></p>'
        "</section>"
    )


def _letters(edition: Edition) -> str:
    if not edition.letters:
        return ""
    items = "".join(
        f"<li>{escape(words)}<span class='note'>{escape(who)}, a reader</span></li>"
        for who, words in edition.letters
    )
    return f'<section><h2>Conversation</h2><ul class="lines">{items}</ul></section>'


def _send(account: Account, telling: Telling, edition: Edition) -> str:
    """How to submit a correction without a server: a small text file, by e-mail or by hand."""
    if telling.profile != "public" or not edition.permalink:
        return ""
    form = (
        "tocsin correction 1\n"
        f"incident: {account.incident.id}\n"
        f"as of entry: {account.as_of}\n"
        "sentence: copy the sentence that is wrong\n"
        "wrong: what is wrong with it\n"
        "right: what is right\n"
        "source: where that can be read or who says so\n"
        "contact: how you can be asked (optional)\n"
    )
    mail = ""
    if edition.contact:
        subject = quote(f"Correction to {account.incident.id}")
        link = f"mailto:{quote(edition.contact, safe='@.+-_')}?subject={subject}"
        link += f"&body={quote(form)}"
        mail = f'<p><a href="{escape(link)}">Send it by e-mail</a>, or hand in a text file:</p>'
    else:
        mail = "<p>Hand in a text file with these lines to whoever gave you this page:</p>"
    return (
        '<section class="send"><h2>Submit a correction</h2>'
        f"{mail}<pre>{escape(form)}</pre></section>"
    )


def _foot(account: Account, telling: Telling, edition: Edition) -> str:
    is_public = telling.profile == "public"
    when = (hour if is_public else moment)(account.recorded_s)
    words = f"As of entry {account.as_of} of the ledger, recorded {when}. "
    words += "The number after each sentence is the entry that it rests on. "
    words += "There is no outside witness of this ledger." if not account.head else (
        f"Digest of that entry: {account.head}."
    )  # fmt: skip
    covers = "" if is_public else f"<p>{escape(account.covers)}</p>"
    link = f"<p>{escape(edition.permalink)}</p>" if edition.permalink else ""
    return f"<footer><p>{escape(words)}</p>{covers}{link}</footer>"
