"""Whole numbers on the command line are whole, and a seed is one that can be drawn from."""

import pytest
from tests.cli.test_record_verbs import answer, run


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("sim", "run", "two-bases", "--raids", "2.7"), "--raids is a whole number, not '2.7'"),
        (("sim", "run", "two-bases", "--seed", "1.5"), "--seed is a whole number, not '1.5'"),
        (("sim", "run", "two-bases", "--workers=0.6"), "--workers is a whole number"),
        (("demo", "--seed", "2.0"), "--seed is a whole number, not '2.0'"),
        (("demo", "--port", "8080.4"), "--port is a whole number"),
        (("watch", "s.toml", "--port", "many"), "--port is a whole number, not 'many'"),
    ],
)
def test_a_fraction_is_refused_and_not_rounded(words, says):
    assert says in run(*words, status=2).stderr


def test_a_whole_number_may_be_written_as_hexadecimal():
    told = [
        answer("sim", "run", "two-bases", "--raids", "1", "--workers", "1", "--seed", seed)
        for seed in ("0x1f", "31")
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize("seed", ["-1", str(2**64)])
def test_a_demo_of_a_seed_that_cannot_be_keeps_no_day(tmp_path, seed):
    done = run("demo", "--seed", seed, "--data", tmp_path / "demo", status=2)
    assert "a seed is a whole number from 0 to 2^64 - 1" in done.stderr
    assert not (tmp_path / "demo").exists()
