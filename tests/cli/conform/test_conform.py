"""The tester over real TCP: Tocsin passes, and each fault of a faulty node is found."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from tests.cli.conform.nodes import EdgeNode, FusionNode
from tests.ports import free_port
from tests.service.harness import SITE, service

from tocsin import pipeline
from tocsin.cli.conform import CLAUSES, Options, as_html, as_json, conform
from tocsin.cli.conform.clauses import FAIL, NOT_APPLICABLE, PASS

FUSION = [name for name in CLAUSES if name[0] == "F"]
EDGE = [name for name in CLAUSES if name[0] == "E"]
NODES = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")
SENSOR = """
[[sensor]]
id = "radar-{n}"
kind = "radar"
format = "sapient"
listen = "tcp-listen://127.0.0.1:{port}"
node_id = "{node_id}"
sites = ["north"]
lat = 48.0
lon = 11.0
height_m = 12
"""
PAGE = Path(__file__).parents[3] / "docs" / "formats" / "sapient-conformance.md"


def verdicts(findings):
    return {f.clause.id: f.verdict for f in findings}


async def against(node, only=()):
    async with node.open() as port:
        options = Options("127.0.0.1", port, only=only, wait_s=1.0, quiet_s=0.3)
        return await conform(options)


def test_tocsins_own_fusion_node_passes_every_clause(tmp_path):
    port = free_port()
    site = SITE + "".join(
        SENSOR.format(n=n, port=port, node_id=node_id) for n, node_id in enumerate(NODES)
    )

    async def run():
        async with service(tmp_path, site=site, pipeline=pipeline):
            return await conform(Options("127.0.0.1", port, nodes=NODES, wait_s=5.0))

    findings = asyncio.run(run())
    assert [f.clause.id for f in findings] == FUSION
    assert {f.clause.id: f.why for f in findings if f.verdict != PASS} == {}
    for finding in findings:
        ways = {way for _, way, _ in finding.exchanged}
        assert "sent" in ways


def test_a_fusion_node_without_a_fault_passes_every_clause():
    findings = asyncio.run(against(FusionNode()))
    assert {f.clause.id: f.why for f in findings if f.verdict != PASS} == {}


@pytest.mark.parametrize("fault", FUSION)
def test_each_fault_of_a_fusion_node_is_found_by_its_clause(fault):
    (finding,) = asyncio.run(against(FusionNode(fault), (fault,)))
    assert (finding.clause.id, finding.verdict) == (fault, FAIL)
    assert finding.why
    assert finding.exchanged


def test_a_fault_is_found_by_few_other_clauses():
    """A tester that fails everything would find every fault too."""
    findings = asyncio.run(against(FusionNode("F13")))
    assert [name for name, verdict in verdicts(findings).items() if verdict == FAIL] == ["F13"]


async def watched(node, *, watch_s=2.4):
    port = free_port()
    options = Options("127.0.0.1", port, role="edge", is_listening=True, watch_s=watch_s,
                      quiet_s=0.3)  # fmt: skip
    testing = asyncio.ensure_future(conform(options))
    await asyncio.sleep(0.1)
    playing = asyncio.ensure_future(node.run(port))
    findings = await testing
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    return findings


def test_a_sensor_without_a_fault_passes_every_clause():
    findings = asyncio.run(watched(EdgeNode(), watch_s=4.5))
    assert [f.clause.id for f in findings] == EDGE
    assert {f.clause.id: f.why for f in findings if f.verdict != PASS} == {}


def test_each_fault_of_a_sensor_is_found_by_its_clause():
    async def all_of_them():
        return await asyncio.gather(*(watched(EdgeNode(f), watch_s=4.5) for f in EDGE))

    for fault, findings in zip(EDGE, asyncio.run(all_of_them()), strict=True):
        found = verdicts(findings)
        assert found[fault] == FAIL, fault
        others = {name for name, verdict in found.items() if verdict == FAIL} - {fault}
        assert len(others) <= 2, (
            fault,
            others,
        )  # what follows from it, such as no second report


def test_what_is_no_sensor_is_asked_for_nothing():
    class Armed(EdgeNode):
        def registration(self):
            from tests.cli.conform.nodes import M, framed

            message = M.SapientMessage.FromString(super().registration()[4:])
            message.registration.node_definition.add(node_type=13)
            return framed(message)

    findings = asyncio.run(watched(Armed()))
    (finding,) = [f for f in findings if f.clause.id == "E17"]
    assert finding.verdict == NOT_APPLICABLE
    assert "only nodes that sense alone are asked" in finding.why


def test_the_report_holds_every_clause_with_the_octets_of_both_sides():
    findings = asyncio.run(against(FusionNode("F12"), ("F01", "F12")))
    options = Options("127.0.0.1", 1)
    report = as_json(options, findings, "2026-01-01T00:00:00+00:00")
    report = json.loads(json.dumps(report))
    assert report["counts"] == {"fail": 1, "pass": 1}
    assert not report["conforms"]
    first, second = report["clauses"]
    ways = [one["way"] for one in first["exchanged"]]
    assert ways == ["sent", "received"]
    octets = bytes.fromhex(first["exchanged"][0]["octets"])
    assert int.from_bytes(octets[:4], "little") == len(octets) - 4
    assert second["verdict"] == "fail"
    page = as_html(options, findings, "now <b>")
    assert "<b>" not in page
    assert page.count("<tr id=") == 2
    assert "registration_ack" in page


def test_the_command_says_where_nobody_listens_and_what_is_no_clause(capsys):
    from tocsin.cli import main

    for words, status in (
        (["sapient", "conform", f"127.0.0.1:{free_port()}"], 1),
        (["sapient", "conform", "127.0.0.1"], 2),
        (["sapient", "conform", "127.0.0.1:9", "--only", "E01"], 2),
    ):
        with pytest.raises(SystemExit) as left:
            main(words)
        assert left.value.code == status
        assert capsys.readouterr().err.startswith("tocsin: ")


def test_the_page_lists_every_clause_in_the_words_of_the_table():
    rows = dict(re.findall(r"^\| ([FE]\d\d) \| (.*?) \|", PAGE.read_text(), re.MULTILINE))
    assert rows == {name: clause.asks for name, clause in CLAUSES.items()}
