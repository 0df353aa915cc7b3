"""The page that leads a newcomer to a first radar is done as it stands and makes a track."""

import asyncio
import json
import re
import socket
import sys
from pathlib import Path

import pytest
from tests.ports import free_port
from tests.service.harness import SITE, first_track, service

from tocsin.cli import main
from tocsin.codec.site_toml import read_site

pytestmark = [pytest.mark.anyio, pytest.mark.jit]
PAGE = (Path(__file__).parents[2] / "docs" / "formats" / "first-radar.md").read_text()


@pytest.fixture
def anyio_backend():
    return "asyncio"


def block(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0]


def test_doctor_takes_the_site_file_of_the_page(tmp_path, capsys):
    (tmp_path / "site.toml").write_text(block("toml"))
    with pytest.raises(SystemExit) as left:
        main(["doctor", str(tmp_path / "site.toml"), "--json"])
    assert left.value.code in (0, None)
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert "[[channel]]" in json.dumps(found)


async def test_the_generated_radar_of_the_page_makes_a_track(tmp_path):
    port = str(free_port(socket.SOCK_DGRAM))
    toml, code = (block(language).replace("8600", port) for language in ("toml", "python"))
    assert [one.id for one in read_site(toml.encode(), "page").sensors] == ["radar-1"]
    camera = SITE[SITE.index("[[sensor]]") :]  # the harness posts by it
    async with service(tmp_path, site=toml + camera) as running:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
        try:
            shown = await first_track(running)
        finally:
            process.kill()
            await process.wait()
        status = running.hall.status()
    assert shown["known_by"] == "measured"
    assert not status.rejected
    assert status.records["CAT048"] >= 2
    assert status.detections >= 2
    radar = next(one for one in status.sensors if one["sensor_id"] == "radar-1")
    assert radar["state"] == "ok"
