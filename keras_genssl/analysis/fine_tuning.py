"""The value of a pretrained encoder as the start of a classifier."""

import random
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.analysis.batches import encode_images, to_float
from keras_genssl.analysis.few_labels import classifier
from keras_genssl.analysis.labelled import checked_pair
from keras_genssl.checks.label_arrays import require_alike


def fine_tuned_accuracy(
    encoder: Any,
    train: tuple[npt.ArrayLike, npt.ArrayLike],
    test: tuple[npt.ArrayLike, npt.ArrayLike],
    labels_per_class: int | None = None,
    *,
    steps: int = 500,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> float:
    """Returns the test accuracy of an encoder and a linear layer, trained together on labelled images.

    A *copy* of the encoder, including its batch statistics, is trained (`classifier`) by Adam with a rate that falls to
    0 along a cosine. For the baseline with random initial weights, pass `keras.models.clone_model(encoder)`. The result
    is deterministic on a CPU; neither the encoder nor any global seed changes.

    Args:
        encoder: a built functional or sequential `keras.Model`, images to codes `(batch, ...)`.
        train: images, uint8 or float in [-1, 1], and their labels `(num,)`, integers or strings, of two
            classes at least.
        test: as `train`.
        labels_per_class: number of known labels per class, drawn with `seed`; None for all.
        steps: number of training steps, positive.
        batch_size: images in a batch, positive; reduced if there are fewer images.
        learning_rate: initial learning rate, positive.
        seed: seed of the draw of labels, of the linear layer's weights, of the order and of dropout.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: if an argument is invalid.

    Example:

        [kg.analysis.fine_tuned_accuracy(model.encoder, train, test, 10, seed=seed) for seed in range(5)]
    """
    import keras

    from keras_genssl.metrics import labelled_subset

    (images, labels), (test_images, test_labels) = (checked_pair(pair) for pair in (train, test))
    require_alike(labels, test_labels, "train", "test")
    for name, value in (("steps", steps), ("batch_size", batch_size), ("learning_rate", learning_rate)):
        if not value > 0:
            raise ValueError(f"`{name}` must be positive. Received: {name}={value}")
    if labels_per_class is not None:
        chosen = labelled_subset(labels, labels_per_class, seed)
        images, labels = images[chosen], labels[chosen]
    classes, targets = np.unique(labels, return_inverse=True)
    state = random.getstate()
    try:
        random.seed(seed)  # the source of the seeds that Keras gives to copied layers
        model = classifier(encoder, len(classes), seed=seed)
    finally:
        random.setstate(state)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    rng = np.random.default_rng(seed)
    batch_size = min(batch_size, len(images))
    order = np.zeros(0, np.int64)
    for _ in range(steps):
        while len(order) < batch_size:
            order = np.concatenate([order, rng.permutation(len(images))])
        batch, order = order[:batch_size], order[batch_size:]
        model.train_on_batch(to_float(images[batch]), targets[batch])
    logits = encode_images(lambda batch: model(batch, training=False), test_images)
    return float((classes[logits.argmax(axis=1)] == test_labels).mean())
