"""ALI: adversarially learned inference, a GAN with a stochastic encoder."""

from typing import Any

import keras

from keras_genssl.models.gans.joint_base import JointGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class ALI(JointGAN):
    """ALI (Dumoulin et al., 2017): the discriminator sees images with draws of their latents from a learnt posterior.

    The discriminator D minimises `-log D(x, e) - log(1 - D(G(z), z))`, encoder and generator together
    `-log D(G(z), z) - log(1 - D(x, e))`, where e is drawn from the encoder's normal distribution of x,
    `e = mean + exp(log_variance / 2) noise`. At the optimum this is the posterior of the generator's model. No loss
    compares an image with its reconstruction. `encode` gives means. Each step is one round of both players. Paper, for
    CIFAR-10: 64 latents, Adam 1e-4 with beta_1 0.5, weights N(0, 0.01), dropout 0.2 in D, batch 100, 6,475 epochs.

    Reference:
        - Dumoulin et al. 2017, [Adversarially Learned Inference](https://arxiv.org/abs/1606.00704)

    Args:
        encoder: A built `keras.Model`, images to `(batch, 2 * latent_dim)`: means, then log-variances.
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
        encoder = kg.backbones.dcgan_encoder(2 * 64, input_shape=shape)
        generator = kg.backbones.dcgan_generator(shape, 64)
        model = kg.models.ALI(encoder, generator, kg.backbones.joint_discriminator(shape, 64), 64)
        model.compile({"generator": Adam(1e-4, 0.5), "discriminator": Adam(1e-4, 0.5)})
        model.fit(kg.data.load("fashion_mnist", split="train", batch_size=100), epochs=10)
        again = model.reconstruct(images)
    """

    statistics = 2

    def codes(self, images: Any) -> Any:
        """A draw from the posterior of each image."""
        return self.drawn(*self.posterior(images, training=True))
