"""A conformance tester for SAPIENT (BSI Flex 335 v2.0) nodes and fusion nodes, over TCP.

`clauses` is the table of what is asked; `fusion` plays sensors against a fusion node, `edge`
plays a fusion node against a sensor; `report` writes what was found, with the bytes.
"""

from tocsin.cli.conform.clauses import CLAUSES, Clause, Finding
from tocsin.cli.conform.report import as_html, as_json
from tocsin.cli.conform.run import Options, conform

__all__ = ["CLAUSES", "Clause", "Finding", "Options", "as_html", "as_json", "conform"]
