"""What the pages of detections and CSV show is run as it stands, and makes a track."""

import asyncio
import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from tests.conftest import missing
from tests.ports import free_port
from tests.service.harness import SITE, first_track, service

from tocsin.codec.detections import parse_body

pytestmark = pytest.mark.anyio
DOCS = Path(__file__).parents[2] / "docs" / "formats"
PAGE = (DOCS / "detections.md").read_text()


@pytest.fixture
def anyio_backend():
    return "asyncio"


def block(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0]


async def test_ten_lines_that_write_csv_make_a_track(tmp_path):
    page = (DOCS / "csv.md").read_text()
    port = free_port()
    toml, code = (
        re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)[0].replace("9100", str(port))
        for language in ("toml", "python")
    )
    assert len(code.splitlines()) <= 10
    async with service(tmp_path, site=SITE + toml) as running:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
        try:
            shown = await first_track(running)
        finally:
            process.kill()
            await process.wait()
        status = running.hall.status()
    assert status.records["CSV"] >= 3
    assert not status.rejected
    assert shown["known_by"] == "measured"


async def test_ten_lines_of_curl_make_a_track(tmp_path):
    if shutil.which("curl") is None:
        missing("curl", "install it (Debian package curl)")
    assert len(block("sh").splitlines()) <= 10
    async with service(tmp_path, site=SITE + block("toml")) as running:
        script = block("sh").replace("http://127.0.0.1:8080", running.url)
        script = script.replace("DATA/", f"{running.hall.data}/")
        process = await asyncio.create_subprocess_exec(
            "sh", "-ec", script, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
        assert process.returncode == 0, said
        assert b'"detections":1' in said
        assert running.hall.status().detections == 12
        features = (await running.client.get("/api/v1/tracks.geojson")).json()["features"]
    assert [feature["properties"]["known_by"] for feature in features] == ["measured"]
    speed = features[0]["properties"]["speed_mps"]
    assert 5.0 < speed < 40.0  # 10 m in about half a second


def test_the_body_on_the_page_is_one():
    body = parse_body(block("json").encode())
    assert len(body.detections) == 1
    assert not body.refused
    assert json.loads(block("json"))["scan"]["end_s"] == 1767225600.5
