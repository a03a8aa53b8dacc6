"""The numbers of generators that also recognise classes, which they learn from few labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.recipe.numbers import Baseline, Number, Numbers, difference

if TYPE_CHECKING:
    import keras

ALONE = Baseline("alone", "the same network, those labels alone")
PIXELS = Baseline("pixels", "logistic regression on pixels and those labels")
ACCURACY = Number(name="accuracy", heading="accuracy with few labels", better="higher", format=".1%", tile=True)
NUMBERS = Numbers((ACCURACY, difference(ACCURACY, ALONE, tile=True), difference(ACCURACY, PIXELS)), (ALONE, PIXELS))


def measure(
    classify: Callable[[Any], Any],
    network: keras.Model,
    examples: Path,
    labels_per_class: int,
    seed: int,
    steps: int = 500,
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Measures the accuracy on held-out images.

    The same labels teach the baselines: a new network of the same kind, and logistic regression.

    Args:
        classify: the trained model's function from images to probabilities.
        network: the part of the model that sees images, without its last layer; its weights are not used.
        examples: the directory of prepared examples.
        labels_per_class: the number of labels of each class that the model knew.
        seed: the seed of their draw.
        steps: the steps for which the new network is trained.

    Returns:
        Name -> value, and name of a baseline -> the same for the baseline.
    """
    import keras
    import numpy as np

    from keras_genssl import analysis, metrics
    from pipelines.tasks import images

    (known, labels), (test, truth) = (
        (part["image"], part["label"]) for part in (images.read(examples, split) for split in ("train", "eval"))
    )
    new = keras.models.clone_model(network)
    alone = analysis.fine_tuned_accuracy(new, (known, labels), (test, truth), labels_per_class, steps=steps, seed=seed)
    flat, judged = (np.reshape(pixels, (len(pixels), -1)) / np.float32(255) for pixels in (known, test))
    pixels = metrics.few_label_accuracy(judged, truth, flat, labels, labels_per_class, [seed])
    predicted = analysis.encode_images(classify, test).argmax(axis=-1)
    beside = {ALONE.name: {ACCURACY.name: alone}, PIXELS.name: {ACCURACY.name: pixels["mean"]}}
    return {ACCURACY.name: float(np.mean(predicted == truth))}, beside
