"""The discriminator of pairs of images and latents."""

import keras
from keras import layers

from keras_genssl.backbones.dcgan import dcgan_discriminator
from keras_genssl.backbones.sizes import check_widths
from keras_genssl.layers import LeakyReLU


def joint_discriminator(
    image_shape: tuple[int, int, int],
    latent_dim: int,
    filters: int = 64,
    units: int = 256,
    *,
    synchronized: bool = True,
    name: str = "joint_discriminator",
) -> keras.Model:
    """Build a discriminator of pairs of an image and a latent vector, for BiGAN and ALI.

    Donahue et al., 2017, and Dumoulin et al., 2017: a convolutional path for the image, a dense one for the latents,
    and dense layers on both. The convolutions are those of ``dcgan_discriminator``, with batch normalisation; the
    latents have two dense layers, the pair two more. LeakyReLU of slope 0.2 everywhere. Deviation: ALI has dropout
    too.

    Reference:
        - Donahue et al. 2017, [Adversarial Feature Learning](https://arxiv.org/abs/1605.09782)
        - Dumoulin et al. 2017, [Adversarially Learned Inference](https://arxiv.org/abs/1606.00704)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        latent_dim: length of the latent vectors, at least 1.
        filters: channels of the first convolution, at least 1; doubled at each halving.
        units: units of each dense layer, at least 1.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from ``[images (batch, *image_shape) in [-1, 1], latents (batch, latent_dim)]`` to float32 logits
        ``(batch, 1)``, high for images with their codes.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> joint_discriminator((28, 28, 1), latent_dim=8, filters=4, units=16).output_shape
        (None, 1)
    """
    check_widths(latent_dim=latent_dim, units=units)
    of_image = dcgan_discriminator(image_shape, filters, synchronized=synchronized)
    features = of_image.get_layer("flatten").output

    def dense(x: keras.KerasTensor, part: str) -> keras.KerasTensor:
        hidden = layers.Dense(units, kernel_initializer="he_normal", name=part)(x)
        return LeakyReLU(0.2, name=f"{part}_relu")(hidden)

    latents = keras.Input((latent_dim,), name="latents")
    pair = layers.Concatenate(name="pair")([features, dense(dense(latents, "latent1"), "latent2")])
    hidden = dense(dense(pair, "joint1"), "joint2")
    logit = layers.Dense(1, dtype=keras.config.floatx(), name="logit")(hidden)
    return keras.Model([of_image.input, latents], logit, name=name)
