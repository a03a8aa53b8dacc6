"""ACGAN: a discriminator that also predicts the class."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.engine.networks import require_inputs
from keras_genssl.losses import AdversarialLoss, NonSaturatingGANLoss
from keras_genssl.models.adversarial import discriminator_losses, generator_losses, require_logits
from keras_genssl.models.gans.base import ClassConditionalGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class ACGAN(ClassConditionalGAN):
    """ACGAN (Odena et al., 2017): the discriminator has an auxiliary classifier C.

    `L_D = -log D(x) - log(1 - D(G(z, y))) - w_D log C(y | x) - w_F log C(y | G(z, y))` and
    `L_G = -log D(G(z, y)) - w_G log C(y | G(z, y))`: both players learn to get the classes right. Each step is one
    round that updates both from one forward pass. Each fake has the class of the real image at the same position.

    The paper's weights are all 1. With w_F > 0 the generator can mark classes in a way that no real image does: on
    Fashion-MNIST, C classified the fakes correctly and another classifier did not. The default w_F = 0 trains
    C on real images alone, as in Gulrajani's code of WGAN-GP; the default w_G = 0.1 is from that code too.

    Reference:
        - Odena et al. 2017, [Conditional Image Synthesis with Auxiliary Classifier
          GANs](https://arxiv.org/abs/1610.09585)

    Args:
        generator: A built `keras.Model`, `[latents, one-hot labels (batch, num_classes)]` to images:
            `backbones.dcgan_generator(image_shape, num_classes=...)`.
        discriminator: A built `keras.Model`, images to `[logits (batch, 1), class logits (batch, num_classes)]`:
            `backbones.acgan_discriminator(image_shape, num_classes)`.
        latent_dim: The length of the latent vectors, at least 1.
        num_classes: The number of classes, at least 2.
        discriminator_class_weight: w_D, at least 0.
        generator_class_weight: w_G, at least 0.
        fake_class_weight: w_F, at least 0.
        adversarial_loss: A `losses.AdversarialLoss`; by default `NonSaturatingGANLoss()`.
        ema: The momentum of a moving average of the generator, used for sampling; None: no average.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        generator = kg.backbones.dcgan_generator((28, 28, 1), 100, num_classes=10)
        discriminator = kg.backbones.acgan_discriminator((28, 28, 1), num_classes=10)
        model = kg.models.ACGAN(generator, discriminator, latent_dim=100, num_classes=10)
        model.compile({"generator": Adam(2e-4, 0.5), "discriminator": Adam(2e-4, 0.5)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=64), epochs=10)
        one_of_each = model.sample(10, seed=1)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        num_classes: int,
        *,
        discriminator_class_weight: float = 1.0,
        generator_class_weight: float = 0.1,
        fake_class_weight: float = 0.0,
        adversarial_loss: AdversarialLoss | None = None,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, latent_dim, num_classes, ema=ema, name=name)
        require_inputs("discriminator", discriminator, self.image_shape)
        require_logits("discriminator", discriminator)
        outputs = [tuple(output.shape[1:]) for output in keras.tree.flatten(discriminator.outputs)]
        if len(outputs) != 2 or outputs[1] != (num_classes,):
            raise ValueError(
                f"`discriminator` must give logits and class logits (batch, {num_classes}). "
                f"Received: {discriminator.name!r} with outputs of shape {outputs} beside the batch"
            )
        self.discriminator = discriminator
        self.discriminator_class_weight = finite("discriminator_class_weight", discriminator_class_weight, 0)
        self.generator_class_weight = finite("generator_class_weight", generator_class_weight, 0)
        self.fake_class_weight = finite("fake_class_weight", fake_class_weight, 0)
        self.adversarial_loss = adversarial_loss or NonSaturatingGANLoss()

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The generator and the discriminator."""
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        real, labels = batch["image"], self.one_hot(batch["label"])
        fake = self.generator([self.draw_latents(real), labels], training=True)
        real_logits, real_classes = self.discriminator(real, training=True)  # (batch, 1), (batch, num_classes)
        fake_logits, fake_classes = self.discriminator(fake, training=True)
        of_real, of_fake = cross_entropy(labels, real_classes), cross_entropy(labels, fake_classes)  # (batch,)
        return {
            "generator": generator_losses(self.adversarial_loss, fake_logits, real_logits)
            + self.generator_class_weight * of_fake,
            "discriminator": discriminator_losses(self.adversarial_loss, real_logits, fake_logits)
            + self.discriminator_class_weight * of_real
            + self.fake_class_weight * of_fake,
        }


def cross_entropy(labels: Any, logits: Any) -> Any:
    """`-log C(y | x)` of one-hot labels and logits, each `(batch, num_classes)`; float32 `(batch,)`."""
    return ops.categorical_crossentropy(labels, ops.cast(logits, keras.config.floatx()), from_logits=True)
