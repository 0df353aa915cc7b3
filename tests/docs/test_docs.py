"""The docs tell the truth: links lead somewhere, examples are read, verbs are all named."""

import re
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


def test_changelog_fragments_are_written_for_users():
    for fragment in (ROOT / "changes").glob("*.md"):
        assert len(fragment.read_text().split()) > 5, fragment.name
