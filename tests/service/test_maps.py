"""The picture as files and by HTTP: for people who are signed in, and partners who fetch it."""

import asyncio
import base64
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.service.fakes import FakePipeline, tracks_picture
from tests.service.harness import SITE, service

from tocsin.codec.site_toml import read_site
from tocsin.errors import ServiceError, SiteError
from tocsin.service.feeds import Feeds

pytestmark = pytest.mark.anyio
DOCS = Path(__file__).parents[2] / "docs"
PULL = """
[[channel]]
id = "globe"
kind = "KIND"
to = "pull"
sites = ["north"]
per_second = LIMIT
"""
NS = "{http://www.opengis.net/kml/2.2}"


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Crowded(FakePipeline):
    """Two tracks, one of them simulated."""

    def step(self, state, batch):
        state, outcome = super().step(state, batch)
        if outcome.picture is not None:
            outcome.picture = tracks_picture(outcome.now_s, [17, 18])
            outcome.picture.tracks.nature[:] = (0, 2)
        return state, outcome


def pull(kind, limit=1000):
    return SITE + PULL.replace("KIND", kind).replace("LIMIT", str(limit))


async def first(client, path, **more):
    """Fetch until a picture is on disk: before the first one, the service says that none is."""
    for _ in range(6000):
        answer = await client.get(path, **more)
        if answer.status_code not in (200, 503) or b"17" in answer.content:
            return answer
    raise AssertionError("no picture came")


async def test_who_is_signed_in_sees_all_of_it_and_others_nothing(tmp_path):
    async with service(tmp_path, pipeline=Crowded()) as running:
        answer = await first(running.client, "/api/v1/tracks.geojson")
        assert answer.headers["content-type"] == "application/geo+json"
        assert answer.headers["cache-control"] == "no-store"
        features = answer.json()["features"]
        assert [(f["id"], f["properties"]["nature"]) for f in features] == [
            ("17", "live"), ("18", "simulated"),
        ]  # fmt: skip
        kml = await first(running.client, "/api/v1/tracks.kml")
        assert len(list(ElementTree.fromstring(kml.content).iter(f"{NS}Placemark"))) == 2
        running.client.cookies.clear()
        for path in ("tracks.geojson", "tracks.kml", "link.kml"):
            assert (await running.client.get(f"/api/v1/{path}")).status_code == 401
            bad = {"Authorization": "Bearer 0123456789abcdef0123"}
            assert (await running.client.get(f"/api/v1/{path}", headers=bad)).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
async def test_a_partner_fetches_what_its_channel_carries(tmp_path, scheme):
    async with service(tmp_path, pipeline=Crowded(), site=pull("kml")) as running:
        running.client.cookies.clear()
        token = (running.hall.data / "secrets" / "globe").read_text().strip()
        word = token if scheme == "Bearer" else base64.b64encode(f"x:{token}".encode()).decode()
        head = {"Authorization": f"{scheme} {word}"}
        link = await running.client.get("/api/v1/link.kml", headers=head)
        href = ElementTree.fromstring(link.content).find(f".//{NS}href").text
        assert href == f"{running.url}/api/v1/tracks.kml"
        kml = await first(running.client, href, headers=head)
        assert kml.headers["content-type"] == "application/vnd.google-earth.kml+xml"
        (mark,) = ElementTree.fromstring(kml.content).iter(f"{NS}Placemark")
        assert mark.get("id") == "t17"
        other = await running.client.get("/api/v1/tracks.geojson", headers=head)
        assert (other.status_code, "of kind 'kml'" in other.json()["error"]) == (403, True)
        for path in ("/api/v1/status", "/api/v1/ledger", "/api/v1/node"):
            assert (await running.client.get(path, headers=head)).status_code == 401
        assert running.hall.status().channels[0].delivered >= 1


async def test_a_partner_that_comes_too_often_is_told_to_wait(tmp_path):
    async with service(tmp_path, pipeline=Crowded(), site=pull("geojson", 0.001)) as running:
        await first(running.client, "/api/v1/tracks.geojson")
        running.client.cookies.clear()
        head = {
            "Authorization": "Bearer "
            + (running.hall.data / "secrets" / "globe").read_text().strip()
        }
        answers = [
            await running.client.get("/api/v1/tracks.geojson", headers=head) for _ in range(3)
        ]
        assert [a.status_code for a in answers] == [200, 429, 429]
        assert "times a second" in answers[1].json()["error"]
        channel = running.hall.status().channels[0]
        assert (channel.delivered, channel.held_back) == (1, 2)


def test_no_one_who_fetches_gets_an_old_picture(tmp_path, monkeypatch):
    monkeypatch.setattr("tocsin.service.feeds.FRESH_S", 1.5)
    feeds = Feeds(read_site(pull("geojson").encode(), "site.toml"), tmp_path)
    channel = feeds._node.channels[0]

    def show(number):
        feeds._asked_at = time.monotonic()
        feeds._offered_at = -1e9
        feeds.offer(tracks_picture(1.8e9, [number]), number)
        feeds.committed(number)

    with pytest.raises(ServiceError, match="no picture came"):
        feeds.fetch(channel)
    show(17)
    assert b'"id":"17"' in feeds.fetch(channel)
    time.sleep(1.7)
    with pytest.raises(ServiceError, match="no picture came"):
        feeds.fetch(channel)
    # Two who come one after the other both wait for the next one.
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(feeds.fetch, channel) for _ in range(2)]
        time.sleep(0.1)
        show(18)
        assert all(b'"id":"18"' in one.result() for one in asked)
    # What waited long for the disk is old as well.
    feeds._offered_at = -1e9
    feeds.offer(tracks_picture(1.8e9, [19]), 19)
    time.sleep(1.7)
    feeds.committed(19)
    with pytest.raises(ServiceError, match="no picture came"):
        feeds.fetch(channel)
    assert feeds.status()[0].delivered == 3


async def test_where_the_watch_stands_still_the_answer_is_a_sentence(tmp_path):
    pipeline = Crowded()
    async with service(tmp_path, pipeline=pipeline) as running:
        await first(running.client, "/api/v1/tracks.geojson")
        pipeline.paints = False
        for _ in range(20):
            answer = await running.client.get("/api/v1/tracks.geojson")
            if answer.status_code != 200:
                break
            await asyncio.sleep(0.5)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "no picture came in the last 3 s" in answer.json()["error"]


@pytest.mark.parametrize("kind", ["geojson", "kml"])
def test_a_file_is_always_whole_and_the_newest(tmp_path, kind):
    page = (DOCS / "formats" / "maps.md").read_text()
    (block,) = re.findall(rf"```toml\n(\[\[channel\]\]\nid = \"{kind}.*?)```", page, re.DOTALL)
    feeds = Feeds(read_site((SITE + block).encode(), "site.toml"), tmp_path)
    feeds.start()
    feeds.offer(tracks_picture(1.8e9, [17]), 1)
    feeds.committed(1)
    from tests.service.desk import until

    until(lambda: feeds.status()[0].delivered == 1, 60.0)
    feeds.stop()
    (path,) = tmp_path.rglob(f"*.{kind}")
    assert list(path.parent.iterdir()) == [path]
    if kind == "geojson":
        (feature,) = json.loads(path.read_bytes())["features"]
        assert feature["id"] == "17"
    else:
        assert ElementTree.fromstring(path.read_bytes()).find(f".//{NS}Placemark") is not None


def test_what_is_not_live_is_not_to_be_fetched():
    text = pull("kml", 1) + 'natures = ["live", "exercise"]\n'
    with pytest.raises(SiteError, match="take it for real"):
        read_site(text.encode(), "site.toml")
