"""`tocsin decode`: one object a record, counts as the last line, sentences for what is
wrong.
"""

import json
import subprocess
import sys

import pytest


def run(*words, cwd=None):
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "decode", *map(str, words)],
        capture_output=True, text=True, cwd=cwd, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_records_and_then_their_counts(data_folder):
    status, out, _ = run(
        "asterix", data_folder / "asterix-croatia" / "cat_034_048.pcap", "--json"
    )
    *records, counts = map(json.loads, out.splitlines())
    assert status == 0
    assert counts["records"] == {"CAT048": 64, "CAT034": 17}
    assert counts["duplicates"] == 81
    assert len(records) == 81
    assert records[0]["record"] == "CAT048"
    assert records[0]["I040"] == {"RHO_NM": 197.68359375, "THETA_deg": 340.13671875}


def test_the_example_of_the_help_runs(data_folder, tmp_path):
    source = data_folder / "asterix-croatia" / "cat_034_048.pcap"
    (tmp_path / "recording.pcap").write_bytes(source.read_bytes())
    _, help_text, _ = run("--help")
    example = next(line for line in help_text.splitlines() if "Example:" in line)
    words = example.split("tocsin decode ")[1].split()
    status, out, _ = run(*words, cwd=tmp_path)
    assert status == 0
    assert json.loads(out)["records"]["CAT048"] == 64


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (("asterix", "nowhere.pcap"), 2, "there is no file nowhere.pcap"),
        (("morse", "prose.txt"), 2, "there is no format 'morse'"),
        (("auto", "prose.txt"), 1, "no recording that is known"),
        (("beast", "prose.txt"), 1, "nothing at the start of prose.txt is beast"),
        (("asterix", "prose.txt"), 1, "no raw ASTERIX"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, words, status, sentence):
    (tmp_path / "prose.txt").write_text("Once upon a time.\n")
    code, out, err = run(*words, "--json", cwd=tmp_path)
    assert (code, out) == (status, "")
    assert sentence in err
    assert "Traceback" not in err
