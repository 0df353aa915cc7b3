"""The Merkle tree, judged by the Certificate Transparency vectors and a slow reference tree.

The leaves and hashes are those of the CT test suite (github.com/transparency-dev/merkle,
testonly/constants.go, Apache-2.0), facts of RFC 6962's hashing.
"""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import CallError
from tocsin.record.tree import (
    BLOCK,
    Tree,
    consistency_proof,
    grow_into,
    inclusion_proof,
    root_of,
)  # fmt: skip
from tocsin.record.verifier import Frontier, is_consistent, leaf_hash, node_hash, root_of_path

LEAVES = [bytes.fromhex(h) for h in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = [bytes.fromhex(h) for h in (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]  # fmt: skip
# (index, size): the audit path; then (old, new): the consistency proof
PATHS = {
    (0, 1): (),
    (0, 8): ("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"),
    (5, 8): ("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): ("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
}  # fmt: skip
STEPS = {
    (1, 1): (),
    (1, 8): PATHS[0, 8],
    (6, 8): ("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    (2, 5): ("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
}  # fmt: skip


# The reference: RFC 6962, section 2.1, as it is written there.


def slow_root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = slow_split(len(leaves))
    return hashlib.sha256(b"\1" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def slow_split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def slow_path(m, leaves):
    if len(leaves) == 1:
        return []
    k = slow_split(len(leaves))
    if m < k:
        return [*slow_path(m, leaves[:k]), slow_root(leaves[k:])]
    return [*slow_path(m - k, leaves[k:]), slow_root(leaves[:k])]


def slow_proof(m, leaves, whole=True):
    if m == len(leaves):
        return [] if whole else [slow_root(leaves)]
    k = slow_split(len(leaves))
    if m <= k:
        return [*slow_proof(m, leaves[:k], whole), slow_root(leaves[k:])]
    return [*slow_proof(m - k, leaves[k:], False), slow_root(leaves[:k])]


def grown(leaves, *sizes):
    tree = Tree()
    for size in (*sizes, len(leaves)):
        grow_into(tree, size, digests_of(leaves))
    return tree


def digests_of(leaves):
    return lambda first, count: leaves[first : first + count]


MANY = [hashlib.sha256(str(k).encode()).digest() for k in range(1500)]
SIZES = st.one_of(
    st.integers(1, len(MANY)),
    st.sampled_from([BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 4 * BLOCK, 4 * BLOCK + 1]),
)
# Roots and proofs of the slow tree take some 10 ms; a few sizes in each run are enough.
FEW = settings(max_examples=25, deadline=None)


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size):
    frontier = Frontier()
    frontier.extend(LEAVES[:size])
    assert frontier.root() == ROOTS[size] == slow_root(LEAVES[:size])
    assert root_of(Tree(), size, digests_of(LEAVES)) == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_audit_paths_are_those_of_certificate_transparency(index, size):
    path = inclusion_proof(Tree(), index, size, digests_of(LEAVES))
    assert [p.hex() for p in path] == list(PATHS[index, size])
    assert root_of_path(leaf_hash(LEAVES[index]), index, size, path) == ROOTS[size]


@pytest.mark.parametrize(("old", "new"), STEPS)
def test_consistency_proofs_are_those_of_certificate_transparency(old, new):
    path = consistency_proof(Tree(), old, new, digests_of(LEAVES))
    assert [p.hex() for p in path] == list(STEPS[old, new])
    assert is_consistent(old, new, ROOTS[old], ROOTS[new], path)


@FEW
@given(SIZES, st.data())
def test_the_tree_grows_and_proves_as_the_slow_one_does(size, data):
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    leaves = MANY[:size]
    tree, digests = grown(leaves, old), digests_of(leaves)
    assert tree.blocks == size // BLOCK
    assert [len(level) for level in tree.levels] == [
        32 * (tree.blocks >> k) for k in range(len(tree.levels))
    ]
    root = slow_root(leaves)
    assert root_of(tree, size, digests) == root
    assert root_of(tree, old, digests) == slow_root(leaves[:old])
    path = inclusion_proof(tree, index, size, digests)
    assert path == slow_path(index, leaves)
    assert root_of_path(leaf_hash(leaves[index]), index, size, path) == root
    steps = consistency_proof(tree, old, size, digests)
    assert steps == slow_proof(old, leaves)
    assert is_consistent(old, size, slow_root(leaves[:old]), root, steps)


@FEW
@given(st.integers(2, 600), st.data())
def test_no_other_entry_place_size_or_path_passes(size, data):
    index = data.draw(st.integers(0, size - 1))
    leaves = MANY[:size]
    digests, tree = digests_of(leaves), grown(leaves)
    root = root_of(tree, size, digests)
    path = inclusion_proof(tree, index, size, digests)
    leaf = leaf_hash(leaves[index])
    assert root_of_path(leaf_hash(b"another"), index, size, path) != root
    other = data.draw(st.integers(0, size - 1).filter(lambda k: k != index))
    assert root_of_path(leaf, other, size, path) != root
    assert root_of_path(leaf, size, size, path) is None
    assert root_of_path(leaf, index, size, path[:-1]) != root
    assert root_of_path(leaf, index, size, [*path, bytes(32)]) != root
    place = data.draw(st.integers(0, len(path) - 1))
    changed = [*path[:place], bytes(32), *path[place + 1 :]]
    assert root_of_path(leaf, index, size, changed) != root


@FEW
@given(st.integers(2, 600), st.data())
def test_a_rewritten_beginning_is_not_consistent(size, data):
    old = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old - 1))
    leaves = MANY[:size]
    other = [*leaves[:changed], b"rewritten", *leaves[changed + 1 :]]
    old_root, new_root = slow_root(leaves[:old]), slow_root(other)
    for source in (leaves, other):
        steps = consistency_proof(grown(source), old, size, digests_of(source))
        assert not is_consistent(old, size, old_root, new_root, steps)
    good = slow_proof(old, leaves)
    assert not is_consistent(old, size, old_root, slow_root(leaves), [*good, bytes(32)])
    assert not is_consistent(old, size, old_root, slow_root(leaves), good[:-1])


def test_what_cannot_be_proved_is_a_sentence():
    digests = digests_of(LEAVES)
    for index, size in [(8, 8), (-1, 8), (0, 0)]:
        with pytest.raises(CallError, match="not among"):
            inclusion_proof(Tree(), index, size, digests)
        assert root_of_path(bytes(32), index, size, []) is None
    for old, new in [(0, 4), (5, 4)]:
        with pytest.raises(CallError, match="do not begin"):
            consistency_proof(Tree(), old, new, digests)
        assert not is_consistent(old, new, ROOTS[0], ROOTS[4], [])


def test_a_proof_asks_for_two_blocks_at_most():
    leaves = MANY[:1400]
    asked = []

    def digests(first, count):
        asked.append((first, count))
        return leaves[first : first + count]

    tree = grown(leaves)
    for prove, a in ((inclusion_proof, 300), (consistency_proof, 300)):
        asked.clear()
        prove(tree, a, 1400, digests)
        assert len(asked) <= 2
        assert all(count <= BLOCK for _, count in asked)


def test_inner_nodes_are_told_from_leaves():
    pair = node_hash(leaf_hash(b"a"), leaf_hash(b"b"))
    assert leaf_hash(leaf_hash(b"a") + leaf_hash(b"b")) != pair
