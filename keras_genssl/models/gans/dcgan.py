"""DCGAN: a convolutional generator and discriminator, updated together."""

from typing import Any

import keras

from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import AdversarialLoss, NonSaturatingGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses, require_logits
from keras_genssl.models.gans.base import LatentGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class DCGAN(LatentGAN):
    """DCGAN (Radford et al., 2016): a GAN of convolutional networks, both updated from one forward pass.

    The discriminator D minimises `-log D(x) - log(1 - D(G(z)))`, the generator G `-log D(G(z))`. Each step is one round
    of both: they use the same fakes, and all gradients are taken at the old weights. D sees real and generated images
    in two separate passes, each with its own batch statistics. The networks are what makes the model a DCGAN. Paper:
    latents of length 100, uniform (here normal, as for every method), Adam 2e-4 with beta_1 0.5, batch 128.

    Reference:
        - Radford et al. 2016, [Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
          Networks](https://arxiv.org/abs/1511.06434)

    Args:
        generator: `backbones.dcgan_generator(image_shape, latent_dim)`.
        discriminator: `backbones.dcgan_discriminator(image_shape)`: images to logits.
        latent_dim: The length of the latent vectors, at least 1.
        adversarial_loss: A `losses.AdversarialLoss`; by default `NonSaturatingGANLoss()`.
        ema: The momentum of a moving average of the generator, used for sampling; None: no average.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        shape = (28, 28, 1)
        model = kg.models.DCGAN(kg.backbones.dcgan_generator(shape, 100), kg.backbones.dcgan_discriminator(shape), 100)
        model.compile({"generator": Adam(2e-4, 0.5), "discriminator": Adam(2e-4, 0.5)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=64), epochs=10)
        images = model.sample(64, seed=1)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        *,
        adversarial_loss: AdversarialLoss | None = None,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, latent_dim, ema=ema, name=name)
        require_inputs("discriminator", discriminator, self.image_shape)
        require_logits("discriminator", discriminator)
        self.discriminator = discriminator
        self.adversarial_loss = adversarial_loss or NonSaturatingGANLoss()

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The generator and the discriminator."""
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        real = batch["image"]
        fake = self.generator(self.draw_latents(real), training=True)  # (batch, height, width, channels)
        real_logits = self.discriminator(real, training=True)  # (batch, 1)
        fake_logits = self.discriminator(fake, training=True)
        return {
            "generator": generator_losses(self.adversarial_loss, fake_logits, real_logits),
            "discriminator": discriminator_losses(self.adversarial_loss, real_logits, fake_logits),
        }
