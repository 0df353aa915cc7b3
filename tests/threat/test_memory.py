"""What is remembered of tracks finds its way back to them, in whatever order they come."""

import numpy as np

from tocsin.identity import _kernels_memory as identity_memory
from tocsin.identity._state import open_identity
from tocsin.identity._state import recall as recall_motion
from tocsin.model import TrackTable
from tocsin.threat import _kernels_memory as at
from tocsin.threat._state import keep_into, open_threat, recall

NOW_S = 1_772_366_400.0
WIDTH = 2  # zones


def tracks_of(rng, ids):
    table = TrackTable.blank(len(ids))
    table.track_id[:] = ids
    table.site[:] = rng.integers(0, 3, len(ids))
    table.updated_s[:] = NOW_S - rng.uniform(0.0, 9.0, len(ids))
    table.state[:] = rng.normal(0.0, 900.0, (len(ids), 6))
    table.covariance[:] = rng.uniform(1.0, 90.0, (len(ids), 6, 6))
    return table


def test_threat_gives_each_track_its_own_memory_and_new_ones_none():
    rng, state = np.random.default_rng(2), open_threat()
    tracks = tracks_of(rng, rng.permutation(40) + 1)
    memory = recall(state, tracks, WIDTH)
    assert not memory.any()
    memory[:] = rng.normal(size=memory.shape)
    keep_into(state, tracks, memory, NOW_S)
    asked = tracks_of(rng, rng.permutation(60))  # 0 and 41 to 59 are new
    sites = dict(zip(tracks.track_id.tolist(), tracks.site.tolist(), strict=True))
    asked.site[:] = [sites.get(track, 0) for track in asked.track_id.tolist()]
    again = recall(state, asked, WIDTH)
    mine = dict(zip(tracks.track_id.tolist(), memory, strict=True))
    for track, row in zip(asked.track_id.tolist(), again, strict=True):
        assert row.tolist() == mine.get(track, np.zeros(memory.shape[1])).tolist()
    # Another number of zones starts the courses anew and keeps the rest.
    wider = recall(state, asked, WIDTH + 1)
    common = wider.shape[1] - 3 * 5
    assert np.array_equal(wider[:, :common], again[:, :common])
    assert not wider[:, common:].any()
    # So does another site, whose zones are others.
    asked.site += 1
    moved = recall(state, asked, WIDTH)
    common = moved.shape[1] - 2 * 5
    assert np.array_equal(moved[:, :common], again[:, :common])
    assert again[:, common:].any()
    assert not moved[:, common:].any()


def test_threat_keeps_where_each_track_was_in_the_order_of_ids():
    rng, state = np.random.default_rng(3), open_threat()
    tracks = tracks_of(rng, rng.permutation(25))
    keep_into(state, tracks, recall(state, tracks, WIDTH), NOW_S)
    order = np.argsort(tracks.track_id)
    assert state.track_id.tolist() == list(range(25))
    p = tracks.covariance[order]
    wanted = np.column_stack(
        [
            tracks.site[order],
            np.full(25, NOW_S),
            tracks.state[order][:, [0, 1, 3, 4]],
            tracks.updated_s[order],
            np.sqrt(np.maximum(p[:, 0, 0], p[:, 1, 1])),
            np.sqrt(np.maximum(p[:, 3, 3], p[:, 4, 4])),
        ]
    )
    assert state.last.shape == (25, at.GONE)
    assert np.array_equal(state.last, wanted)


def test_identity_gives_each_track_its_own_motion_and_new_ones_none():
    rng, state = np.random.default_rng(4), open_identity()
    state.track_id = np.arange(0, 60, 3)
    state.motion = rng.normal(size=(20, state.motion.shape[1]))
    state.motion_ln = rng.normal(size=(20, state.motion_ln.shape[1]))
    state.label = rng.integers(0, 8, 20).astype(np.uint8)
    asked = rng.permutation(70)
    motion, ln, label = recall_motion(state, asked)
    for i, track in enumerate(asked.tolist()):
        if track % 3 or track >= 60:
            assert not motion[i].any()
            assert not ln[i].any()
            assert label[i] == identity_memory.NEW
        else:
            assert motion[i].tolist() == state.motion[track // 3].tolist()
            assert ln[i].tolist() == state.motion_ln[track // 3].tolist()
            assert label[i] == state.label[track // 3]
