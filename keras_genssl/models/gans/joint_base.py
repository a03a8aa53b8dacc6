"""The base class of GANs whose discriminator sees an image together with its latents."""

from typing import Any

import keras

from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import AdversarialLoss, NonSaturatingGANLoss
from keras_genssl.models.adversarial import discriminator_losses, require_logits, swapped_losses
from keras_genssl.models.gans.encoding_base import EncodingGAN


class JointGAN(EncodingGAN):
    """Base class of the GANs of pairs: images with their codes against latents with their images.

    The discriminator D tells pairs `(x, E(x))` of an image from pairs `(G(z), z)` of a latent. Encoder E and generator
    G are one player, which minimises D's loss with both kinds of pairs exchanged: E sees it through the first kind
    alone, G through the second. If D cannot tell them apart, both pairs have one distribution, and a deterministic E is
    the inverse of G. Each step is one round of both players. A subclass says how E makes codes, and in `statistics`
    what E gives for each latent (`EncodingGAN`).

    Args:
        encoder: As for `EncodingGAN`.
        generator: As for `LatentGAN`.
        discriminator: A built `keras.Model`, `[images, latents]` to logits.
        latent_dim: The length of the latent vectors, at least 1.
        adversarial_loss: A `losses.AdversarialLoss`; by default `NonSaturatingGANLoss()`.
        ema: As for `EncodingGAN`.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.
    """

    statistics = 1

    def __init__(
        self,
        encoder: keras.Model,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        *,
        adversarial_loss: AdversarialLoss | None = None,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(encoder, generator, latent_dim, statistics=self.statistics, ema=ema, name=name)
        require_inputs("discriminator", discriminator, self.image_shape, (latent_dim,))
        require_logits("discriminator", discriminator)
        self.discriminator = discriminator
        self.adversarial_loss = adversarial_loss or NonSaturatingGANLoss()

    def codes(self, images: Any) -> Any:
        """The encoder's latents of images in training, `(batch, latent_dim)`."""
        raise NotImplementedError(f"{type(self).__name__} does not say how its encoder makes codes")

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The generator together with the encoder, and the discriminator."""
        return {"generator": [self.generator, self.encoder], "discriminator": [self.discriminator]}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        real = batch["image"]
        latents = self.draw_latents(real)  # (batch, latent_dim)
        fake = self.generator(latents, training=True)
        real_logits = self.discriminator([real, self.codes(real)], training=True)  # (batch, 1)
        fake_logits = self.discriminator([fake, latents], training=True)
        return {
            "generator": swapped_losses(self.adversarial_loss, real_logits, fake_logits),
            "discriminator": discriminator_losses(self.adversarial_loss, real_logits, fake_logits),
        }
