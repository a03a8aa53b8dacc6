"""SAGAN: self-attention in both networks, and two learning rates."""

import keras

from keras_genssl.models.gans.projection_base import ProjectionBase


@keras.saving.register_keras_serializable(package="keras_genssl")
class SAGAN(ProjectionBase):
    """SAGAN (Zhang et al., 2019): a class-conditional GAN whose networks attend to the whole image.

    Both networks have self-attention (`layers.SelfAttention2D`) and spectral normalisation; the generator has batch
    normalisation with gains of each class, the discriminator D a projection on the class. D minimises
    `max(0, 1 - D(x, y)) + max(0, 1 + D(G(z, y), y))`, the generator `-D(G(z, y), y)`. The networks are what makes the
    model a SAGAN. In place of several discriminator updates per generator update, D has the larger learning rate
    (Heusel et al., 2017). Paper: Adam with betas 0 and 0.9, 4e-4 for D and 1e-4 for the generator, batch 256.

    Each step is one round of both players: they use the same fakes, and all gradients are taken at the old weights.
    Deviation: the authors update one after the other.

    Reference:
        - Zhang et al. 2019, [Self-Attention Generative Adversarial Networks](https://arxiv.org/abs/1805.08318)
        - two rates: Heusel et al. 2017, [GANs Trained by a Two Time-Scale Update
          Rule](https://arxiv.org/abs/1706.08500)

    Args:
        generator: `backbones.sagan_generator(..., num_classes=...)`, or `backbones.class_conditional_generator(...,
            spectral_normalization=True, attention=True)`: `[latents, one-hot labels (batch, num_classes)]` to images.
        discriminator: `backbones.sagan_discriminator(..., num_classes=...)`, or `backbones.spectral_discriminator(...,
            num_classes=..., attention=True)`: `[images, one-hot labels]` to logits.
        latent_dim: The length of the latent vectors, at least 1.
        num_classes: The number of classes, at least 2.
        ema: The momentum of a moving average of the generator, used for sampling; None: no average.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        shape = (28, 28, 1)
        generator = kg.backbones.sagan_generator(shape, 128, num_classes=10)
        discriminator = kg.backbones.sagan_discriminator(shape, num_classes=10)
        model = kg.models.SAGAN(generator, discriminator, latent_dim=128, num_classes=10)
        model.compile({"generator": Adam(1e-4, 0.0, 0.9), "discriminator": Adam(4e-4, 0.0, 0.9)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=64), epochs=20)
        one_of_each = model.sample(10, seed=1)
    """
