"""Pairs and triplets of examples, drawn from labels."""

import numpy as np
import numpy.typing as npt

from keras_genssl.checks.label_arrays import checked_labels
from keras_genssl.data.groups import Groups


def pairs(labels: npt.ArrayLike, num: int, seed: int = 0) -> Groups:
    """Draws pairs for a siamese network, alternately of one class and of different classes.

    The first image is drawn uniformly from all examples; for a pair of one class, from the examples whose class has
    another. The second image is drawn uniformly from all allowed partners. Draws are with replacement.

    Args:
        labels: `(num_examples,)` of integers or strings.
        num: pairs to draw, at least 1.
        seed: the seed of the draw.

    Returns:
        `Groups` of `first` and `second`, with labels by the lectures' convention: 1 if the two are *different*.

    Raises:
        ValueError: if there are fewer than two classes, or if no class has two examples.

    Example:
        >>> drawn = pairs([5, 7, 7], num=2, seed=0)
        >>> drawn.labels.tolist(), sorted(int(drawn.members[field][0]) for field in ("first", "second"))
        ([0, 1], [1, 2])
    """
    drawer = _Drawer(labels, num, seed)
    label = np.arange(num) % 2
    first, same = drawer.positives(num)
    other_first = drawer.generator.integers(drawer.num_examples, size=num)
    different = drawer.negatives(other_first)
    return Groups(
        {"first": np.where(label, other_first, first), "second": np.where(label, different, same)}, labels=label
    )


def triplets(labels: npt.ArrayLike, num: int, seed: int = 0) -> Groups:
    """Draws triplets: an anchor, another example of its class, and one of another class.

    Anchors are drawn uniformly from the examples whose class has another, positives and negatives uniformly from all
    allowed partners. `analysis.mine_triplets` finds triplets that are hard for a model.

    Args:
        labels: `(num_examples,)` of integers or strings.
        num: triplets to draw, at least 1.
        seed: the seed of the draw.

    Returns:
        `Groups` of `anchor`, `positive` and `negative`.

    Raises:
        ValueError: if there are fewer than two classes, or if no class has two examples.

    Example:
        >>> drawn = triplets([5, 7, 7], num=4, seed=0)
        >>> set(drawn.members["negative"].tolist()), set(drawn.members["positive"].tolist()) <= {1, 2}
        ({0}, True)
    """
    drawer = _Drawer(labels, num, seed)
    anchor, positive = drawer.positives(num)
    return Groups({"anchor": anchor, "positive": positive, "negative": drawer.negatives(anchor)})


class _Drawer:
    """Uniform draws from classes. In `self.sorted` the examples of a class are adjacent."""

    def __init__(self, labels: npt.ArrayLike, num: int, seed: int) -> None:
        labels = checked_labels(labels)
        if isinstance(num, bool) or not isinstance(num, (int, np.integer)) or num < 1:
            raise ValueError(f"`num` must be an integer of at least 1. Received: num={num!r}")
        _, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
        if len(counts) < 2 or counts.max() < 2:
            raise ValueError(
                "`labels` must hold at least two classes, and one of at least two examples. "
                f"Received: {len(counts)} classes, the largest of {max(counts, default=0)}"
            )
        self.generator = np.random.default_rng(seed)
        self.num_examples = len(labels)
        self.sorted = np.argsort(inverse, kind="stable")
        self.count = counts[inverse]  # size of each example's class
        self.start = (np.cumsum(counts) - counts)[inverse]  # where each example's class begins in `sorted`
        self.place = np.empty(len(labels), np.int64)  # position of each example in its class
        self.place[self.sorted] = np.arange(len(labels)) - self.start[self.sorted]

    def positives(self, num: int) -> tuple[np.ndarray, np.ndarray]:
        """Draws examples whose class has another, and for each another example of its class."""
        first = self.generator.choice(np.flatnonzero(self.count > 1), size=num)
        drawn = self.generator.integers(self.count[first] - 1)
        drawn += drawn >= self.place[first]  # skips the example itself
        return first, self.sorted[self.start[first] + drawn]

    def negatives(self, examples: np.ndarray) -> np.ndarray:
        """Draws, for each of the examples, one of another class."""
        drawn = self.generator.integers(self.num_examples - self.count[examples])
        drawn += np.where(drawn >= self.start[examples], self.count[examples], 0)  # skips its class
        return self.sorted[drawn]
