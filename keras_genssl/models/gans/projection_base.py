"""The base class of GANs whose discriminator projects the features of an image on a vector of its class."""

from typing import Any

import keras

from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import HingeGANLoss
from keras_genssl.models.adversarial import losses_of_one_pass, require_logits
from keras_genssl.models.gans.base import ClassConditionalGAN


class ProjectionBase(ClassConditionalGAN):
    """Base class of class-conditional GANs with the hinge loss and spectral normalisation.

    The discriminator D minimises `max(0, 1 - D(x, y)) + max(0, 1 + D(G(z, y), y))`, the generator `-D(G(z, y), y)`.
    Each fake has the class of the real image at the same position, so classes are as frequent as in the data. D sees
    real and generated images in one pass. A subclass says in which rounds.

    Args:
        generator: A built `keras.Model`, `[latents, one-hot labels (batch, num_classes)]` to images.
        discriminator: A built `keras.Model`, `[images, one-hot labels]` to logits.
        latent_dim: The length of the latent vectors, at least 1.
        num_classes: The number of classes, at least 2.
        ema: As for `LatentGAN`.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        num_classes: int,
        *,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, latent_dim, num_classes, ema=ema, name=name)
        require_inputs("discriminator", discriminator, self.image_shape, (num_classes,))
        require_logits("discriminator", discriminator)
        self.discriminator = discriminator
        self.adversarial_loss = HingeGANLoss()

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The discriminator and the generator."""
        return {"discriminator": [self.discriminator], "generator": [self.generator]}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        """The losses of the players of a round, each `(batch,)`."""
        real, labels = batch["image"], self.one_hot(batch["label"])
        fake = self.generator([self.draw_latents(real), labels], training=True)  # (batch, height, width, channels)
        return losses_of_one_pass(self.adversarial_loss, self.discriminator, real, fake, players, labels)
