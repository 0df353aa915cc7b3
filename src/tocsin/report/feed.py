"""An Atom feed (RFC 4287) of published incidents."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from tocsin.report._times import iso

__all__ = ["FeedItem", "atom", "plain_xml"]


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One page: its address and id, its title, its first sentence, when it was let out.

    updated_s, published_s: when it was changed last and when it first went out (None: then);
    exact: they are public to the second, else they are cut to the hour. notice: what was wrong
    and what is right, "" where nothing was corrected.
    """

    link: str
    title: str
    summary: str
    updated_s: float
    tags: tuple[str, ...] = ()
    notice: str = ""
    published_s: float | None = None
    exact: bool = False


def atom(items: Sequence[FeedItem], *, feed_id: str, title: str, author: str, link: str) -> str:
    """Return the feed, newest first.

    feed_id and each item's link are the ids (IRIs) that RFC 4287 asks for: they stay the same
    when a page is corrected.
    """
    order = sorted(items, key=lambda item: (-item.updated_s, item.link))
    newest = _when(order[0], order[0].updated_s) if order else "1970-01-01T00:00:00Z"
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<id>{escape(feed_id)}</id><title>{escape(plain_xml(title))}</title>",
        f"<updated>{newest}</updated><author><name>{escape(plain_xml(author))}</name></author>",
        f'<link rel="self" href={quoteattr(link)}/>',
        *(_entry(item) for item in order),
        "</feed>",
    ]
    return "\n".join(parts) + "\n"


def _entry(item: FeedItem) -> str:
    tags = "".join(f"<category term={quoteattr(plain_xml(tag))}/>" for tag in item.tags)
    words = item.summary if not item.notice else f"{item.summary}\n{item.notice}"
    first_s = item.updated_s if item.published_s is None else item.published_s
    return (
        f"<entry><id>{escape(item.link)}</id><title>{escape(plain_xml(item.title))}</title>"
        f"<link href={quoteattr(item.link)}/><published>{_when(item, first_s)}"
        f"</published><updated>{_when(item, item.updated_s)}</updated>"
        f"{tags}<summary>{escape(plain_xml(words))}</summary></entry>"
    )


def _when(item: FeedItem, at_s: float) -> str:
    return iso(at_s, to_the_hour=not item.exact)


def plain_xml(text: str) -> str:
    """Leave out the control characters that XML 1.0 cannot hold."""
    return "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
