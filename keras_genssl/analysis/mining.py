"""Offline mining of triplets that are hard for a model, across a whole set."""

import numpy as np
import numpy.typing as npt

from keras_genssl.checks.label_arrays import checked_labels

_CELLS = 2**22  # of a block of distances: 32 MiB


def mine_triplets(
    embeddings: npt.ArrayLike,
    labels: npt.ArrayLike,
    num: int | None = None,
    hardest: bool = False,
    seed: int = 0,
) -> np.ndarray:
    """Finds a hard triplet for each anchor among all examples of a set.

    By default the triplet is semi-hard (FaceNet; the convention of `tfa.losses.TripletSemiHardLoss`): a positive drawn
    uniformly, and the nearest negative that is farther from the anchor than the positive, or the farthest negative if
    there is none. With `hardest` it is the farthest positive and the nearest negative, which is sensitive to wrong
    labels. Of equal distances the first position counts.

    Distances are Euclidean, exact, and measured a block of anchors at a time: memory does not grow with the square
    of the set.

    Reference:
        - Schroff et al. 2015, [FaceNet](https://arxiv.org/abs/1503.03832)

    Args:
        embeddings: `(num_examples, dim)`, finite: `analysis.encode_images(model.encode, images)`.
        labels: `(num_examples,)` of integers or strings.
        num: number of anchors, drawn without repetition from the examples whose class has another; None for all.
        hardest: whether to mine the hardest triplet instead of a semi-hard one.
        seed: seed of the draws.

    Returns:
        int64 positions `(num, 3)`: anchor, positive, negative; anchors ascend. `data.Groups.of_triplets` makes a
        training set of them.

    Raises:
        ValueError: if an argument is invalid, there are fewer than two classes, or no class has two examples.

    Example:
        >>> mine_triplets([[0.0], [1.0], [3.0], [0.5]], [7, 7, 8, 8]).tolist()
        [[0, 1, 2], [1, 0, 2], [2, 3, 0], [3, 2, 0]]
        >>> mine_triplets([[0.0], [1.0], [3.0], [0.5]], [7, 7, 8, 8], hardest=True).tolist()
        [[0, 1, 3], [1, 0, 3], [2, 3, 1], [3, 2, 0]]
    """
    embeddings = np.asarray(embeddings, np.float64)
    if embeddings.ndim != 2:
        raise ValueError(f"`embeddings` must be (num_examples, dim). Received: shape {embeddings.shape}")
    labels = checked_labels(labels, "labels", embeddings)
    if not np.isfinite(embeddings).all():
        raise ValueError("`embeddings` must be finite. Received: NaN or infinity")
    _, classes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    anchors = np.flatnonzero(counts[classes] > 1)
    if len(counts) < 2 or not len(anchors):
        raise ValueError(
            "`labels` must hold at least two classes, and one of at least two examples. "
            f"Received: {len(counts)} classes, the largest of {max(counts, default=0)}"
        )
    if num is not None and not 1 <= num <= len(anchors):
        raise ValueError(f"`num` must lie in 1 ... {len(anchors)}, the number of anchors. Received: num={num}")
    generator = np.random.default_rng(seed)
    if num is not None:
        anchors = np.sort(generator.choice(anchors, num, replace=False))
    squares = (embeddings**2).sum(1)
    rows = max(1, _CELLS // len(embeddings))
    mined = []
    for start in range(0, len(anchors), rows):
        block = anchors[start : start + rows]
        distances = squares[block, None] + squares - 2.0 * (embeddings[block] @ embeddings.T)
        same = classes[block, None] == classes
        positives = same.copy()
        positives[np.arange(len(block)), block] = False
        mined.append(np.stack([block, *_choose(distances, positives, ~same, hardest, generator)], axis=1))
    return np.concatenate(mined)


def _choose(
    distances: np.ndarray, positives: np.ndarray, negatives: np.ndarray, hardest: bool, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Returns a positive and a negative for each anchor of a block."""
    nearest = np.where(negatives, distances, np.inf)
    if hardest:
        return np.where(positives, distances, -np.inf).argmax(axis=1), nearest.argmin(axis=1)
    order = np.cumsum(positives, axis=1)  # the number of each positive of its anchor, from 1 on
    drawn = 1 + generator.integers(order[:, -1])
    positive = (order == drawn[:, None]).argmax(axis=1)
    farther = nearest > np.take_along_axis(distances, positive[:, None], axis=1)
    semi_hard = np.where(farther, nearest, np.inf).argmin(axis=1)
    farthest = np.where(negatives, distances, -np.inf).argmax(axis=1)
    return positive, np.where((farther & negatives).any(axis=1), semi_hard, farthest)
