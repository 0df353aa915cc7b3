"""HTML into blocks: the words of a page in their order, furniture told from body.

Nothing runs and nothing is fetched: the parser of the standard library reads the bytes as
text, scripts and styles are left out, and blocks hold plain words only.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from tocsin.model.proposals import Link
from tocsin.model.records import Block
from tocsin.record.importer.rules import Furniture, Rules
from tocsin.record.words import TEXT_BLOCKS

__all__ = ["Page", "read_html", "web_address"]

_SILENT = (
    "script",
    "style",
    "template",
    "svg",
    "iframe",
    "object",
    "noscript",
    "canvas",
    "math",
)
_VOID = (
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
    "source", "track", "wbr",
)  # fmt: skip
_INLINE = (
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "kbd",
    "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt",
    "u", "var", "wbr",
)  # fmt: skip
_KINDS = {
    "h1": "headline", "h2": "subheading", "h3": "subheading", "h4": "subheading",
    "h5": "subheading", "h6": "subheading", "blockquote": "quote", "figcaption": "caption",
    "caption": "caption",
}  # fmt: skip
_MARKS = ("class", "id", "role", "itemprop", "aria-label", "data-widget", "data-module", "rel")
_BYLINE = re.compile(r"\b(byline|author)\b", re.IGNORECASE)
_DATELINE = re.compile(r"\b(dateline|location-line)\b", re.IGNORECASE)
_UNSEEN = re.compile(rf"<!--|<({'|'.join(_SILENT)})\b")
_NO_TAG = re.compile(r"<(?=[^<>]*(?:<|\Z))")
_LONG_TAG = re.compile(r"<[^<>]{4000,}>")
_SPACE = re.compile(r"\s+")
_NOT_SHOWN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
MAX_DEPTH = 400  # open tags kept at once; what is nested deeper is read all the same
MAX_BLOCKS = 2_000
MAX_LINKS = 200
LONGEST_LINE = 120  # characters of a byline or a dateline


@dataclass(slots=True)
class Page:
    """What a page held: blocks in their order, links, and its own words about itself."""

    blocks: list[Block] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    title: str = ""
    language: str = ""
    site: str = ""
    url: str = ""
    published: str = ""
    time: str = ""
    dropped: int = 0


@dataclass(slots=True)
class _Open:
    """A tag that is open. function: the furniture that begins with it, None where none does."""

    tag: str
    kind: str = ""
    function: Furniture | None = None
    first: int = 0


def read_html(text: str, rules: Rules) -> Page:
    """Return the blocks of a page; broken markup is read as far as it goes."""
    reader = _Reader(rules)
    reader.feed(_harmless(text))
    reader.close()
    return reader.finish()


def _harmless(text: str) -> str:
    """Return the markup without comments, scripts and the like, and without what the parser
    takes quadratic time for: 60 KB of "<a <a <a" took it four minutes (Python 3.11).

    A "<" that no ">" closes before the next "<" is a character; a tag of more than 4,000
    characters is left out. All of it takes one pass.
    """
    low = text.lower()
    parts: list[str] = []
    at = 0
    missing: set[str] = set()
    for match in _UNSEEN.finditer(low):
        if match.start() < at:
            continue
        end = "-->" if match[1] is None else f"</{match[1]}"
        close = -1 if end in missing else low.find(end, match.end())
        if close < 0:
            missing.add(end)  # what is not found once is not looked for again
            if match[1] is None:
                continue
        parts.append(text[at : match.start()])
        at = len(text) if close < 0 else close + (3 if match[1] is None else 0)
    parts.append(text[at:])
    kept = _NO_TAG.sub("&lt;", " ".join(parts))
    return _LONG_TAG.sub(" ", kept)


# What the page holds and does not show: kept, and no evidence however long it is.
_HIDDEN = Furniture("other", None, None, (), "not shown")


def _is_hidden(values: dict[str, str]) -> bool:
    return (
        "hidden" in values
        or values.get("aria-hidden", "").strip().lower() == "true"
        or bool(_NOT_SHOWN.search(values.get("style", "")[:1_000]))
    )


class _Reader(HTMLParser):
    """Collects blocks while the tags go by; open tags are a stack that closing tags cut."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(convert_charrefs=True)
        self.rules = rules
        self.page = Page()
        self.stack: list[_Open] = []
        self.words: list[str] = []
        self.hrefs: list[tuple[str, list[str]]] = []
        self.silent = 0
        self.in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.page.language = values.get("lang", "")[:35]
        if tag == "meta":
            self._meta(values)
        if tag == "link" and values.get("rel") == "canonical":
            self.page.url = web_address(values.get("href", ""))
        if tag in _SILENT:
            self.silent += 1
        elif tag == "title":
            self.in_title = not self.page.title
        elif tag == "br":
            self.words.append(" ")
        elif tag == "time" and values.get("datetime"):
            self.page.time = self.page.time or values["datetime"][:40]
        if tag == "a":
            self._close_link()  # as HTML has it: none is within another
            self.hrefs.append((web_address(values.get("href", "")), []))
        if tag in _VOID:
            return
        last = self.stack[-1] if self.stack else _Open("")
        if tag not in _INLINE and last.function is _HIDDEN and last.tag == "p":
            self.handle_endtag("p")  # HTML 13.1.2.4: the next block ends a paragraph
        function = self._function_of(tag, values)
        if tag not in _INLINE or function is not None:
            self._flush()
            self._open(tag, values, function)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        if tag == "title":
            self.in_title = False
        if tag == "a":
            self._close_link()
        if tag in _INLINE and not any(o.tag == tag for o in self.stack[-3:]):
            return
        if any(o.tag == tag for o in self.stack):
            self._flush()
            while self.stack:
                done = self.stack.pop()
                self._close(done)
                if done.tag == tag:
                    break

    def handle_data(self, data: str) -> None:
        if self.in_title:
            self.page.title = _plain(self.page.title + data)
        elif not self.silent:
            self.words.append(data)
            for _, words in self.hrefs:
                words.append(data)

    def finish(self) -> Page:
        """Close what is open and return the page."""
        self._flush()
        while self.stack:
            self._close(self.stack.pop())
        # The page's own date is worth more than the first time that its text names.
        self.page.published = self.page.published or self.page.time
        return self.page

    def _meta(self, values: dict[str, str]) -> None:
        name = (values.get("property") or values.get("name") or "").lower()
        content = _plain(values.get("content", ""))[:300]
        if name == "og:site_name":
            self.page.site = content
        elif name == "og:url" and not self.page.url:
            self.page.url = web_address(content)
        elif name in ("article:published_time", "date", "datepublished"):
            self.page.published = self.page.published or content[:40]

    def _function_of(self, tag: str, values: dict[str, str]) -> Furniture | None:
        if any(o.function for o in self.stack):
            return None
        marks = " ".join(values[name] for name in _MARKS if values.get(name))
        marks = marks.replace("_", "-")[:500]
        if tag not in ("html", "body", "main", "article") and _is_hidden(values):
            return _HIDDEN
        for rule in self.rules.furniture:
            if tag in ("html", "body", "main", "article", "h1"):
                return None
            if tag in rule.tags or (marks and rule.marks and rule.marks.search(marks)):
                return rule
        return None

    def _open(self, tag: str, values: dict[str, str], function: Furniture | None) -> None:
        if len(self.stack) >= MAX_DEPTH:
            return
        marks = f"{values.get('class', '')} {values.get('id', '')} {values.get('rel', '')}"
        kind = _KINDS.get(tag, "")
        if not kind and _BYLINE.search(marks):
            kind = "byline"
        elif not kind and _DATELINE.search(marks):
            kind = "dateline"
        self.stack.append(_Open(tag, kind, function, len(self.page.blocks)))

    def _flush(self) -> None:
        """Make a block of the words since the last tag that parts them."""
        text = _plain("".join(self.words))
        self.words.clear()
        if not text:
            return
        kind = next((o.kind for o in reversed(self.stack) if o.kind), "paragraph")
        if kind in ("byline", "dateline") and len(text) > LONGEST_LINE:
            kind = "paragraph"  # the mark is of what begins the paragraph
        self._add(self._told_apart(kind, text))

    def _told_apart(self, kind: str, text: str) -> Block:
        """Return the block of a text that no tag marks: its words may say what it is."""
        if kind == "headline":
            return Block(kind, text)
        for rule in self.rules.furniture:
            if rule.text is not None and rule.text.search(text):
                state = rule.state if rule.kind == "poll placeholder" else ""
                if rule.kind == "tags" and rule.text.sub("", text).strip() == "":
                    state = rule.state
                return Block(rule.kind, text, state)
        return Block(kind, text)

    def _add(self, block: Block) -> None:
        if len(self.page.blocks) >= MAX_BLOCKS:
            self.page.dropped += 1
            return
        self.page.blocks.append(block)

    def _close(self, done: _Open) -> None:
        """Fold what a part of the page held into one block of its function."""
        rule = done.function
        if rule is None:
            return
        inner = self.page.blocks[done.first :]
        limits = self.rules.raw["furniture_limits"]
        is_body = (
            rule is not _HIDDEN
            and rule.kind not in limits["keep"]
            and any(
                block.kind in TEXT_BLOCKS and len(block.text) >= limits["paragraph_chars"]
                for block in inner
            )
        )
        if is_body:
            return  # an end tag was missing: this is the article
        del self.page.blocks[done.first :]
        text = " ".join(block.text for block in inner)
        if rule is _HIDDEN and not text:
            return
        bare = rule.text.sub("", text).strip(" :") if rule.text is not None else text
        state = rule.state if not bare or rule.kind == "poll placeholder" else "shown"
        if rule is _HIDDEN:
            state = rule.state
        if rule.kind in ("share", "submit a correction", "conversation"):
            state = "shown"
        self._add(Block(rule.kind, text, state))
        self.page.links = [
            Link(min(link.block, done.first), link.title, link.url) for link in self.page.links
        ]

    def _close_link(self) -> None:
        if not self.hrefs:
            return
        url, words = self.hrefs.pop()
        title = _plain("".join(words))
        if url and len(self.page.links) < MAX_LINKS:
            self.page.links.append(Link(len(self.page.blocks), title[:300], url))


def web_address(url: str) -> str:
    """Return a web address, "" for any other (a script's, a file's)."""
    url = url.strip()
    return url[:1_000] if url.lower().startswith(("https://", "http://")) else ""


def _plain(text: str) -> str:
    """Return the words with single blanks, without control characters."""
    text = _SPACE.sub(" ", text).strip()
    return "".join(c for c in text if c.isprintable())
