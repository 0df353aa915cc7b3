"""The command line as a stranger meets it: help, examples, exit statuses, sentences."""

import json
import os
import re
import subprocess
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from tocsin.cli import VERBS


def run(*words, timeout=120):
    return subprocess.run(
        [sys.executable, "-m", "tocsin", *words],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@cache
def help_of(words):
    """Return what --help prints, without its frame."""
    done = run(*words.split(), "--help")
    assert done.returncode == 0
    return re.sub(r"[│\s]+", " ", done.stdout)


def test_the_list_of_verbs_says_what_each_does():
    done = run()
    assert done.returncode == 0
    for verb, (_, does) in VERBS.items():
        assert verb in done.stdout
        assert does.split()[0] in done.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb):
    assert f"Example: tocsin {verb}" in help_of(verb)


# Verbs that have parts, and these.
APPS = [verb for verb, (where, _) in VERBS.items() if where.endswith(":app")]
PARTS = [
    f"{verb} {part}"
    for verb in APPS
    for part in import_module(f"tocsin.cli.{verb}").app
    if not part.startswith("-")
]


@pytest.mark.parametrize("words", PARTS)
def test_every_part_of_a_verb_has_help_with_an_example(words):
    assert f"Example: tocsin {words}" in help_of(words)


@pytest.mark.parametrize("words", [*(v for v in VERBS if v not in APPS), *PARTS])
def test_everything_but_the_watch_can_answer_as_json(words):
    assert ("--json" in help_of(words)) is (words != "watch")


def test_the_help_of_coverage_says_what_it_leaves_out_and_how_its_files_are_kept():
    assert "no terrain yet" in help_of("sim coverage")
    assert "keep them as you keep the site's defence plan" in help_of("sim coverage")


@pytest.mark.parametrize("verb", VERBS)
def test_an_option_that_is_none_is_a_bad_call(verb):
    done = run(verb, "--no-such-option-here")
    assert done.returncode == 2


def test_a_verb_that_is_none_is_a_bad_call_and_the_verbs_are_named():
    done = run("nonsense")
    assert done.returncode == 2
    assert "doctor" in done.stdout + done.stderr


def test_doctor_says_what_is_wrong_and_what_would_be_right(tmp_path):
    site = tmp_path / "site.toml"
    site.write_text('[node]\nname = "N"\n[[site]]\nid = "a"\nlat = 48\nlon = 11\n')
    done = run("doctor", str(site))
    assert done.returncode == 1
    assert "elevation_m" in done.stderr
    assert "Traceback" not in done.stderr
    done = run("doctor", str(site), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["usable"] is False


def test_doctor_gives_advice_about_a_file_that_can_be_used(tmp_path):
    site = tmp_path / "site.toml"
    site.write_text(
        '[node]\nname = "N"\n[[site]]\nid = "a"\nlat = 48\nlon = 11\nelevation_m = 500\n'
        '[[sensor]]\nid = "cam"\nkind = "camera"\nformat = "detections"\nlisten = "http"\n'
    )
    done = run("doctor", str(site), "--json")
    assert done.returncode == 0
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["usable"]
    assert any("geoid" in line for line in result["advice"])
    assert any("nobody can be warned" in line for line in result["advice"])
    assert any("its token is DATA/secrets/cam" in line for line in result["advice"])


@pytest.mark.parametrize(
    ("code", "to", "is_told"),
    [
        ("sac = 25\nsic = 2\n", "239.0.0.62:8600", False),
        ("sac = 25\nsic = 1\n", "127.0.0.1:8601", True),
        ("", "239.0.0.62:8600?interface=192.0.2.7", True), ("", "127.0.0.1:8601", False),
    ],
)  # fmt: skip
def test_doctor_says_where_another_tracker_may_be_ourselves(tmp_path, code, to, is_told):
    site = tmp_path / "site.toml"
    site.write_text(
        '[node]\nname = "N"\n[[site]]\nid = "a"\nlat = 48\nlon = 11\nelevation_m = 500\n'
        '[[site.zone]]\nid = "z"\ncenter_offset_m = [0, 0]\nradius_m = 9\nceiling_m = 600\n'
        'shelter_s = 60\n[[channel]]\nid = "out"\nkind = "asterix"\nsac = 25\nsic = 1\n'
        f'to = "udp://{to}"\n[[sensor]]\nid = "in"\nkind = "system"\nformat = "asterix"\n'
        f'sites = ["a"]\nlisten = "udp://239.0.0.62:8600"\n{code}'
    )
    advice = json.loads(run("doctor", str(site), "--json").stdout.splitlines()[-1])["advice"]
    assert any("may hear what channel 'out' tells" in line for line in advice) is is_told
    assert not any("radar" in line for line in advice)  # others' radars see for it


@pytest.mark.parametrize("name", ["North apron", "South apron"])
def test_doctor_says_which_zones_nobody_can_tell_apart(tmp_path, name):
    site = tmp_path / "site.toml"
    zone = (
        '[[site.zone]]\nid = "{}"\nname = "{}"\ncenter_offset_m = [{}, 0]\nradius_m = 9\n'
        "ceiling_m = 600\nshelter_s = 60\n"
    )
    site.write_text(
        '[node]\nname = "N"\n[[site]]\nid = "a"\nlat = 48\nlon = 11\nelevation_m = 500\n'
        + zone.format("n", "North apron", 0) + zone.format("s", name, 500)
    )  # fmt: skip
    advice = json.loads(run("doctor", str(site), "--json").stdout.splitlines()[-1])["advice"]
    told = [line for line in advice if "2 zones with the name 'North apron' (n, s)" in line]
    assert len(told) == (name == "North apron")


@pytest.mark.parametrize("uuid", ["", "9a1de5c2-7b4f-4c38-a1f6-2d0e8b3c4f75"])
def test_doctor_says_by_which_id_a_parent_node_knows_us(tmp_path, uuid):
    site = tmp_path / "site.toml"
    own = f'uuid = "{uuid}"\n' if uuid else ""
    site.write_text(
        f'[node]\nname = "N"\n{own}[[site]]\nid = "a"\nlat = 48\nlon = 11\nelevation_m = 500\n'
        '[[channel]]\nid = "region"\nkind = "sapient"\nto = "tcp://127.0.0.1:5020"\n'
    )
    result = json.loads(run("doctor", str(site), "--json").stdout.splitlines()[-1])
    if uuid:
        assert result["sapient_id"] == uuid
    assert any("version 4 alone" in told for told in result["advice"]) is not bool(uuid)
    assert result["sapient_id"] in run("doctor", str(site)).stdout


@pytest.mark.parametrize(("line", "is_told"), [("", True), ('certificate = "root"\n', False)])
def test_doctor_says_whose_time_stamps_are_not_checked(tmp_path, line, is_told):
    site = tmp_path / "site.toml"
    table = '[[timestamp]]\nid = "state"\nto = "http://tsa.example.org"\n'
    site.write_text('[node]\nname = "x"\n' + table + line)
    result = json.loads(run("doctor", str(site), "--json").stdout.splitlines()[-1])
    assert any("'state' has no certificate" in told for told in result["advice"]) is is_told


@pytest.mark.parametrize("words", ["doctor", "replay", "watch", "sim coverage"])
def test_a_file_that_is_not_there_is_a_sentence(words, tmp_path):
    words = [*words.split(), "/no/such/file"]
    if words[0] == "watch":
        words += ["--data", str(tmp_path)]
    done = run(*words)
    assert done.returncode == 2
    assert "/no/such/file" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["doctor", "watch"])
def test_a_site_file_that_is_no_utf_8_is_a_sentence_with_its_line(verb, tmp_path):
    site = tmp_path / "site.toml"
    site.write_bytes('[node]\nname = "Flugplatz Süd"\n'.encode("latin-1"))
    done = run(
        verb, str(site), *(["--data", str(tmp_path / "data")] if verb == "watch" else [])
    )
    assert done.returncode == 1
    assert "line 2 is no UTF-8; save it as UTF-8" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_file_in_place_of_a_scenario_folder_is_said_to_be_one(tmp_path):
    file = tmp_path / "detections.parquet"
    file.write_bytes(b"")
    done = run("track", str(file), "--out", str(tmp_path / "tracks.parquet"))
    assert done.returncode == 1
    assert "is a file; give the scenario folder" in done.stderr


def test_without_the_packages_of_the_command_line_one_sentence_says_what_to_install():
    code = (
        "import sys; sys.modules['cyclopts'] = None; sys.argv = ['tocsin', 'doctor', 'x']; "
        "import tocsin.cli; tocsin.cli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "pip install 'tocsin[cli]'" in done.stderr


LATIN = {"PYTHONIOENCODING": "latin-1:strict", "PYTHONUTF8": "0"}


def test_a_full_disk_behind_the_output_is_a_sentence(tmp_path):
    file = tmp_path / "lines.csv"
    file.write_text("1000,41.5,3000,3.2\n")
    words = [sys.executable, "-m", "tocsin", "decode", "plots-csv", str(file)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            words, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "tocsin: the output: No space left on device\n"


def test_a_terminal_without_the_letters_gets_their_codes(tmp_path):
    article = tmp_path / "article.txt"
    article.write_text("hello world\n")  # its answer quotes with “ ”
    words = [sys.executable, "-m", "tocsin", "record", "import", str(article)]
    done = subprocess.run(words, env=os.environ | LATIN, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"\\u201cen\\u201d" in done.stdout
    site = tmp_path / "site.toml"
    site.write_text('[node]\nname = "Łódź"\n', encoding="utf-8")
    words = [sys.executable, "-m", "tocsin", "doctor", str(site), "--json"]
    done = subprocess.run(words, env=os.environ | LATIN, capture_output=True, check=False)
    assert json.loads(done.stdout)["name"] == "Łódź"
