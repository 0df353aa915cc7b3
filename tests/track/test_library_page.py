"""The page of the library tells the truth: every name, every option with its default, code that
runs; and the library loads nothing but what it promises.
"""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import tocsin.track
from tocsin.track import Options, metrics, smoothing, stonesoup

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "library.md").read_text()
MODULES = (tocsin.track, metrics, smoothing, stonesoup)
# Results of functions there, told of in their docstrings.
RESULTS = {"Gospa", "Siap"}


@pytest.mark.parametrize("name", sorted({n for m in MODULES for n in m.__all__} - RESULTS))
def test_every_public_name_is_on_the_page(name):
    assert re.search(rf"`{name}\b", PAGE)


def test_every_public_name_says_what_it_is():
    for module in MODULES:
        for name in module.__all__:
            assert len((getattr(module, name).__doc__ or "").split()) > 5, name
    methods = [n for n in vars(tocsin.track.Tracker) if not n.startswith("_")]
    assert set(methods) >= {"events", "restore", "settled", "state", "step", "unused"}
    for name in methods:
        assert f"`Tracker.{name}" in PAGE or f"Tracker.{name}(" in PAGE


def test_every_option_is_on_the_page_with_its_default():
    rows = {}
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0].startswith("`"):
            names = re.findall(r"`(\w+)`", cells[0])
            values = cells[1].split(", ") if len(names) > 1 else [cells[1]]
            rows.update(zip(names, values, strict=True))
    assert rows == {f.name: str(getattr(Options(), f.name)) for f in fields(Options)}


def test_every_option_is_in_its_docstring():
    text = Options.__doc__.replace(
        "quiet_q, agile_q, hover_q:", "quiet_q_up agile_q_up hover_q_up"
    )
    for f in fields(Options):
        ending = f.name.split("_", 1)[-1]
        assert f.name in text or f"*_{ending}" in Options.__doc__, f.name


@pytest.mark.jit
def test_the_code_on_the_page_runs():
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    code = "\n".join([*blocks, "Tracker([radar], options).step(batch)", "print(len(tracks))"])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout == "1\n"


@pytest.mark.jit
def test_it_needs_numpy_scipy_and_numba_only():
    """Tracks, judges and smooths in a process in which nothing else can be imported."""
    code = (
        "import sys\n"
        "class Only:\n"
        "    names = {'numpy', 'scipy', 'numba', 'llvmlite', 'tocsin', 'tests'}\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        root = name.partition('.')[0]\n"
        "        own = root in self.names | set(sys.stdlib_module_names)\n"
        "        if not own and not root.startswith('_sysconfig'):\n"
        "            raise ImportError(name + ' is not for the library')\n"
        "sys.meta_path.insert(0, Only())\n"
        "from tests.track.scene import *\n"
        "from tocsin.track import Tracker, metrics, smoothing, stonesoup, warm\n"
        "t, history = Tracker(RADARS), smoothing.History()\n"
        "for now, batch, look in scans(RADARS, straight((3000, 2000, 200, -40, 10, 0)), 4.0):\n"
        "    out = t.step(batch, [look], now_s=now)\n"
        "    smoothing.note_into(history, t.state(), now)\n"
        "smoothing.smoothed(history, t.state().options)\n"
        "print(metrics.gospa(out.state[:, :3], out.state[:, :3], 100.0).total)\n"
        "loaded = {m.partition('.')[0] for m in sys.modules}\n"
        "print(sorted(loaded & {'msgspec', 'pyarrow', 'httpx', 'shapely', 'stonesoup'}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout == "0.0\n[]\n"
