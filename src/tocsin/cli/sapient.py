"""`tocsin sapient`: test SAPIENT nodes and fusion nodes over TCP, and play nodes."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import cyclopts
from cyclopts import Parameter

from tocsin.cli._output import print_json, print_words
from tocsin.errors import CallError, DataError

if TYPE_CHECKING:
    import ssl

    from tocsin.cli._simulated_nodes import Node

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


@app.command
def simulate(
    folder: Path,
    address: str | None = None,
    /,
    *,
    sensor: list[str] | None = None,
    node: list[str] | None = None,
    fusion: str = "",
    speed: float = 1.0,
    tls: Flag = False,
    ca: Path | None = None,
    cert: Path | None = None,
    key: Path | None = None,
    json: Flag = False,
) -> None:
    """Play a scenario folder's sensors as SAPIENT nodes against a fusion node.

    Each radar, camera, acoustic and RF sensor calls, registers, sends its status and its
    detections at the times of the scenario, and GOODBYE at the end. Without HOST:PORT the nodes
    are listed as tables of a site file.

    Example: tocsin sapient simulate scene/ 127.0.0.1:5020

    Parameters
    ----------
    folder
        A scenario folder: site.json, sensors.json and detections.parquet.
    address
        HOST:PORT where the fusion node listens.
    sensor
        A sensor to play; give it again for more. Left out: all.
    node
        SENSOR=UUID, the id by which a sensor registers; others get ids of their own.
    fusion
        UUID of a fusion node that registers first and speaks for all of them on one connection.
    speed
        How much faster than it was; speeds of things are not changed, so that only 1 can be
        tracked well.
    tls
        Call by TLS.
    ca
        PEM file of the authority that the fusion node's certificate must come from.
    cert
        PEM file of the nodes' own certificate, where the fusion node asks for one.
    key
        PEM file of its key.
    json
        Close with one JSON object.
    """
    from tocsin.cli._simulated_nodes import nodes_of
    from tocsin.cli._simulated_play import Target, play
    from tocsin.codec.sapient import is_uuid

    ids = dict(_pair(text) for text in node or ())
    for name in (*ids.values(), *([fusion] if fusion else [])):
        if not is_uuid(name):
            raise CallError(f"{name!r} is no UUID")
    if not 0.0 < speed < 1e3:
        raise CallError(f"--speed is {speed:g}; give a number above 0, at most 1000")
    nodes = nodes_of(folder, ids=ids, only=tuple(sensor or ()))
    if address is None:
        for one in nodes:
            print_words(_table_of(one))
        return
    host, port = _place(address)
    context = _context(ca, cert, key) if tls else None

    def tell(words: str) -> None:
        if not json:
            print_words(words)

    target = Target(host, port, context)
    played = asyncio.run(play(nodes, target, fusion=fusion.lower(), rate=speed, tell=tell))
    if json:
        print_json({slot: getattr(played, slot) for slot in played.__slots__})
    else:
        print_words(
            f"{played.sent} messages of {played.nodes} nodes, {played.octets} octets; "
            f"{played.errors} errors and {played.tasks} tasks came back"
        )
        for sentence in played.sentences:
            print_words(f"- {sentence}")
    if played.errors:
        sys.exit(1)


def _pair(text: str) -> tuple[str, str]:
    name, _, node_id = text.partition("=")
    if not name or not node_id:
        raise CallError(f"--node {text!r}; write SENSOR=UUID")
    return name, node_id.lower()


def _table_of(node: "Node") -> str:
    one = node.sensor
    lines = [
        "[[sensor]]", f'id = "{one.id}"', f'kind = "{one.kind}"', 'format = "sapient"',
        'listen = "tcp-listen://127.0.0.1:5020"', f'node_id = "{node.node_id}"',
        'nature = "simulated"', f"lat = {one.lat}", f"lon = {one.lon}", f"alt_m = {one.alt_m}",
        f"scan_period_s = {one.scan_period_s:g}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _context(ca: Path | None, cert: Path | None, key: Path | None) -> "ssl.SSLContext":
    import ssl

    try:
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if cert is not None:
            context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise CallError(f"the certificates cannot be used: {error}") from error
    return context
