"""A telling as the source of a Typst document, for a PDF that is the same bytes each time.

Every word goes in as a string of the code mode, where only the quotation mark and the backslash
mean something: nothing that stands in a quoted text is markup or runs.
"""

from tocsin.model.accounts import Account
from tocsin.report._times import hour, moment
from tocsin.report.telling import Line, Section, Telling

__all__ = ["typst_source"]

# No date: the PDF would bear the time at which it was made, and differ each time.
_HEAD = """#set document(title: {title}, date: none)
#set page(paper: "a4", margin: (x: 18mm, y: 20mm), numbering: "1 / 1",
  header: text(8pt, fill: luma(90), {running}))
#set text(10pt, lang: "en", hyphenate: false)
#set par(leading: 0.6em)
#show heading.where(level: 2): it => block(above: 1.6em, below: 0.7em, it)
#let line-of(words, entries, note, quote, struck) = block(breakable: false, below: 1.3em, {{
  if struck {{ strike(words) }} else {{ words }}
  if entries != "" {{ text(8pt, fill: luma(90), " [" + entries + "]") }}
  if note != "" {{ linebreak(); text(9pt, fill: rgb("#7a2a0c"), note) }}
  if quote != "" {{ block(above: 0.5em, pad(left: 8pt, text(9pt, fill: luma(70), quote))) }}
}})
"""


def typst_source(account: Account, telling: Telling, *, draft: bool = False) -> str:
    """Return the source; it reads no file and no clock."""
    is_public = telling.profile == "public"
    marks = [
        "" if telling.nature == "live" else telling.nature.upper(),
        "DRAFT" if draft else "",
        "" if is_public else f"for {telling.profile} use",
        account.incident.id,
    ]
    running = " · ".join(mark for mark in marks if mark)
    when = (hour if is_public else moment)(account.recorded_s)
    foot = f"As of entry {account.as_of} of the ledger, recorded {when}."
    if account.head:
        foot += f" Digest of that entry: {account.head}."
    parts = [
        _HEAD.format(title=_string(telling.title), running=_string(running)),
        f"#heading(level: 1, {_string(telling.title)})",
        _line(telling.summary),
        *(part for section in telling.sections for part in _section(section)),
    ]
    if telling.sources:
        cells = ", ".join(_string(cell) for row in telling.sources for cell in row)
        parts += ['#heading(level: 2, "Sources")', f"#table(columns: (1fr, 1fr), {cells})"]
    if telling.withheld:
        items = ", ".join(_string(words) for words in telling.withheld)
        parts += ['#heading(level: 2, "Withheld from these readers")', f"#list({items})"]
    parts.append(f"#block(above: 2em, text(8pt, fill: luma(90), {_string(foot)}))")
    return "\n".join(parts) + "\n"


def _section(section: Section) -> list[str]:
    head = f"#heading(level: 2, {_string(section.title)})"
    lines = [_line(line) for line in section.lines]
    return [head, *(lines or [f"#text(fill: luma(90), {_string(section.empty)})"])]


def _line(line: Line) -> str:
    word = "entry" if len(line.entries) == 1 else "entries"
    entries = f"{word} {', '.join(map(str, line.entries))}" if line.entries else ""
    words = ", ".join(_string(text) for text in (line.text, entries, line.note, line.quote))
    return f"#line-of({words}, {'true' if line.struck else 'false'})"


def _string(text: str) -> str:
    """Return a text as a string of Typst; control characters are left out."""
    kept = "".join(c for c in text if c.isprintable() or c == " ")
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"') + '"'
