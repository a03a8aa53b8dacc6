"""SNGAN: a discriminator with spectral normalisation."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import HingeGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses
from keras_genssl.models.gans.base import LatentGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class SNGAN(LatentGAN):
    """SNGAN (Miyato et al., 2018): hinge loss, a discriminator of bounded slope.

    The discriminator D minimises `max(0, 1 - D(x)) + max(0, 1 + D(G(z)))`, the generator `-D(G(z))`. Each layer of D
    is divided by its largest singular value (`layers.SpectralNormalization`, which is in the network given). Paper:
    5 discriminator updates for one of the generator, Adam 2e-4 with betas 0 and 0.9, batch 64.

    A step is `discriminator_steps` rounds of D and one of the generator, and each takes a share of the batch, so
    that no two updates see the same images: the batch must be a multiple of `discriminator_steps + 1`. 64 images an
    update are a batch of 384. Real and generated images pass D together: an update is one power iteration.

    Reference:
        - Miyato et al. 2018, [Spectral Normalization for Generative Adversarial
          Networks](https://arxiv.org/abs/1802.05957)

    Args:
        generator: `backbones.sngan_generator(...)`, or any built `keras.Model` of latents `(batch, latent_dim)`.
        discriminator: `backbones.sngan_discriminator(...)`: images to logits, without batch normalisation.
        latent_dim: The length of the latent vectors, at least 1.
        discriminator_steps: Discriminator updates for one of the generator, at least 1.
        reuse_batch: Whether all updates of a step see the same images.
        ema: The momentum of an average of the generator, which is sampled then; None: none.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        shape = (28, 28, 1)
        model = kg.models.SNGAN(kg.backbones.sngan_generator(shape, 128), kg.backbones.sngan_discriminator(shape), 128)
        model.compile({"generator": Adam(2e-4, 0.0, 0.9), "discriminator": Adam(2e-4, 0.0, 0.9)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=384), epochs=20)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        *,
        discriminator_steps: int = 5,
        reuse_batch: bool = False,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        if discriminator_steps < 1:
            raise ValueError(
                f"`discriminator_steps` must be at least 1. Received: discriminator_steps={discriminator_steps}"
            )
        super().__init__(generator, latent_dim, ema=ema, reuse_batch=reuse_batch, name=name)
        require_inputs("discriminator", discriminator, self.image_shape)
        self.discriminator = discriminator
        self.discriminator_steps = discriminator_steps
        self.adversarial_loss = HingeGANLoss()

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The discriminator and the generator."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    def rounds(self) -> list[tuple[str, ...]]:
        """The discriminator's rounds, then one of the generator."""
        return [*[("discriminator",)] * self.discriminator_steps, ("generator",)]

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        """One player's loss, `(batch,)`."""
        real = batch["image"]
        fake = self.generator(self.draw_latents(real), training=True)  # (batch, height, width, channels)
        if players == ("generator",):
            return {"generator": generator_losses(self.adversarial_loss, self.discriminator(fake, training=True))}
        logits = self.discriminator(ops.concatenate([real, ops.stop_gradient(fake)]), training=True)  # (2 batch, 1)
        return {"discriminator": discriminator_losses(self.adversarial_loss, *ops.split(logits, 2))}
