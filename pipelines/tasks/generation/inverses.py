"""Measures encoders of generators: reconstructions, and what codes say of an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_genssl.checks import arrays
from pipelines.recipe.numbers import Baseline, Number, Numbers, Values
from pipelines.tasks import images
from pipelines.tasks.generation import prior_codes
from pipelines.tasks.generation.prior_codes import FEWEST, TOO_FEW
from pipelines.tasks.reconstructions import PSNR, in_batches, mean_squared_error, psnr, variance

if TYPE_CHECKING:
    import keras

SEED = 1  # of samples, and of the random encoder
KNOWN = 20_000  # the most training images among which neighbours are searched
SAMPLES = 2000

PIXELS = Baseline("raw_pixels", "raw pixels")
PCA_CODES = Baseline("pca_inverse", "PCA with codes as long")
RANDOM = Baseline("random", "random encoder")
RATIO = Number(
    name="mse_of_random_pairs", heading="MSE of reconstructions over that of random pairs", better="lower", tile=True
)
NEIGHBOUR = Number(name="nearest_neighbour", heading="1-NN accuracy of codes", better="higher", format=".1%", tile=True)
NUMBERS = Numbers(
    (
        PSNR,
        RATIO,
        NEIGHBOUR,
        prior_codes.NUMBERS["code_variance"],
        prior_codes.NUMBERS["sample_variance"],
    ),
    (PIXELS, PCA_CODES, RANDOM),
)


def measure(model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Measures reconstructions, the nearest neighbours of codes, and how much codes and samples vary.

    A model that draws one image, whatever it is given, would have a ratio of 1: the error is divided by that of
    an image and *another* held-out image's reconstruction. The class of a code is that of its nearest code of training
    images, by cosine.

    Args:
        model: it has `encoder`, `encode`, `reconstruct` and `sample`; its latents are N(0, I).
        examples: the directory of prepared examples.

    Returns:
        The numbers of the model, and those of the baselines. Without labels there are no nearest neighbours; with
        fewer than ten held-out images neither ratio of errors nor variance of codes.
    """
    import keras

    from keras_genssl import analysis

    test, train = images.read(examples, "eval"), images.read(examples, "train", KNOWN)
    truth, known = arrays.signed(test["image"]), arrays.signed(train["image"])
    found, rebuilt = (in_batches(function, truth) for function in (model.encode, model.reconstruct))
    numbers = {
        **errors(truth, rebuilt),
        "sample_variance": variance(model.sample(SAMPLES, seed=SEED)) / variance(known),
    }
    if len(truth) >= FEWEST:
        numbers["code_variance"] = float(found.var(axis=0, dtype=np.float64).mean())
    keras.utils.set_random_seed(SEED)
    untrained = keras.models.clone_model(model.encoder)
    baselines: dict[str, dict[str, float]] = {PIXELS.name: {}, RANDOM.name: {}}
    functions: dict[str, Callable[[np.ndarray], Any]] = {
        "": model.encode,
        PIXELS.name: lambda batch: batch.reshape(len(batch), -1),
        RANDOM.name: lambda batch: untrained(batch, training=False)[:, : found.shape[1]],
    }
    if found.shape[1] < min(len(known), truth[0].size):
        pca = analysis.PCA(found.shape[1]).fit(train["image"])
        baselines[PCA_CODES.name] = errors(truth, pca.reconstruct(truth))
        functions[PCA_CODES.name] = pca.encode
    if "label" in test:
        for name, function in functions.items():
            right = nearest_neighbour(function, (truth, test["label"]), (known, train["label"]))
            (baselines[name] if name else numbers)[NEIGHBOUR.name] = right
    return numbers, {name: values for name, values in baselines.items() if values}


def nearest_neighbour(
    encode: Callable[[np.ndarray], Any], test: tuple[np.ndarray, np.ndarray], known: tuple[np.ndarray, np.ndarray]
) -> float:
    """Returns the share of images whose nearest known image, by the cosine of codes, is of their class."""
    from keras_genssl import metrics

    (judged, labels), (among, classes) = test, known
    return metrics.knn_accuracy(in_batches(encode, judged), labels, in_batches(encode, among), classes, k=1)


def remarks(numbers: Values, baselines: Mapping[str, Values]) -> str:
    """Says whether the encoder inverts the generator, and whether codes or samples have collapsed.

    >>> found = {"mse_of_random_pairs": 0.25, "code_variance": 0.9, "sample_variance": 0.2}
    >>> print(remarks(found, {"pca_inverse": {"mse_of_random_pairs": 0.0625}}))
    Reconstructions of held-out images have 0.250 of the error of random pairs (PCA with codes as long: 0.062). Codes \
vary 0.90 times as much as the prior: they have not collapsed. Samples vary 0.20 times as much as training images: the \
generator has COLLAPSED.
    """
    told = TOO_FEW
    if RATIO.name in numbers:
        beside = baselines.get(PCA_CODES.name)
        pca = f" (PCA with codes as long: {beside[RATIO.name]:.3f})" if beside else ""
        told = (
            f"Reconstructions of held-out images have {numbers[RATIO.name]:.3f} of the error of random pairs{pca}. "
            f"{prior_codes.of_codes(numbers)}"
        )
    return f"{told} {prior_codes.of_samples(numbers, 'generator')}"


def errors(truth: np.ndarray, answer: np.ndarray) -> dict[str, float]:
    """Returns the PSNR in dB of values in [-1, 1], and the error over that of each image with the next one's answer.

    The ratio is left out if there are fewer than ten images.
    """
    mse, of_pairs = (mean_squared_error(truth, made) for made in (answer, np.roll(answer, 1, axis=0)))
    return {PSNR.name: psnr(mse), **({RATIO.name: mse / of_pairs} if len(truth) >= FEWEST else {})}
