"""Raids in numbers: same bytes on any number of workers, and errors as sentences."""

import msgspec
import pytest

from tocsin.errors import CallError
from tocsin.sim.campaign import run_scenario


@pytest.mark.slow
def test_one_and_two_workers_give_the_same_bytes():
    one, two = (
        msgspec.json.encode(run_scenario("two-bases", raids=2, seed=1, workers=n))
        for n in (1, 2)
    )
    assert one == two
    assert b"simulated; not a field result" in one


@pytest.mark.parametrize(
    ("name", "raids", "workers", "word"),
    [("no-such", 1, 1, "two-bases"), ("two-bases", 0, 1, "--raids"),
     ("two-bases", 1, 0, "--workers")],
)  # fmt: skip
def test_a_call_that_cannot_be_is_a_sentence(name, raids, workers, word):
    with pytest.raises(CallError, match=word):
        run_scenario(name, raids=raids, seed=1, workers=workers)
