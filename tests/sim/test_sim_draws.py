"""Chance is a function of its key; the known answers are those published with Random123."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import CallError
from tocsin.sim import _kernels_draws
from tocsin.sim.draws import Draws, Use, thing_key

# Random123, examples/kat_vectors, philox4x32 10: key, counter, answer.
KNOWN = [
    ((0, 0), (0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    (
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0xA4093822, 0x299F31D0),
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("key", "counter", "answer"), KNOWN)
def test_philox_gives_the_published_answers(key, counter, answer):
    out = np.empty(4, np.uint64)
    _kernels_draws.philox_into(np.array(key, np.uint64), np.array(counter, np.uint64), out)
    assert tuple(int(w) for w in out) == answer


@given(
    st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20, unique=True),
    st.randoms(use_true_random=False),
    st.integers(0, 2**32 - 1),
)
def test_a_things_draws_do_not_depend_on_who_else_is_there(things, shuffle, tick):
    draws = Draws(3, 5)
    together = dict(zip(things, draws.normals(things, tick, Use.NOISE).tolist()))
    others = list(things)
    shuffle.shuffle(others)
    for thing in others[: len(others) // 2 + 1]:
        assert draws.normals(thing, tick, Use.NOISE)[0].tolist() == together[thing]


def test_seed_raid_thing_tick_and_use_each_change_the_draw():
    base = Draws(1, 2).uniforms(3, 4, 5)[0, 0]
    others = [
        Draws(9, 2).uniforms(3, 4, 5)[0, 0],
        Draws(1 + 2**32, 2).uniforms(3, 4, 5)[0, 0],
        Draws(1, 9).uniforms(3, 4, 5)[0, 0],
        Draws(1, 2).uniforms(9, 4, 5)[0, 0],
        Draws(1, 2).uniforms(3, 9, 5)[0, 0],
        Draws(1, 2).uniforms(3, 4, 9)[0, 0],
    ]
    assert len({base, *others}) == 7


def test_uniforms_and_normals_have_their_distribution():
    draws = Draws(11)
    flat = draws.uniforms(1, range(50_000), 1).ravel()
    bell = draws.normals(1, range(50_000), 2)
    # Standard errors: 0.29 / sqrt(100000) = 0.0009 and 1 / sqrt(100000) = 0.003; four of each.
    assert abs(flat.mean() - 0.5) < 0.004
    assert flat.min() >= 0.0
    assert flat.max() < 1.0
    assert abs(bell.mean()) < 0.013
    assert abs(bell.std() - 1.0) < 0.01
    assert abs(np.corrcoef(bell.T)[0, 1]) < 0.02
    edges = np.histogram(flat, bins=20, range=(0.0, 1.0))[0]
    assert (
        (edges - 5000) ** 2 / 5000
    ).sum() < 50.0  # chi squared, 19 degrees: 1 in 10,000 is 52


def test_a_seed_that_cannot_be_is_refused_with_a_sentence():
    with pytest.raises(CallError, match="from 0 to"):
        Draws(-1)
    with pytest.raises(CallError, match="raid"):
        Draws(0, 2**32)


def test_no_two_uses_share_a_number():
    values = [v for name, v in vars(Use).items() if name.isupper()]
    assert len(values) == len(set(values))


def test_names_of_the_day_have_different_keys():
    from tocsin.sim import scenario_named

    day = scenario_named("two-bases")
    names = [x.id for x in (*day.approach, *day.route, *day.wander)]
    names += [f"{w.id}-{k}" for w in day.wander for k in range(1, w.count + 1)]
    sensors = [v.sensor for v in day.visibility] + [r.sensor for r in day.receiver]
    pairs = [f"{s}>{n}" for s in sensors for n in names]
    assert len({thing_key(p) for p in [*names, *pairs]}) == len(names) + len(pairs)
