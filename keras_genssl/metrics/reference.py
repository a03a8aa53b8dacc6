"""What generated images are compared with: the statistics of real ones, and the metrics that hold them."""

import abc
import hashlib
import json
import os
import pathlib
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from keras_genssl.checks import arrays
from keras_genssl.metrics.feature_statistics import FeatureStatistics

Features = Callable[[np.ndarray], Any]

_BATCH = 250


def extract_features(features: Features, images: Any, cache: str | os.PathLike[str] | None = None) -> np.ndarray:
    """Compute the features of all images, quantised to uint8 first.

    Args:
        features: any callable, uint8 images ``(batch, h, w, c)`` -> features ``(batch, dim)``.
        images: an array ``(count, h, w, c)``, uint8 or float in [-1, 1]; or a dataset of batches of such, bare,
            first in a tuple, or under ``"image"`` in a dict. A dataset of `data.load` is read from its first
            epoch, and its position is left as it was.
        cache: directory of the cache of features; None for no cache. It works only for images identified by their
            content (arrays, and datasets of `data.load` without transform) and for features with an attribute
            ``digest``.

    Returns:
        float32 ``(count, dim)``.

    Raises:
        ValueError: if images or features are invalid, or there are none.

    Example:
        >>> extract_features(lambda images: images.mean((1, 2)), np.full((3, 8, 8, 1), 7, np.uint8)).ravel().tolist()
        [7.0, 7.0, 7.0]
    """
    path = None if cache is None else _cached(features, images, pathlib.Path(cache), "features.npy")
    if path is not None and path.is_file():
        return np.load(path, allow_pickle=False)
    parts = [batch.astype(np.float32) for batch in feature_batches(features, images)]
    if not parts:
        raise ValueError("`images` must hold an image at least. Received: none")
    values = np.concatenate(parts)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        with part.open("xb") as file:
            np.save(file, values, allow_pickle=False)
        os.replace(part, path)
    return values


def feature_statistics(
    features: Features, images: Any, cache: str | os.PathLike[str] | None = None
) -> FeatureStatistics:
    """Computes mean and covariance of the features of images, without all features in memory.

    Args: those of `extract_features`.

    Returns:
        The statistics, those of the cache if they are there.

    Raises: what `extract_features` does.

    Example:
        >>> feature_statistics(lambda images: images[:, 0, 0], np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1)).mean
        array([1.])
    """
    path = None if cache is None else _cached(features, images, pathlib.Path(cache), "statistics.npz")
    if path is not None and path.is_file():
        return FeatureStatistics.load(path)
    statistics = FeatureStatistics()
    for batch in feature_batches(features, images):
        statistics.update(batch)
    if not statistics.count:
        raise ValueError("`images` must hold an image at least. Received: none")
    if path is not None:
        statistics.save(path)
    return statistics


def feature_batches(features: Features, images: Any) -> Iterator[np.ndarray]:
    """Yields features of images, batch by batch."""
    for batch in image_batches(images):
        values = np.asarray(features(batch))
        if values.ndim != 2 or len(values) != len(batch):
            raise ValueError(
                f"`features` must return (batch, dim). Received: {values.shape} of a batch of {len(batch)} images"
            )
        yield values


def image_batches(images: Any) -> Iterator[np.ndarray]:
    """Yields uint8 batches of at most 250 images of an array or dataset; see `extract_features`."""
    if hasattr(images, "shape"):
        for start in range(0, len(images), _BATCH):
            yield arrays.level_batch(images[start : start + _BATCH])
        return
    order = getattr(images, "order", None)
    position = None if order is None else order.position
    try:
        if order is not None:
            order.position = (0, 0)
        for batch in images:
            batch = batch["image"] if isinstance(batch, dict) else batch
            yield from image_batches(arrays.level_batch(batch[0] if isinstance(batch, (tuple, list)) else batch))
    finally:
        if order is not None:
            order.position = position


def feature_name(features: Features) -> str:
    """Returns the name of features, which prefixes the numbers measured with them."""
    name = getattr(features, "name", None) or getattr(features, "__name__", type(features).__name__.lower())
    return "features" if name == "<lambda>" else str(name)


def _cached(features: Features, images: Any, directory: pathlib.Path, kind: str) -> pathlib.Path:
    digest = getattr(features, "digest", None)
    if not isinstance(digest, str):
        raise ValueError(f"`cache` needs features with an attribute `digest`. Received: features={features!r}")
    key = hashlib.sha256(json.dumps([digest, _identity(images)], sort_keys=True).encode()).hexdigest()
    return directory / f"{feature_name(features)}-{key[:24]}-{kind}"


def _identity(images: Any) -> Any:
    if hasattr(images, "shape"):
        content = hashlib.sha256(str(images.shape).encode())
        for batch in image_batches(images):
            content.update(batch.tobytes())
        return content.hexdigest()
    config = getattr(getattr(images, "order", None), "config", None)
    if config is None or config.get("transform") is not None:
        raise ValueError(
            "`cache` needs images known by their content: an array, or a dataset of `data.load` without "
            f"`transform`. Received: images={images!r}"
        )
    return config


class FeatureMetric(abc.ABC):
    """One or two numbers that compare the features of generated images with those of real ones.

    Real images are read once, when the metric is created. Metrics with the same ``features`` can share one pass
    over the samples, since `measure` also takes features. All images are quantised to uint8 first.

    Args:
        features: any callable, uint8 images ``(batch, h, w, c)`` -> features ``(batch, dim)``.
        kind: the second part of the metric's name, after the name of the features: "fid" becomes "fashion_fid".

    Attributes:
        name: name of the metric, and of its first number.
        num_real: the number of real images.
        min_samples: the smallest number of samples that can be judged.
    """

    num_real: int
    min_samples: int = 2

    def __init__(self, features: Features, kind: str) -> None:
        self.features = features
        self.name = f"{feature_name(features)}_{kind}"

    @abc.abstractmethod
    def compare(self, values: np.ndarray) -> dict[str, float]:
        """Returns the numbers by name, from sample features ``(count, dim)``."""

    def measure(self, samples: Any) -> dict[str, float]:
        """Computes the numbers by name, and the sizes of both sets, on which they depend.

        Args:
            samples: generated images or a dataset of them, as `extract_features` takes them; or their features,
                ``(count, dim)``.

        Returns:
            Numbers by name; ``num_samples`` and ``num_real``.
        """
        values = features_of(self.features, samples)
        return {**self.compare(values), "num_samples": len(values), "num_real": self.num_real}


def features_of(features: Features, images: Any, cache: str | os.PathLike[str] | None = None) -> np.ndarray:
    """Returns features of images; an array ``(count, dim)`` is taken for features and returned."""
    if hasattr(images, "shape") and len(images.shape) == 2:
        return np.asarray(images)
    return extract_features(features, images, cache)
