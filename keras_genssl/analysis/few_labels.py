"""What few labels are worth to an encoder: classifiers on its features, and fine-tuning."""

import random
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.analysis.batches import Function, encode_images, to_float
from keras_genssl.analysis.labelled import checked_pair
from keras_genssl.checks.arrays import require_alike


def few_label_comparison(
    encode: Function,
    train: tuple[npt.ArrayLike, npt.ArrayLike],
    test: tuple[npt.ArrayLike, npt.ArrayLike],
    labels_per_class: int,
    seeds: Iterable[int] = range(5),
    batch_size: int = 256,
) -> dict[str, dict[str, Any]]:
    """Computes `metrics.few_label_accuracy` of frozen codes, of raw pixels and of principal components.

    The number of components is the size of the code. Like the encoder, they are fitted on the training images without
    labels.

    Args:
        encode: maps images `(batch, height, width, channels)` in [-1, 1] to codes `(batch, ...)`.
        train: images, uint8 or float in [-1, 1], and their labels `(num,)`, integers or strings.
        test: as `train`.
        labels_per_class: number of known labels per class, at least 1.
        seeds: seeds of the draws of labels, one for each draw; the three inputs get the same draws.
        batch_size: images passed at once.

    Returns:
        For each of `"codes"`, `"pca"` and `"pixels"`: `mean` and `deviation` (of a sample, 0 for one seed) over
        seeds, the `accuracies` themselves, and `size`, the number of inputs.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        rows = kg.analysis.few_label_comparison(model.encode, (images, labels), test, labels_per_class=10)
        rows["codes"]["mean"], rows["pixels"]["mean"]
    """
    from sklearn.decomposition import PCA

    from keras_genssl.metrics import few_label_accuracy

    (train_images, train_labels), (test_images, test_labels) = (checked_pair(pair) for pair in (train, test))

    def flat(function: Function, images: np.ndarray) -> np.ndarray:
        return encode_images(function, images, batch_size).reshape(len(images), -1).astype(np.float32)

    def pixels(images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), -1)

    inputs = {
        "codes": (flat(encode, train_images), flat(encode, test_images)),
        "pixels": (flat(pixels, train_images), flat(pixels, test_images)),
    }
    size = min(inputs["codes"][0].shape[1], *inputs["pixels"][0].shape)
    pca = PCA(size, svd_solver="covariance_eigh").fit(inputs["pixels"][0])
    inputs["pca"] = tuple(pca.transform(values) for values in inputs["pixels"])
    seeds = list(seeds)
    rows = {}
    for name in ("codes", "pca", "pixels"):
        known, judged = inputs[name]
        row = few_label_accuracy(judged, test_labels, known, train_labels, labels_per_class, seeds)
        rows[name] = {**row, "size": known.shape[1]}
    return rows


def classifier(encoder: Any, num_classes: int, trainable: bool = True, seed: int | None = None) -> Any:
    """Builds a classifier from a pretrained encoder: a copy of the encoder, and a dense layer of logits.

    This is the lectures' "autoencoder as initialisation". Since the encoder is copied, fine-tuning does not change the
    autoencoder. For the baseline with random initial weights, pass `keras.models.clone_model(encoder)` instead of the
    encoder.

    Args:
        encoder: a built functional or sequential `keras.Model`, images to codes `(batch, ...)`.
        num_classes: at least 2.
        trainable: `False` to freeze the encoder and train only the dense layer.
        seed: seed of the dense layer's initial weights.

    Returns:
        A `keras.Model`, not compiled, images to logits `(batch, num_classes)`.

    Raises:
        ValueError: if `num_classes` is below 2 or the encoder is not built.

    Example:

        chosen = kg.metrics.labelled_subset(labels, 10, seed=0)
        model = kg.analysis.classifier(autoencoder.encoder, num_classes=10)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        model.fit(images[chosen], labels[chosen], epochs=50)
    """
    import keras

    if num_classes < 2:
        raise ValueError(f"`num_classes` must be at least 2. Received: num_classes={num_classes}")
    if not encoder.built:
        raise ValueError("`encoder` must be built: it has no weights yet.")
    copy = keras.models.clone_model(encoder)
    copy.set_weights(encoder.get_weights())
    copy.trainable = trainable
    images = keras.Input(encoder.input_shape[1:])
    codes = copy(images)
    if len(codes.shape) > 2:
        codes = keras.layers.Flatten()(codes)
    initializer = keras.initializers.GlorotUniform(seed)
    logits = keras.layers.Dense(num_classes, kernel_initializer=initializer, dtype="float32", name="logits")(codes)
    return keras.Model(images, logits)


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
