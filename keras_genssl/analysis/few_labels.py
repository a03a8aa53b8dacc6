"""What codes learnt without labels are worth to a classifier that sees few."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.analysis.batches import Function, encode_images


def labelled_subset(labels: npt.ArrayLike, labels_per_class: int, seed: int) -> np.ndarray:
    """Draws equally many examples of each class.

    Args:
        labels: `(num,)` of integers.
        labels_per_class: examples to draw of each, at least 1.
        seed: of the draw.

    Returns:
        int64 positions `(classes * labels_per_class,)`, without repetition.

    Raises:
        ValueError: if a class has fewer examples.

    Example:
        >>> labels = np.array([0, 1, 0, 1, 1])
        >>> np.bincount(labels[labelled_subset(labels, 2, seed=0)]).tolist()
        [2, 2]
    """
    labels = np.asarray(labels)
    classes, counts = np.unique(labels, return_counts=True)
    if not 1 <= labels_per_class <= counts.min():
        raise ValueError(
            f"`labels_per_class` must lie in 1 ... {counts.min()}, the size of the smallest class. "
            f"Received: labels_per_class={labels_per_class}"
        )
    rng = np.random.default_rng(seed)
    drawn = [rng.choice(np.flatnonzero(labels == label), labels_per_class, replace=False) for label in classes]
    return np.concatenate(drawn)


def few_label_accuracy(
    encode: Function,
    train: tuple[npt.ArrayLike, npt.ArrayLike],
    test: tuple[npt.ArrayLike, npt.ArrayLike],
    labels_per_class: int,
    seeds: Iterable[int] = range(5),
    batch_size: int = 256,
) -> dict[str, dict[str, Any]]:
    """Test accuracy of a logistic regression on frozen codes, few of whose labels are known.

    Beside it stand the same classifier on raw pixels and on as many principal components as the code has
    numbers, fitted, as the encoder was, on the training images without labels. Inputs are standardised with the
    statistics of all training images; the classifier is scikit-learn's with its default penalty (`C = 1`).

    Args:
        encode: maps images `(batch, height, width, channels)` in [-1, 1] to codes `(batch, ...)`.
        train: images, uint8 or float in [-1, 1], and their labels `(num,)`.
        test: as `train`.
        labels_per_class: labels known of each class, at least 1.
        seeds: one draw of labels, the same for the three, for each.
        batch_size: images handed over at once.

    Returns:
        For each of `"codes"`, `"pca"` and `"pixels"`: `mean` and `deviation` (of a sample, 0 for one seed) over
        seeds, the `accuracies` themselves, and `size`, the number of inputs.

    Raises:
        ValueError: if an argument is not as said.

    Example:

        rows = kg.analysis.few_label_accuracy(model.encode, (images, labels), test, labels_per_class=10)
        rows["codes"]["mean"], rows["pixels"]["mean"]
    """
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression

    (train_images, train_labels), (test_images, test_labels) = ((np.asarray(a) for a in pair) for pair in (train, test))
    subsets = [labelled_subset(train_labels, labels_per_class, seed) for seed in seeds]
    if not subsets:
        raise ValueError("`seeds` must not be empty.")

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

    def row(known: np.ndarray, unknown: np.ndarray) -> dict[str, Any]:
        mean, scale = known.mean(axis=0), known.std(axis=0)
        scale = np.where(scale > 1e-6, scale, 1.0)
        known, unknown = (known - mean) / scale, (unknown - mean) / scale
        accuracies = []
        for subset in subsets:
            classifier = LogisticRegression(max_iter=1000).fit(known[subset], train_labels[subset])
            accuracies.append(float(classifier.score(unknown, test_labels)))
        return {
            "mean": float(np.mean(accuracies)),
            "deviation": float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else 0.0,
            "accuracies": accuracies,
            "size": known.shape[1],
        }

    return {name: row(*inputs[name]) for name in ("codes", "pca", "pixels")}


def classifier(encoder: Any, num_classes: int, trainable: bool = True, seed: int | None = None) -> Any:
    """A classifier that starts from a pretrained encoder: the encoder, copied, and a dense layer of logits.

    The lectures' "autoencoder as initialisation". The copy leaves the autoencoder as it is while the classifier is
    fine-tuned. With `keras.models.clone_model(encoder)`, whose weights are drawn anew, in the place of the encoder,
    the same call builds the baseline that starts from nothing.

    Args:
        encoder: a built functional or sequential `keras.Model`, images to codes `(batch, ...)`.
        num_classes: at least 2.
        trainable: `False` to freeze the encoder and train the dense layer alone.
        seed: of the dense layer's first weights.

    Returns:
        A `keras.Model`, not compiled, images to logits `(batch, num_classes)`.

    Raises:
        ValueError: if `num_classes` is below 2 or the encoder is not built.

    Example:

        chosen = kg.analysis.labelled_subset(labels, 10, seed=0)
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
