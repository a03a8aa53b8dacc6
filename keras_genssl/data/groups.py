"""Examples that are made of several images of a source: pairs and triplets, as numbers of images, not as copies."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from keras_genssl.checks.arrays import checked_labels
from keras_genssl.data.sources import Source


@dataclasses.dataclass(frozen=True, eq=False)
class Groups:
    """Says which images of a source make up each example: `data.load(..., groups=...)`.

    Args:
        members: field -> positions in the source, integers `(num_groups,)`; the field holds the `image` found there.
        labels: `(num_groups,)` of integers, the field `label`; `None` for groups without labels.

    Raises:
        ValueError: if the lengths differ, if there is no group or no field, or if a field is called `label`.

    Example:
        >>> from keras_genssl import data
        >>> arrays = {"image": np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1)}
        >>> pairs = Groups({"first": [0, 2], "second": [1, 1]}, labels=[1, 0])
        >>> [int(pair["first"][0, 0, 0]) for pair in data.load(arrays, groups=pairs, shuffle=False)]
        [0, 2]
    """

    members: Mapping[str, np.ndarray]
    labels: np.ndarray | None = None

    def __post_init__(self) -> None:
        members = {name: checked_labels(ids, name, names=False) for name, ids in self.members.items()}
        labels = None if self.labels is None else checked_labels(self.labels, "labels", names=False)
        lengths = {len(ids) for ids in (*members.values(), *(() if labels is None else (labels,)))}
        if not members or "label" in members or len(lengths) != 1 or not max(lengths):
            raise ValueError(
                "`members` must hold fields of equal length, at least one group, none named 'label', and `labels` as "
                f"many. Received: lengths { {name: len(ids) for name, ids in members.items()} }, "
                f"labels {None if labels is None else len(labels)}"
            )
        object.__setattr__(self, "members", members)
        object.__setattr__(self, "labels", labels)

    @classmethod
    def of_triplets(cls, triplets: np.ndarray) -> "Groups":
        """Makes groups of `anchor`, `positive` and `negative` from positions `(num, 3)`."""
        triplets = np.asarray(triplets)
        if triplets.ndim != 2 or triplets.shape[1] != 3:
            raise ValueError(f"`triplets` must be (num, 3). Received: shape {triplets.shape}")
        return cls(dict(zip(("anchor", "positive", "negative"), triplets.T, strict=True)))

    def __len__(self) -> int:
        return len(next(iter(self.members.values())))


class GroupSource:
    """A source whose examples are groups of the images of another source.

    Args:
        source: where the images are; its examples hold `image`.
        groups: the images of each example. `replace` exchanges them, for example for hard mining between epochs.
    """

    def __init__(self, source: Source, groups: Groups) -> None:
        self._source = source
        self.groups = groups
        labels = () if groups.labels is None else (tf.TensorSpec((), tf.int64),)
        self.stored = source.stored * len(groups.members) + labels
        self.decoded: dict[str, tf.TensorSpec] | None = None
        if source.decoded is not None:
            fields = [*groups.members, *([] if groups.labels is None else ["label"])]
            self.decoded = {
                field: tf.TensorSpec((), tf.int64) if field == "label" else source.decoded["image"] for field in fields
            }
        self.by_batch = source.by_batch
        self.class_names: tuple[str, ...] | None = (
            None  # `label` says whether two images are of one class, so no class has a name
        )
        self.replace(groups)
        digest = hashlib.sha256(source.identity.encode())
        for name, ids in sorted(groups.members.items()):
            digest.update(name.encode() + b";" + ids.tobytes())
        digest.update(b"" if groups.labels is None else groups.labels.tobytes())
        self.identity = digest.hexdigest()

    def replace(self, groups: Groups) -> None:
        """Replaces the groups by as many others with the same fields.

        Raises:
            ValueError: if their number or fields differ, or if they name images that the source lacks.
        """
        for name, ids in groups.members.items():
            if ids.min() < 0 or ids.max() >= len(self._source):
                raise ValueError(
                    f"`{name}` must hold positions in 0 ... {len(self._source) - 1}. "
                    f"Received: {ids.min()} ... {ids.max()}"
                )
        fields, labelled = list(self.groups.members), self.groups.labels is not None
        if (len(groups), list(groups.members), groups.labels is not None) != (len(self), fields, labelled):
            raise ValueError(
                f"`groups` must be {len(self)} groups of {fields}, {'with' if labelled else 'without'} labels, as "
                f"those in whose place they come. Received: {len(groups)} groups of {list(groups.members)}"
            )
        self.groups = groups

    def __len__(self) -> int:
        return len(self.groups)

    def labels(self, name: str) -> np.ndarray:
        """Returns the labels of the groups."""
        if name != "label" or self.groups.labels is None:
            raise ValueError(f"Groups have no feature {name!r} of integers.")
        return self.groups.labels

    def title(self, number: int) -> str:
        """Returns the number of a group and the source's titles of its images."""
        images = [f"{name}: {self._source.title(int(ids[number]))}" for name, ids in self.groups.members.items()]
        return f"group {number} ({', '.join(images)})"

    def read(self, ids: np.ndarray) -> list[np.ndarray]:
        """Returns what is stored of the images of each field, one field after the other, then the labels."""
        groups = self.groups
        columns = [column for members in groups.members.values() for column in self._source.read(members[ids])]
        return columns if groups.labels is None else [*columns, groups.labels[ids]]

    def decode(self, stored: Sequence[Any]) -> dict[str, Any]:
        """Decodes the images of a group, by field, and its label."""
        example = {} if self.groups.labels is None else {"label": stored[-1]}
        size = len(self._source.stored)
        for place, field in enumerate(self.groups.members):
            example[field] = self._source.decode(stored[place * size : (place + 1) * size])["image"]
        return example


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
