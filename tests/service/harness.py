"""A whole service in this process, on real sockets; the pipeline may be a fake."""

import asyncio
import contextlib
import time
from dataclasses import dataclass

import httpx

from tocsin.service import opening, premises, run, site_files, taking_up
from tocsin.service.clock import REAL
from tocsin.service.watch_options import WatchOptions

SITE = """
schema = 1
[node]
name = "North field"
[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 500
[[site.zone]]
id = "apron"
center_offset_m = [0, 0]
radius_m = 900
ceiling_m = 600
shelter_s = 60
[[sensor]]
id = "camera"
kind = "camera"
format = "detections"
listen = "http"
sites = ["north"]
lat = 48.001
lon = 11.002
height_m = 12
sigma_range_m = 8
sigma_azimuth_deg = 0.7
sigma_elevation_deg = 0.7
scan_period_s = 1.0
max_range_m = 12000
"""


@dataclass
class Running:
    """A service that runs: its address, its parts, a client that is signed in; changes: what
    was said of another site file than the one before.
    """

    url: str
    hall: object
    said: list
    client: httpx.AsyncClient
    token: str
    changes: list

    async def until(self, condition, timeout_s=60.0):
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, "it did not come about"
            await asyncio.sleep(0.02)

    def bearer(self):
        return {"Authorization": f"Bearer {self.token}"}

    def cookie(self):
        return f"tocsin_session={self.client.cookies['tocsin_session']}"


@contextlib.asynccontextmanager
async def service(folder, *, site=SITE, pipeline=None, clock=REAL, signed_in=True, **more):
    folder.mkdir(exist_ok=True)
    path = folder / "site.toml"
    path.write_text(site)
    options = WatchOptions(
        site=path, data=folder / "data", port=0, clock=clock, link=True, **more
    )
    premises.make_folder(options.data)
    watched, changes = opening.read_watched_site(options), []
    if pipeline is None:
        watched = taking_up.take_up_site(options, watched, changes.append)
    else:
        site_files.keep_in_use(options.data / "site-files", watched.text)
    load = (lambda: pipeline) if pipeline else None
    hall, sink = opening.open_hall(options, watched.text, watched.node, load)
    web = premises.bind("127.0.0.1", 0)
    said = []
    run._say_link(options, hall, web, said.append)
    task = asyncio.ensure_future(
        run._serve(options, hall, sink, web, said.append, time.monotonic())
    )
    url = f"http://127.0.0.1:{web.getsockname()[1]}"
    started = asyncio.wrap_future(hall.engine.started)
    await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        await task
    secret = options.data / "secrets" / "camera"
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        if signed_in:
            await client.get(said[0].split(" ", 1)[1])
        token = secret.read_text().strip() if secret.exists() else ""
        yield Running(url, hall, said, client, token, changes)
    hall.stop()
    await task
    hall.ledger.close()


async def first_track(running):
    """Return the properties of the first track that the map shows; two minutes are enough."""
    end = time.monotonic() + 120.0
    while True:
        answer = await running.client.get("/api/v1/tracks.geojson")
        if features := answer.json().get("features"):  # 503 until a picture came
            return features[0]["properties"]
        assert time.monotonic() < end, running.hall.status()
        await asyncio.sleep(0.2)
