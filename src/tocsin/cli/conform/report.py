"""What was found, as JSON for machines and as one page for people."""

import html
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tocsin.cli.conform.bench import Options
from tocsin.cli.conform.clauses import FAIL, Finding
from tocsin.codec.sapient._protobuf import load

__all__ = ["as_html", "as_json"]

SHOWN = 2048  # octets of a message on the page; the JSON has all that were kept
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;
color:#16202a;background:#fff}
table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #c7ced6;padding:.5rem;text-align:left;vertical-align:top}
.pass{color:#176c2f}.fail{color:#a4161a;font-weight:700}.na{color:#55606b}
pre{overflow-x:auto;background:#f3f5f7;padding:.5rem;font-size:13px;white-space:pre-wrap;
overflow-wrap:anywhere}
summary{cursor:pointer;min-height:24px}
"""


def as_json(options: Options, findings: Sequence[Finding], when: str) -> dict[str, Any]:
    """Return the whole report; octets are hexadecimal, with the length before each message."""
    counts = Counter(f.verdict for f in findings)
    return {
        "standard": "BSI Flex 335 v2.0",
        "role": options.role,
        "address": f"{options.host}:{options.port}",
        "when": when,
        "counts": dict(sorted(counts.items())),
        "conforms": not counts[FAIL],
        "clauses": [
            {
                "id": f.clause.id,
                "asks": f.clause.asks,
                "rests_on": f.clause.rests_on,
                "verdict": f.verdict,
                "why": f.why,
                "exchanged": [
                    {"at_s": round(at_s, 4), "way": way, "octets": data.hex()}
                    for at_s, way, data in f.exchanged
                ],
            }
            for f in findings
        ],
    }


def as_html(options: Options, findings: Sequence[Finding], when: str) -> str:
    """Return one page that needs nothing else."""
    counts = Counter(f.verdict for f in findings)
    said = ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items()))
    role = "fusion node" if options.role == "fusion" else "edge node"
    rows = "\n".join(_row(finding) for finding in findings)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>SAPIENT conformance of a {role}</title><style>{_STYLE}</style></head><body>"
        f"<h1>SAPIENT conformance of a {role}</h1><p>BSI Flex 335 v2.0, "
        f"{html.escape(options.host)}:{options.port}, {html.escape(when)}: {said}.</p>"
        "<p>Made by the tester of Tocsin. It looks at what goes over the wire and is no "
        "certificate.</p>"
        "<table><thead><tr><th>Clause</th><th>Asks</th><th>Found</th></tr></thead><tbody>"
        f"{rows}</tbody></table></body></html>\n"
    )


def _row(finding: Finding) -> str:
    clause = finding.clause
    style = {"pass": "pass", "fail": "fail"}.get(finding.verdict, "na")
    shown = "".join(_message(*one) for one in finding.exchanged)
    more = (
        f"<details><summary>{len(finding.exchanged)} messages</summary>{shown}</details>"
        if shown
        else ""
    )
    return (
        f'<tr id="{clause.id}"><td>{clause.id}</td><td>{html.escape(clause.asks)}<br>'
        f"<small>{html.escape(clause.rests_on)}</small></td>"
        f'<td><span class="{style}">{finding.verdict}</span>: {html.escape(finding.why)}'
        f"{more}</td></tr>"
    )


def _message(at_s: float, way: str, data: bytes) -> str:
    octets = data[:SHOWN].hex(" ")
    cut = f" ... ({len(data)} octets)" if len(data) > SHOWN else ""
    return (
        f"<p>{way} at {at_s:.3f} s</p><pre>{html.escape(_words(data))}</pre>"
        f"<pre>{octets}{cut}</pre>"
    )


def _words(data: bytes) -> str:
    """Return messages in the words of the standard, where they are such."""
    messages, at = load(), 0
    said: list[str] = []
    while at + 4 <= len(data) and len(said) < 8:
        end = at + 4 + int.from_bytes(data[at : at + 4], "little")
        try:
            message = messages.SapientMessage.FromString(data[at + 4 : end])
        except messages.DecodeError:
            message = None
        if message is None or end > len(data):
            return "\n".join([*said, "no message of the standard"])
        words = messages.json_format.MessageToDict(message, preserving_proto_field_name=True)
        said.append(json.dumps(words, indent=1, ensure_ascii=False))
        at = end
    return "\n".join(said)
