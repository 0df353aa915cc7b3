"""What an article may come in: HTML, plain text, an item of RSS, a ninjs document."""

import re
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree

import msgspec

from tocsin.errors import FormatError
from tocsin.model.records import Block
from tocsin.record.importer.markup import MAX_BLOCKS, Page, read_html
from tocsin.record.importer.rules import Rules

__all__ = ["FORMATS", "MAX_ARTICLE_BYTES", "Article", "read_article"]

FORMATS = ("html", "plain", "ninjs", "rss")
MAX_ARTICLE_BYTES = 2 * 1024 * 1024  # the longest page seen had 1.1 MB, nearly all scripts
_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset=["']?([\w-]{2,20})""", re.IGNORECASE)
_HTML = re.compile(rb"<\s*(!doctype\s+html|html|head|body|article|div|p|h1)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Article:
    """A page and what it came in; headline "" where the page has none."""

    format: str
    page: Page
    headline: str = ""
    tags: tuple[str, ...] = ()


def read_article(data: bytes, name: str, rules: Rules) -> Article:
    """Return the article of a file's bytes; FormatError with a sentence where it is none."""
    if len(data) > MAX_ARTICLE_BYTES:
        raise FormatError(
            f"{name} has {len(data) / 1e6:.1f} MB; an article has at most "
            f"{MAX_ARTICLE_BYTES / 1e6:.1f} MB: give the part that is about the incident"
        )
    text = _decoded(data, name)
    if not text.strip():
        raise FormatError(f"{name} is empty; give an article as HTML, text, RSS or ninjs")
    start = text.lstrip()[:2_000]
    if start.startswith("{"):
        return _ninjs(text, name, rules)
    if start.startswith("<?xml") or re.match(r"<(rss|item|rdf|feed)\b", start):
        return _rss(text, name, rules)
    if _HTML.search(data[:20_000]):
        return _html(read_html(text, rules))
    return Article("plain", _plain_page(text))


def _decoded(data: bytes, name: str) -> str:
    """Return the text; the encoding is that of the page's own words, else UTF-8."""
    found = _CHARSET.search(data[:4_096])
    encoding = found[1].decode("ascii", "replace") if found else "utf-8-sig"
    for tried in (encoding, "utf-8-sig"):
        try:
            return data.decode(tried)
        except (UnicodeDecodeError, LookupError):
            continue
    raise FormatError(f"{name} is no text in {encoding}; save it as UTF-8")


def _html(page: Page) -> Article:
    head = next((b.text for b in page.blocks if b.kind == "headline"), "")
    return Article("html", page, head or page.title, _tags(page))


def _tags(page: Page) -> tuple[str, ...]:
    for block in page.blocks:
        if block.kind == "tags" and block.state != "empty":
            words = re.sub(r"^(tags|topics)\s*:?\s*", "", block.text, flags=re.IGNORECASE)
            return tuple(w.strip() for w in re.split(r"[,;#]", words) if w.strip())[:50]
    return ()


def _plain_page(text: str) -> Page:
    """Part a plain text at its empty lines; a first short line is the headline."""
    parts = [p.strip() for p in re.split(r"\n[ \t]*\n+", text.replace("\r\n", "\n"))]
    parts = [p for p in parts if p]
    page = Page(dropped=max(0, len(parts) - MAX_BLOCKS))
    for at, part in enumerate(parts[:MAX_BLOCKS]):
        is_head = at == 0 and len(parts) > 1 and len(part) < 160 and part[-1] not in '.:;”"'
        page.blocks.append(Block("headline" if is_head else "paragraph", part))
    return page


def _rss(text: str, name: str, rules: Rules) -> Article:
    if "<!DOCTYPE" in text[:4_096] or "<!ENTITY" in text[:4_096]:
        raise FormatError(f"{name} defines entities of its own, which is refused; remove them")
    try:
        root = ElementTree.fromstring(text.encode())  # noqa: S314 - no entities, see above
    except ElementTree.ParseError as error:
        raise FormatError(f"{name} is no whole XML: {error}") from error
    item = next((e for e in root.iter() if _local(e) in ("item", "entry")), root)
    found = {_local(e): (e.text or e.get("href") or "") for e in item}
    body = found.get("encoded") or found.get("content") or found.get("description")
    body = body or found.get("summary") or ""
    if not body and not found.get("title"):
        raise FormatError(f"{name} holds no item with a title or a text")
    page = read_html(body, rules) if "<" in body else _plain_page(body)
    title = found.get("title", "").strip()
    if title and not any(b.kind == "headline" for b in page.blocks):
        _give_headline_into(page, title)
    page.url = page.url or found.get("link", "").strip()
    page.published = found.get("pubDate") or found.get("published") or found.get("date") or ""
    page.site = _text_of(root, "title") if root is not item else ""
    tags = tuple(
        (e.text or e.get("term") or "").strip() for e in item if _local(e) == "category"
    )
    return Article("rss", page, title, tuple(t for t in tags if t))


def _give_headline_into(page: Page, title: str) -> None:
    page.blocks.insert(0, Block("headline", title))
    page.links = [replace(link, block=link.block + 1) for link in page.links]


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text_of(root: ElementTree.Element, name: str) -> str:
    channel = next((e for e in root if _local(e) == "channel"), root)
    return next(((e.text or "").strip() for e in channel if _local(e) == name), "")


def _ninjs(text: str, name: str, rules: Rules) -> Article:
    """Read ninjs 1 to 3: `headline` and `body_html`, or `headlines` and `bodies`."""
    try:
        found = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise FormatError(f"{name} is no JSON: {error}") from error
    bodies = [b for b in found.get("bodies", ()) if isinstance(b, dict)]
    body = next((str(b["value"]) for b in bodies if b.get("value")), "")
    body = body or str(found.get("body_html") or found.get("body_text") or "")
    heads = [h for h in found.get("headlines", ()) if isinstance(h, dict)]
    head = next((str(h["value"]) for h in heads if h.get("value")), "")
    head = head or str(found.get("headline") or found.get("title") or "")
    if not body and not head:
        raise FormatError(f"{name} has neither bodies nor headlines; give a ninjs document")
    page = read_html(body, rules) if "<" in body else _plain_page(body)
    if head and not any(b.kind == "headline" for b in page.blocks):
        _give_headline_into(page, head)
    page.language = str(found.get("language", ""))[:35]
    page.published = str(found.get("firstCreated") or found.get("versionCreated") or
                         found.get("versioncreated") or "")[:40]  # fmt: skip
    by = [i for i in found.get("infoSources", ()) if isinstance(i, dict)]
    page.site = next((str(i["name"]) for i in by if i.get("name")), "")
    page.site = page.site or str(found.get("copyrightHolder", ""))
    page.url = str(found.get("uri", "")) if str(found.get("uri", "")).startswith("http") else ""
    tags = [s.get("name") for s in found.get("subjects", ()) if isinstance(s, dict)]
    return Article("ninjs", page, head, tuple(str(t) for t in tags if t))
