"""FID of given features, and the accuracy of nearest neighbours, by this library or by others.

python benchmarks/peers/evaluation.py fid ours
"""

import sys
from collections.abc import Callable

import numpy as np
from processes import serve
from rows import CLASSES, FEATURES, NEIGHBOURS, SEED, TEMPERATURE, WIDTH

TITLES = {"fid": "FID, against torch-fidelity", "neighbours": "nearest neighbours, against scikit-learn"}


def features(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features around the centres of classes, and the classes."""
    rng = np.random.default_rng((SEED, seed))
    labels = rng.integers(CLASSES, size=FEATURES)
    centres = np.random.default_rng(SEED).normal(size=(CLASSES, WIDTH))
    return (0.1 * centres[labels] + rng.normal(size=(FEATURES, WIDTH))).astype("float32"), labels


def our_fid() -> float:
    from keras_genssl.metrics import FeatureStatistics, frechet_distance

    both = [FeatureStatistics().update(features(seed)[0]) for seed in (0, 1)]
    return frechet_distance(both[0].mean, both[0].covariance, both[1].mean, both[1].covariance)


def their_fid() -> float:
    import torch
    import torchvision_operators  # noqa: F401
    from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric

    both = [fid_features_to_statistics(torch.from_numpy(features(seed)[0])) for seed in (0, 1)]
    return float(fid_statistics_to_metric(*both, False)[KEY_METRIC_FID])


def our_neighbours() -> float:
    from keras_genssl.metrics import knn_accuracy

    return knn_accuracy(*features(1), *features(0), k=NEIGHBOURS, temperature=TEMPERATURE)


def their_neighbours() -> float:
    from sklearn.neighbors import KNeighborsClassifier

    def weights(distances: np.ndarray) -> np.ndarray:
        return np.exp(-distances / TEMPERATURE)

    classifier = KNeighborsClassifier(NEIGHBOURS, metric="cosine", algorithm="brute", weights=weights)
    return float(classifier.fit(*features(0)).score(*features(1)))


if __name__ == "__main__":
    what, side = sys.argv[1:]
    calls: dict[tuple[str, str], Callable[[], float]] = {
        ("fid", "ours"): our_fid,
        ("fid", "theirs"): their_fid,
        ("neighbours", "ours"): our_neighbours,
        ("neighbours", "theirs"): their_neighbours,
    }
    call = calls[what, side]

    def steps(number: int) -> None:
        for _ in range(number):
            call()

    serve(call(), steps, warmup=0)
