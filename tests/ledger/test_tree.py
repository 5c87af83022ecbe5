"""The tree against the vectors that Certificate Transparency's implementations share, and by property."""

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entry import entry_hash
from ledger.tree import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    root,
    verify_consistency,
    verify_inclusion,
)

INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
LEAVES = [entry_hash(bytes.fromhex(one)) for one in INPUTS]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LEAF_0, LEAF_1, LEAF_4 = ROOTS[1], LEAVES[1].hex(), LEAVES[4].hex()
FIRST_2, FIRST_4 = ROOTS[2], ROOTS[4]
LEAVES_2_3 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
LEAVES_4_5 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
LEAVES_6_7 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
LEAVES_4_7 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
SIZES = st.integers(1, 70)


def test_the_leaf_hash_of_the_rfc_is_the_entrys() -> None:
    assert (LEAF_1, LEAF_4) == (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    )


@pytest.mark.parametrize(("size", "wanted"), list(enumerate(ROOTS)))
def test_the_root_is_the_known_one(size: int, wanted: str) -> None:
    assert root(LEAVES[:size]).hex() == wanted


@pytest.mark.parametrize(
    ("index", "size", "wanted"),
    [
        (0, 1, []),
        (0, 2, [LEAF_1]),
        (1, 2, [LEAF_0]),
        (2, 3, [FIRST_2]),
        (1, 5, [LEAF_0, LEAVES_2_3, LEAF_4]),
        (0, 8, [LEAF_1, LEAVES_2_3, LEAVES_4_7]),
        (5, 8, [LEAF_4, LEAVES_6_7, FIRST_4]),
    ],
)
def test_a_known_inclusion_proof(index: int, size: int, wanted: list[str]) -> None:
    proof = inclusion_proof(LEAVES[:size], index)
    assert [one.hex() for one in proof] == wanted
    assert verify_inclusion(LEAVES[index], index, size, proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(
    ("old", "size", "wanted"),
    [
        (0, 8, []),
        (1, 1, []),
        (1, 8, [LEAF_1, LEAVES_2_3, LEAVES_4_7]),
        (2, 5, [LEAVES_2_3, LEAF_4]),
        (6, 8, [LEAVES_4_5, LEAVES_6_7, FIRST_4]),
    ],
)
def test_a_known_consistency_proof(old: int, size: int, wanted: list[str]) -> None:
    proof = consistency_proof(LEAVES[:size], old)
    assert [one.hex() for one in proof] == wanted
    assert verify_consistency(old, bytes.fromhex(ROOTS[old]), size, bytes.fromhex(ROOTS[size]), proof)


@given(SIZES, st.data())
def test_the_proof_of_a_leaf_shows_that_leaf_there_and_no_other(size: int, data: st.DataObject) -> None:
    leaves, top = _leaves(size), root(_leaves(size))
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(leaves, index)
    assert verify_inclusion(leaves[other], other, size, proof, top) == (index == other)
    assert verify_inclusion(leaves[index], other, size, proof, top) == (index == other)
    assert not verify_inclusion(_leaf(-1), index, size, proof, top)
    assert not verify_inclusion(leaves[index], index, size, proof, _leaf(-1))


@given(SIZES, st.data())
def test_a_proof_of_inclusion_that_was_changed_shows_nothing(size: int, data: st.DataObject) -> None:
    leaves, index = _leaves(size), data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(leaves, index)
    for changed in _changed(proof, data):
        assert not verify_inclusion(leaves[index], index, size, changed, root(leaves))


@given(SIZES, SIZES)
def test_a_tree_that_grew_is_consistent_with_what_it_was(one: int, other: int) -> None:
    old, size = sorted((one, other))
    leaves = _leaves(size)
    proof = consistency_proof(leaves, old)
    assert verify_consistency(old, root(leaves[:old]), size, root(leaves), proof)
    assert len(proof) <= size.bit_length() + 1


@given(SIZES, SIZES, st.data())
def test_a_tree_that_was_rewritten_is_not(one: int, other: int, data: st.DataObject) -> None:
    old, size = sorted((one, other))
    changed = data.draw(st.integers(0, old - 1))
    leaves = _leaves(size)
    rewritten = [_leaf(-1) if at == changed else leaf for at, leaf in enumerate(leaves)]
    proof = consistency_proof(rewritten, old)
    assert not verify_consistency(old, root(leaves[:old]), size, root(rewritten), proof)


@given(SIZES, SIZES, st.data())
def test_a_proof_of_consistency_that_was_changed_shows_nothing(one: int, other: int, data: st.DataObject) -> None:
    old, size = sorted((one, other))
    leaves = _leaves(size)
    proof = consistency_proof(leaves, old)
    for changed in _changed(proof, data):
        assert not verify_consistency(old, root(leaves[:old]), size, root(leaves), changed)


@pytest.mark.parametrize(("old", "size"), [(3, 2), (-1, 2), (2, 4), (3, 4)])
def test_no_proof_at_all_shows_no_consistency(old: int, size: int) -> None:
    assert not verify_consistency(old, root(_leaves(max(old, 0))), size, root(_leaves(size)), [])


def test_a_proof_shows_nothing_of_a_tree_of_another_size() -> None:
    two, eight = root(LEAVES[:2]), root(LEAVES)
    assert not verify_inclusion(LEAVES[0], 5, 1, [], LEAVES[0])
    assert not verify_inclusion(LEAVES[1], 0, 1, [LEAVES[0]], two)
    grown = consistency_proof(LEAVES, 1)
    for size in (2, 16):
        assert not verify_consistency(1, LEAVES[0], size, eight, grown)
    above = [*consistency_proof(LEAVES[:4], 3), LEAVES[7]]  # one step more than the tree of four has
    tops = (root([LEAVES[7], root(LEAVES[:3])]), root([LEAVES[7], root(LEAVES[:4])]))
    assert not verify_consistency(3, tops[0], 4, tops[1], above)
    for size in (-1, 5):
        assert not verify_consistency(size, LEAVES[0], 1, LEAVES[0], [LEAVES[0]])


def test_the_empty_tree_needs_no_proof_and_takes_none() -> None:
    empty, top = root([]), root(LEAVES)
    assert verify_consistency(0, empty, 8, top, [])
    assert not verify_consistency(0, empty, 8, top, [LEAVES[0]])
    assert not verify_consistency(0, top, 8, top, [])


def test_a_proof_is_of_a_leaf_or_a_tree_that_was_there() -> None:
    for index in (-1, 8):
        with pytest.raises(IndexError):
            inclusion_proof(LEAVES, index)
        assert not verify_inclusion(LEAVES[0], index, 8, [], root(LEAVES))
    for size in (-1, 9):
        with pytest.raises(IndexError):
            consistency_proof(LEAVES, size)


@given(st.lists(st.integers(0, 40), max_size=4).map(sorted))
def test_a_frontier_has_the_root_of_each_size_on_its_way(stops: list[int]) -> None:
    leaves, frontier = _leaves(40), Frontier()
    for start, end in pairwise([0, *stops]):
        for leaf in leaves[start:end]:
            frontier.append(leaf)
        assert (frontier.size, frontier.root()) == (end, root(leaves[:end]))


def _leaves(size: int) -> list[bytes]:
    return [_leaf(index) for index in range(size)]


def _leaf(index: int) -> bytes:
    return hashlib.sha256(str(index).encode()).digest()


def _changed(proof: list[bytes], data: st.DataObject) -> list[list[bytes]]:
    """The proof with one hash more, one less, one another, and two swapped."""
    changed = [[*proof, _leaf(-1)], [_leaf(-1), *proof]]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        changed += [proof[:at] + proof[at + 1 :], [*proof[:at], _leaf(-1), *proof[at + 1 :]]]
    if len(proof) > 1:
        changed.append([proof[1], proof[0], *proof[2:]])
    return changed
