"""A scenario folder played as SAPIENT nodes against Tocsin's own fusion node: TCP, TLS."""

import asyncio
import json
import ssl
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ports import free_port
from tests.service.certificates import certificate
from tests.service.harness import SITE, service

from tocsin import _jit, pipeline
from tocsin.cli import main
from tocsin.cli._simulated_nodes import STEP_S, messages, nodes_of, stamps
from tocsin.cli._simulated_play import Target, play
from tocsin.codec.sapient import FrameStream, split_into, validate
from tocsin.codec.sapient._protobuf import load
from tocsin.codec.tables import write_detections
from tocsin.errors import CallError, DataError
from tocsin.model import DetectionBatch

pytestmark = pytest.mark.jit
M = load()
T0, SECONDS, RATE = 1_767_225_600.0, 6.0, 4.0
KINDS = {"north": "radar", "eye": "camera", "mast": "rf", "ear": "acoustic"}
FUSION = "99999999-9999-4999-8999-999999999999"


@pytest.fixture(scope="module", autouse=True)
def kernels():
    """Load what a service loads before it says that it is ready."""
    _jit.load_kernels()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One thing seen by four sensors: the radar by range, the others by direction."""
    made = tmp_path_factory.mktemp("scene")
    (made / "site.json").write_text(
        json.dumps({"lat": 48.0, "lon": 11.0, "alt_m": 500.0, "t0": T0})
    )
    (made / "sensors.json").write_text(json.dumps(
        [{"id": name, "kind": kind, "lat": 48.0 + 0.001 * k, "lon": 11.0, "alt_m": 512.0,
          "scan_period_s": 0.5} for k, (name, kind) in enumerate(KINDS.items())]
    ))  # fmt: skip
    times = np.arange(T0, T0 + SECONDS, 0.5)
    rows = DetectionBatch.blank(len(KINDS) * len(times))
    for k, kind in enumerate(KINDS.values()):
        part = slice(k * len(times), (k + 1) * len(times))
        rows.time_s[part], rows.sensor[part] = times + 0.01 * k, k
        rows.azimuth_rad[part], rows.elevation_rad[part] = 0.8, 0.1
        if kind == "radar":
            rows.range_m[part] = 4000.0 - 20.0 * (times - T0)
            rows.range_rate_mps[part] = -20.0
    rows.arrival_s[:] = rows.time_s
    (made / "detections.parquet").write_bytes(write_detections(rows, tuple(KINDS)))
    return made


def site_of(nodes, port, more=""):
    """The harness's site file with the nodes on one port."""
    tables = [
        f'[[sensor]]\nid = "{n.sensor.id}"\nkind = "{n.sensor.kind}"\nformat = "sapient"\n'
        f'listen = "tcp-listen://127.0.0.1:{port}"\nnode_id = "{n.node_id}"\n'
        'sites = ["north"]\n'
        f"lat = {n.sensor.lat}\nlon = {n.sensor.lon}\nalt_m = 512\nscan_period_s = 0.5\n{more}"
        for n in nodes
    ]
    other = (
        f'[[sensor]]\nid = "other"\nkind = "system"\nformat = "sapient"\n'
        f'listen = "tcp-listen://127.0.0.1:{port}"\nnode_id = "{FUSION}"\n{more}'
    )
    return SITE + "".join(tables) + other


def played_against_tocsin(tmp_path, folder, *, fusion="", tls="", only=()):
    """Play the scenario; return what came of it and the counters of the service."""

    async def go():
        port = free_port()
        nodes = nodes_of(folder, ids={}, only=only)
        context = None
        if tls:
            secrets = tmp_path / "data" / "secrets"
            secrets.mkdir(parents=True, mode=0o700)
            authority = certificate(secrets, "authority", is_authority=True)
            certificate(secrets, "sensors", authority)
            context = ssl.create_default_context(cafile=secrets / "authority.crt")
        async with service(
            tmp_path, site=site_of(nodes, port, tls), pipeline=pipeline, signed_in=False
        ) as run:
            target = Target("localhost" if tls else "127.0.0.1", port, context)
            said = []
            played = await play(nodes, target, fusion=fusion, rate=RATE, tell=said.append)
            count = run.hall.engine.counters
            wanted = sum(len(n.rows) for n in nodes)
            await run.until(lambda: count.records.get("SAPIENT-DETECTION", 0) >= wanted, 60)
            return played, dict(count.records), dict(count.rejected), said

    return asyncio.run(go())


def test_four_nodes_are_accepted_and_each_detection_is_taken(tmp_path, folder):
    played, records, rejected, said = played_against_tocsin(tmp_path, folder)
    assert said == [f"{name} is registered" for name in KINDS]
    assert (played.nodes, played.errors, played.sentences) == (4, 0, [])
    assert records["SAPIENT-REGISTRATION"] == 4
    assert records["SAPIENT-DETECTION"] == 4 * SECONDS / 0.5
    assert records["SAPIENT-STATUS"] >= 4
    assert not any(rejected.get(name) for name in KINDS), rejected


def test_a_fusion_node_speaks_for_its_sensors_on_one_connection(tmp_path, folder):
    played, records, rejected, said = played_against_tocsin(tmp_path, folder, fusion=FUSION)
    assert said[0] == f"{FUSION} is registered"
    assert (played.nodes, played.errors) == (5, 0)
    assert records["SAPIENT-REGISTRATION"] == 5
    assert records["SAPIENT-DETECTION"] == 4 * SECONDS / 0.5
    assert not any(rejected.values()), rejected


def test_nodes_call_by_tls(tmp_path, folder):
    played, records, _, _ = played_against_tocsin(
        tmp_path, folder, tls='tls = "sensors"\n', only=("north",)
    )
    assert played.errors == 0
    assert records["SAPIENT-DETECTION"] == SECONDS / 0.5


def test_a_node_that_the_fusion_node_does_not_know_is_told_why(tmp_path, folder):
    async def go():
        port = free_port()
        async with service(
            tmp_path, site=site_of([], port), pipeline=pipeline, signed_in=False
        ):
            nodes = nodes_of(folder, ids={}, only=("north",))
            await play(nodes, Target("127.0.0.1", port), tell=lambda _: None)

    with pytest.raises(DataError, match=r"north is not accepted: .* not among the nodes"):
        asyncio.run(go())


@given(st.lists(st.floats(0.0, 5.0), max_size=60), st.floats(0.1, 20.0))
def test_stamps_are_equal_or_80_ms_apart_and_near_their_detections(gaps_s, rate):
    times_s = np.cumsum(np.array(gaps_s)) / rate + T0
    groups = stamps(times_s)
    assert [k for _, begin, end in groups for k in range(begin, end)] == list(
        range(len(times_s))
    )
    told = [stamp for stamp, _, _ in groups]
    assert all(b - a >= STEP_S for a, b in pairwise(told))
    for stamp, begin, end in groups:
        assert np.all(np.abs(times_s[begin:end] - stamp) <= STEP_S + 1e-5)


def test_what_is_sent_is_valid_and_says_what_the_scenario_says(folder):
    (radar,) = nodes_of(folder, ids={"north": FUSION}, only=("north",))
    sent = list(messages(radar, first_s=T0, start_s=T0 + 100.0, rate=1.0))
    assert [time_s for time_s, _ in sent] == sorted(time_s for time_s, _ in sent)
    ranges, ids = [], set()
    for time_s, data in sent:
        for item in split_into(FrameStream(), data):
            message = M.SapientMessage.FromString(item)
            assert validate(message) == []
            assert message.node_id == FUSION
            at_s = message.timestamp.seconds + message.timestamp.nanos * 1e-9
            assert at_s == pytest.approx(time_s, abs=1e-5)
            if message.HasField("detection_report"):
                report = message.detection_report
                ranges.append(report.range_bearing.range)
                ids |= {report.report_id, report.object_id}
    assert ranges == [4000.0 - 10.0 * k for k in range(12)]
    assert len(ids) == 24


def test_without_an_address_the_nodes_are_listed_for_a_site_file(folder, capsys):
    with pytest.raises(SystemExit):
        main(["sapient", "simulate", str(folder), "--sensor", "north"])
    out = capsys.readouterr().out
    assert out.count("[[sensor]]") == 1
    assert 'format = "sapient"' in out
    assert "node_id" in out


def test_a_sensor_that_is_none_is_a_bad_call(folder):
    with pytest.raises(CallError, match="there is no sensor 'x'"):
        nodes_of(folder, ids={}, only=("x",))
