"""The last message of a sensor of a running watch, followed for the sensors page."""

import math
import socket
import time

import pytest
from tests.ports import free_port
from tests.service.harness import service
from tests.service.test_ingest import send_udp

from tocsin.codec.asterix import encode_block, encode_plot

pytestmark = [pytest.mark.anyio, pytest.mark.jit]
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
listen = "udp://127.0.0.1:{port}"
sites = ["north"]
lat = 48.0
lon = 11.0
height_m = 10
sac = 1
sic = 2
sigma_range_m = 20
sigma_azimuth_deg = 0.2
sigma_elevation_deg = 0.5
scan_period_s = 1
[[sensor]]
id = "camera"
kind = "radar"
format = "detections"
listen = "http"
sites = ["north"]
lat = 48.0
lon = 11.0
height_m = 10
"""


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def test_the_last_message_of_a_running_watch_is_followed_to_its_track(tmp_path):
    port = free_port(socket.SOCK_DGRAM)
    async with service(tmp_path, site=SITE.format(port=port)) as running:
        began, last = time.time(), b""
        for turn in range(6):
            at_s = began + 0.01 * turn
            record = encode_plot(1, 2, at_s, 4000.0 - 2.0 * turn, 0.8, height_msl_m=150.0)
            last = encode_block(48, [record])
            send_udp(port, last)
        await running.until(lambda: running.hall.status().detections >= 6, 120.0)
        here = "/api/v1/sensors/radar/message"
        answer = await running.client.get(here, timeout=120.0)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert found["sensor"] == "radar"
        assert bytes.fromhex(found["hex"]) == last
        (record,) = found["records"]
        assert record["I040"]["RHO_NM"] * 1852.0 == pytest.approx(3990.0, abs=4.0)
        (row,) = found["detections"]
        assert row["values"]["azimuth_rad"] == pytest.approx(0.8, abs=math.radians(0.01))
        assert row["sentence"]
        assert all(isinstance(near["track"], str) for near in row["tracks"])

        before = await running.client.get(f"{here}?at_s={began - 3600}", timeout=120.0)
        assert before.status_code == 404
        assert "no message of 'radar'" in before.json()["error"]
        for path, status, words in (
            ("/api/v1/sensors/nobody/message", 404, "there is no sensor 'nobody'"),
            (f"{here}?at_s=nan", 400, ""),
            ("/api/v1/sensors/camera/message", 404, "no message of 'camera'"),
        ):
            answer = await running.client.get(path, timeout=120.0)
            assert answer.status_code == status, path
            assert words in answer.json()["error"]
        running.hall.followings = 2
        assert (await running.client.get(here, timeout=120.0)).status_code == 503


async def test_who_is_not_signed_in_follows_nothing(tmp_path):
    site = SITE.format(port=free_port(socket.SOCK_DGRAM))
    async with service(tmp_path, site=site, signed_in=False) as running:
        assert (await running.client.get("/api/v1/sensors/radar/message")).status_code == 401
