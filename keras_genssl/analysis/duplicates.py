"""Tests of whether a generator repeats itself or its training images."""

import math

import numpy as np
import numpy.typing as npt

from keras_genssl.analysis.retrieval import codes_of, nearest_images


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
