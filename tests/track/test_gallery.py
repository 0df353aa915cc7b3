"""The gallery: its scripts run, say what the page says, and draw their pictures."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

GALLERY = Path(__file__).parents[2] / "docs" / "gallery"
PAGE = (GALLERY / "README.md").read_text()
SCRIPTS = sorted(p for p in GALLERY.glob("*.py") if not p.name.startswith("_"))


def words(text):
    """What is said, but for the numbers: a better filter may change those."""
    return re.sub(r"[-+]?\d[\d.,]*", "#", text)


def bearings_only(said):
    assert float(re.search(r"farthest ([\d.]+) m", said)[1]) < 15.0


def late_data(said):
    assert said.endswith("to the last bit: True\n")


def biased_radar(said):
    azimuth = [float(n) for n in re.findall(r"azimuth ([-+\d.]+)", said)]
    assert azimuth == pytest.approx([0.0, 1.2, 0.0], abs=0.15)
    without, learnt = map(int, re.search(r": (\d+) m without learning, (\d+) m", said).groups())
    assert learnt < 0.75 * without


def worse_than_stated(said):
    noise, seen, false, plain, learnt = (
        float(n)
        for n in re.search(
            r"noise ([\d.]+) .* sees (\d+)% .* (\d+) false .* (\d+) as stated, (\d+) with",
            said.replace("\n", " "),
        ).groups()
    )
    assert 2.0 < noise < 2.8
    assert 40 <= seen <= 60
    assert 9 <= false <= 16
    assert learnt <= 12 < plain / 2


def ten_lines(said):
    assert len(said.splitlines()) == 2


CLAIMS = {
    f.__name__: f
    for f in (bearings_only, late_data, biased_radar, worse_than_stated, ten_lines)
}


@pytest.mark.jit
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_a_script_says_what_the_page_says_and_draws_its_picture(script, tmp_path):
    done = subprocess.run(
        [sys.executable, script, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert words(f"```\n{done.stdout}```") in words(PAGE)
    CLAIMS[script.stem](done.stdout)
    drawn, shown = (
        (folder / f"{script.stem}.svg").read_text() for folder in (tmp_path, GALLERY / "img")
    )
    assert drawn.count("<polyline") == shown.count("<polyline") >= 2
    assert f"img/{script.stem}.svg" in PAGE


def test_the_ten_lines_are_shown_as_they_run_and_are_ten():
    code = (GALLERY / "ten_lines.py").read_text()
    assert f"```python\n{code}```" in PAGE
    body = code[code.index("tracker, shown") : code.index("    shown.append")]
    assert len(body.strip().splitlines()) <= 10
