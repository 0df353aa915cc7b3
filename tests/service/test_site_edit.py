"""The site file changed by a draft: comments stay, and only what is meant changes."""

import asyncio
import tomllib

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.service.fakes import FakePipeline
from tests.service.harness import SITE, service

from tocsin.codec.site_toml import read_site
from tocsin.errors import JournalError, SiteError
from tocsin.service.site_edit import Draft, SiteDraft, lay_into, outline_draft
from tocsin.service.site_files import SiteFile, StaleError, digest_of

TEXT = """# our own remarks stay
schema = 1

[node]
name = "North field"   # on every screen

[[site]]
id = "north"
lat = 48.0
lon = 11.0
elevation_m = 500

[site.rules]
caution_s = 200

[[site.zone]]
id = "apron"            # people work here
center_offset_m = [0, 0]
radius_m = 900
ceiling_m = 600
shelter_s = 60

[[site.zone]]
id = "hall"
polygon = [[11.0, 48.0], [11.01, 48.0], [11.01, 48.01]]
ceiling_m = 400
shelter_s = 90

[[sensor]]
id = "camera"
kind = "camera"
format = "detections"
listen = "http"
sites = ["north"]
lat = 48.001
lon = 11.002
height_m = 12           # on the mast
"""


def draft_of(text, *, zones=None, volumes=None, sensors=None):
    sites, _ = outline_draft(text)
    site = sites["north"]
    return Draft(
        digest_of(text),
        {"north": SiteDraft(site.zones if zones is None else zones,
                            site.volumes if volumes is None else volumes)},
        sensors or {},
    )  # fmt: skip


def test_a_moved_corner_and_a_name_are_changed_and_all_else_stays_byte_by_byte():
    zones = outline_draft(TEXT)[0]["north"].zones
    zones[1]["polygon"][2] = [11.02, 48.01]
    zones[0] |= {"name": "Apron", "ceiling_m": 650}
    made, changes = lay_into(TEXT, draft_of(TEXT, zones=zones))
    assert changes == [
        "zone apron of site north: name nothing → Apron",
        "zone apron of site north: ceiling_m 600 → 650",
        "zone hall of site north: polygon 3 points → 3 points",
    ]
    before, after = TEXT.splitlines(), made.splitlines()
    assert "# our own remarks stay" in after
    kept = [line for line in before if "ceiling_m = 600" not in line and "polygon" not in line]
    assert [line for line in after if line in kept] == kept
    read_site(made.encode(), "x")


def test_zones_and_volumes_are_added_and_taken_away_and_a_circle_becomes_a_polygon():
    ring = [[11.0, 48.0], [11.03, 48.0], [11.03, 48.01], [11.0, 48.01]]
    zones = [{"id": "apron", "polygon": ring, "ceiling_m": 600, "shelter_s": 60},
             {"id": "tower", "radius_m": 100, "ceiling_m": 90, "shelter_s": 30}]  # fmt: skip
    strip = {"id": "strip", "kind": "runway", "polygon": ring, "ceiling_m": 120}
    made, changes = lay_into(TEXT, draft_of(TEXT, zones=zones, volumes=[strip]))
    node = read_site(made.encode(), "x")
    assert [z.id for z in node.sites[0].zones] == ["apron", "tower"]
    assert len(node.sites[0].zones[0].outline_m) == 4
    assert [v.id for v in node.sites[0].volumes] == ["strip"]
    assert "zone hall of site north taken away" in changes
    assert "zone tower of site north added" in changes
    assert "volume strip of site north added" in changes
    assert "# people work here" in made
    back, _ = lay_into(made, draft_of(made, volumes=[]))
    assert read_site(back.encode(), "x").sites[0].volumes == ()


def test_a_sensor_is_moved_with_its_remark():
    moved = {"camera": {"lat": 48.002, "lon": 11.003, "height_m": 15}}
    made, changes = lay_into(TEXT, draft_of(TEXT, sensors=moved))
    assert tomllib.loads(made)["sensor"][0]["height_m"] == 15
    assert "# on the mast" in made
    assert len(changes) == 3


def test_nothing_changed_gives_the_same_bytes():
    assert lay_into(TEXT, draft_of(TEXT)) == (TEXT, [])


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"zones": [{"id": "apron", "secret": "x"}]}, "a zone has no 'secret'"),
        ({"sensors": {"radar": {"lat": 1}}}, "the site file has no sensor 'radar'"),
        ({"volumes": [{"id": "v", "shelter_s": 3}]}, "a volume has no 'shelter_s'"),
    ],
)
def test_what_a_draft_may_not_change_is_refused(more, says):
    with pytest.raises(SiteError, match=says):
        lay_into(TEXT, draft_of(TEXT, **more))


def test_a_file_that_is_written_otherwise_is_changed_rightly_or_not_at_all():
    inline = TEXT.replace(
        '[[site.zone]]\nid = "hall"\npolygon', '[[site.zone]]\nid = "hall"\n"polygon"'
    )
    for text in (inline, TEXT.replace("\n", "\r\n")):
        zones = outline_draft(text)[0]["north"].zones
        zones[1]["polygon"] = zones[1]["polygon"][::-1]
        try:
            made, _ = lay_into(text, draft_of(text, zones=zones))
        except SiteError:
            continue
        assert tomllib.loads(made)["site"][0]["zone"] == zones


NUMBERS = st.floats(-179, 179).map(lambda x: round(x, 6))
RING = st.lists(st.tuples(NUMBERS, NUMBERS).map(list), min_size=3, max_size=6)
PART = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["apron", "hall", "new", "other"]),
        "ceiling_m": st.integers(1, 900),
    },
    optional={"polygon": RING, "name": st.text(max_size=8), "floor_m": NUMBERS},
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PART, max_size=4, unique_by=lambda part: part["id"]))
def test_any_draft_reads_as_exactly_what_was_meant(zones):
    made, _ = lay_into(TEXT, draft_of(TEXT, zones=zones))
    raw, old = tomllib.loads(made), tomllib.loads(TEXT)
    found = {zone["id"]: zone for zone in raw["site"][0].pop("zone", [])}
    assert found == {zone["id"]: zone for zone in zones}
    old["site"][0].pop("zone")
    assert raw == old


class Notes:
    """A service ledger that keeps what it was told."""

    def __init__(self):
        self.rows = []

    def note(self, kind, **body):
        self.rows.append((kind, body))

    def named(self, name):
        return f"person of {name}"


def test_each_save_is_a_version_and_an_entry_and_leaves_the_file_that_the_journal_rests_on(
    tmp_path,
):
    path = tmp_path / "site.toml"
    path.write_text(TEXT)
    file, notes = SiteFile(path, tmp_path / "site-files"), Notes()
    moved = {"camera": {"lat": 48.002, "lon": 11.002, "height_m": 12}}
    saved, _ = file.save(draft_of(TEXT, sensors=moved), "ada", notes)
    assert saved.number == 2
    assert (tmp_path / "site-files" / "0001.toml").read_text() == TEXT
    now = (tmp_path / "site-files" / "0002.toml").read_text()
    assert file.text() == now
    assert "lat = 48.002" in now
    ((kind, body),) = notes.rows
    assert (kind, body["by"], body["after"]) == ("site file", "person of ada", digest_of(now))

    away = {"camera": {"lat": 48.003, "lon": 11.002, "height_m": 12}}
    with pytest.raises(StaleError):
        file.save(draft_of(TEXT, sensors=away), "ada", notes)
    saved, _ = file.save(draft_of(now, sensors=away), "ada", notes)
    assert saved.number == 3
    assert path.read_text() == TEXT
    # What hands have made of the file stands, and is kept before it is drawn on.
    by_hand = TEXT + "# by hand\n"
    path.write_text(by_hand)
    assert file.text() == by_hand
    saved, _ = file.save(draft_of(by_hand, sensors=away), "ada", notes)
    assert saved.number == 5
    assert (tmp_path / "site-files" / "0004.toml").read_text() == by_hand
    assert file.text() == saved.path.read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["site-files", "site.toml"]


def test_line_ends_and_a_link_to_the_file_stay_as_they_are(tmp_path):
    text = TEXT.replace("\n", "\r\n")
    path, link = tmp_path / "kept.toml", tmp_path / "site.toml"
    path.write_bytes(text.encode())
    link.symlink_to(path)
    file = SiteFile(link, tmp_path / "site-files", digest_of(text))
    read, sites, _ = file.outline()
    assert digest_of(read) == file.started
    added = {"id": "mess", "radius_m": 50, "ceiling_m": 90, "shelter_s": 30, "name": "a\nb"}
    zones = [*sites["north"].zones[1:], added]
    file.save(draft_of(read, zones=zones), "ada", Notes())
    assert link.is_symlink()
    assert path.read_bytes() == text.encode()
    made = (tmp_path / "site-files" / "0002.toml").read_bytes()
    assert made.count(b"\n") == made.count(b"\r\n") > 30
    assert tomllib.loads(made.decode())["site"][0]["zone"][-1] == added
    assert (tmp_path / "site-files" / "0001.toml").read_bytes() == text.encode()


def test_over_http_what_is_malformed_is_answered_with_a_sentence(tmp_path):
    async def go():
        async with service(tmp_path, pipeline=FakePipeline()) as running:
            planner = await running.client.post(
                "/api/v1/users", json={"name": "plan", "roles": ["planner"]}
            )
            client = httpx.AsyncClient(base_url=running.url, timeout=60)
            await client.get(planner.json()["path"])
            page = (await client.get("/api/v1/site-file")).json()
            draft = {"base": page["digest"], "sites": page["sites"], "sensors": {}}
            zones = draft["sites"]["north"]["zones"]
            zones.append({"name": "Mess", "radius_m": 9, "ceiling_m": 9, "shelter_s": 9})
            for door in ("/api/v1/site-file/try", "/api/v1/site-file"):
                told = (await client.post(door, json=draft)).json()
                assert "'Mess', has no id; give a short one" in told["sentence"]
                for body in ("[" * 10_000, '{"base": 3}', '{"base": ""', '{"base":"\\ud800"}'):
                    answer = await client.post(door, content=body)
                    assert answer.status_code == 400, answer.text
                    assert answer.json()["error"]
            path = tmp_path / "site.toml"
            path.write_text(path.read_text().replace("[[site.zone]]", "[[site.zone]]\nx = 1"))
            answer = await client.get("/api/v1/site-file")
            assert (answer.status_code, "unknown 'x'" in answer.text) == (409, True)
            await client.aclose()

    asyncio.run(go())


async def see_the_choice(client, digest):
    """Choose as an administrator: a stale one is refused; what will happen is said; undone."""
    path = "/api/v1/site-file"
    stale = (await client.post(f"{path}/choose", json={"digest": "0" * 64})).json()
    assert "changed meanwhile" in stale["sentence"]
    told = (await client.post(f"{path}/choose", json={"digest": digest})).json()
    assert told["accepted"]
    assert "zone apron of north changed: ceiling" in told["sentence"]
    assert "tracks begin anew" in told["sentence"]
    page = (await client.get(path)).json()
    assert (page["chosen"], page["is_next"], page["next"]) == (2, True, told["sentence"])
    assert (await client.post(f"{path}/choose", json={"digest": ""})).json()["accepted"]
    page = (await client.get(path)).json()
    assert (page["chosen"], page["is_next"], page["next"]) == (0, False, "")


def test_over_http_a_draft_is_tried_saved_once_and_a_stale_one_is_refused(tmp_path):
    async def go():
        async with service(tmp_path, pipeline=FakePipeline()) as running:
            planner = await running.client.post(
                "/api/v1/users", json={"name": "plan", "roles": ["planner"]}
            )
            client = httpx.AsyncClient(base_url=running.url, timeout=60)
            await client.get(planner.json()["path"])
            page = (await client.get("/api/v1/site-file")).json()
            assert page["is_newer"] is False
            draft = {"base": page["digest"], "sites": page["sites"], "sensors": {}}
            zone = draft["sites"]["north"]["zones"][0]
            zone |= {"ceiling_m": 100, "floor_m": 200}
            tried = (await client.post("/api/v1/site-file/try", json=draft)).json()
            assert "ceiling_m below its floor_m" in tried["sentence"]
            refused = (await client.post("/api/v1/site-file", json=draft)).json()
            assert refused["accepted"] is False
            del zone["floor_m"]
            zone["ceiling_m"] = 700
            tried = (await client.post("/api/v1/site-file/try", json=draft)).json()
            assert tried["sentence"] == ""
            assert "ceiling_m = 700" in tried["text"]
            saved = (await client.post("/api/v1/site-file", json=draft)).json()
            assert saved["accepted"], saved
            assert "start the watch again" in saved["sentence"]
            again = (await client.post("/api/v1/site-file", json=draft)).json()
            assert "was changed meanwhile" in again["sentence"]
            page = (await client.get("/api/v1/site-file")).json()
            assert page["is_newer"] is True
            assert page["sites"]["north"]["zones"][0]["ceiling_m"] == 700
            text = (await client.get("/api/v1/site-file.toml")).text
            assert digest_of(text) == page["digest"]
            assert (page["chosen"], page["is_next"], page["next"]) == (0, False, "")
            choice = {"digest": page["digest"]}
            refused = await client.post("/api/v1/site-file/choose", json=choice)
            assert refused.status_code == 403  # a planner draws, an administrator chooses
            await see_the_choice(running.client, page["digest"])
            noted = running.hall.ledger.entries(after=-1, limit=1000)
            assert [e.kind for e in noted].count("site file") == 1
            await client.aclose()
        # A watch that is started again, as after a crash, goes on with its journal.
        text = (tmp_path / "site.toml").read_text()
        async with service(tmp_path, site=text, pipeline=FakePipeline()) as running:
            assert running.hall.site_file.text() != text
        newest = (tmp_path / "data" / "site-files" / "0002.toml").read_text()
        with pytest.raises(JournalError, match="new --data folder"):
            async with service(tmp_path, site=newest, pipeline=FakePipeline()):
                pass

    assert "ceiling_m = 600" in SITE
    asyncio.run(go())
