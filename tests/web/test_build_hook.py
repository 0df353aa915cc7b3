"""The build hook: what it asks for, when it builds, and what a package holds."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import hatch_build
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tree(tmp_path):
    """Return a small source tree with sources and assets that belong to them."""
    (tmp_path / "web" / "src").mkdir(parents=True)
    for name in ("package.json", "package-lock.json", "index.html", "src/main.ts"):
        (tmp_path / "web" / name).write_text(name)
    static = hatch_build.static_folder(tmp_path)
    static.mkdir(parents=True)
    (static / "index.html").write_text("built")
    (static / hatch_build.STAMP).write_text(hatch_build.sources_digest(tmp_path))
    return tmp_path


def asked(root):
    hook = hatch_build.CustomBuildHook.__new__(hatch_build.CustomBuildHook)
    hook.__dict__["_BuildHookInterface__root"] = str(root)
    return hook.dependencies()


def test_node_is_asked_for_only_when_something_has_to_be_built(tree):
    assert asked(tree) == []
    (tree / "web" / "src" / "main.ts").write_text("changed")
    assert asked(tree) == [hatch_build.NODE]


@pytest.mark.parametrize("gone", ["index.html", hatch_build.STAMP])
def test_missing_assets_or_stamp_are_stale(tree, gone):
    (hatch_build.static_folder(tree) / gone).unlink()
    assert not hatch_build.is_current(tree)


def test_tests_and_installed_packages_do_not_make_assets_stale(tree):
    for name in ("test", "node_modules", "scripts"):
        (tree / "web" / name).mkdir()
        (tree / "web" / name / "any.ts").write_text("x")
    assert hatch_build.is_current(tree)


def test_renaming_a_source_makes_assets_stale(tree):
    (tree / "web" / "src" / "main.ts").rename(tree / "web" / "src" / "other.ts")
    assert not hatch_build.is_current(tree)


def test_assets_without_sources_are_taken_as_they_are(tree):
    shutil.rmtree(tree / "web")
    assert hatch_build.is_current(tree)


def test_the_lock_names_no_host_and_every_package_has_its_digest():
    packages = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    installed = {name: row for name, row in packages.items() if name}
    assert [name for name, row in installed.items() if "resolved" in row] == []
    assert [name for name, row in installed.items() if "integrity" not in row] == []


@pytest.mark.parametrize("script", ["wire_types.py", "record_types.py"])
def test_generated_types_are_those_of_the_model(script):
    command = [sys.executable, f"web/scripts/{script}", "--check"]
    done = subprocess.run(command, cwd=ROOT, check=False)
    assert done.returncode == 0, f"run python web/scripts/{script}"


def test_first_load_is_small(built_page):
    import gzip

    assets = [p for p in (built_page / "assets").iterdir() if p.name.startswith("index-")]
    size = sum(len(gzip.compress(p.read_bytes())) for p in assets)
    font = next((built_page / "assets").glob("inter-latin-wght*.woff2")).stat().st_size
    assert size + font <= 250_000


def test_notices_name_what_is_shipped(built_page):
    notices = (built_page / "THIRD_PARTY_NOTICES.txt").read_text()
    for name in ("ol 1", "svelte 5", "world-atlas", "@fontsource-variable/inter"):
        assert name in notices


@pytest.mark.slow
def test_a_wheel_from_a_clean_tree_holds_the_page_without_node_on_the_path(tmp_path):
    tree = tmp_path / "tree"
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True
    ).stdout.decode().split("\0")  # fmt: skip
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tree / name)
    environment = {**os.environ, "PATH": "/usr/sbin"}
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(command, cwd=tree, env=environment, check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    held = zipfile.ZipFile(wheel).namelist()
    assert "tocsin/service/static/index.html" in held
    assert "tocsin/service/static/THIRD_PARTY_NOTICES.txt" in held


@pytest.mark.slow
def test_types_format_and_unit_tests_of_the_page():
    for verb in (["run", "check"], ["test"]):
        command = [sys.executable, "hatch_build.py", "--npm", *verb]
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
