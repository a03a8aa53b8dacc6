"""Stacked images: a thousand known modes, to count how many a generator reaches."""

import numpy as np
import numpy.typing as npt

from keras_genssl.analysis.batches import Function, encode_images
from keras_genssl.checks import arrays
from keras_genssl.checks.arrays import checked_labels

NUM_STACKED_MODES = 1000


def stacked_classes(images: npt.ArrayLike, labels: npt.ArrayLike, num: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Stacks three random images of ten classes as the channels of one (Srivastava et al., 2017).

    Reference:
        - Srivastava et al. 2017, [VEEGAN: Reducing Mode Collapse in GANs](https://arxiv.org/abs/1705.07761)

    Args:
        images: `(images, height, width, 1)`, uint8 or float in [-1, 1]; Fashion-MNIST's, say.
        labels: `(images,)`, integers 0 ... 9.
        num: stacked images to draw.
        seed: seed of the draw.

    Returns:
        Images `(num, height, width, 3)` of the dtype of `images`, and int64 labels `(num,)`, 0 ... 999: the hundreds
        are red's label, the tens green's, the ones blue's.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> images = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1)
        >>> stacked, labels = stacked_classes(images, np.arange(10), num=2, seed=0)
        >>> [int("".join(map(str, image.ravel()))) for image in stacked] == labels.tolist()
        True
    """
    images = arrays.checked_images(images)
    if images.ndim != 4 or images.shape[-1] != 1 or not len(images):
        raise ValueError(f"`images` must be (images, height, width, 1). Received: shape {images.shape}")
    labels = checked_labels(labels, "labels", images, num_classes=10)
    if num < 1:
        raise ValueError(f"`num` must be at least 1. Received: num={num}")
    drawn = np.random.default_rng(seed).integers(len(images), size=(num, 3))
    stacked = np.moveaxis(images[drawn, ..., 0], 1, -1)
    return np.ascontiguousarray(stacked), labels[drawn] @ np.array([100, 10, 1])


def stacked_predictions(classify: Function, images: npt.ArrayLike, batch_size: int = 256) -> np.ndarray:
    """Returns the labels 0 ... 999 that a classifier of single-channel images finds in stacked images.

    Reference:
        - Srivastava et al. 2017, [VEEGAN: Reducing Mode Collapse in GANs](https://arxiv.org/abs/1705.07761)

    Args:
        classify: maps images `(batch, height, width, 1)` in [-1, 1] to logits or probabilities `(batch, 10)`.
        images: `(num, height, width, 3)`, uint8 or float in [-1, 1]: a generator's samples.
        batch_size: images of one channel passed at once.

    Returns:
        int64 array `(num,)`.

    Raises:
        ValueError: if the images are not of three channels or the classifier does not answer `(batch, 10)`.

    Example:

        labels = kg.analysis.stacked_predictions(classifier, gan.sample(26_000, seed=0))
        kg.analysis.stacked_mode_coverage(labels)
    """
    images = arrays.checked_images(images)
    if images.ndim != 4 or images.shape[-1] != 3:
        raise ValueError(f"`images` must be (num, height, width, 3). Received: shape {images.shape}")
    digits = []
    for channel in range(3):
        logits = encode_images(classify, images[..., channel : channel + 1], batch_size)
        if logits.shape[1:] != (10,):
            raise ValueError(f"`classify` must answer (batch, 10). Received: shape {logits.shape}")
        digits.append(logits.argmax(axis=1))
    return np.stack(digits, axis=1).astype(np.int64) @ np.array([100, 10, 1])


def stacked_mode_coverage(predicted_labels: npt.ArrayLike, num_modes: int = NUM_STACKED_MODES) -> tuple[int, float]:
    """Returns how many of the equally probable modes samples reach, and how unevenly.

    As in VEEGAN and PacGAN, on 26,000 samples, one sample reaches a mode. The divergence is
    `KL(q || p) = sum q log(q / p)` in nats, with q the shares of the samples and p uniform. It is `log 1000 = 6.9` for
    one mode, and near `(num_modes - 1) / (2 num)` for real images, whose shares are uneven only by chance.

    Reference:
        - Srivastava et al. 2017, [VEEGAN: Reducing Mode Collapse in GANs](https://arxiv.org/abs/1705.07761)
        - Lin et al. 2018, [PacGAN: The Power of Two Samples in Generative Adversarial
          Networks](https://arxiv.org/abs/1712.04086)

    Args:
        predicted_labels: `(num,)` integers, 0 ... num_modes - 1.
        num_modes: number of modes.

    Returns:
        The number of modes reached, and the divergence.

    Raises:
        ValueError: if the labels are invalid.

    Example:
        >>> modes, divergence = stacked_mode_coverage([0, 0, 1, 1])
        >>> modes, round(divergence, 4)  # log(1000 / 2)
        (2, 6.2146)
    """
    labels = checked_labels(predicted_labels, "predicted_labels", num_classes=num_modes)
    if not labels.size:
        raise ValueError("`predicted_labels` must hold a label at least. Received: none")
    shares = np.bincount(labels, minlength=num_modes) / labels.size
    reached = shares[shares > 0]
    return int(reached.size), float((reached * np.log(reached * num_modes)).sum())
