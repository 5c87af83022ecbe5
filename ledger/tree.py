"""The Merkle tree over a chain, as RFC 9162 (2.1) defines it: an entry's hash is its leaf's.

Its root in a signed checkpoint fixes every entry before it; a proof of a few hashes shows that one entry is under a
root, or that a later tree only appended to an earlier one, to somebody who has neither tree.
"""

import hashlib
from collections.abc import Iterable, Sequence

_NODE = b"\x01"  # a leaf is hashed behind 0x00: none can be taken for the other


class Frontier:
    """A tree that grows at its right end: the roots of its complete subtrees, the largest first, are all it keeps."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._roots: list[bytes] = []
        for leaf in leaves:
            self.append(leaf)

    def append(self, leaf: bytes) -> None:
        """Adds the hash of the next leaf."""
        node, complete = leaf, self.size
        while complete & 1:  # two subtrees of one size are one of the next
            node = _parent(self._roots.pop(), node)
            complete >>= 1
        self._roots.append(node)
        self.size += 1

    def root(self) -> bytes:
        if not self._roots:
            return hashlib.sha256().digest()
        node = self._roots[-1]
        for left in reversed(self._roots[:-1]):
            node = _parent(left, node)
        return node


def root(leaves: Iterable[bytes]) -> bytes:
    """The hash of the tree over these leaves' hashes."""
    return Frontier(leaves).root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """What shows that leaf `index`, counted from 0, is in the tree over `leaves` (2.1.3.1). Raises IndexError."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"a tree of {len(leaves)} leaves has no leaf {index}")
    siblings: list[bytes] = []  # from the root down
    start, end = 0, len(leaves)
    while end - start > 1:
        middle = start + _left_size(end - start)
        if index < middle:
            siblings.append(root(leaves[middle:end]))
            end = middle
        else:
            siblings.append(root(leaves[start:middle]))
            start = middle
    return siblings[::-1]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """What shows that the tree over `leaves` begins with the one over the first `old_size` (2.1.4.1).

    Raises IndexError: there was no such tree. The empty tree needs no proof, as every tree begins with it.
    """
    if not 0 <= old_size <= len(leaves):
        raise IndexError(f"a tree of {len(leaves)} leaves never had {old_size}")
    if old_size in (0, len(leaves)):
        return []
    siblings: list[bytes] = []
    start, end = 0, len(leaves)
    while end != old_size:
        middle = start + _left_size(end - start)
        if old_size <= middle:
            siblings.append(root(leaves[middle:end]))
            end = middle
        else:
            siblings.append(root(leaves[start:middle]))
            start = middle
    if start:  # else the old root itself stands in the tree, and whoever checks has it
        siblings.append(root(leaves[start:end]))
    return siblings[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from leaf `index` to the root of the tree of this size (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = _parent(sibling, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = _parent(node, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and node == root


def verify_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of `size` begins with that of `old_size` (2.1.4.2)."""
    if not 0 <= old_size <= size:
        return False
    if old_size == size:
        return not proof and old_root == root
    if old_size == 0:
        return not proof and old_root == Frontier().root()
    hashes = list(proof)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        return False
    place, last = old_size - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_node = node = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_node, node = _parent(sibling, old_node), _parent(sibling, node)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = _parent(node, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and old_node == old_root and node == root


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()


def _left_size(size: int) -> int:
    """The largest power of two below the size: how many leaves the left subtree has."""
    return 1 << (size - 1).bit_length() - 1
