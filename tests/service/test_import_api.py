"""An article over HTTP: it is a proposal, a person reviews it, ordinary acts record it."""

import contextlib
import sqlite3
from pathlib import Path

import pytest
from tests.service.http_desk import second_person
from tests.service.test_record_api import ledger_of, with_desk

pytestmark = [pytest.mark.jit, pytest.mark.slow]

ARTICLE = Path(__file__).parents[1].joinpath("record", "article.html").read_bytes()


def test_an_article_is_imported_reviewed_and_accepted_by_ordinary_acts(tmp_path):
    def check(desk, running):
        post = desk.client.post
        entries = len(ledger_of(desk.client))
        page = post("/api/v1/imports", content=ARTICLE, params={"name": "a.html"}).json()
        made = page["proposal"]
        assert len(made["items"]) == 18
        assert page["recorded"] == []
        assert len(ledger_of(desk.client)) == entries  # nothing of it counts
        again = post("/api/v1/imports", content=ARTICLE).json()
        assert again["proposal"] == made
        here = f"/api/v1/imports/{made['id']}"

        # Two editors at once: the second one looks again.
        first, second = made["items"][0]["id"], made["items"][1]["id"]
        body = {"act": "reject", "item": first, "revision": 0}
        assert post(here, json=body).json()["proposal"]["revision"] == 1
        late = post(here, json={**body, "item": second})
        assert late.status_code == 409
        assert "somebody else has changed this proposal" in late.json()["error"]
        wrong = post(here, json={"act": "split", "item": second, "at": 0, "revision": 1})
        assert wrong.status_code == 400
        assert "no place inside" in wrong.json()["error"]

        # A source that the desk knows takes the place of the proposed one.
        desk.act("add_source", id="mw", kind="agency", name="MW")
        body = {"act": "link", "item": "src-meridian-wire", "other": "mw", "revision": 1}
        page = post(here, json=body).json()
        done = set()
        for item in page["proposal"]["items"]:
            if item["state"] != "open":
                continue
            for name in page["order"][item["id"]]:
                if name not in done:
                    verb, act = page["acts"][name]
                    assert desk.act(verb, **act) == name
                    done.add(name)
        page = desk.get(here)
        assert {i["id"] for i in page["proposal"]["items"]} - set(page["recorded"]) == {first}
        (row,) = desk.get("/api/v1/imports")["imports"]
        assert (row["items"], row["open"]) == (18, 0)
        incident = next(r["id"] for r in made["rows"] if r["id"].endswith("-i2"))
        claims = desk.get(f"/api/v1/incidents/{incident}")["claims"]
        assert len(claims) == 3
        assert all("src-meridian-wire" not in str(c["noun"]["chain"]) for c in claims)

        # Hostile, foreign and overlong: a sentence, and nothing is kept.
        for content, status, words in [
            (b"x " * 1_500_000, 413, ""),
            (b"{}", 400, "neither bodies nor headlines"),
            (b"", 400, "is empty"),
        ]:
            bad = post("/api/v1/imports", content=content)
            assert bad.status_code == status, bad.text
            assert words in bad.json()["error"]
        page = post("/api/v1/imports", content=b"<p>x<script>alert(1)</script></p>").json()
        assert "alert" not in str(page["proposal"])
        assert len(desk.get("/api/v1/imports")["imports"]) == 2
        assert desk.client.get("/api/v1/imports/nothing").status_code == 404

    with_desk(tmp_path, check)
    # What is not recorded lies sealed: no word of the article is in the file.
    with sqlite3.connect(next(tmp_path.rglob("imports.sqlite"))) as db:
        rows = db.execute("SELECT original, proposal FROM import").fetchall()
    assert len(rows) == 2
    assert not any(b"Karvelia" in cell for row in rows for cell in row)


def test_who_may_not_write_the_record_imports_nothing(tmp_path):
    def check(desk, running):
        person = second_person(desk.client, running.url, "looker", ["viewer"])
        with contextlib.closing(person) as looker:
            assert looker.post("/api/v1/imports", content=ARTICLE).status_code == 403
            assert looker.get("/api/v1/imports").json()["imports"] == []

    with_desk(tmp_path, check)
