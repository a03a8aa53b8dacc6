"""The conditional SNGAN: a discriminator that projects the features of an image on a vector of its class."""

import keras

from keras_genssl.checks.numbers import whole
from keras_genssl.models.gans.projection_base import ProjectionBase


@keras.saving.register_keras_serializable(package="keras_genssl")
class ProjectionGAN(ProjectionBase):
    """Projection GAN (Miyato and Koyama, 2018): SNGAN of classes, whose logit has an inner product with the class.

    The discriminator is `D(x, y) = v_yᵀ φ(x) + ψ(φ(x))`: the features φ of an image are projected on a vector v of the
    class (`layers.ClassProjection`), beside a logit ψ that knows no class. It minimises
    `max(0, 1 - D(x, y)) + max(0, 1 + D(G(z, y), y))`, the generator `-D(G(z, y), y)`. The generator gets the class by
    the gains and biases of its batch normalisation (`layers.ConditionalBatchNormalization`). Paper: 5 discriminator
    updates per generator update, Adam 2e-4 with betas 0 and 0.9.

    A step has `discriminator_steps` rounds of D and one of the generator. Each round takes an equal share of the batch,
    so that no two updates see the same images, and the batch must be a multiple of `discriminator_steps + 1`.

    Reference:
        - Miyato and Koyama 2018, [cGANs with Projection Discriminator](https://arxiv.org/abs/1802.05637)
        - Miyato et al. 2018, [Spectral Normalization for Generative Adversarial
          Networks](https://arxiv.org/abs/1802.05957)

    Args:
        generator: `backbones.sngan_generator(..., num_classes=...)`, `backbones.class_conditional_generator(...)`, or
            any built `keras.Model`, `[latents, one-hot labels (batch, num_classes)]` to images.
        discriminator: `backbones.sngan_discriminator(..., num_classes=...)` or
            `backbones.spectral_discriminator(..., num_classes=...)`: `[images, one-hot labels]` to logits.
        latent_dim: The length of the latent vectors, at least 1.
        num_classes: The number of classes, at least 2.
        discriminator_steps: Discriminator updates per generator update, at least 1.
        reuse_batch: Whether all updates of a step see the same images.
        ema: The momentum of a moving average of the generator, used for sampling; None: no average.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        shape = (28, 28, 1)
        generator = kg.backbones.sngan_generator(shape, 128, num_classes=10)
        discriminator = kg.backbones.sngan_discriminator(shape, num_classes=10)
        model = kg.models.ProjectionGAN(generator, discriminator, latent_dim=128, num_classes=10)
        model.compile({"generator": Adam(2e-4, 0.0, 0.9), "discriminator": Adam(2e-4, 0.0, 0.9)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=384), epochs=20)
        one_of_each = model.sample(10, seed=1)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        num_classes: int,
        *,
        discriminator_steps: int = 5,
        reuse_batch: bool = False,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, discriminator, latent_dim, num_classes, ema=ema, name=name)
        self.reuse_batch = reuse_batch
        self.discriminator_steps = whole("discriminator_steps", discriminator_steps)

    def rounds(self) -> list[tuple[str, ...]]:
        """The rounds of the discriminator, then one round of the generator."""
        return [*[("discriminator",)] * self.discriminator_steps, ("generator",)]
