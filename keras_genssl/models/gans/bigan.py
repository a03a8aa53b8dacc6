"""BiGAN: a GAN that learns the inverse of its generator too."""

from typing import Any

import keras

from keras_genssl.models.gans.joint_base import JointGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class BiGAN(JointGAN):
    """BiGAN (Donahue et al., 2017): the discriminator sees images with their codes, so an encoder learns along.

    The discriminator D minimises `-log D(x, E(x)) - log(1 - D(G(z), z))`, encoder E and generator G together
    `-log D(G(z), z) - log(1 - D(x, E(x)))`. At the optimum E is the inverse of G; no loss compares an image with its
    reconstruction. The codes are features: the paper judges them by nearest neighbours and by transfer. Each step is
    one round of both players. Deviation: latents are N(0, 1), the paper's uniform. Paper, for MNIST: 50 latents, dense
    networks of 1,024 units with batch normalisation, Adam 2e-4 with beta_1 0.5, batch 128, 400 epochs.

    Reference:
        - Donahue et al. 2017, [Adversarial Feature Learning](https://arxiv.org/abs/1605.09782)

    Args:
        encoder: A built `keras.Model`, images to `(batch, latent_dim)`.
        generator: A built `keras.Model`, `(batch, latent_dim)` to images.
        discriminator: A built `keras.Model`, `[images, latents]` to logits:
            `backbones.joint_discriminator(image_shape, latent_dim)`.
        latent_dim: The length of the latent vectors, at least 1.
        adversarial_loss: A `losses.AdversarialLoss`; by default `NonSaturatingGANLoss()`.
        ema: The momentum of moving averages of encoder and generator, which then encode and generate; None: none.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        shape = (28, 28, 1)
        encoder = kg.backbones.dcgan_encoder(32, input_shape=shape)
        generator = kg.backbones.dcgan_generator(shape, 32)
        model = kg.models.BiGAN(encoder, generator, kg.backbones.joint_discriminator(shape, 32), 32)
        model.compile({"generator": Adam(2e-4, 0.5), "discriminator": Adam(2e-4, 0.5)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=128), epochs=10)
        codes = model.encode(images)
    """

    def codes(self, images: Any) -> Any:
        """What the encoder gives."""
        return self.encoder(images, training=True)
