"""Which images lie near one another: retrieval, duplicates, hard triplets."""

import math

import numpy as np
import numpy.typing as npt

from keras_genssl.checks import arrays
from keras_genssl.checks.arrays import checked_labels, require_alike

_QUERIES, _GALLERY = 512, 8192  # size of a block: 32 MiB of distances, whatever the sizes


def nearest_images(
    query_codes: npt.ArrayLike,
    gallery_codes: npt.ArrayLike,
    k: int = 5,
    exclude: npt.ArrayLike | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Finds the k images of a gallery whose codes are nearest to each query's, by Euclidean distance.

    The search is exact, block by block: memory does not grow with queries times gallery. For the cosine, divide all
    codes by their norms first.

    Args:
        query_codes: `(num_queries, ...)`, codes of any kind, or images: uint8, or float in [-1, 1].
        gallery_codes: `(num_gallery, ...)`, codes, or images, of the same shape.
        k: from 1 to the size of the gallery (minus one with `exclude`).
        exclude: `(num_queries,)`, for each query one position in the gallery that it must not find, such as
            `np.arange(num)` to search a gallery with its own codes. Negative for none.

    Returns:
        `indices` int64 `(num_queries, k)`, nearest first, and `distances` float64 of the same shape.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> indices, distances = nearest_images([[0.0], [9.0]], [[1.0], [5.0], [8.0]], k=2)
        >>> indices.tolist(), distances.tolist()
        ([[0, 1], [2, 1]], [[1.0, 5.0], [1.0, 4.0]])
    """
    queries, gallery = codes_of(query_codes, "query_codes"), codes_of(gallery_codes, "gallery_codes")
    if queries.ndim < 2 or gallery.ndim < 2 or queries.shape[1:] != gallery.shape[1:]:
        raise ValueError(
            "`query_codes` and `gallery_codes` must be (num, ...) with codes of one shape. "
            f"Received: shapes {queries.shape} and {gallery.shape}"
        )
    num_found = len(gallery) - (exclude is not None)
    if not isinstance(k, int | np.integer) or not 1 <= k <= num_found:
        raise ValueError(f"`k` must be an integer in 1 ... {num_found}. Received: k={k!r}")
    exclude = np.full(len(queries), -1) if exclude is None else np.asarray(exclude)
    if exclude.shape != (len(queries),):
        raise ValueError(f"`exclude` must be (num_queries,). Received: shape {exclude.shape}")
    queries, gallery = queries.reshape(len(queries), -1), gallery.reshape(len(gallery), -1)
    found = [
        _nearest(queries[start : start + _QUERIES].astype(np.float64), gallery, k, exclude[start : start + _QUERIES])
        for start in range(0, len(queries), _QUERIES)
    ]
    if not found:
        return np.empty((0, k), np.int64), np.empty((0, k))
    indices, distances = (np.concatenate(part) for part in zip(*found, strict=True))
    return indices, distances


def precision_at_k(indices: npt.ArrayLike, query_labels: npt.ArrayLike, gallery_labels: npt.ArrayLike) -> float:
    """Returns the share of retrieved images with the query's label, averaged over queries.

    Args:
        indices: `(num_queries, k)`, positions in the gallery, as `nearest_images` returns them.
        query_labels: `(num_queries,)` of integers or strings.
        gallery_labels: `(num_gallery,)`, likewise.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> precision_at_k([[0, 1], [2, 1]], [7, 7], [7, 7, 3])
        0.75
    """
    indices = np.asarray(indices)
    if indices.ndim != 2 or not indices.size or indices.dtype.kind not in "iu":
        raise ValueError(
            f"`indices` must be integers (num_queries, k). Received: {indices.dtype} of shape {indices.shape}"
        )
    query_labels = checked_labels(query_labels, "query_labels", indices)
    gallery_labels = checked_labels(gallery_labels, "gallery_labels")
    require_alike(query_labels, gallery_labels, "query_labels", "gallery_labels")
    if indices.min() < 0 or indices.max() >= len(gallery_labels):
        raise ValueError(
            f"`indices` must lie in 0 ... {len(gallery_labels) - 1}, the gallery. "
            f"Received: {indices.min()} ... {indices.max()}"
        )
    return float((gallery_labels[indices] == query_labels[:, None]).mean())


def codes_of(values: npt.ArrayLike, name: str) -> np.ndarray:
    """Returns codes unchanged, and uint8 images as float in [-1, 1], to compare them with float images."""
    values = np.asarray(values)
    if values.dtype == np.uint8:
        return arrays.signed(values, name)
    if values.dtype.kind not in "iuf" and values.dtype.name != "bfloat16":
        raise ValueError(f"`{name}` must be numbers. Received: dtype {values.dtype}")
    return values


def _nearest(queries: np.ndarray, gallery: np.ndarray, k: int, exclude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Searches one block of queries; the k best so far are compared with each block of the gallery."""
    rows = np.arange(len(queries))[:, None]
    indices = np.empty((len(queries), 0), np.int64)
    squares = np.empty((len(queries), 0))
    for start in range(0, len(gallery), _GALLERY):
        block = gallery[start : start + _GALLERY].astype(np.float64)
        distances = (queries**2).sum(1)[:, None] + (block**2).sum(1) - 2.0 * (queries @ block.T)
        inside = (exclude >= start) & (exclude < start + len(block))
        distances[rows[inside, 0], exclude[inside] - start] = np.inf
        if len(block) > k:
            best = np.argpartition(distances, k - 1, axis=1)[:, :k]
        else:
            best = np.broadcast_to(np.arange(len(block)), distances.shape)
        indices = np.concatenate([indices, best + start], axis=1)
        squares = np.concatenate([squares, distances[rows, best]], axis=1)
        order = np.lexsort((indices, squares), axis=1)[:, :k]
        indices, squares = indices[rows, order], squares[rows, order]
    # The products above lose digits for near codes, so the found distances are computed again, column by column.
    columns = [((queries - gallery[column].astype(np.float64)) ** 2).sum(1) for column in indices.T]
    squares = np.stack(columns, axis=1)
    order = np.lexsort((indices, squares), axis=1)
    return indices[rows, order], np.sqrt(squares[rows, order])


def closest_pairs(samples: npt.ArrayLike, num_pairs: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Returns the most similar pairs among samples, which Arora and Zhang show to a person.

    Each sample is paired with its nearest other sample, and each pair is listed once.

    Reference:
        - Arora and Zhang 2017, [Do GANs Actually Learn the Distribution?](https://arxiv.org/abs/1706.08224)

    Args:
        samples: `(num, ...)`, at least 2: codes, or images, uint8 or float in [-1, 1].
        num_pairs: the largest number of pairs to return, the closest first.

    Returns:
        `pairs` int64 `(pairs, 2)` of positions, and `distances` float64 `(pairs,)`: root mean square differences, for
        images on the scale of [-1, 1].

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> pairs, distances = closest_pairs([[0.0], [5.0], [5.5]], num_pairs=1)
        >>> pairs.tolist(), distances.tolist()
        ([[1, 2]], [0.5])
    """
    samples = codes_of(samples, "samples")
    if num_pairs < 1:
        raise ValueError(f"`num_pairs` must be at least 1. Received: num_pairs={num_pairs}")
    positions = np.arange(len(samples))
    nearest, distances = nearest_images(samples, samples, k=1, exclude=positions)
    ends = np.sort(np.stack([positions, nearest[:, 0]], axis=1), axis=1)
    pairs, where = np.unique(ends, axis=0, return_index=True)
    distances = distances[where, 0] / math.sqrt(samples[0].size)
    order = np.argsort(distances, kind="stable")[:num_pairs]
    return pairs[order], distances[order]


def duplicate_rate(samples: npt.ArrayLike, sample_size: int, threshold: float) -> float:
    """Returns the share of batches of samples that contain a duplicate: the birthday paradox test.

    A distribution over N images shows a duplicate with probability 1/2 already among about `1.18 sqrt(N)` of them.
    `support_size` turns the rate into N.

    Reference:
        - Arora and Zhang 2017, [Do GANs Actually Learn the Distribution?](https://arxiv.org/abs/1706.08224)

    Args:
        samples: `(num, ...)`, codes, or images, uint8 or float in [-1, 1]; cut into `num // sample_size` batches.
        sample_size: samples of a batch, at least 2.
        threshold: largest root mean square difference of duplicates. The distances of the nearest pairs among as many
            real images are a lower limit for a useful choice; look at `closest_pairs`.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: if an argument is invalid or there is no whole batch.

    Example:
        >>> duplicate_rate([[0.0], [1.0], [2.0], [2.0]], sample_size=2, threshold=0.0)
        0.5
    """
    samples = codes_of(samples, "samples")
    if sample_size < 2 or len(samples) < sample_size:
        raise ValueError(
            f"`sample_size` must lie in 2 ... {len(samples)}, the number of samples. Received: {sample_size}"
        )
    if threshold < 0:
        raise ValueError(f"`threshold` must not be negative. Received: threshold={threshold}")
    starts = range(0, len(samples) - sample_size + 1, sample_size)
    return float(np.mean([closest_pairs(samples[s : s + sample_size], 1)[1][0] <= threshold for s in starts]))


def support_size(rate: float, sample_size: int) -> float:
    """Returns the number of equally probable images that shows duplicates at a given rate.

    It is the N with `1 - prod(1 - i / N, i = 1 ... sample_size - 1) = rate`. Where some images are more probable than
    others, duplicates are more frequent, and the true number is larger.

    Reference:
        - Arora and Zhang 2017, [Do GANs Actually Learn the Distribution?](https://arxiv.org/abs/1706.08224)

    Args:
        rate: of `duplicate_rate`, in [0, 1].
        sample_size: samples of a batch, at least 2.

    Returns:
        N; infinite at a rate of 0, and `sample_size - 1` at a rate of 1, which only shows that N may be that small.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> round(support_size(0.5073, 23), 1)  # 23 people, 365 days
        365.0
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"`rate` must lie in [0, 1]. Received: rate={rate}")
    if sample_size < 2:
        raise ValueError(f"`sample_size` must be at least 2. Received: sample_size={sample_size}")
    if rate in (0, 1):
        return float(sample_size - 1) if rate else math.inf
    others = np.arange(1, sample_size, dtype=np.float64)
    low, high = math.log(sample_size - 1), math.log(sample_size**2 / min(-math.log1p(-rate), 1.0)) + 1.0
    for _ in range(200):  # bisection on log N: the rate falls with N
        middle = (low + high) / 2
        log_all_differ = np.log1p(-np.minimum(others / math.exp(middle), 1.0 - 1e-16)).sum()
        low, high = (middle, high) if -math.expm1(log_all_differ) > rate else (low, middle)
    return math.exp((low + high) / 2)


def memorisation_rate(samples: npt.ArrayLike, training: npt.ArrayLike, held_out: npt.ArrayLike) -> float:
    """Returns the share of samples that lie nearer to a training image than to any held-out image.

    It is 1/2 for a generator that has learnt the distribution rather than its training images, if both sets are equally
    large. It is 1 for a generator that copies (the idea of the data-copying test of Meehan et al., 2020). To get the
    nearest training images, call `nearest_images(samples, training, k)`.

    Reference:
        - Meehan et al. 2020, [A Non-Parametric Test to Detect Data-Copying](https://arxiv.org/abs/2004.05675)

    Args:
        samples: `(num, ...)`, codes, or images, uint8 or float in [-1, 1].
        training: images or codes of the same shape.
        held_out: as many of them, not seen in training, from the same source.

    Returns:
        A number in [0, 1]; equal distances count half.

    Raises:
        ValueError: if the two sets are not equally large or shapes differ.

    Example:
        >>> memorisation_rate([[0.1], [0.9]], training=[[0.0]], held_out=[[1.0]])
        0.5
    """
    training, held_out = codes_of(training, "training"), codes_of(held_out, "held_out")
    if len(training) != len(held_out):
        raise ValueError(
            "`training` and `held_out` must be equally many, or the larger would be nearer by its size. "
            f"Received: {len(training)} and {len(held_out)}"
        )
    to_training, to_held_out = (nearest_images(samples, images, k=1)[1] for images in (training, held_out))
    return float(((to_training < to_held_out) + 0.5 * (to_training == to_held_out)).mean())


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
