"""`tocsin doctor --live` says of each sensor of a running watch what is wrong with it."""

import asyncio
import contextlib
import http.server
import json
import socket
import sys
import threading
import time

import pytest
from tests.ports import free_port
from tests.service.harness import service
from tests.service.test_ingest import send_udp

from tocsin.cli import main
from tocsin.codec.asterix import encode_block, encode_plot

SITE = """
[node]
name = "live"
[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 400
geoid_m = 48
[[sensor]]
id = "radar"
kind = "radar"
format = "asterix"
listen = "udp://127.0.0.1:PORT"
sites = ["north"]
lat = 48.0
lon = 11.0
height_m = 10
sac = 1
sic = 2
sigma_range_m = 20
sigma_azimuth_deg = 0.2
scan_period_s = 300
[[sensor]]
id = "camera"
kind = "camera"
format = "detections"
listen = "http"
secret = "camera"
sites = ["north"]
lat = 48.0
lon = 11.0
height_m = 10
"""


async def doctor(site, url):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tocsin", "doctor", str(site), "--live", url, "--json",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def test_each_sensor_is_told_with_what_is_wrong(tmp_path):
    port = free_port(socket.SOCK_DGRAM)

    async def run():
        async with service(tmp_path / "a", site=SITE.replace("PORT", str(port))) as running:
            good = encode_block(48, [encode_plot(1, 2, time.time(), 4000.0, 0.8)])
            send_udp(port, good, *[b"\x30\x00\x09\xff\xff\xff\xff\xff\xff"] * 20)
            await running.until(
                lambda: any(
                    s["sensor_id"] == "radar" and s["frames"] == 21 and s["detections"] == 1
                    for s in running.hall.sensors
                ),
                120.0,
            )
            return await doctor(tmp_path / "a" / "site.toml", running.url)

    code, out, err = asyncio.run(run())
    assert code == 0, err
    live = json.loads(out.splitlines()[-1])["live"]
    told = {one["sensor"]: one for one in live["sensors"]}
    assert told["camera"]["state"] == "never heard"
    assert told["camera"]["heard_ago_s"] is None
    assert "switched on" in told["camera"]["says"]
    radar = told["radar"]
    assert (radar["state"], radar["detections"], radar["frames"]) == ("ok", 1, 21)
    assert 0.0 <= radar["heard_ago_s"] < 290.0
    assert sum(radar["rejected"].values()) == 20
    assert "cannot be used" in radar["says"]
    assert live["connections"][f"udp://127.0.0.1:{port}"] == "listening"
    assert live["kernel_drops"] == {}


@pytest.mark.parametrize(
    ("url", "words"),
    [("http://127.0.0.1:1", "does not answer"), ("ftp://here", "give for example http://")],
)
def test_a_watch_that_does_not_answer_is_a_bad_call(tmp_path, url, words):
    site = tmp_path / "site.toml"
    site.write_text(SITE.replace("PORT", "7001"))
    code, _, err = asyncio.run(doctor(site, url))
    assert code == 2
    assert words in err
    assert "Traceback" not in err


OF_A_RADAR = """tocsin_ready 1.0
tocsin_sensor_state{sensor="radar",state="ok"} 1.0
tocsin_sensor_heard_age_seconds{sensor="radar"} 0.4
tocsin_sensor_frames{sensor="radar"} 900.0
tocsin_sensor_detections{sensor="radar"} 4000.0
tocsin_sensor_clutter_cells{sensor="radar"} 3.0
tocsin_sensor_scatter{sensor="radar"} 2.64
tocsin_sensor_detection_probability{sensor="radar"} 0.463
tocsin_sensor_azimuth_error_degrees{sensor="radar"} -0.874
"""


def doctor_asks(watch, tmp_path, *more):
    """Let the doctor look at a watch that answers by watch(path) -> (status, body)."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = watch(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args):
            pass

    site = tmp_path / "site.toml"
    site.write_text(SITE.replace("PORT", "7001"))
    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        with contextlib.suppress(SystemExit):
            main(["doctor", str(site), "--live", url, *more])
        server.shutdown()


def test_in_what_a_sensor_is_other_than_stated_is_said(tmp_path, capsys):
    doctor_asks(lambda path: (200, OF_A_RADAR), tmp_path, "--json")
    (radar,) = json.loads(capsys.readouterr().out)["live"]["sensors"]
    assert radar["found"] == {"clutter_cells": 3.0, "scatter": 2.64, "detection": 0.46,
                              "azimuth_error_deg": -0.87}  # fmt: skip
    assert "part of what it sees is thick with false alarms" in radar["says"]
    assert "scatter some 2.6 times as much as the site file says" in radar["says"]
    assert "it sees some 46% of what is there" in radar["says"]
    assert "azimuth (degrees) -0.9: taken off its reports" in radar["says"]


def starting(path):
    """A watch whose kernels still load: it knows no sensor yet."""
    if path == "/metrics":
        return 200, "tocsin_ready 0.0\n"
    return 503, '{"error": "starting: kernels load"}'


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_watch_that_does_not_watch_is_said_to_be_one_and_why(tmp_path, capsys, more):
    doctor_asks(starting, tmp_path, *more)
    told = capsys.readouterr().out
    if more:
        assert json.loads(told)["live"]["not_ready"] == "starting: kernels load"
    else:
        assert "The watch does not watch now: starting: kernels load." in told
