"""How evenly a generator's images change along paths between its latents."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.checks.numbers import finite, whole
from keras_genssl.checks.seeds import given_or_new
from keras_genssl.metrics.feature_networks import FashionFeatures, InceptionFeatures


def perceptual_path_length(
    generate: Callable[[np.ndarray], Any],
    features: Callable[[Any], Any],
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    spherical: bool,
    epsilon: float = 1e-4,
    seed: int | None = None,
    batch_size: int = 250,
) -> float:
    """Measures by how much images change for a small step between two codes: StyleGAN's perceptual path length.

    Karras et al., 2019, Section 4.1: at a place t, uniform in [0, 1), of the path from one code to another,
    ``|f(G(t + epsilon)) - f(G(t))|² / epsilon²``, the squared speed of the image in features f. The mean over all pairs
    is returned, without the lowest and the highest hundredth. A small length says that the codes have few directions in
    which much happens at once. Between latents z paths lie on great circles (``spherical=True``, White, 2016), between
    styles w they are straight lines.

    Features must be those of *float* images: between images rounded to 256 levels such a step is no change, or a large
    one. Numbers of different features cannot be compared, and none of them is that of the paper, whose features are
    VGG-16's, weighted.

    Reference:
        - Karras et al. 2019, [A Style-Based Generator Architecture for Generative Adversarial
          Networks](https://arxiv.org/abs/1812.04948)

    Args:
        generate: codes ``(batch, ...)``, float32, to images, such as a model's `generate` or `synthesize`.
        features: images as ``generate`` gives them to features ``(batch, ...)``, such as ``lambda images:
            fashion_features().network(images)[0]``.
        first: codes ``(pairs, ...)`` at which the paths begin.
        second: codes at which they end, of the same shape.
        spherical: whether paths lie on great circles; both codes are then scaled to length 1, times the root of their
            size, which is the length of normal latents.
        epsilon: the step, in (0, 1).
        seed: the seed of the places; None for others each time.
        batch_size: pairs at once, at least 1.

    Returns:
        The mean squared speed, at least 0.

    Raises:
        ValueError: if an argument is invalid, or features are known to round images.

    Example:
        >>> double, same = (lambda codes: 2.0 * codes), (lambda images: images)
        >>> round(perceptual_path_length(double, same, [[0.0, 0.0]], [[3.0, 4.0]], spherical=False, seed=0))  # 10²
        100
    """
    if isinstance(features, FashionFeatures | InceptionFeatures):
        raise ValueError(
            "`features` must not round images to uint8, or a small step is none: give the network inside, such as "
            f"`lambda images: fashion_features().network(images)[0]`. Received: {type(features).__name__}"
        )
    start, end = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if start.shape != end.shape or start.ndim < 2 or not len(start):
        raise ValueError(
            "`first` and `second` must be (pairs, ...) of one shape, a pair at least. "
            f"Received: shapes {start.shape} and {end.shape}"
        )
    epsilon, batch_size = finite("epsilon", epsilon, 0, 1, above=True), whole("batch_size", batch_size)
    places = np.random.default_rng(given_or_new(seed)).random((len(start), *[1] * (start.ndim - 1)))
    path = _on_a_circle if spherical else _on_a_line
    near, far = (path(start, end, t).astype(np.float32) for t in (places, places + epsilon))
    speeds = []
    for at in range(0, len(near), batch_size):
        seen = [np.asarray(features(generate(codes[at : at + batch_size])), np.float64) for codes in (near, far)]
        change = np.square(seen[1] - seen[0])
        speeds.append(change.reshape(len(change), -1).sum(axis=1) / epsilon**2)
    speed = np.concatenate(speeds)
    low, high = np.percentile(speed, 1, method="lower"), np.percentile(speed, 99, method="higher")
    return float(speed[(speed >= low) & (speed <= high)].mean())


def _on_a_line(start: np.ndarray, end: np.ndarray, t: np.ndarray) -> np.ndarray:
    return start + t * (end - start)


def _on_a_circle(start: np.ndarray, end: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Points of the great circle, of length √size; codes in one direction stay where they are."""
    axes = tuple(range(1, start.ndim))
    start, end = (codes / np.sqrt(np.square(codes).mean(axes, keepdims=True)) for codes in (start, end))
    angle = np.arccos(np.clip((start * end).mean(axes, keepdims=True), -1.0, 1.0))
    across = end - np.cos(angle) * start  # at a right angle to the start, of length √size sin(angle)
    sine = np.sin(angle)
    across = across / np.where(sine > 1e-9, sine, 1.0)
    return np.cos(t * angle) * start + np.sin(t * angle) * across
