import itertools

import numpy as np
import pytest

from pipelines.data.statistics import near_duplicates


def _naive(hashes, thumbnails, splits, distance, tolerance):
    found = {}
    for one, other in itertools.combinations(range(len(hashes)), 2):
        bits = int(hashes[one] ^ hashes[other]).bit_count()
        levels = int(abs(thumbnails[one].astype(int) - thumbnails[other].astype(int)).max())
        if bits <= distance and levels <= tolerance:
            key = tuple(sorted((int(splits[one]), int(splits[other]))))
            found.setdefault(key, set()).add((one, other))
    return found


@pytest.mark.parametrize("distance", [0, 1, 4])
def test_pairs_are_those_of_comparing_each_with_each(distance):
    rng = np.random.default_rng(distance)
    centres = rng.integers(0, 2**63, 12, dtype=np.uint64)
    flips = [sum(1 << int(bit) for bit in rng.choice(64, rng.integers(0, 4), replace=False)) for _ in range(150)]
    hashes = rng.choice(centres, 150) ^ np.array(flips, np.uint64)
    thumbnails = rng.integers(0, 3, (150, 4), dtype=np.uint8)
    splits = rng.integers(0, 3, 150)
    expected = _naive(hashes, thumbnails, splits, distance, 1)
    found = near_duplicates.find(hashes, thumbnails, splits, distance=distance, tolerance=1, most=10_000)
    assert found.counts == {key: len(pairs) for key, pairs in sorted(expected.items())}
    assert len(found.counts) >= 5  # of the six pairs of three splits
    for key, pairs in found.pairs.items():
        assert {tuple(sorted(pair[2:])) for pair in pairs} <= expected[key]
        for levels, bits, one, other in pairs:
            assert (splits[one], splits[other]) == key
            assert levels == abs(thumbnails[one].astype(int) - thumbnails[other]).max()
            assert bits == int(hashes[one] ^ hashes[other]).bit_count()


def test_equal_images_are_counted_by_their_number_and_listed_up_to_a_bound():
    hashes, thumbnails = np.full(1000, 7, np.uint64), np.zeros((1000, 4), np.uint8)
    splits = np.arange(1000) % 4 == 0  # 250 of split 1, 750 of split 0
    found = near_duplicates.find(hashes, thumbnails, splits.astype(int), most=3)
    assert found.counts == {(0, 0): 750 * 749 // 2, (0, 1): 750 * 250, (1, 1): 250 * 249 // 2}
    assert found.pairs == {
        (0, 0): [(0, 0, 1, 2), (0, 0, 1, 3), (0, 0, 1, 5)],
        (0, 1): [(0, 0, 1, 0), (0, 0, 1, 4), (0, 0, 1, 8)],
        (1, 1): [(0, 0, 0, 4), (0, 0, 0, 8), (0, 0, 0, 12)],
    }


def test_images_that_only_hash_alike_are_none():
    hashes = np.zeros(3, np.uint64)
    thumbnails = np.array([[0, 0], [8, 0], [17, 0]], np.uint8)
    found = near_duplicates.find(hashes, thumbnails, np.zeros(3, int), tolerance=8)
    assert found.pairs == {(0, 0): [(8, 0, 0, 1)]}


def test_nothing_is_found_in_nothing():
    found = near_duplicates.find(np.empty(0, np.uint64), np.empty((0, 1), np.uint8), np.empty(0, int))
    assert (found.counts, found.pairs) == ({}, {})
