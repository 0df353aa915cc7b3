"""The docs tell the truth: links lead somewhere, examples are read, verbs are all named."""

import re
from inspect import signature
from pathlib import Path

import pytest

from tocsin.cli import VERBS
from tocsin.codec.site_toml import read_site

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_whole_site_files_in_the_docs_are_read(page):
    for block in re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL):
        if "[node]" in block:
            assert read_site(block.encode(), page.name).name


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_documented(verb):
    assert any(f"tocsin {verb}" in page.read_text() for page in PAGES)


def test_every_field_of_the_site_file_is_documented():
    from tocsin.codec import site_toml

    page = (ROOT / "docs" / "site-file.md").read_text() + (
        ROOT / "docs" / "operating" / "warning.md"
    ).read_text()
    for struct in site_toml._FIELDS.values():
        for name in struct.__struct_encode_fields__:
            assert re.search(rf"\b{name}\b", page), name


def test_every_option_of_the_watch_is_documented():
    from tocsin.cli.watch import watch

    page = (ROOT / "docs" / "api.md").read_text()
    options = [f"--{name.replace('_', '-')}" for name in signature(watch).parameters][1:]
    assert [option for option in options if f"`{option}" not in page] == []


def test_every_route_is_documented():
    from tocsin.service.app import make_app

    page = (ROOT / "docs" / "api.md").read_text()
    page = re.sub(r"\{[^}]*\}", "{}", page).replace("/ID/", "/{}/")
    paths = {re.sub(r"\{[^}]*\}", "{}", route.path) for route in make_app(None).routes}
    own = paths - {"/", "/{}"} - {path for path in paths if "openapi" in path}  # the pages

    def is_named(path):  # a route beside others of its folder goes by its end
        whole = re.search(rf"{re.escape(path)}(?![\w/.-])", page) is not None
        return whole or f"`/{path.rpartition('/')[2]}`" in page

    assert len(own) > 40
    assert [path for path in sorted(own) if not is_named(path)] == []


def test_changelog_fragments_are_written_for_users():
    for fragment in (ROOT / "changes").glob("*.md"):
        assert len(fragment.read_text().split()) > 5, fragment.name


FORMATS = ROOT / "docs" / "formats"
SECTIONS = {
    "how to connect": r"^## How to connect",
    "what is read or sent": r"^## (What is (read|sent)|What comes of it)",
    "what is not": r"(?i)(is|are) not (read|sent)|not (read|sent|leave):|nothing is said of",
    "an example": r"^```(toml|json|python|sh)",
}
LISTED = sorted(set(re.findall(r"\]\(([\w-]+\.md)", (FORMATS / "README.md").read_text())))


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("name", LISTED)
def test_each_page_of_a_format_says_how_to_connect_what_is_read_and_what_is_not(name, section):
    if name in ("first-radar.md", "plugins.md", "sapient-conformance.md"):
        return  # a lesson, a format of one's own, a kit
    page = (FORMATS / name).read_text()
    assert re.search(SECTIONS[section], page, re.MULTILINE), f"{name}: {section}"


def test_every_format_of_the_site_file_stands_on_a_page_of_its_own():
    from tocsin.codec.site_toml import FORMATS as NAMES

    index = (FORMATS / "README.md").read_text()
    assert [name for name in NAMES if f"`{name}`" not in index and name != "sightings"] == []


def test_the_log_of_the_page_of_trials_is_one():
    from tocsin.codec.recordings import open_recording

    page = (FORMATS / "courageous.md").read_text()
    log = re.search(r"```json\n(.*?)```", page, re.DOTALL)[1]
    (frame,) = open_recording(log.encode(), "trial.json").frames
    assert b'"azimuth_deg":41.5' in frame.payload.replace(b" ", b"")
