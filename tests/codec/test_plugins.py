"""The docs' example plug-in, installed by pip as a third party's would be, and run."""

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import tocsin

DOCS = Path(__file__).parents[2] / "docs" / "formats"
T = 1_780_000_000.0
SITE = """
[node]
name = "test"
[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 500
[[sensor]]
id = "acme-1"
kind = "radar"
format = "acme-radar"
listen = "{listen}"
sites = ["north"]
lat = 48.001
lon = 11.002
height_m = 12
"""
RUN = """
import json, sys
from tocsin.codec import decode_into, open_session, sensor_status
from tocsin.codec.site_toml import read_site
from tocsin.errors import SiteError
from tocsin.model import Batch, Frame
said = json.load(sys.stdin)
try:
    node = read_site(said["site"].encode(), "site.toml")
except SiteError as error:
    print(json.dumps({"wrong": str(error)}))
    raise SystemExit
session = open_session(node, live=True)
now_s = said["now_s"]
frames = tuple(Frame("acme-1", k, now_s, bytes.fromhex(p), "p")
               for k, p in enumerate(said["payloads"]))
found = decode_into(session, node, Batch(now_s, frames))
rows = found.detections
print(json.dumps({
    "range_m": rows.range_m.tolist(), "azimuth_rad": rows.azimuth_rad.tolist(),
    "elevation_rad": rows.elevation_rad.tolist(), "time_s": rows.time_s.tolist(),
    "rejected": {r.reason: [r.count, r.detail] for r in found.rejected},
    "state": sensor_status(session, node, now_s)[0].state,
}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder into which pip has installed the example; nothing is fetched."""
    folder = tmp_path_factory.mktemp("plug-in")
    source = shutil.copytree(DOCS / "plugin-example", folder / "source")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation",
         "--no-index", "--disable-pip-version-check", "--target", str(folder / "site"),
         str(source)],
        check=True, timeout=120,
    )  # fmt: skip
    return folder / "site"


def ran(payloads, installed=None, listen="udp://127.0.0.1:7000"):
    """What a new process says that has, or has not, the plug-in on its path."""
    paths = [str(Path(tocsin.__file__).parents[1]), *([str(installed)] if installed else [])]
    said = {
        "site": SITE.format(listen=listen),
        "now_s": T,
        "payloads": [p.hex() for p in payloads],
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN], input=json.dumps(said), text=True, capture_output=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)}, check=True, timeout=120,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_the_docs_example_reads_plots_and_its_failures_are_counted(installed):
    plots = b"ACME" + struct.pack(">IHhIHh", 2000, 4150, 320, 5000, 9000, -100)
    impossible = b"ACME" + struct.pack(">IHh", 3_000_000_000, 0, 0)
    found = ran([plots, b"NOISE", b"ACME123", impossible], installed)
    assert found["range_m"] == [2000.0, 5000.0]
    assert found["azimuth_rad"] == pytest.approx([0.7243116395776468, 1.5707963267948966])
    assert found["elevation_rad"] == pytest.approx([0.05585053606381855, -0.017453292519943295])
    assert found["time_s"] == [T, T]
    assert found["state"] == "ok"
    count, detail = found["rejected"]["plug-in failed"]
    assert (count, detail) == (2, "acme-radar: ValueError: it does not begin with ACME")
    assert found["rejected"]["not a detection"][0] == 1


def test_without_the_package_the_site_file_is_refused_with_the_formats_that_are_there():
    wrong = ran([])["wrong"]
    assert "acme-radar" in wrong
    assert "asterix" in wrong


def test_a_plug_in_reads_datagrams_alone(installed):
    assert "udp://" in ran([], installed, listen="tcp://127.0.0.1:7000")["wrong"]


def test_the_page_shows_the_function_and_the_line_of_the_example():
    page = (DOCS / "plugins.md").read_text()
    packaging = (DOCS / "plugin-example" / "pyproject.toml").read_text()
    assert 'acme-radar = "acme_radar:read"' in page
    assert 'acme-radar = "acme_radar:read"' in packaging
    code = (DOCS / "plugin-example" / "acme_radar.py").read_text()
    assert "def read(payload: bytes, arrival_s: float) -> list[dict[str, float]]:" in code
    assert "def read(payload: bytes, arrival_s: float) -> list[dict[str, float]]:" in page
