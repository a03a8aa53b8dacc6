"""Statistics of batch normalisation for sampling, from the generator's own batches."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.numbers import whole
from keras_genssl.checks.seeds import given_or_new
from keras_genssl.kinds import Label


def standing_statistics(model: Any, num_batches: int = 16, batch_size: int = 256, seed: int | None = None) -> None:
    """Replaces the moving statistics of a GAN's batch normalisation by those of samples that it makes now.

    Brock et al., 2019, Appendix D. The moving statistics that training leaves are a mean over the generators of the
    last steps; those of a moving average (`ema`) are a mean over means. Here the network that is sampled makes
    `num_batches` batches of new latents in training mode, of classes that are drawn evenly, and the means and the
    variances of these batches are averaged with equal weights. Do it once, after training, before `sample` or an
    export. It changes nothing but the moving means and variances of that network.

    Reference:
        - Brock et al. 2019, [Large Scale GAN Training for High Fidelity Natural Image Synthesis, Appendix
          D](https://arxiv.org/abs/1809.11096)

    Args:
        model: A `LatentGAN`, such as `DCGAN` or `SAGAN`.
        num_batches: The number of batches, at least 1.
        batch_size: The images of each, at least 2.
        seed: At least 0; the same seed gives the same statistics. None draws new latents at each call.

    Raises:
        ValueError: If the model samples from no latents, its generator has no batch normalisation, or a number is out
            of its range.
    """
    num_batches, batch_size = whole("num_batches", num_batches), whole("batch_size", batch_size, 2)
    if not hasattr(model, "sample_latents"):
        raise ValueError(f"`model` must be a GAN that samples from latents. Received: {type(model).__name__}")
    network = model.generator if model.average is None else model.average.copy
    norms = [layer for layer in network._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
    if not norms:
        raise ValueError(
            f"`model` must have a generator with batch normalisation. Received: {network.name!r} without it"
        )
    moving = [weight for norm in norms for weight in (norm.moving_mean, norm.moving_variance)]
    others = _without(model.non_trainable_variables, moving)
    kept, momenta = [ops.copy(weight.value) for weight in others], [norm.momentum for norm in norms]
    totals = [np.zeros(weight.shape) for weight in moving]
    try:
        for norm in norms:
            norm.momentum = 0.0  # each batch leaves its own statistics
        for inputs in _inputs(model, num_batches, batch_size, given_or_new(seed)):
            model(inputs, training=True)
            totals = [total + ops.convert_to_numpy(weight) for total, weight in zip(totals, moving, strict=True)]
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for weight, value in zip(others, kept, strict=True):
            weight.assign(value)
    for weight, total in zip(moving, totals, strict=True):
        weight.assign(total / num_batches)


def _without(variables: list[keras.Variable], excluded: list[keras.Variable]) -> list[keras.Variable]:
    """All but some variables: what a pass in training may move too, such as seeds and power iterations."""
    left_out = {id(variable) for variable in excluded}
    return [variable for variable in variables if id(variable) not in left_out]


def _inputs(model: Any, num_batches: int, batch_size: int, seed: int) -> Iterator[Any]:
    """Yields what the model is called on: latents, or latents and classes."""
    label = model.inputs().get("label")
    num_classes = label.num_classes if isinstance(label, Label) else None
    classes = np.random.default_rng([seed, 1])  # a stream of its own beside the latents
    latents = model.sample_latents(num_batches * batch_size, seed)
    for part in np.split(latents, num_batches):
        latent = ops.convert_to_tensor(part)
        if num_classes is None:
            yield latent
        else:
            yield latent, ops.convert_to_tensor(classes.integers(num_classes, size=batch_size).astype("int32"))
