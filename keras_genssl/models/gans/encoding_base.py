"""The base class of GANs with an encoder, which finds the latents of given images."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import Image, Serving, TargetNetwork, Vector, replicas
from keras_genssl.engine.networks import fitting, require_built
from keras_genssl.models.gans.base import LatentGAN


class EncodingGAN(LatentGAN):
    """Base class of GANs with an encoder beside the generator: they encode, decode and reconstruct images too.

    Args:
        encoder: A built `keras.Model`, images `(batch, h, w, c)` in [-1, 1] to `(batch, statistics * latent_dim)`.
        generator: As for `LatentGAN`; it decodes.
        latent_dim: The length of the latent vectors, at least 1.
        statistics: What the encoder gives for each latent: 1, the latent itself, or 2, all means and then all
            log-variances of a normal distribution, from which latents are drawn in training.
        ema: As for `LatentGAN`; the encoder is averaged too.
        name: The model's name.

    Raises:
        ValueError: As for `LatentGAN`, and if the encoder is not built or does not fit the generator.
    """

    def __init__(
        self,
        encoder: keras.Model,
        generator: keras.Model,
        latent_dim: int,
        *,
        statistics: int = 1,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, latent_dim, ema=ema, name=name)
        require_built(encoder=encoder)
        given, expected = tuple(encoder.output_shape[1:]), (statistics * latent_dim,)
        if tuple(encoder.input_shape[1:]) != self.image_shape or given != expected:
            raise ValueError(
                f"`encoder` must take {self.image_shape}, which `generator` gives, and give {expected} beside the "
                f"batch. Received: {encoder.name!r}, which takes {tuple(encoder.input_shape[1:])} and gives {given}"
            )
        self.encoder = encoder
        self.encoder_average = None if ema is None else TargetNetwork(encoder, ema, average_statistics=True)

    def after_update(self, player: str) -> None:  # type: ignore[override]
        """Updates the moving averages of the networks of a player."""
        super().after_update(player)
        if self.encoder_average is not None and any(network is self.encoder for network in self.players()[player]):
            self.encoder_average.update()

    def posterior(self, images: Any, training: bool = False) -> tuple[Any, Any]:
        """Means and log-variances of the latents of images in [-1, 1], each float32 `(batch, latent_dim)`.

        In training they are the encoder's own; otherwise, as in `encode`, those of its moving average if there is one.
        Without log-variances (`statistics=1`) the second is `(batch, 0)`.
        """
        encoder = self.encoder if training or self.encoder_average is None else self.encoder_average
        statistics = ops.cast(encoder(images, training=training), keras.config.floatx())
        return statistics[:, : self.latent_dim], statistics[:, self.latent_dim :]

    def drawn(self, mean: Any, log_variance: Any) -> Any:
        """Latents `mean + exp(log_variance / 2) noise`; the same for any number of replicas."""
        noise = replicas.normal((ops.shape(mean)[0], self.latent_dim), self.seed)
        return mean + ops.exp(0.5 * log_variance) * noise

    def encode(self, images: Any) -> Any:
        """Latents, or their means: `(batch, h, w, c)`, uint8 or float in [-1, 1], to float32 `(batch, latent_dim)`."""
        images = fitting(self.encoder, images) if isinstance(self.generated, Image) else images
        return ops.cast(self.posterior(images)[0], "float32")

    def reconstruct(self, images: Any) -> Any:
        """Encodes images and generates from their latents: `(batch, h, w, c)` to float32 in [-1, 1]."""
        return self.generate(self.encode(images))

    def serving(self) -> dict[str, Serving]:
        """Latent to image, image to latent, image to image; or the same of points."""
        image = self.outputs_served()
        latent = {"latent": Vector(self.latent_dim)}
        return {
            **super().serving(),
            "encode": Serving(self.encode, image, latent),
            "reconstruct": Serving(self.reconstruct, image, image),
        }
