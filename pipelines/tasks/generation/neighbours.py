"""Which samples are alike, and which are like training images.

Duplicates are judged by a distance that is measured on real images, and memorisation beside held-out images. Vectors
are features of images, or images themselves if there is no feature network.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.tasks import images

COMPARED = 1000  # samples at most: a batch of the birthday paradox, searched in tenths of a second
SHARE = 0.01  # of real images that count as duplicates
PAIRS, SHOWN, NEAREST = 10, 10, 3  # of the pictures
_FEWEST = 10  # held-out images that say anything


def of_real(training: np.ndarray, held_out: np.ndarray, count: int) -> tuple[dict[str, Any], dict[str, float]]:
    """Measures real images.

    Args:
        training: vectors of training images.
        held_out: vectors of held-out images.
        count: the number of samples that there will be.

    Returns:
        ``compared``: how many images are compared with each other; ``threshold``: the root mean square difference below
        which a hundredth of as many training images have another one; ``against``: how many training and as many
        held-out images memorisation is judged by, 0 if they are too few. And the numbers of held-out images.
    """
    compared = min(COMPARED, count, len(training))
    if compared < 2:
        return {}, {}
    threshold = float(np.quantile(_to_others(training[:compared]), SHARE))
    facts: dict[str, Any] = {"compared": compared, "threshold": threshold}
    numbers = {}
    if len(held_out) >= compared:
        numbers["duplicates"] = _duplicates(held_out[:compared], threshold)
    judges, queries = _divided(held_out)
    facts["against"] = min(len(judges), len(training)) if len(queries) else 0
    if facts["against"]:
        numbers["memorisation"] = _memorisation(queries, training, judges, facts["against"])
    return facts, numbers


def of_samples(
    samples: np.ndarray, training: np.ndarray, held_out: np.ndarray, facts: dict[str, Any]
) -> dict[str, float]:
    """Measures vectors of samples by the ``facts`` of real images."""
    if not facts:
        return {}
    samples = samples[: facts["compared"]]
    numbers = {"duplicates": _duplicates(samples, facts["threshold"])}
    if facts["against"]:
        numbers["memorisation"] = _memorisation(samples, training, _divided(held_out)[0], facts["against"])
    return numbers


def draw_pairs(samples: np.ndarray, vectors: np.ndarray, path: Path) -> None:
    """Draws the closest pairs of the first samples, one image below the other."""
    from keras_genssl import analysis

    pairs, _ = analysis.closest_pairs(vectors[:COMPARED], PAIRS)
    images.save_grid(path, np.concatenate([samples[pairs[:, 0]], samples[pairs[:, 1]]]), len(pairs))


def draw_nearest(
    samples: np.ndarray, vectors: np.ndarray, training: np.ndarray, training_vectors: np.ndarray, path: Path
) -> None:
    """Draws the first samples, and below each its nearest training images."""
    from keras_genssl import analysis

    shown, rows = min(SHOWN, len(samples)), min(NEAREST, len(training))
    found, _ = analysis.nearest_images(vectors[:shown], training_vectors, rows)
    images.save_grid(path, np.concatenate([samples[:shown], *(training[column] for column in found.T)]), shown)


def _to_others(vectors: np.ndarray) -> np.ndarray:
    """Returns the root mean square difference of each vector to the nearest other one."""
    from keras_genssl import analysis

    _, distances = analysis.nearest_images(vectors, vectors, 1, exclude=np.arange(len(vectors)))
    return distances[:, 0] / math.sqrt(vectors[0].size)


def _duplicates(vectors: np.ndarray, threshold: float) -> float:
    return float((_to_others(vectors) <= threshold).mean())


def _divided(held_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns held-out images that judge, and the last ones, which are judged like samples; none if they are few."""
    queries = min(COMPARED, len(held_out) // 2)
    if queries < _FEWEST:
        return held_out[:0], held_out[:0]
    return held_out[:-queries], held_out[-queries:]


def _memorisation(vectors: np.ndarray, training: np.ndarray, judges: np.ndarray, against: int) -> float:
    from keras_genssl import analysis

    return analysis.memorisation_rate(vectors, training[:against], judges[:against])
