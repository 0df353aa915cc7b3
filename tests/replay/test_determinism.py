"""The same batches give the same outcome: again, shuffled, from a snapshot, elsewhere."""

import dataclasses
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.replay.scene import NODE, scene

from tocsin import pipeline

pytestmark = pytest.mark.jit


@pytest.fixture(scope="module")
def batches():
    return scene(seconds=40.0)


def run(batches, state=None):
    if state is None:
        state, _ = pipeline.open_state(NODE, mode="replay", now_s=batches[0].now_s, live=False)
    entries = []
    for batch in batches:
        state, outcome = pipeline.step(state, batch)
        entries += outcome.entries
    return state, entries


@pytest.fixture(scope="module")
def whole(batches):
    state, entries = run(batches)
    return pipeline.outcome_digest(state), entries


def test_the_scene_is_worth_replaying(whole):
    kinds = {entry.kind for entry in whole[1]}
    assert {"track", "heartbeat", "sensor", "identity", "alert"} <= kinds


def test_the_same_batches_give_the_same_outcome(batches, whole):
    assert pipeline.outcome_digest(run(batches)[0]) == whole[0]


def test_the_mode_is_borne_by_the_first_entry_only(batches, whole):
    state, _ = pipeline.open_state(NODE, mode="live", now_s=batches[0].now_s, live=False)
    assert pipeline.outcome_digest(run(batches, state)[0]) == whole[0]


def test_the_order_of_frames_in_a_batch_does_not_matter(batches, whole):
    rng = random.Random(5)
    shuffled = [
        dataclasses.replace(b, frames=tuple(rng.sample(b.frames, len(b.frames))))
        for b in batches
    ]
    assert any(a.frames != b.frames for a, b in zip(batches, shuffled))
    assert pipeline.outcome_digest(run(shuffled)[0]) == whole[0]


def test_a_changed_byte_changes_the_outcome(batches, whole):
    place = next(k for k, b in enumerate(batches) if b.frames and k > len(batches) // 2)
    changed = list(batches)
    changed[place] = dataclasses.replace(changed[place], frames=changed[place].frames[1:])
    assert pipeline.outcome_digest(run(changed)[0]) != whole[0]


@settings(max_examples=8)
@given(st.floats(0.02, 0.98))
def test_a_snapshot_and_the_tail_give_what_the_whole_gives(part):
    batches = scene(seconds=40.0)
    cut = int(len(batches) * part)
    state, _ = run(batches[:cut])
    frozen = pipeline.freeze(state)
    assert pipeline.freeze(pipeline.thaw(frozen)) == frozen
    whole = pipeline.outcome_digest(run(batches[cut:], state)[0])
    assert pipeline.outcome_digest(run(batches[cut:], pipeline.thaw(frozen))[0]) == whole


@pytest.mark.slow
def test_another_instruction_set_gives_the_same_bits(whole):
    code = (
        "from tests.replay.scene import *\n"
        "from tests.replay.test_determinism import run\n"
        "from tocsin import pipeline\n"
        "print(pipeline.outcome_digest(run(scene(seconds=40.0))[0]))\n"
    )
    features = "AVX512F AVX512CD AVX512_SKX AVX2 FMA3"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": _present(features)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == whole[0]


def _present(names):
    """NumPy refuses to turn off what the processor has not: name only what it has."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    wanted = [n for n in __cpu_dispatch__ if __cpu_features__.get(n)]
    return " ".join(wanted or names.split())
