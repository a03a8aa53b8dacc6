"""ConditionalGAN: both networks take the class as an input."""

from typing import Any

import keras

from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import AdversarialLoss, NonSaturatingGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses, require_logits
from keras_genssl.models.gans.base import ClassConditionalGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class ConditionalGAN(ClassConditionalGAN):
    """Conditional GAN (Mirza and Osindero, 2014): the class y goes into both networks.

    `min_G max_D E log D(x, y) + E log(1 - D(G(z, y), y))`; the generator's loss is `-log D(G(z, y), y)`, as in the
    lecture. Each step is one round that updates both players from one forward pass. Each fake has the class of the real
    image at the same position, so classes are as frequent as in the data.

    The paper's networks are dense, as are `backbones.mlp_generator` and `mlp_discriminator`. With
    `backbones.dcgan_generator(..., num_classes=...)` and its discriminator the model is Radford's conditional DCGAN;
    with `backbones.sngan_discriminator(..., num_classes=...)` it has a projection discriminator (Miyato and Koyama,
    2018).

    Reference:
        - Mirza and Osindero 2014, [Conditional Generative Adversarial Nets](https://arxiv.org/abs/1411.1784)
        - with a projection: Miyato and Koyama 2018, [cGANs with Projection
          Discriminator](https://arxiv.org/abs/1802.05637)

    Args:
        generator: A built `keras.Model`, `[latents, one-hot labels (batch, num_classes)]` to images.
        discriminator: A built `keras.Model`, `[images, one-hot labels]` to logits.
        latent_dim: The length of the latent vectors, at least 1.
        num_classes: The number of classes, at least 2.
        adversarial_loss: A `losses.AdversarialLoss`; by default `NonSaturatingGANLoss()`.
        ema: The momentum of a moving average of the generator, used for sampling; None: no average.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        generator = kg.backbones.dcgan_generator((28, 28, 1), 100, num_classes=10)
        discriminator = kg.backbones.dcgan_discriminator((28, 28, 1), num_classes=10)
        model = kg.models.ConditionalGAN(generator, discriminator, latent_dim=100, num_classes=10)
        model.compile({"generator": Adam(2e-4, 0.5), "discriminator": Adam(2e-4, 0.5)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=64), epochs=10)
        bags = model.sample(8, labels=[8] * 8)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        num_classes: int,
        *,
        adversarial_loss: AdversarialLoss | None = None,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, latent_dim, num_classes, ema=ema, name=name)
        require_inputs("discriminator", discriminator, self.image_shape, (num_classes,))
        require_logits("discriminator", discriminator)
        self.discriminator = discriminator
        self.adversarial_loss = adversarial_loss or NonSaturatingGANLoss()

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The generator and the discriminator."""
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        real, labels = batch["image"], self.one_hot(batch["label"])
        fake = self.generator([self.draw_latents(real), labels], training=True)
        real_logits = self.discriminator([real, labels], training=True)
        fake_logits = self.discriminator([fake, labels], training=True)
        return {
            "generator": generator_losses(self.adversarial_loss, fake_logits, real_logits),
            "discriminator": discriminator_losses(self.adversarial_loss, real_logits, fake_logits),
        }
