"""The base class of metrics of generated sets of images."""

import abc
import os
from typing import Any

import numpy as np

from keras_genssl.metrics.reference import Features, extract_features, feature_name


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
