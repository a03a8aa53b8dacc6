"""Fashion-MNIST as arrays, for the benchmarks."""

import numpy as np

import keras_genssl as kg


def fashion_mnist(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns images, uint8 (num, 28, 28, 1), and labels (num,), in the order on disk."""
    batches = list(kg.data.load("fashion_mnist", split, 10_000, shuffle=False))
    images, labels = (np.concatenate([np.asarray(batch[key]) for batch in batches]) for key in ("image", "label"))
    return images, labels
