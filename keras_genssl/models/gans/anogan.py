"""AnoGAN: anomalies by a search for the latents of an image in a trained GAN."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.numbers import finite, whole
from keras_genssl.engine.descent import adam_descent
from keras_genssl.engine.graphs import as_graph
from keras_genssl.models.gans.frozen_base import FrozenGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class AnoGAN(FrozenGAN):
    """AnoGAN (Schlegl et al., 2017): how near can a GAN that was trained on normal images come to this image?

    The latents z of an image x are searched by Adam, through the generator G; f are features of the discriminator:

        (1 - feature_weight) * sum |x - G(z)| + feature_weight * sum |f(x) - f(G(z))|

    The sums are over the pixels and over the features of an image. The smallest value that the search meets is the
    image's score, and G(z) there its reconstruction. (The paper takes the last value; the smallest one cannot become
    worse with more steps.) Every search starts from the same latents, `num_starts` draws of N(0, I), so the score of an
    image depends on nothing else: not on the images beside it, and not on chance. Batches of another size differ by
    rounding, which many steps may enlarge.

    There is nothing to train: the networks are those of a trained GAN. A score takes `steps * num_starts` passes
    forward and back; an encoder finds the latents in one pass (`FAnoGAN`).

    Reference:
        - Schlegl et al. 2017, [Unsupervised Anomaly Detection with Generative Adversarial Networks to Guide Marker
          Discovery](https://arxiv.org/abs/1703.05921)

    Args:
        generator: A trained generator, latents `(batch, latent_dim)` to images; of a GAN with `ema` it is
            `gan.average.copy`.
        discriminator: The trained discriminator or critic of the same GAN.
        feature_layer: The name of the layer of the discriminator whose output is compared; None: the features that
            the layer of the logits takes.
        feature_weight: The weight of the features, in [0, 1]; the paper's lambda.
        steps: The steps of a search, at least 1.
        learning_rate: Adam's step size, positive.
        num_starts: The searches for each image, at least 1; the best one counts.
        seed: The seed of the latents where searches start, at least 0.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, there is no such layer, or a number is out of
            its range.

    Example:

        gan = kg.models.DCGAN(kg.backbones.dcgan_generator(shape, 64), discriminator, 64)  # trained on normal images
        model = kg.models.AnoGAN(gan.generator, gan.discriminator, steps=500)
        scores = model.score(images)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        feature_layer: str | None = None,
        feature_weight: float = 0.1,
        steps: int = 500,
        learning_rate: float = 0.1,
        num_starts: int = 1,
        seed: int = 0,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, discriminator, feature_layer=feature_layer, name=name)
        self.feature_weight = finite("feature_weight", feature_weight, 0, 1)
        self.steps = whole("steps", steps)
        self.learning_rate = finite("learning_rate", learning_rate, 0, above=True)
        self.num_starts = whole("num_starts", num_starts)
        rng = np.random.default_rng(whole("seed", seed, 0))
        self.starts = rng.standard_normal((self.num_starts, self.latent_dim))

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """None: generator and discriminator are not trained."""
        return []

    def train_step(self, data: Any) -> dict[str, Any]:
        """Raises ValueError: there is nothing to train."""
        raise ValueError(
            "AnoGAN has nothing to train: `generator` and `discriminator` must be those of a trained GAN. Call "
            "`score` or `reconstruct`. Received: a call of `fit`"
        )

    def call(self, images: Any, training: bool = False) -> Any:
        """Returns the score of each image in [-1, 1], `(batch,)`."""
        return self._searched(images)[1]

    def score(self, images: Any) -> Any:
        return self._search_in_graph(self.fitted(images))[1]

    def encode(self, images: Any) -> Any:
        """The latents that are found: `(batch, h, w, c)`, uint8 or float in [-1, 1], to float `(batch, latent_dim)`."""
        return self._search_in_graph(self.fitted(images))[0]

    def reconstruct(self, images: Any) -> Any:
        """The nearest images that are found: `(batch, h, w, c)` to float32 in [-1, 1]."""
        return self.generate(self.encode(images))

    def distances(self, described: tuple[Any, Any], latents: Any) -> Any:
        """The loss of latents `(batch, latent_dim)` for images `described` by pixels and features, `(batch,)`."""
        pixels, features = (
            ops.sum(ops.abs(real - made), axis=1)
            for real, made in zip(described, self.described(self.generator(latents, training=False)), strict=True)
        )
        return (1 - self.feature_weight) * pixels + self.feature_weight * features

    def _searched(self, images: Any) -> tuple[Any, Any]:
        """The latents `(batch, latent_dim)` and scores `(batch,)` of images in [-1, 1]."""
        described = self.described(ops.repeat(images, self.num_starts, axis=0))
        start = ops.tile(ops.cast(self.starts, keras.config.floatx()), (ops.shape(images)[0], 1))
        return adam_descent(
            lambda latents: self.distances(described, latents), start, self.steps, self.learning_rate, self.num_starts
        )

    @functools.cached_property
    def _search_in_graph(self) -> Callable[..., Any]:
        return as_graph(self._searched)
