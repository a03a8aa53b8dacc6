"""f-AnoGAN: anomalies by an encoder that inverts a trained generator."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.engine import Serving, Vector
from keras_genssl.engine.networks import require_built
from keras_genssl.models.gans.frozen_base import FrozenGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class FAnoGAN(FrozenGAN):
    """f-AnoGAN (Schlegl et al., 2019): an encoder finds the latents of an image in a GAN that is already trained.

    A GAN, in the paper WGAN-GP, is trained on normal images. Then its generator G and its discriminator are kept as
    they are, and the encoder E is trained on the same images. With f the features of the discriminator, E minimises

        mean |x - G(E(x))|^2 + feature_weight * mean |f(x) - f(G(E(x)))|^2

    where the means are over the pixels and over the features of an image ("izi_f" of the paper). The loss of a new
    image is its score: G cannot make what it never saw, so an anomaly has a large one. Scoring is one pass, where
    `AnoGAN` searches. Paper: 64 pixels, 128 latents, RMSprop 5e-5.

    Reference:
        - Schlegl et al. 2019, [f-AnoGAN: Fast Unsupervised Anomaly Detection with Generative Adversarial
          Networks](https://doi.org/10.1016/j.media.2019.01.010)

    Args:
        encoder: A built `keras.Model`, images to latents `(batch, latent_dim)`: `backbones.dcgan_encoder(latent_dim)`.
        generator: A trained generator, latents `(batch, latent_dim)` to images; of a GAN with `ema` it is
            `gan.average.copy`.
        discriminator: The trained discriminator or critic of the same GAN.
        feature_layer: The name of the layer of the discriminator whose output is compared; None: the features that
            the layer of the logits takes.
        feature_weight: The weight of the features, at least 0; the paper's kappa.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, there is no such layer, or the weight is out of
            its range.

    Example:

        gan = kg.models.WGANGP(kg.backbones.dcgan_generator(shape, 64), critic, 64)  # trained on normal images
        model = kg.models.FAnoGAN(kg.backbones.dcgan_encoder(64), gan.generator, gan.critic)
        model.compile(keras.optimizers.Adam(1e-3))
        model.fit(normal, epochs=5)
        scores = model.score(images)
    """

    def __init__(
        self,
        encoder: keras.Model,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        feature_layer: str | None = None,
        feature_weight: float = 1.0,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, discriminator, feature_layer=feature_layer, name=name)
        require_built(encoder=encoder)
        taken, given = tuple(encoder.input_shape[1:]), tuple(encoder.output_shape[1:])
        if taken != self.image_shape or given != (self.latent_dim,):
            raise ValueError(
                f"`encoder` must take {self.image_shape}, which `generator` gives, and give ({self.latent_dim},) "
                f"beside the batch. Received: {encoder.name!r}, which takes {taken} and gives {given}"
            )
        self.encoder = encoder
        self.feature_weight = finite("feature_weight", feature_weight, 0)

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """The weights of the encoder: generator and discriminator are not trained."""
        return self.encoder.trainable_variables if self.trainable else []

    def penalized(self) -> list[keras.layers.Layer]:
        """The encoder: penalties of the weights of generator and discriminator are no part of the loss."""
        return [self.encoder]

    def call(self, images: Any, training: bool = False) -> Any:
        """Returns the generator's images of the encoder's latents, before clipping."""
        return self.generator(self.encoder(images, training=training), training=False)

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The distance of each image from its reconstruction, `(batch,)`."""
        pixels, features = (
            ops.mean(ops.square(real - made), axis=1)
            for real, made in zip(self.described(y), self.described(y_pred), strict=True)
        )
        return pixels + self.feature_weight * features

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics; those of `compile` compare images with reconstructions clipped to [-1, 1]."""
        return super().compute_metrics(x, y, ops.clip(y_pred, -1.0, 1.0), sample_weight)

    def score(self, images: Any) -> Any:
        images = self.fitted(images)
        return self.example_losses(images, images, self(images, training=False))

    def encode(self, images: Any) -> Any:
        """Latents: `(batch, h, w, c)`, uint8 or float in [-1, 1], to float32 `(batch, latent_dim)`."""
        return ops.cast(self.encoder(self.fitted(images), training=False), "float32")

    def reconstruct(self, images: Any) -> Any:
        """Encodes images and generates from their latents: `(batch, h, w, c)` to float32 in [-1, 1]."""
        return self.generate(self.encode(images))

    def serving(self) -> dict[str, Serving]:
        """Image to score `(batch, 1)`, image to image, image to latent, latent to image."""
        served = super().serving()
        image, latent = served["reconstruct"].inputs, {"latent": Vector(self.latent_dim)}
        return {
            **served,
            "encode": Serving(self.encode, image, latent),
            "generate": Serving(self.generate, latent, image),
        }
