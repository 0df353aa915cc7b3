"""What an article may come in: HTML, plain text, an item of RSS, a ninjs document."""

import codecs
import re
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree

import msgspec

from tocsin.errors import FormatError
from tocsin.model.records import Block
from tocsin.record.importer.markup import MAX_BLOCKS, Page, read_html, web_address
from tocsin.record.importer.rules import Rules

__all__ = ["FORMATS", "MAX_ARTICLE_BYTES", "Article", "read_article"]

FORMATS = ("html", "plain", "ninjs", "rss")
MAX_ARTICLE_BYTES = 2 * 1024 * 1024  # the longest page seen had 1.1 MB, nearly all scripts
_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset=["']?([\w-]{2,20})""", re.IGNORECASE)
_XML = re.compile(rb"""<\?xml[^>]{0,200}encoding=["']([\w-]{2,20})""", re.IGNORECASE)
_HTML = re.compile(r"<\s*(!doctype\s+html|html|head|body|article|div|p|h1)\b", re.IGNORECASE)
_XHTML = re.compile(
    r"<\?xml[^>]*>\s*(?:<!--.{0,1000}?-->\s*)?(?:<!doctype\s+html\b[^>]*>\s*)?<html\b",
    re.IGNORECASE | re.DOTALL,
)
_DECLARED = re.compile(r"^\s*<\?xml[^>]*\?>")
_BEFORE_ROOT = re.compile(r"[\s\ufeff]+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
# What a file is by its first bytes, where it is no text.
_NO_TEXT = (
    (b"%PDF", "a PDF"), (b"PK\x03\x04", "a zip archive (a Word file is one)"),
    (b"\x1f\x8b", "compressed with gzip"),
)  # fmt: skip
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_MEDIA = "{http://search.yahoo.com/mrss/}"  # Media RSS: of a picture, not of the article
_DRAWN_BACK = ("canceled", "withheld")  # pubstatus of ninjs 1 to 3, beside "usable"


@dataclass(frozen=True, slots=True)
class Article:
    """A page and what it came in; headline "" where the page has none."""

    format: str
    page: Page
    headline: str = ""
    tags: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()


def read_article(data: bytes, name: str, rules: Rules) -> Article:
    """Return the article of a file's bytes; FormatError with a sentence where it is none."""
    if len(data) > MAX_ARTICLE_BYTES:
        raise FormatError(
            f"{name} has {len(data) / 1e6:.1f} MB; an article has at most "
            f"{MAX_ARTICLE_BYTES / 1e6:.1f} MB: give the part that is about the incident"
        )
    for first, what in _NO_TEXT:
        if data.startswith(first):
            raise FormatError(f"{name} is {what}; save its text as HTML or plain text first")
    text = _decoded(data, name)
    if not text.strip():
        raise FormatError(f"{name} is empty; give an article as HTML, text, RSS or ninjs")
    start = text.lstrip()[:2_000]
    if start.startswith("{"):
        return _ninjs(text, name, rules)
    if _XHTML.match(start):
        return _html(read_html(text, rules))
    if start.startswith("<?xml") or re.match(r"<(rss|item|rdf|feed)\b", start):
        return _rss(text, name, rules)
    if _HTML.search(text[:20_000]):
        return _html(read_html(text, rules))
    return Article("plain", _plain_page(text))


def _decoded(data: bytes, name: str) -> str:
    """Return the text; the encoding is that of the mark of its first bytes, else of the page's
    own words, else UTF-8.
    """
    marked = next((encoding for mark, encoding in _BOMS if data.startswith(mark)), "")
    found = _XML.match(data.lstrip()[:400]) or _CHARSET.search(data[:4_096])
    encoding = marked or (found[1].decode("ascii", "replace") if found else "utf-8-sig")
    if not marked and re.match(r"utf-?(16|32)", encoding, re.IGNORECASE):
        encoding = "utf-8-sig"  # as HTML 4.2.5.4 has it: what could be read so is not in it
    for tried in (encoding, "utf-8-sig"):
        try:
            return data.decode(tried)
        except (UnicodeError, LookupError):
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


def _declares(text: str) -> bool:
    """Tell whether a document type, which alone can define entities, stands before the root,
    behind however long a comment.
    """
    at = 0
    while passed := _BEFORE_ROOT.match(text, at):
        at = passed.end()
    return text.startswith("<!", at)


def _rss(text: str, name: str, rules: Rules) -> Article:
    if _declares(text):
        raise FormatError(f"{name} defines entities of its own, which is refused; remove them")
    try:
        # The text is decoded: what it says of its encoding is no longer so.
        root = ElementTree.fromstring(_DECLARED.sub("", text))  # noqa: S314 - no entities
    except (ElementTree.ParseError, UnicodeError) as error:
        raise FormatError(f"{name} is no whole XML: {error}") from error
    item = next((e for e in root.iter() if _local(e) in ("item", "entry")), root)
    try:
        found = _fields(item)
    except RecursionError as error:
        raise FormatError(f"{name} nests its elements too deep to be an article") from error
    body = found.get("encoded") or found.get("content") or found.get("description")
    body = body or found.get("summary") or ""
    if not body and not found.get("title"):
        raise FormatError(f"{name} holds no item with a title or a text")
    page = read_html(body, rules) if "<" in body else _plain_page(body)
    title = found.get("title", "").strip()
    if title and not any(b.kind == "headline" for b in page.blocks):
        _give_headline_into(page, title)
    page.url = page.url or web_address(found.get("link", ""))
    page.published = found.get("pubDate") or found.get("published") or found.get("date") or ""
    page.site = _text_of(root, "title") if root is not item else ""
    tags = tuple(
        (e.text or e.get("term") or "").strip() for e in item if _local(e) == "category"
    )
    return Article("rss", page, title, tuple(t for t in tags if t))


def _fields(item: ElementTree.Element) -> dict[str, str]:
    """Return the first of each element of an item: not a picture's, and of the links the page's
    (RFC 4287, 4.2.7.2: without `rel` it is "alternate").
    """
    found: dict[str, str] = {}
    for element in item:
        name = _local(element)
        is_other = name == "link" and element.get("rel", "alternate") != "alternate"
        if is_other or str(element.tag).startswith(_MEDIA):
            continue
        words = element.text or element.get("href") or ""
        if len(element) and not words.strip():  # XHTML within the element
            words = ElementTree.tostring(element, encoding="unicode", method="html")
            words = re.sub(r"(</?)\w+:", r"\1", words)
        if words:
            found.setdefault(name, words)
    return found


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
    except (msgspec.DecodeError, RecursionError) as error:
        raise FormatError(f"{name} is no JSON: {error}") from error
    bodies = _dicts(found, "bodies")
    body = next((str(b["value"]) for b in bodies if b.get("value")), "")
    body = body or str(found.get("body_html") or found.get("body_text") or "")
    heads = _dicts(found, "headlines")
    head = next((str(h["value"]) for h in heads if h.get("value")), "")
    head = head or str(found.get("headline") or found.get("title") or "")
    if not body and not head:
        raise FormatError(f"{name} has neither bodies nor headlines; give a ninjs document")
    page = read_html(body, rules) if "<" in body else _plain_page(body)
    if head and not any(b.kind == "headline" for b in page.blocks):
        _give_headline_into(page, head)
    page.language = str(found.get("language") or "")[:35]
    page.published = str(found.get("firstCreated") or found.get("versionCreated") or
                         found.get("versioncreated") or "")[:40]  # fmt: skip
    by = _dicts(found, "infoSources")
    page.site = next((str(i["name"]) for i in by if i.get("name")), "")
    page.site = page.site or str(found.get("copyrightHolder") or "")
    page.url = web_address(str(found.get("uri") or ""))
    tags = [s.get("name") for s in _dicts(found, "subjects")]
    status = str(found.get("pubStatus") or found.get("pubstatus") or "").lower()
    gaps = (
        (f"its sender marks it “{status}”: ask whether it may be used at all",)
        if status in _DRAWN_BACK else ()
    )  # fmt: skip
    return Article("ninjs", page, head, tuple(str(t) for t in tags if t), gaps)


def _dicts(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of a list; none where the field holds no list."""
    inner = found.get(name)
    return [i for i in inner if isinstance(i, dict)] if isinstance(inner, list) else []
