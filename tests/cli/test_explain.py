"""One message followed from its octets to its track, on a recording whose story is known."""

import asyncio
import json
import math
import socket
import time

import pytest
from tests.ports import free_port
from tests.service.harness import service
from tests.service.test_ingest import send_udp

from tocsin.cli import main
from tocsin.codec.asterix import encode_block, encode_north_mark, encode_plot

pytestmark = pytest.mark.jit

DAY = "2026-06-01"
DAY_S = 1_780_272_000.0
TURN_S, TURNS = 1.0, 30
SITE = """
[node]
name = "test"
[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 0
geoid_m = 0.001
[[sensor]]
id = "radar"
kind = "radar"
format = "asterix"
listen = "udp://127.0.0.1:7001"
sites = ["north"]
nature = "simulated"
lat = 48.0
lon = 11.0
height_m = 10
sac = 1
sic = 2
sigma_range_m = 20
sigma_azimuth_deg = 0.2
sigma_elevation_deg = 0.5
scan_period_s = 1
"""


def plot(turn, range_m, azimuth_rad):
    at_s = DAY_S + 100.0 + turn * TURN_S + azimuth_rad / math.tau * TURN_S
    return encode_plot(1, 2, at_s, range_m, azimuth_rad, height_msl_m=150.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A target that comes nearer at 30 m/s, and in turn 25 a plot at another place."""
    made = tmp_path_factory.mktemp("explained")
    (made / "site.toml").write_text(SITE)
    blocks = []
    for turn in range(TURNS):
        blocks.append(encode_block(34, [encode_north_mark(
            1, 2, DAY_S + 100.0 + turn * TURN_S, rotation_s=TURN_S)]))  # fmt: skip
        blocks.append(encode_block(48, [plot(turn, 4000.0 - 30.0 * turn, 0.8)]))
        if turn == 25:
            blocks.append(encode_block(48, [plot(turn, 6000.0, 1.6)]))
    (made / "day.raw").write_bytes(b"".join(blocks))
    return made


@pytest.fixture
def explained(folder, capsys):
    def run(*words):
        with pytest.raises(SystemExit) as left:
            main(["explain", *words, "--from", str(folder / "day.raw"), "--site",
                  str(folder / "site.toml"), "--format", "asterix", "--date", DAY])  # fmt: skip
        out = capsys.readouterr()
        return left.value.code or 0, out.out, out.err

    return run


def told(out):
    return json.loads(out.splitlines()[-1])


def test_a_plot_of_a_tracked_target_is_followed_to_its_track(explained):
    status, out, _ = explained("radar", str(DAY_S + 120.13), "--json")
    assert status == 0
    found = told(out)
    sent = encode_block(48, [plot(20, 3400.0, 0.8)])
    assert bytes.fromhex(found["hex"]) == sent
    assert found["octets"] == len(sent)
    (record,) = found["records"]
    assert record["I040"]["RHO_NM"] * 1852.0 == pytest.approx(3400.0, abs=4.0)
    (row,) = found["detections"]
    assert row["values"]["range_m"] == pytest.approx(3400.0, abs=4.0)
    assert row["values"]["azimuth_rad"] == pytest.approx(0.8, abs=1e-4)
    assert row["joined"] == row["tracks"][0]["track"]
    assert row["tracks"][0]["distance_sigma"] < 2.0 < row["tracks"][0]["gate_sigma"]
    assert row["tracks"][0]["inside"]
    assert row["tracks"][0]["name"] == "T1-01"
    assert "it lies at track T1-01," in row["sentence"]


def test_a_plot_elsewhere_is_outside_of_the_gate_and_joins_nothing_that_was(explained):
    status, out, _ = explained("radar", str(DAY_S + 125.26), "--json")
    assert status == 0
    (row,) = told(out)["detections"]
    assert row["values"]["range_m"] == pytest.approx(6000.0, abs=4.0)
    near = row["tracks"][0]
    assert not near["inside"]
    assert near["distance_sigma"] > 20.0
    assert row["joined"] != near["track"]
    assert "began" in row["sentence"] or "no track took it" in row["sentence"]


def test_a_message_without_detections_says_so_in_words(explained):
    status, out, _ = explained("radar", "2026-06-01T00:01:50.0")
    assert status == 0
    assert "CAT034" in out
    assert "holds no detection" in out


def test_the_last_message_is_taken_without_a_time(explained):
    _, out, _ = explained("radar", "--json")
    assert told(out)["detections"][0]["values"]["range_m"] == pytest.approx(3130.0, abs=4.0)


def test_a_sensor_that_was_not_heard_is_named_with_those_that_were(explained):
    status, _, err = explained("camera")
    assert status == 1
    assert "'camera'" in err
    assert "day.raw" in err


def test_a_time_that_is_none_is_a_bad_call(explained):
    status, _, err = explained("radar", "noon")
    assert status == 2
    assert "noon" in err


def test_a_message_of_a_running_watch_is_followed_from_its_journal(tmp_path, capsys):
    """Sealed on disk, under the site file that the journal brings, with the watch stopped."""
    port = free_port(socket.SOCK_DGRAM)
    site = SITE.replace("7001", str(port)).replace('nature = "simulated"\n', "")
    now_s = time.time()
    sent = encode_block(48, [encode_plot(1, 2, now_s, 4000.0, 0.8, height_msl_m=150.0)])

    async def run():
        more = '[[sensor]]\nid = "camera"\nkind = "camera"\nformat = "detections"\n'
        more += 'listen = "http"\nsecret = "camera"\nlat = 48.0\nlon = 11.0\nalt_m = 9\n'
        async with service(tmp_path / "watch", site=site + more) as running:
            send_udp(port, sent)
            await running.until(lambda: running.hall.status().detections >= 1, 120.0)
            await running.until(lambda: running.hall.engine.counters.frames.get("radar"), 60.0)
            return running.hall.data

    data = asyncio.run(run())
    assert not any(sent in path.read_bytes() for path in (data / "journal").iterdir())
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main(["explain", "radar", "--from", str(data / "journal"), "--json"])
    assert left.value.code == 0
    found = told(capsys.readouterr().out)
    assert bytes.fromhex(found["hex"]) == sent
    assert [record["record"] for record in found["records"]] == ["CAT048"]
    (row,) = found["detections"]
    assert row["values"]["range_m"] == pytest.approx(4000.0, abs=4.0)
    assert row["sentence"]
