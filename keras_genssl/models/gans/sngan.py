"""SNGAN: a discriminator with spectral normalisation."""

from typing import Any

import keras

from keras_genssl.checks.numbers import whole
from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import HingeGANLoss
from keras_genssl.models.adversarial import losses_of_one_pass, require_logits
from keras_genssl.models.gans.base import LatentGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class SNGAN(LatentGAN):
    """SNGAN (Miyato et al., 2018): hinge loss, and a discriminator with a bounded Lipschitz constant.

    The discriminator D minimises `max(0, 1 - D(x)) + max(0, 1 + D(G(z)))`, the generator `-D(G(z))`. The weights of
    each layer of D are divided by their largest singular value (`layers.SpectralNormalization`, which is part of the
    given network). Paper: 5 discriminator updates per generator update, Adam 2e-4 with betas 0 and 0.9, batch 64.

    A step has `discriminator_steps` rounds of D and one of the generator. Each round takes an equal share of the batch,
    so that no two updates see the same images, and the batch must be a multiple of `discriminator_steps + 1`: 64 images
    per update need a batch of 384. D sees real and generated images in one pass, so each update makes one power
    iteration.

    Reference:
        - Miyato et al. 2018, [Spectral Normalization for Generative Adversarial
          Networks](https://arxiv.org/abs/1802.05957)

    Args:
        generator: `backbones.sngan_generator(...)`, or any built `keras.Model` of latents `(batch, latent_dim)`.
        discriminator: `backbones.sngan_discriminator(...)`: images to logits, without batch normalisation.
        latent_dim: The length of the latent vectors, at least 1.
        discriminator_steps: Discriminator updates per generator update, at least 1.
        reuse_batch: Whether all updates of a step see the same images.
        ema: The momentum of a moving average of the generator, used for sampling; None: no average.
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
        super().__init__(generator, latent_dim, ema=ema, reuse_batch=reuse_batch, name=name)
        require_inputs("discriminator", discriminator, self.image_shape)
        require_logits("discriminator", discriminator)
        self.discriminator = discriminator
        self.discriminator_steps = whole("discriminator_steps", discriminator_steps)
        self.adversarial_loss = HingeGANLoss()

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The discriminator and the generator."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    def rounds(self) -> list[tuple[str, ...]]:
        """The rounds of the discriminator, then one round of the generator."""
        return [*[("discriminator",)] * self.discriminator_steps, ("generator",)]

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        """One player's loss, `(batch,)`."""
        real = batch["image"]
        fake = self.generator(self.draw_latents(real), training=True)  # (batch, height, width, channels)
        return losses_of_one_pass(self.adversarial_loss, self.discriminator, real, fake, players)
