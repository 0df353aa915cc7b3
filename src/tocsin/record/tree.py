"""The Merkle tree over the ledger (RFC 6962, section 2.1), with proofs from stored nodes.

Leaves are the digests of the entries, which cover the entries and all before them. Kept are
the roots of complete subtrees of 2**8, 2**9 ... leaves: a quarter of a byte an entry. What lies
below is hashed again from the digests of one or two blocks, which whoever keeps the entries
hands over: `digests(first, count)`, in their order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tocsin.errors import CallError
from tocsin.record.verifier import Frontier, node_hash

__all__ = [
    "BLOCK", "Tree", "add_block_into", "consistency_proof", "grow_into", "inclusion_proof",
    "root_of",
]  # fmt: skip

BLOCK = 256  # leaves of the smallest subtree whose root is kept
_NODE = 32

Digests = Callable[[int, int], Sequence[bytes]]


@dataclass(slots=True)
class Tree:
    """blocks: how many blocks are complete; levels[k]: roots of subtrees of BLOCK * 2**k
    leaves one after the other, len(levels[k]) == 32 * (blocks >> k).
    """

    blocks: int = 0
    levels: list[bytearray] = field(default_factory=list)


def grow_into(tree: Tree, size: int, digests: Digests) -> list[bytes]:
    """Take in the blocks that are complete in a ledger of `size` entries; return their roots,
    which `add_block_into` takes in another time.
    """
    found = []
    while (tree.blocks + 1) * BLOCK <= size:
        frontier = Frontier()
        frontier.extend(list(digests(tree.blocks * BLOCK, BLOCK)))
        found.append(frontier.root())
        add_block_into(tree, found[-1])
    return found


def add_block_into(tree: Tree, root: bytes) -> None:
    """Take in the root of the next block."""
    place, level = tree.blocks, 0
    while True:
        if level == len(tree.levels):
            tree.levels.append(bytearray())
        tree.levels[level] += root
        if not place & 1:
            break
        root = node_hash(bytes(tree.levels[level][-2 * _NODE : -_NODE]), root)
        place, level = place >> 1, level + 1
    tree.blocks += 1


def root_of(tree: Tree, size: int, digests: Digests) -> bytes:
    """Return the root over the first `size` entries; size >= 0."""
    return _hash(tree, 0, size, _by_block(digests, size))


def inclusion_proof(tree: Tree, index: int, size: int, digests: Digests) -> list[bytes]:
    """Return the path that shows entry `index` in the ledger of `size` entries.

    Raises CallError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise CallError(f"entry {index} is not among the first {size}; give one from 0 on")
    digests = _by_block(digests, size)
    path, first, last = [], 0, size
    while last - first > 1:
        middle = first + _split(last - first)
        if index < middle:
            path.append(_hash(tree, middle, last, digests))
            last = middle
        else:
            path.append(_hash(tree, first, middle, digests))
            first = middle
    return path[::-1]


def consistency_proof(tree: Tree, old: int, new: int, digests: Digests) -> list[bytes]:
    """Return what shows that the ledger of `old` entries begins the one of `new` entries.

    Raises CallError unless 0 < old <= new.
    """
    if not 0 < old <= new:
        raise CallError(f"{old} entries do not begin {new}; give 0 < old <= new")
    digests = _by_block(digests, new)
    path, first, last = [], 0, new
    while old < last:
        middle = first + _split(last - first)
        if old <= middle:
            path.append(_hash(tree, middle, last, digests))
            last = middle
        else:
            path.append(_hash(tree, first, middle, digests))
            first = middle
    if first:  # otherwise the old tree is a subtree, and its root is known to who checks
        path.append(_hash(tree, first, last, digests))
    return path[::-1]


def _split(count: int) -> int:
    """Return the largest power of two below count; count >= 2."""
    return 1 << (count - 1).bit_length() - 1


def _hash(tree: Tree, first: int, last: int, digests: Digests) -> bytes:
    """Return the hash over entries first (included) to last (excluded).

    The range is a node of the tree, or its right edge: first is a multiple of the largest
    power of two that is at most last - first.
    """
    count = last - first
    level = count.bit_length() - BLOCK.bit_length()
    if level >= 0 and count & (count - 1) == 0 and last <= tree.blocks * BLOCK:
        at = first // count * _NODE
        return bytes(tree.levels[level][at : at + _NODE])
    if count <= BLOCK:
        frontier = Frontier()
        frontier.extend(list(digests(first, count)))
        return frontier.root()
    middle = first + _split(count)
    return node_hash(_hash(tree, first, middle, digests), _hash(tree, middle, last, digests))


def _by_block(digests: Digests, size: int) -> Digests:
    """Ask for whole blocks, each once: a proof looks at parts of one or two of them."""
    kept: dict[int, Sequence[bytes]] = {}

    def within(first: int, count: int) -> Sequence[bytes]:
        block = first // BLOCK
        if block not in kept:
            start = block * BLOCK
            kept[block] = digests(start, min(BLOCK, size - start))
        at = first - block * BLOCK
        return kept[block][at : at + count]

    return within
