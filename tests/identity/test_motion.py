"""What motion alone says of multirotor or bird: sums, table, and the laws of both."""

import json
import math

import numpy as np
import pytest
from tests.identity.flights import T0_S, blank_table, fly, follow

from tocsin import identity
from tocsin.errors import CallError
from tocsin.identity import _kernels_fusion as kf
from tocsin.identity import _kernels_sums as ks
from tocsin.identity import _motion
from tocsin.identity._kernels_columns import HELD, HOVER_LN, KNOWN, NOTCH, SECONDS, WIDTH
from tocsin.identity._tables import LN_PRIOR
from tocsin.model import CLASSES, DeclaredTable, Node, Site

NODE = Node(sites=(Site("base", "Base", 48.0, 11.0, 500.0),))
NOBODY = DeclaredTable.blank(0)
TABLE = (_motion.SCALE, _motion.FIRST, _motion.BIAS, _motion.SECOND)
MULTIROTOR, BIRD = CLASSES.index("drone_multirotor"), CLASSES.index("bird")


def after_birth(first_mps, seconds=30.0):
    """Return what is known of a bird at 12 m/s whose track was taken to fly at first_mps for
    its first 5 s, at each look.
    """
    state, out = identity.open_identity(), []
    for k in range(round(seconds / 0.2)):
        t = 0.2 * k
        table = blank_table(1, T0_S + t)
        speed = first_mps if t < 5.0 else 12.0
        table.state[0] = [2000.0 + 12.0 * t, 0.0, 120.0, speed, 0.0, 0.0]
        table.covariance[0] = np.diag([25.0, 25.0, 100.0, 9.0, 9.0, 1.0])
        out.append(identity.assess_into(state, table, NOBODY, NODE, T0_S + t))
    return out


def test_a_birth_from_plots_of_two_things_is_forgotten_once_the_velocity_leaps():
    """169 m/s at first, then 12 m/s: a few seconds on it is judged as if it began then."""
    leapt, never = after_birth(169.0), after_birth(12.0)
    assert leapt[20].harm[0] > 5.0 * leapt[26].harm[0]
    assert leapt[-1].harm[0] == pytest.approx(never[-26].harm[0], abs=0.01)
    # What turns or brakes as things that fly do has not leapt: it keeps what it flew like.
    braked = after_birth(45.0)
    assert braked[40].probability[0, BIRD] < never[40].probability[0, BIRD]


def some_looks(seed, n=60):
    rng = np.random.default_rng(seed)
    state = np.zeros((n, 6))
    state[:, 3:] = rng.normal([9.0, 4.0, 0.0], [1.5, 1.5, 0.5], (n, 3))
    spread = rng.normal(0.0, 0.7, (n, 6, 9))
    return state, spread @ spread.transpose(0, 2, 1) + 0.01 * np.eye(6)


def test_the_sums_come_to_what_numpy_makes_of_all_looks():
    state, covariance = some_looks(1)
    row, dt = np.zeros(WIDTH), 0.2
    row[NOTCH] = 3.0
    for s, p in zip(state, covariance):
        row[SECONDS] += dt
        ks.sum_into(row, dt, s, p)
    found = np.empty(ks.FEATURES)
    ks.features_into(row, found)

    v, p = state[:, 3:5], covariance[:, 3:5, 3:5]
    values, vectors = np.linalg.eigh(p)
    fade = np.exp(-dt * np.arange(len(v))[::-1] / ks.FORGET_S)
    w = fade / (ks.GOOD_M2PS2 + np.maximum(values[:, 0], ks.LEAST_M2PS2))
    w /= w.sum()
    mean = w @ v
    size = np.hypot(*mean)
    along = mean / size
    across = np.array([along[1], -along[0]])
    off, best = v - mean, vectors[:, :, 0]

    def ln_root(square):
        return 0.5 * math.log(square + ks.FLOOR_M2PS2)

    pace = np.hypot(v[:, 0], v[:, 1])
    assert found[1] == pytest.approx(w @ pace)
    assert found[2] == pytest.approx(size, rel=1e-5)
    assert found[3] == pytest.approx(ln_root(w @ (off @ along) ** 2))
    assert found[4] == pytest.approx(ln_root(w @ (off @ across) ** 2))
    assert found[5] == pytest.approx(ln_root(w @ (off * best).sum(1) ** 2))
    assert found[6] == pytest.approx(ln_root(w @ (p @ along @ along)))
    assert found[7] == pytest.approx(ln_root(w @ (p @ across @ across)))
    assert found[9] == pytest.approx(w @ (best @ along) ** 2, rel=1e-5)
    assert found[18] == pytest.approx(w @ (pace < ks.AMBLE_MPS))
    assert found[19] == pytest.approx(3.0)
    assert found[20] == 0.0
    rise = 1.0 / (ks.GOOD_RISE_M2PS2 + covariance[:, 5, 5]) * fade
    mean_rise = rise @ state[:, 5] / rise.sum()
    assert found[15] == pytest.approx(abs(mean_rise))
    square = rise @ (state[:, 5] - mean_rise) ** 2 / rise.sum()
    assert found[13] == pytest.approx(ln_root(square))


def test_the_network_is_the_plain_formula_and_stays_within_its_bounds():
    rng = np.random.default_rng(2)
    scale, first, bias, second = TABLE
    for x in rng.normal(scale[2], 3.0 * scale[3], (50, ks.FEATURES)):
        z = (np.clip(x, scale[0], scale[1]) - scale[2]) / scale[3]
        plain = np.tanh(first @ z + bias) @ second[0] + second[1, 0]
        wanted = np.clip(plain, -ks.SURE_LN, ks.SURE_LN)
        assert ks.ln_odds(x, *TABLE) == pytest.approx(wanted)


def parted(row, ln):
    acc, out = row[None].copy(), ln[None].copy()
    ks.part_into(acc, np.array([True]), *TABLE, out)
    return out[0], acc[0]


def a_row(speed=10.0):
    row = np.zeros(WIDTH)
    state, covariance = some_looks(3)
    state[:, 3:5] *= speed / np.hypot(9.0, 4.0)
    for s, p in zip(state, covariance):
        row[SECONDS] += 0.2
        ks.sum_into(row, 0.2, s, p)
    return row


def test_parting_moves_nothing_but_multirotor_and_bird_and_keeps_their_sum():
    ln = np.array([-1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -7.0])
    out, _ = parted(a_row(), ln)
    pair = [MULTIROTOR, BIRD]
    others = [k for k in range(len(ln)) if k not in pair]
    assert np.array_equal(out[others], ln[others])
    assert np.logaddexp(*out[pair]) == pytest.approx(np.logaddexp(*ln[pair]))
    x = np.empty(ks.FEATURES)
    ks.features_into(a_row(), x)
    assert out[MULTIROTOR] - out[BIRD] == pytest.approx(ks.ln_odds(x, *TABLE))


def test_what_flies_faster_than_it_has_learnt_from_is_left_as_it_was():
    ln = np.arange(7.0)
    out, acc = parted(a_row(40.0), ln)
    assert np.array_equal(out, ln)
    assert acc[HELD] == 0.0


def test_standing_still_speaks_for_a_multirotor_and_counts_for_harm_in_full():
    moving, still = a_row(), a_row()
    still[HOVER_LN] = 2.0
    ln = np.zeros(7)
    on_the_way, first = parted(moving, ln)
    hovering, second = parted(still, ln)
    gained = (hovering[MULTIROTOR] - hovering[BIRD]) - (
        on_the_way[MULTIROTOR] - on_the_way[BIRD]
    )
    assert gained == pytest.approx(2.0)
    assert second[HELD] == first[HELD]


@pytest.mark.parametrize(("learnt", "beyond"), [(3.0, 1), (0.5, 0), (-0.5, 0), (-3.0, -1)])
def test_what_was_learnt_beyond_its_bound_is_told_apart_either_way(learnt, beyond):
    scale, first, bias, second = (part.copy() for part in TABLE)
    second[:] = 0.0
    second[1, 0] = learnt
    acc, out = a_row()[None].copy(), np.zeros((1, 7))
    ks.part_into(acc, np.array([True]), scale, first, bias, second, out)
    assert acc[0, HELD] == pytest.approx(beyond * (3.0 - ks.HARM_LN))
    assert out[0, MULTIROTOR] - out[0, BIRD] == pytest.approx(learnt)


def test_what_motion_says_too_surely_of_a_bird_is_said_beside_and_moves_no_harm():
    state, rng = identity.open_identity(), np.random.default_rng(7)
    for now_s, table in follow(fly("bird", 30, 60.0, rng), rng):
        found = identity.assess_into(state, table, NOBODY, NODE, now_s)
    surely = found.bird_ln > 1.0
    assert surely.any()
    assert found.bird_ln.min() == 0.0
    assert found.bird_ln.max() <= math.log(30.0 / 2.5) + 1e-9
    assert found.harm[surely].max() < 0.05  # what speaks for a bird counts in full there


def test_before_anything_is_known_of_the_velocity_nothing_is_said():
    ln = np.arange(7.0)
    row = np.zeros(WIDTH)
    row[HELD] = 1.0
    out, acc = parted(row, ln)
    assert row[KNOWN] == 0.0
    assert np.array_equal(out, ln)
    assert acc[HELD] == 0.0


SILENT = np.zeros(len(CLASSES))


def fused(motion, held, scores=SILENT):
    """Return probability and harm of one track by `fuse_into`, no word of its own."""
    n = len(CLASSES)
    p, one = np.zeros((1, n)), [np.zeros(1) for _ in range(3)]
    kf.fuse_into(
        LN_PRIOR, np.array([motion]), np.array([scores]), np.zeros((1, n + 1)), np.zeros(1),
        np.zeros(1), np.array([False]), np.array([30.0]), np.array([held]), p, *one,
        np.zeros(1, np.int64),
    )  # fmt: skip
    return p[0], one[2][0]


def test_what_is_held_back_changes_harm_and_not_what_it_is_taken_to_be():
    motion = [0.0, -9.0, -3.0, -9.0, -9.0, -9.0, -9.0]
    p, harm = fused(motion, 0.0)
    careful_p, careful_harm = fused(motion, 2.0)
    bird_p, bird_harm = fused([0.0, -9.0, -1.0, -9.0, -9.0, -9.0, -9.0], 0.0)
    assert np.array_equal(p, careful_p)
    assert careful_harm == pytest.approx(bird_harm)
    assert careful_harm < harm
    assert bird_p[BIRD] > p[BIRD]


def test_a_sensor_that_says_drone_takes_back_what_motion_says_too_surely_of_a_bird():
    """30 to 1 by the way it turns, of which 12 to 1 is beyond what that can know."""
    motion = [-math.log(30.0), -9.0, 0.0, -9.0, -9.0, -9.0, -9.0]
    beyond = math.log(12.0)

    def harm(says_ln, held):
        scores = (
            [0.0, *(-says_ln,) * 5] if says_ln >= 0.0 else [says_ln, -3.0, 0.0, *(-3.0,) * 3]
        )
        return fused(motion, held, scores)[1]

    assert harm(0.0, -beyond) == harm(0.0, 0.0)  # no sensor says anything: all of it counts
    assert harm(-2.0, -beyond) == harm(-2.0, 0.0)  # one says bird
    by_as_much = fused([*motion[:2], -1.0, *motion[3:]], 0.0, [0.0, *(-1.0,) * 5])[1]
    assert harm(1.0, -beyond) == pytest.approx(by_as_much)
    assert harm(4.0, -beyond) > 0.5 > harm(4.0, 0.0)
    odds = [harm(ln, -beyond) / (1.0 - harm(ln, -beyond)) for ln in (4.0, 5.0)]
    assert odds[1] / odds[0] < math.e * 1.2  # and no more than it is beyond


def ln_odds_after(kind, seconds, seed):
    rng = np.random.default_rng(seed)
    state = identity.open_identity()
    for now_s, tracks in follow(fly(kind, 120, seconds, rng), rng, sigma_m=(2.0, 6.0)):
        table = identity.assess_into(state, tracks, NOBODY, NODE, now_s)
    assert now_s > T0_S
    return state.motion_ln[:, MULTIROTOR] - state.motion_ln[:, BIRD], table


def test_birds_and_multirotors_of_other_flights_are_told_apart_and_never_for_certain():
    drones, seen = ln_odds_after("multirotor", 30, 4)
    birds, _ = ln_odds_after("bird", 30, 5)
    balanced = 0.5 * ((drones > 0.0).mean() + (birds < 0.0).mean())
    assert balanced > 0.7
    assert max(np.abs(drones).max(), np.abs(birds).max()) <= ks.STILL_LN + 1e-9
    # On its way such a drone is a question, not a reason to send people to shelter.
    assert np.quantile(seen.harm, 0.9) < 0.3


def test_a_table_of_another_version_or_shape_is_refused_with_the_way_out():
    good = {
        "version": 2, "scale": TABLE[0].tolist(), "first": TABLE[1].tolist(),
        "bias": [TABLE[2].tolist()], "second": TABLE[3].tolist(),
    }  # fmt: skip
    scale, first, bias, second = _motion.read_motion(json.dumps(good).encode())
    assert np.array_equal(first, TABLE[1])
    assert (scale.shape, bias.shape, second.shape) == (
        TABLE[0].shape,
        TABLE[2].shape,
        TABLE[3].shape,
    )
    for changes in ({"version": 1}, {"scale": [[0.0]]}, {"second": [[math.nan] * 16] * 2}):
        with pytest.raises(CallError, match="learn_motion"):
            _motion.read_motion(json.dumps({**good, **changes}).encode())
