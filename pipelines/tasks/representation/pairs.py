"""Measures frozen vectors on pairs: whether pairs of the same are more similar."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from keras_genssl.checks import arrays
from pipelines.tasks.representation.features import Encode

_BATCH, _SIDES = 250, ("first", "second")


def scores(functions: Mapping[str, Encode], examples: Path, limit: int) -> dict[str, dict[str, float]]:
    """Returns name of a function -> ``pair_roc_auc`` of the first held-out pairs; empty if all have the same label.

    Args:
        functions: name -> function from float32 images ``(batch, h, w, c)`` in [-1, 1] to vectors ``(batch, dim)``.
        examples: the prepared directory, with ``first``, ``second`` and ``label``.
        limit: the largest number of pairs.
    """
    from keras_genssl import data, metrics

    read = data.load(examples, "eval", _BATCH, shuffle=False, drop_remainder=False, features=[*_SIDES, "label"]).take(
        -(-limit // _BATCH)
    )
    labels: list[np.ndarray] = []
    alike: dict[str, list[np.ndarray]] = {name: [] for name in functions}
    for batch in read.as_numpy_iterator():
        count = len(batch["label"])
        labels.append(batch["label"])
        for name, function in functions.items():
            vectors = np.concatenate([np.asarray(function(arrays.signed(batch[side])), np.float32) for side in _SIDES])
            alike[name].append(metrics.pair_similarities(vectors, np.arange(count), count + np.arange(count)))
    same = np.concatenate(labels)[:limit] == 0
    if same.all() or not same.any():
        return {name: {} for name in functions}
    return {
        name: {"pair_roc_auc": metrics.roc_auc(np.concatenate(parts)[:limit], same)} for name, parts in alike.items()
    }
