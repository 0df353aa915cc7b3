"""`tocsin sapient`: test SAPIENT nodes and fusion nodes over TCP."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter

from tocsin.cli._output import print_json, print_words
from tocsin.errors import CallError, DataError

__all__ = ["app"]

Flag = Annotated[bool, Parameter(negative="")]

app = cyclopts.App(
    name="sapient",
    help="""Test SAPIENT nodes and fusion nodes over TCP.

    Example: tocsin sapient conform 127.0.0.1:5020 --out report/
    """,
)


@app.command
def conform(
    address: str,
    /,
    *,
    role: Literal["fusion", "edge"] = "fusion",
    listen: Flag = False,
    node: list[str] | None = None,
    only: list[str] | None = None,
    seconds: float = 30.0,
    wait: float = 5.0,
    out: Path | None = None,
    json: Flag = False,
) -> None:
    """Test a SAPIENT node or fusion node (BSI Flex 335 v2.0) and write a report.

    Against a fusion node it plays sensors, against an edge node (a sensor) it plays the fusion
    node. It asks a sensor for a low report rate once, and a node that is no sensor for nothing.
    Exit status 1 where a clause fails. The clauses: docs/formats/sapient-conformance.md.

    Example: tocsin sapient conform 127.0.0.1:5020 --out report/

    Parameters
    ----------
    address
        HOST:PORT where the node listens; with --listen, where to wait for its call.
    role
        What is under test: "fusion" or "edge".
    listen
        Wait for an edge node to call, as most do.
    node
        UUID by which the tester's sensors register, for a fusion node that knows its nodes;
        give two. Left out: new ones.
    only
        A clause to test, for example F12; give it again for more.
    seconds
        How long an edge node is watched.
    wait
        Seconds to wait for an answer.
    out
        A folder to write report.json and report.html to, with all sent and received octets.
    json
        Close with one JSON object: the report.
    """
    from tocsin.cli.conform import CLAUSES, Finding, Options, as_html, as_json
    from tocsin.cli.conform import conform as run
    from tocsin.codec.sapient import is_uuid

    host, port = _place(address)
    for name in node or ():
        if not is_uuid(name):
            raise CallError(f"--node {name!r} is no UUID")
    for name in only or ():
        if name not in CLAUSES or name[0] != role[0].upper():
            raise CallError(f"--only {name!r} is no clause of {role} nodes")
    if listen and role == "fusion":
        raise CallError("a fusion node is called; --listen is for --role edge")
    options = Options(
        host, port, role=role, is_listening=listen, nodes=tuple(node or ())[:2],
        only=tuple(only or ()), watch_s=seconds, wait_s=wait,
    )  # fmt: skip

    def tell(finding: Finding) -> None:
        if not json:
            print_words(f"{finding.clause.id}  {finding.verdict:14}  {finding.why}")
        elif sys.stderr.isatty():
            sys.stderr.write(f"{finding.clause.id} {finding.verdict}\n")

    try:
        findings = asyncio.run(run(options, tell))
    except (OSError, TimeoutError) as error:
        raise DataError(
            f"nobody could be spoken to at {address} ({str(error) or 'no answer in time'})"
        ) from error
    when = datetime.now(UTC).isoformat(timespec="seconds")
    report = as_json(options, findings, when)
    if out is not None:
        import msgspec

        out.mkdir(parents=True, exist_ok=True)
        (out / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)))
        (out / "report.html").write_text(as_html(options, findings, when), "utf-8")
    if json:
        print_json(report)
    else:
        counts = ", ".join(f"{n} {word}" for word, n in report["counts"].items())
        print_words(counts + (f"; report in {out}" if out is not None else ""))
    if not report["conforms"]:
        sys.exit(1)


def _place(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise CallError(
            f"{address!r} is no address; write HOST:PORT, for example 127.0.0.1:5020"
        )
    return host.strip("[]"), int(port)
