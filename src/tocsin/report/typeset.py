"""A telling as the source of a Typst document, for a PDF that is the same bytes each time.

Every word goes in as a string of the code mode, where only the quotation mark and the backslash
mean something: nothing that stands in a quoted text is markup or runs.
"""

from tocsin.model.accounts import Account
from tocsin.report._plain import plain
from tocsin.report._times import hour, moment
from tocsin.report.map_svg import map_svg
from tocsin.report.telling import Line, Section, Telling, is_withdrawn

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
  if quote != "" {{ block(above: 0.5em, inset: (left: 8pt, y: 1pt),
    stroke: (left: 2pt + luma(190)), text(9pt, fill: luma(70), quote)) }}
}})
"""
_TABLE = """#table(columns: (1fr, 1fr), inset: (x: 0pt, y: 4pt),
  stroke: (x, y) => (bottom: if y == 0 {{ 1pt }} else {{ 0.4pt + luma(190) }}),
  table.header([*source*], [*kind*]), {cells})"""


def typst_source(
    account: Account, telling: Telling, *, draft: bool = False, permalink: str = ""
) -> str:
    """Return the source with its map; it reads no file and no clock."""
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
    foot += " The number after each sentence is the entry that it rests on."
    if account.head:
        foot += f" Digest of that entry: {account.head}."
    parts = [
        _HEAD.format(title=_string(telling.title), running=_string(running)),
        f"#heading(level: 1, {_string(telling.title)})",
        _line(telling.summary),
        *_newest_correction(telling),
        *_map(account, telling),
        *(part for section in telling.sections for part in _section(section)),
    ]
    if telling.sources:
        cells = ", ".join(_string(cell) for row in telling.sources for cell in row)
        parts += ['#heading(level: 2, "Sources")', _TABLE.format(cells=cells)]
    if telling.withheld:
        items = ", ".join(_string(words) for words in telling.withheld)
        parts += ['#heading(level: 2, "Withheld from these readers")', f"#list({items})"]
    parts.append(f"#block(above: 2em, text(8pt, fill: luma(90), {_string(foot)}))")
    if permalink:
        parts.append(f"#block(text(8pt, fill: luma(90), {_string(permalink)}))")
    return "\n".join(parts) + "\n"


def _newest_correction(telling: Telling) -> list[str]:
    """Return what was corrected last, in a frame over everything else."""
    section = next((s for s in telling.sections if s.title == "Corrections"), None)
    if section is None or not section.lines or telling.sections[0] is section:
        return []
    newest = max(section.lines, key=lambda line: line.at_s or 0.0)
    frame = "width: 100%, inset: 7pt, stroke: (left: 3pt, rest: 0.5pt)"
    return [f"#block({frame}, {_string(newest.text)})"]


def _map(account: Account, telling: Telling) -> list[str]:
    drawn = "" if is_withdrawn(telling) else map_svg(account, telling.profile, alone=True)
    if not drawn:
        return []
    return [f'#align(center, image(bytes({_string(drawn)}), format: "svg", height: 6.5cm))']


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
    """Return a text as a string of Typst; see `plain`."""
    kept = plain(text)
    return '"' + kept.replace("\\", "\\\\").replace('"', '\\"') + '"'
