"""Finds pairs of nearly equal images among very many, without comparing all pairs.

Two 64-bit hashes that differ in at most d bits agree in at least one of d + 1 parts of their bits (the pigeonhole
principle), so only images that agree in a part are compared. A few numbers for each image are in memory.
"""

import dataclasses
import heapq
from collections.abc import Iterator, Sequence

import numpy as np

DISTANCE = 4  # the number of bits in which the hashes of near-duplicates may differ
TOLERANCE = 8  # the number of levels, of 255, by which a pixel of their thumbnails may differ

SplitPair = tuple[int, int]


@dataclasses.dataclass(frozen=True)
class NearDuplicates:
    """The near-duplicates.

    Attributes:
        counts: (split, split), the smaller number first -> the number of pairs.
        pairs: (split, split) -> the nearest pairs, as (largest difference of the thumbnails, number of bits in which
            the hashes differ, image, image), sorted. One of several images of a split with equal hash and thumbnail
            stands for all of them.
    """

    counts: dict[SplitPair, int]
    pairs: dict[SplitPair, list[tuple[int, int, int, int]]]


def find(
    hashes: np.ndarray,
    thumbnails: np.ndarray,
    splits: np.ndarray,
    *,
    distance: int = DISTANCE,
    tolerance: int = TOLERANCE,
    most: int = 50,
) -> NearDuplicates:
    """Finds the pairs of images whose hashes differ in few bits and whose thumbnails differ in few levels.

    Args:
        hashes: uint64 (num_images,).
        thumbnails: uint8 (num_images, pixels); may be mapped from a file.
        splits: integers (num_images,): the split of each image, from 0 on.
        distance: the largest number of bits, 0 to 63.
        tolerance: the largest number of levels.
        most: the number of pairs to list for each pair of splits.

    Example:
        >>> hashes, splits = np.array([5, 5, 4, 255], np.uint64), np.array([0, 1, 1, 0])
        >>> find(hashes, np.zeros((4, 1), np.uint8), splits, distance=1).counts
        {(0, 1): 2, (1, 1): 1}
    """
    found = _Found(most)
    owner = _owners(hashes, thumbnails)
    heads, number = np.unique(owner, return_inverse=True)
    members = np.zeros((len(heads), int(splits.max(initial=0)) + 1), np.int64)
    np.add.at(members, (number, splits), 1)
    first: dict[int, dict[int, int]] = {}  # image that stands for others -> split -> the first of them there
    for image in np.flatnonzero((members.sum(1) > 1)[number]).tolist():
        of_split = first.setdefault(int(owner[image]), {})
        for split, earlier in of_split.items():
            found.list((split, int(splits[image])), (0, 0, earlier, image))
        of_split.setdefault(int(splits[image]), image)
    for a, b in _split_pairs(members.shape[1]):
        own = members[:, a]
        found.count((a, b), int((own * (own - 1) // 2).sum() if a == b else (own * members[:, b]).sum()))
    for i, j in _candidates(hashes[heads], distance):
        levels = np.abs(thumbnails[heads[i]].astype(np.int16) - thumbnails[heads[j]]).max(axis=1)
        near = levels <= tolerance
        i, j, levels = i[near], j[near], levels[near]
        bits = np.bitwise_count(hashes[heads[i]] ^ hashes[heads[j]])
        for a, b in _split_pairs(members.shape[1]):
            pairs = members[i, a] * members[j, b] + (members[i, b] * members[j, a] if a != b else 0)
            found.count((a, b), int(pairs.sum()))
        for row in range(len(i)):
            one_head, other_head = int(heads[i[row]]), int(heads[j[row]])
            for a, one in first.get(one_head, {int(splits[one_head]): one_head}).items():
                for b, other in first.get(other_head, {int(splits[other_head]): other_head}).items():
                    found.list((a, b), (int(levels[row]), int(bits[row]), one, other))
    return found.result()


def _owners(hashes: np.ndarray, thumbnails: np.ndarray) -> np.ndarray:
    """Returns for each image the first with its hash and thumbnail: a thousand black images are compared once."""
    owner = np.arange(len(hashes))
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    again = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
    seen: dict[bytes, int] = {}
    last = -2
    for position in again.tolist():
        if position != last + 1:
            before = int(order[position - 1])
            seen = {thumbnails[before].tobytes(): before}
        image = int(order[position])
        owner[image] = seen.setdefault(thumbnails[image].tobytes(), image)
        last = position
    return owner


def _candidates(hashes: np.ndarray, distance: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields each pair of hashes within the distance once, i < j, in arrays."""
    parts = distance + 1
    # Every d-th bit goes into the same part, because neighbouring frequencies are similar.
    masks = [np.uint64(sum(1 << bit for bit in range(part, 64, parts))) for part in range(parts)]
    for part, mask in enumerate(masks):
        keys = hashes & mask
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        ends = np.searchsorted(ordered, ordered, side="right")
        start, step = np.arange(len(order)), 1
        while True:
            start = start[start + step < ends[start]]
            if not len(start):
                break
            i, j = order[start], order[start + step]  # i < j, because the sort is stable
            differ = hashes[i] ^ hashes[j]
            near = np.bitwise_count(differ) <= distance
            for earlier in masks[:part]:  # a pair that agrees there was already found
                near &= (differ & earlier) != 0
            if near.any():
                yield i[near], j[near]
            step += 1


def _split_pairs(splits: int) -> Iterator[SplitPair]:
    return ((a, b) for a in range(splits) for b in range(a, splits))


class _Found:
    """Counts pairs, and keeps the nearest pairs of each pair of splits."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: dict[SplitPair, int] = {}
        self._heaps: dict[SplitPair, list[tuple[int, ...]]] = {}

    def count(self, splits: SplitPair, pairs: int) -> None:
        self._counts[splits] = self._counts.get(splits, 0) + pairs

    def list(self, splits: SplitPair, pair: tuple[int, int, int, int]) -> None:
        levels, bits, one, other = pair
        if splits[0] > splits[1]:
            splits, one, other = (splits[1], splits[0]), other, one
        elif splits[0] == splits[1]:
            one, other = sorted((one, other))
        heap = self._heaps.setdefault(splits, [])
        heapq.heappush(heap, (-levels, -bits, -one, -other))
        if len(heap) > self._most:
            heapq.heappop(heap)

    def result(self) -> NearDuplicates:
        return NearDuplicates(
            {splits: count for splits, count in sorted(self._counts.items()) if count},
            {splits: _ascending(heap) for splits, heap in sorted(self._heaps.items())},
        )


def _ascending(heap: Sequence[tuple[int, ...]]) -> list[tuple[int, int, int, int]]:
    return [(-a, -b, -c, -d) for a, b, c, d in sorted(heap, reverse=True)]
