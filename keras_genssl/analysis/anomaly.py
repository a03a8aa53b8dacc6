"""Anomaly scores of images, and how well they detect anomalies."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.analysis.batches import Function, encode_images, to_float
from keras_genssl.analysis.labelled import labelled_batches
from keras_genssl.checks import arrays
from keras_genssl.checks.arrays import checked_labels, require_alike

Scorer = Callable[[np.ndarray], npt.ArrayLike]


@dataclasses.dataclass(frozen=True)
class Detection:
    """How a score tells anomalous images from normal ones.

    Attributes:
        scores: float64 `(num,)`, of the normal images and then of the anomalous ones, in their order.
        anomalous: bool `(num,)`, which images are anomalous.
        roc_auc: how often an anomalous image scores higher than a normal one (`metrics.roc_auc`); 1/2 by chance.
    """

    scores: np.ndarray
    anomalous: np.ndarray
    roc_auc: float


def detect_anomalies(score: Function, normal: Any, anomalous: Any, batch_size: int = 256) -> Detection:
    """Scores normal and anomalous images, and reports how well the score tells them apart.

    `metrics.tar_at_far(found.scores, found.anomalous, far=0.05)` gives the share of anomalies that are found if one in
    twenty normal images raises a false alarm, and the threshold for that.

    Args:
        score: maps float32 images `(batch, height, width, channels)` in [-1, 1] to `(batch,)`, larger is stranger:
            `model.score` of `models.FAnoGAN` or `models.AnoGAN`, or
            `lambda images: reconstruction_error(model.reconstruct, images)`.
        normal: normal images that training has not seen: an array `(num, height, width, channels)`, uint8 or float in
            [-1, 1]; or a finite dataset of batches of such, alone or under `"image"`, as `data.load` gives for a folder
            (with `drop_remainder=False`, or some are left out).
        anomalous: as `normal`.
        batch_size: images passed at once.

    Returns:
        A `Detection`.

    Raises:
        ValueError: if images are invalid or missing, or an answer is not `(batch,)` or is NaN.

    Example:
        >>> dark, bright = np.zeros((3, 2, 2, 1), np.uint8), np.full((2, 2, 2, 1), 255, np.uint8)
        >>> found = detect_anomalies(lambda images: images.mean(axis=(1, 2, 3)), dark, bright)
        >>> found.roc_auc, found.scores.tolist()
        (1.0, [-1.0, -1.0, -1.0, 1.0, 1.0])
    """
    from keras_genssl.metrics import roc_auc  # imports Keras, which the scores need not

    parts = [_scores(score, images, batch_size) for images in (normal, anomalous)]
    kinds = np.repeat([False, True], [len(part) for part in parts])
    scores = np.concatenate(parts)
    return Detection(scores, kinds, roc_auc(scores, kinds))


def _scores(score: Function, images: Any, batch_size: int) -> np.ndarray:
    """Returns the score of each image of an array or a dataset, float64 `(num,)`."""
    batches: Iterable[Any] = [images]
    if hasattr(images, "cardinality"):
        batches = (part for part, _ in labelled_batches(images.map(_without_labels)))
    scores = np.concatenate([encode_images(score, part, batch_size) for part in batches]).astype(np.float64)
    if scores.ndim != 1:
        raise ValueError(f"`score` must answer (batch,). Received: shape {scores.shape}")
    return scores


def _without_labels(*parts: Any) -> tuple[Any, Any]:
    """Returns the images of a batch, and zeros in place of labels, which a folder of one class does not have."""
    from keras import ops

    images = parts[0]["image"] if isinstance(parts[0], dict) else parts[0]
    return images, ops.zeros(ops.shape(images)[0], "int32")


def reconstruction_error(
    reconstruct: Function, images: npt.ArrayLike, features: Function | None = None, batch_size: int = 256
) -> np.ndarray:
    """Returns the mean squared difference between each image and its reconstruction: an anomaly score.

    A model trained on normal images reconstructs other images worse.

    Args:
        reconstruct: maps images `(batch, height, width, channels)` in [-1, 1] to their reconstructions, near it.
        images: `(num, height, width, channels)`, uint8 or float in [-1, 1].
        features: maps images to the values `(batch, ...)` that are compared, for example a network's activations;
            by default the pixels.
        batch_size: images passed at once.

    Returns:
        float64 array `(num,)`.

    Raises:
        ValueError: if the images or `batch_size` are invalid.

    Example:
        >>> images = np.array([[1.0, -1.0], [0.5, 0.5]]).reshape(2, 1, 2, 1)
        >>> reconstruction_error(lambda batch: 0.0 * batch, images).tolist()
        [1.0, 0.25]
    """

    def error(batch: np.ndarray) -> np.ndarray:
        rebuilt = arrays.answered(reconstruct(batch), "what reconstruct answers")
        if rebuilt.shape != batch.shape:
            raise ValueError(f"`reconstruct` must keep the shape {batch.shape}. Received: {rebuilt.shape}")
        pair = (batch, rebuilt) if features is None else (features(batch), features(rebuilt))
        first, second = (np.asarray(values, np.float64).reshape(len(batch), -1) for values in pair)
        return ((first - second) ** 2).mean(axis=1)

    return encode_images(error, images, batch_size)


def negative_elbo(elbo: Function, images: npt.ArrayLike, batch_size: int = 256) -> np.ndarray:
    """Returns minus a bound on, or an estimate of, each image's log-likelihood: an anomaly score.

    Args:
        elbo: maps images `(batch, height, width, channels)` in [-1, 1] to nats `(batch,)`, the evidence lower
            bound or an importance-weighted estimate: `lambda images: vae.elbo(images, num_samples=16)`.
        images: `(num, height, width, channels)`, uint8 or float in [-1, 1].
        batch_size: images passed at once.

    Returns:
        float64 array `(num,)`.

    Raises:
        ValueError: if the images or `batch_size` are invalid, or an answer is not `(batch,)`.

    Example:

        scores = kg.analysis.negative_elbo(lambda images: vae.elbo(images, num_samples=16), images)
    """
    bounds = encode_images(elbo, images, batch_size).astype(np.float64)
    if bounds.ndim != 1:
        raise ValueError(f"`elbo` must answer (batch,). Received: shape {bounds.shape}")
    return -bounds


def leave_one_class_out(
    fit: Callable[[np.ndarray], dict[str, Scorer]],
    train: tuple[npt.ArrayLike, npt.ArrayLike],
    test: tuple[npt.ArrayLike, npt.ArrayLike],
    classes: Iterable[int | str] | None = None,
) -> dict[str, dict[int | str, float]]:
    """Holds each class out of training in turn, as the anomaly, and reports how well each score detects it.

    Args:
        fit: trains on normal images, `(num, height, width, channels)` float32 in [-1, 1], and returns named
            scores, each a function of such images to `(num,)`, larger is stranger. One model may have several:
            `{"error": ..., "elbo": ...}`.
        train: images, uint8 or float in [-1, 1], and their labels `(num,)`, integers or strings.
        test: as `train`; never seen by `fit`.
        classes: labels to hold out; by default each in `train`.

    Returns:
        Name of the score -> label held out -> AUROC of the test images of that label against all others.

    Raises:
        ValueError: if images or labels are invalid, or a class is missing.

    Example:

        def fit(images):
            pca = sklearn.decomposition.PCA(32).fit(images.reshape(len(images), -1))
            ...
            return {"pca": lambda images: kg.analysis.reconstruction_error(reconstruct, images)}

        kg.analysis.leave_one_class_out(fit, (train_images, train_labels), (test_images, test_labels))
    """
    from keras_genssl.metrics import roc_auc  # imports Keras, which the scores need not

    (train_images, train_labels), (test_images, test_labels) = (_pair(*pair) for pair in (train, test))
    require_alike(train_labels, test_labels, "train", "test")
    held = np.unique(train_labels) if classes is None else checked_labels(list(classes), "classes")
    require_alike(held, train_labels, "classes", "train")
    results: dict[str, dict[int | str, float]] = {}
    for held_out in held.tolist():
        anomalous = test_labels == held_out
        if not anomalous.any() or anomalous.all() or not (train_labels == held_out).any():
            raise ValueError(f"`classes` must be in training and test, among others. Received: {held_out}")
        scorers = fit(to_float(train_images[train_labels != held_out]))
        for name, score in scorers.items():
            scores = np.asarray(score(to_float(test_images)))
            results.setdefault(name, {})[held_out] = roc_auc(scores, anomalous)
    return results


def _pair(images: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    images = arrays.checked_images(images)
    return images, checked_labels(labels, "labels", images)
