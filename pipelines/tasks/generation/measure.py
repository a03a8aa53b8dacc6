"""Measures generators: samples against as many training images."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_genssl.checks import arrays
from pipelines.tasks import images
from pipelines.tasks.distances import distances, frechet
from pipelines.tasks.generation import class_distances, code_plane, neighbours, styles
from pipelines.tasks.generation import features as networks
from pipelines.tasks.generation.numbers import RECONSTRUCTION_FID, TRUNCATED_FID
from pipelines.tasks.generation.recipe import GenerationRecipe
from pipelines.tasks.generation.reference import GRID, Reference
from pipelines.tasks.reconstruction.autoencoders import VAE
from pipelines.tasks.reconstructions import in_batches

if TYPE_CHECKING:
    import keras

SEED = 0  # the seed of the samples


def measure(
    recipe: GenerationRecipe, model: keras.Model, reference: Reference, examples: Path, directory: Path
) -> dict[str, Any]:
    """Measures samples.

    Args:
        recipe: the completed recipe; it names the features and the number of samples.
        model: the trained model; it has `sample`, which takes `labels` if it samples classes.
        reference: what samples are compared with.
        examples: the directory of prepared examples.
        directory: the directory for the pictures: ``samples.png``, in which each class has a column if there are any;
            ``closest_pairs.png``, the most similar samples; ``nearest.png``, the first samples above their nearest
            training images. If the model reconstructs, ``reconstructions.png`` has held-out images above their
            reconstructions; if its codes follow a prior in the plane, ``codes.png`` shows both; if it mixes styles,
            ``mixed.png`` and ``truncated.png`` show what they do.

    Returns:
        ``numbers`` (name -> value, for those that could be measured), ``baselines`` (the same for held-out real images
        and for a Gaussian in PCA), ``images``, ``held_out``, ``components``, ``neighbours``, ``features`` and how many
        these are, ``dim``; ``classes`` if the model samples classes, ``remarks`` if the method has any, and
        ``likelihood`` if the recipe asks for it.
    """
    from keras_genssl.engine import Label

    count = reference.result["images"]
    numbers: dict[str, float] = {}
    label = model.inputs().get("label")
    classes = None
    if isinstance(label, Label) and "labels" in inspect.signature(model.sample).parameters:
        classes = label.num_classes
    split = "eval" if recipe.evaluate.compared_with == "held_out" else "train"
    labels = None if classes is None else images.read(examples, split, count)["label"]
    options = {} if labels is None else {"labels": labels}
    samples = arrays.nearest_levels(model.sample(count, seed=SEED, **options))
    sheet = samples[: GRID**2] if classes is None else arrays.nearest_levels(model.sample(GRID * classes, seed=SEED))
    images.save_grid(directory / "samples.png", sheet, GRID if classes is None else classes)
    network = networks.load(recipe.evaluate.features)
    vectors: np.ndarray = samples
    classwise: dict[str, Any] = {}
    if network is not None:
        from keras_genssl import metrics

        real = reference.features
        assert real is not None  # made with the same network
        vectors = metrics.extract_features(network, samples)
        numbers |= distances(real, vectors)
        if labels is not None and classes is not None:
            own, classwise["classes"] = class_distances.measure(real, labels, vectors, labels, classes)
            numbers |= own
        if RECONSTRUCTION_FID in recipe.model.numbers.numbers:
            held_out = images.read(examples, "eval", count)["image"]
            rebuilt = arrays.nearest_levels(in_batches(model.reconstruct, held_out))
            made = metrics.extract_features(network, rebuilt)
            numbers |= frechet(real, made, RECONSTRUCTION_FID.name)
        if TRUNCATED_FID in recipe.model.numbers.numbers:
            truncated = arrays.nearest_levels(model.sample(count, seed=SEED, truncation=styles.TRUNCATION))
            numbers |= frechet(real, metrics.extract_features(network, truncated), TRUNCATED_FID.name)
    numbers |= _neighbours(recipe, samples, vectors, reference, examples, directory)
    if labels is not None:
        numbers |= _labelled(recipe, network, samples, labels, examples, classes)
    likelihood = {}
    if recipe.evaluate.likelihood is not None:
        of = _likelihood(recipe, model, examples)
        numbers["nll"] = of["nll"]
        if "ppca" in of:
            numbers["nll_below_ppca"] = of["ppca"] - of["nll"]
        likelihood["likelihood"] = of
    if hasattr(model, "reconstruct"):
        shown = images.read(examples, "eval", 2 * GRID)["image"]
        columns = min(GRID, len(shown))
        given = [shown[start : start + columns] for start in range(0, len(shown) - columns + 1, columns)]
        rows = [row for part in given for row in (part, arrays.nearest_levels(np.asarray(model.reconstruct(part))))]
        images.save_grid(directory / "reconstructions.png", np.concatenate(rows), columns)
    if code_plane.in_the_plane(model):
        code_plane.draw(model, examples, directory / "codes.png")
    if hasattr(model, "mix"):
        styles.draw(model, directory)
    of_method, beside = recipe.model.measure(model, examples)
    numbers |= of_method
    baselines = {**reference.result["baselines"], **beside}
    remarks = recipe.model.remarks(numbers, baselines)
    return {
        **reference.result,
        "numbers": numbers,
        "baselines": baselines,
        **classwise,
        **likelihood,
        "features": recipe.evaluate.features,
        **({"remarks": remarks} if remarks else {}),
    }


def _neighbours(
    recipe: GenerationRecipe,
    samples: np.ndarray,
    vectors: np.ndarray,
    reference: Reference,
    examples: Path,
    directory: Path,
) -> dict[str, float]:
    """Measures and draws duplicates among samples, and training images near them, in features if there are any."""
    training = reference.images
    known, held_out = reference.searched, reference.held_out
    if known is None or held_out is None:
        known, held_out = training, images.read(examples, "eval", recipe.evaluate.images, ["image"])["image"]
    if len(samples) > 1:
        neighbours.draw_pairs(samples, vectors, directory / "closest_pairs.png")
    neighbours.draw_nearest(samples, vectors, training, known, directory / "nearest.png")
    return neighbours.of_samples(vectors, known, held_out, reference.result["neighbours"])


def _labelled(
    recipe: GenerationRecipe, network: Any, samples: np.ndarray, labels: np.ndarray, examples: Path, classes: int | None
) -> dict[str, float]:
    """Measures whether samples show what their labels say."""
    from keras_genssl import metrics

    numbers = {}
    if networks.knows_classes(network, recipe):
        numbers["label_accuracy"] = metrics.label_accuracy(network, samples, labels)
    if recipe.evaluate.train_on_samples:
        real = images.read(examples, "eval")
        numbers["train_on_samples_accuracy"] = metrics.train_on_synthetic_accuracy(
            samples, labels, real["image"], real["label"]
        )
    return numbers


def _likelihood(recipe: GenerationRecipe, model: keras.Model, examples: Path) -> dict[str, Any]:
    """Measures the likelihood of held-out images and that of probabilistic PCA, in nats per image."""
    from keras_genssl import analysis

    assert isinstance(recipe.model, VAE)  # the schema guarantees it
    assert recipe.evaluate.likelihood is not None
    wanted, kind = recipe.evaluate.likelihood, recipe.model.likelihood
    test = images.read(examples, "eval", wanted.images)["image"]
    judged = analysis.dequantize(test, SEED) if kind == "gaussian" else np.where(test > 127, np.uint8(255), np.uint8(0))
    result: dict[str, Any] = {
        "likelihood": kind,
        "latents": model.latent_dim,
        "num_samples": wanted.num_samples,
        "images": len(test),
        "nll": -float(np.mean(model.log_likelihood(judged, wanted.num_samples, seed=SEED))),
        "negative_elbo": -float(np.mean(model.elbo(judged, wanted.num_samples, seed=SEED))),
    }
    train = images.read(examples, "train", images.fitted(recipe.prepare.shape))["image"]
    if kind == "gaussian" and model.latent_dim < min(len(train), np.prod(recipe.prepare.shape)):
        pca = analysis.PCA(model.latent_dim).fit(analysis.dequantize(train, SEED + 1))
        result["ppca"] = -float(np.mean(pca.log_likelihood(judged)))
    return result
