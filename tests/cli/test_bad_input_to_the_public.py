"""What must not get to the public or half-way there: other versions, wrong signatures, articles
that are too long or hostile. Each is a sentence that says what to do; no script ever runs.
"""

import json
import shutil
import zipfile

import pytest
from tests.cli.test_record_proof import altered, folder_of
from tests.cli.test_record_verbs import answer, run
from tests.record.desk import chain
from tests.report.raid import FIRST, raid

from tocsin.record.importer import all_acts, propose

SCRIPT = "<script>document.title='ran';alert(1)</script>"
HOSTILE = (
    f"{SCRIPT}<img src=x onerror=alert(1)>\"'><svg onload=alert(1)>]]>&lt;script&gt;"
    "<a href=javascript:alert(1)>x</a>{{7*7}}=cmd|' /C calc'!A0\u202e"
)
ARABIC = "اعترضت الدفاعات الجوية طائرتين مسيرتين قرب القاعدة"


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signed")
    data = folder_of(raid().entries, folder / "watch")
    exports = folder / "exports"
    exports.mkdir()
    answer("record", "export", data, "--out", exports / "node.zip")
    answer("key", "export", data, "--out", exports / "keys.txt")
    return exports


def other_version(data):
    return data.replace(b'"tocsin_package":1', b'"tocsin_package":2', 1)


BAD = [
    ("manifest.json", other_version, "version 2; this reads version 1"),
    ("manifest.sig", lambda d: d[:-12] + b"AAAAAAAAAA==", "node.zip"),
    ("ledger.jsonl", lambda d: d.replace(b"drone", b"kite", 1), "node.zip"),
]


@pytest.mark.parametrize(("name", "change", "says"), BAD, ids=[n for n, _, _ in BAD])
def test_a_bundle_that_is_not_to_be_trusted_writes_nothing(
    signed, tmp_path, name, change, says
):
    exports = shutil.copytree(signed, tmp_path / "exports")
    out = tmp_path / "out"
    answer("publish", exports, "--out", out)
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    altered(signed / "node.zip", exports / "node.zip", name, change)
    done = run("publish", exports, "--out", out, "--json", status=1)
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before


def test_an_export_of_another_version_says_which_program_reads_it(tmp_path):
    exports = tmp_path / "exports"
    exports.mkdir()
    file = raid().write(exports / "node.jsonl")
    file.write_bytes(file.read_bytes().replace(b'"tocsin_ledger":1', b'"tocsin_ledger":7', 1))
    done = run("publish", exports, "--unsigned", "--out", tmp_path / "out", status=1)
    assert "is an export of version 7; this Tocsin reads version 1" in done.stderr
    assert "read it with the version that wrote it" in done.stderr
    assert not list((tmp_path / "out").glob("inc-*"))


def test_what_is_no_package_at_all_is_named(signed, tmp_path):
    exports = shutil.copytree(signed, tmp_path / "exports")
    for data in (b"", b"PK\x03\x04 and no more", b"\0" * 5_000):
        (exports / "node.zip").write_bytes(data)
        done = run("publish", exports, "--out", tmp_path / "out", status=1)
        assert "node.zip" in done.stderr
    with zipfile.ZipFile(exports / "node.zip", "w") as empty:
        empty.writestr("readme.txt", "nothing")
    assert "no manifest.json" in run("publish", exports, "--out", tmp_path, status=1).stderr


def test_an_article_of_10_mb_is_refused_by_the_verb_with_what_to_do(tmp_path):
    file = tmp_path / "long.html"
    file.write_bytes(b"<p>" + b"x " * 5_000_000)
    done = run("record", "import", file, status=1)
    assert "an article has at most 2.1 MB: give the part that is about" in done.stderr
    assert len(done.stderr) < 400


def hostile():
    """A register into which somebody took a hostile article, and one in Arabic, whole."""
    r = raid(approve=False)
    page = f"<html><h1>Attack</h1><p>The base was attacked by 2 drones, {HOSTILE} said.</p>"
    made = propose(page.encode(), "hostile.html")
    for verb, body in all_acts(made).values():
        if verb in ("add_source", "add_actor", "add_document"):
            r.act(verb, **body)
    r.act("add_source", id="evil", kind="outlet", name=HOSTILE[:200])
    r.act("assert", id="evil-says", about=[FIRST], quantity="noise", value="loud",
          verbatim=HOSTILE, chain=chain("evil"))  # fmt: skip
    r.act("assert", id="arabic", about=[FIRST], quantity="drones seen", value=2,
          verbatim=ARABIC, chain=chain("reuters"))  # fmt: skip
    r.act("correct", of="evil-says", wrong=HOSTILE, right=SCRIPT, changes={"value": "low"})
    r.act("approve", incident=FIRST)
    r.act("approve", incident=FIRST, user="jonas.weiss", as_of=len(r.entries) - 2)
    return r


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "exports").mkdir()
    hostile().write(folder / "exports" / "node.jsonl")
    made = answer("publish", folder / "exports", "--unsigned", "--out", folder / "out",
                  "--base-url", "https://example.org/i", "--pdf")  # fmt: skip
    assert made["pages"] == ["inc-2026-0001.html"]
    return folder / "out"


def test_hostile_words_are_words_in_every_output(public):
    for file in public.iterdir():
        if file.suffix == ".pdf":
            continue
        text = file.read_text()
        if file.suffix in (".html", ".xml", ".atom", ".rss"):
            assert "<script" not in text, file.name
            assert "<img" not in text, file.name
        if "ninjs" in file.name:
            body = json.loads(text)["bodies"][0]["value"]
            assert "<script" not in body
            assert "&lt;script" in body
    feed = (public / "feed.rss").read_text()
    assert "&amp;lt;script&amp;gt;" in feed  # readers of RSS undo one, and then show HTML


@pytest.mark.browser
def test_no_script_of_an_imported_text_runs_on_the_public_page(public, chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for runs in (True, False):  # with scripts, and as it is without any
            page = browser.new_context(java_script_enabled=runs).new_page()
            dialogs, asked = [], []
            page.on("dialog", lambda d, seen=dialogs: (seen.append(d), d.dismiss()))
            page.on("request", lambda request, seen=asked: seen.append(request.url))
            page.goto((public / "inc-2026-0001.html").as_uri())
            assert page.title() != "ran"
            assert page.locator("script, img, iframe, object, svg[onload]").count() == 0
            assert page.locator("a[href^='javascript' i]").count() == 0
            assert dialogs == []
            assert len(asked) == 1  # the page alone: nothing is fetched
            said = page.get_by_text(ARABIC)
            assert said.is_visible()
            if runs:
                assert said.evaluate("e => getComputedStyle(e).direction") == "rtl"
            assert page.get_by_text("Right is: <script>").first.is_visible()
        browser.close()
