"""What other newsrooms and readers' programs take: RSS 2.0, JSON Feed 1.1, ninjs 3.0.

Everything is made of a `Telling`, which holds only what its readers may have.
"""

import json
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tocsin.model.accounts import Account
from tocsin.report._plain import unturned
from tocsin.report._times import iso, rfc822
from tocsin.report.feed import FeedItem, plain_xml
from tocsin.report.page import section_html
from tocsin.report.release import Release, stamp
from tocsin.report.telling import Telling

__all__ = ["canonical_json", "json_feed", "ninjs", "notice", "rss"]

NINJS = "http://www.iptc.org/std/ninjs/ninjs-schema_3.0.json"


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys: the same value gives the same bytes. No word in it turns
    the order of those that follow.
    """
    return unturned(json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)) + "\n"


def notice(telling: Telling) -> str:
    """Return the correction notices of a telling as one text, newest last; "" none."""
    section = next((s for s in telling.sections if s.title == "Corrections"), None)
    return "\n".join(line.text for line in section.lines) if section else ""


def rss(
    items: Sequence[FeedItem], *, title: str, link: str, about: str, self_link: str = ""
) -> str:
    """Return an RSS 2.0 channel, newest first. self_link: its own web address, "" none.

    An item's guid is its link where that is a web address, else the id that stands there. RSS
    has one time for an item: it is that of the newest change.
    """
    order = sorted(items, key=lambda item: (-item.updated_s, item.link))
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>',
        f"<title>{_x(title)}</title><link>{_x(link)}</link>",
        f"<description>{_x(about)}</description>",
    ]
    if self_link:
        kind = "application/rss+xml"
        parts.append(f'<atom:link rel="self" type="{kind}" href={quoteattr(self_link)}/>')
    if order:
        parts.append(f"<lastBuildDate>{_rfc822(order[0])}</lastBuildDate>")
    parts += [_rss_item(item) for item in order]
    return "\n".join([*parts, "</channel></rss>"]) + "\n"


def _rss_item(item: FeedItem) -> str:
    is_web = item.link.startswith(("http://", "https://"))
    link = f"<link>{_x(item.link)}</link>" if is_web else ""
    tags = "".join(f"<category>{_x(tag)}</category>" for tag in item.tags)
    words = item.summary if not item.notice else f"{item.summary}\n{item.notice}"
    return (
        f"<item><title>{_x(item.title)}</title>{link}"
        f'<guid isPermaLink="{"true" if is_web else "false"}">{_x(item.link)}</guid>'
        f"<pubDate>{_rfc822(item)}</pubDate>{tags}"
        f"<description>{_x(_html(words))}</description></item>"
    )


def _html(text: str) -> str:
    """Return words as HTML: readers of RSS take a description for it, whatever it holds."""
    return escape(text).replace("\n", "<br>")


def _rfc822(item: FeedItem) -> str:
    return rfc822(item.updated_s, to_the_hour=not item.exact)


def _x(text: str) -> str:
    return escape(plain_xml(text))


def json_feed(items: Sequence[FeedItem], *, title: str, home: str, link: str) -> str:
    """Return a JSON Feed 1.1, newest first; home and link "" where there is no address."""
    order = sorted(items, key=lambda item: (-item.updated_s, item.link))
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1", "title": title, "language": "en",
        "items": [_json_item(item) for item in order],
    }  # fmt: skip
    if home:
        feed["home_page_url"] = home
    if link:
        feed["feed_url"] = link
    return canonical_json(feed)


def _json_item(item: FeedItem) -> dict[str, Any]:
    words = item.summary if not item.notice else f"{item.summary}\n{item.notice}"
    made: dict[str, Any] = {
        "id": item.link, "title": item.title, "content_text": words,
        "date_modified": iso(item.updated_s, to_the_hour=not item.exact),
        "tags": list(item.tags),
    }  # fmt: skip
    if item.published_s is not None:
        made["date_published"] = iso(item.published_s, to_the_hour=not item.exact)
    if item.link.startswith(("http://", "https://")):
        made["url"] = item.link
    return made


def ninjs(
    account: Account,
    telling: Telling,
    release: Release,
    *,
    uri: str,
    tags: Sequence[str] = (),
    status: str = "",
) -> str:
    """Return the telling as a ninjs 3.0 document.

    status: "usable" by default, "withheld" or "canceled". What was corrected stands in the
    body and again in `descriptions` with the role "correction".
    """
    body = f"<p>{escape(telling.summary.text)}</p>"
    body += "".join(section_html(section) for section in telling.sections)
    words = " ".join(_all_words(telling))
    made: dict[str, Any] = {
        "standard": {"name": "ninjs", "version": "3.0", "schema": NINJS},
        "uri": uri, "type": "text", "version": str(release.number),
        "firstCreated": stamp(release, release.first_s, telling.profile),
        "versionCreated": stamp(release, release.latest_s, telling.profile),
        "pubStatus": status or "usable", "language": "en",
        "title": f"{telling.title} ({account.incident.id})",
        "headlines": [{"role": "main", "contentType": "text/plain", "value": telling.title}],
        "bodies": [{"role": "main", "contentType": "text/html", "value": body,
                    "charCount": len(words), "wordCount": len(words.split())}],
        "places": [{"name": account.incident.site_name or account.incident.site,
                    "rel": "about"}],
        "subjects": [{"name": tag, "rel": "about"} for tag in tags],
        "infoSources": [{"name": name} for name, _ in telling.sources],
    }  # fmt: skip
    wrong = notice(telling)
    if wrong:
        made["descriptions"] = [
            {"role": "correction", "contentType": "text/plain", "value": wrong}
        ]
    if telling.nature != "live":
        made["edNote"] = f"{telling.nature.upper()}: this did not happen"
    return canonical_json(made)


def _all_words(telling: Telling) -> list[str]:
    lines = [line for section in telling.sections for line in section.lines]
    return [telling.summary.text, *(line.text for line in lines)]
