"""Distances between the features of real images and of samples."""

from __future__ import annotations

import numpy as np

MANY = 10_000  # images, from which reports no longer tell of the bias of FID


def distances(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """Returns FID, KID, precision, recall, density and coverage of features, each ``(count, dim)``.

    FID is left out if a set has no more images than features; `metrics.FID` refuses such sets.
    """
    from keras_genssl import metrics

    subset = min(1000, len(real), len(fake))
    precision, recall = metrics.precision_recall(real, fake)
    density, coverage = metrics.density_coverage(real, fake)
    return {
        **frechet(real, fake),
        "kid": metrics.kernel_distance(real, fake, subset_size=subset)[0],
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
    }


def frechet(real: np.ndarray, fake: np.ndarray, name: str = "fid") -> dict[str, float]:
    """Returns FID of features, each ``(count, dim)``, under a name; nothing if a set has too few images for it."""
    from keras_genssl import metrics

    if min(len(real), len(fake)) <= real.shape[1]:
        return {}
    statistics = [metrics.FeatureStatistics(values) for values in (real, fake)]
    return {name: metrics.frechet_distance(*(part for one in statistics for part in (one.mean, one.covariance)))}
