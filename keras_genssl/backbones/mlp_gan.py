"""The dense networks of the first GANs, for images and for points in space."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers

from keras_genssl.backbones.image_sizes import check_widths
from keras_genssl.checks.data_format import require_channels_last


def _hidden(x: Any, units: Sequence[int], activation: Callable[[str], keras.layers.Layer]) -> Any:
    for index, width in enumerate(units, start=1):
        check_widths(units=width)
        x = layers.Dense(width, kernel_initializer="he_normal", name=f"hidden{index}")(x)
        x = activation(f"relu{index}")(x)
    return x


def mlp_generator(
    output_shape: Sequence[int],
    latent_dim: int = 100,
    units: Sequence[int] = (128, 256),
    *,
    num_classes: int | None = None,
    output_activation: str | None = "tanh",
    name: str = "mlp_generator",
) -> keras.Model:
    """Build a dense generator, as in the first GAN and the first conditional GAN.

    Goodfellow et al., 2014. With ``num_classes``, one-hot labels are appended to the latents (Mirza and Osindero,
    2014). Hidden layers have ReLU.

    Reference:
        - Goodfellow et al. 2014, [Generative Adversarial Nets](https://arxiv.org/abs/1406.2661)
        - Mirza and Osindero 2014, [Conditional Generative Adversarial Nets](https://arxiv.org/abs/1411.1784)

    Args:
        output_shape: shape of the output: ``(height, width, channels)`` for images, ``(dim,)`` for points.
        latent_dim: length of the latent vectors, at least 1.
        units: widths of the hidden layers, each at least 1.
        num_classes: number of classes, or None for a generator without labels.
        output_activation: ``"tanh"`` for images in [-1, 1], None for points anywhere.
        name: the model's name.

    Returns:
        A model from latents ``(batch, latent_dim)``, or ``[latents, one-hot labels (batch, num_classes)]``, to
        float32 ``(batch, *output_shape)``.

    Raises:
        ValueError: if a width is not at least 1.

    Example:
        >>> mlp_generator((2,), latent_dim=4, units=(16,), output_activation=None).output_shape
        (None, 2)
    """
    require_channels_last()
    check_widths(latent_dim=latent_dim, num_classes=num_classes, output_shape=min(output_shape))
    latents = x = keras.Input((latent_dim,), name="latents")
    inputs = latents
    if num_classes is not None:
        labels = keras.Input((num_classes,), name="labels")
        inputs = [latents, labels]
        x = layers.Concatenate(name="latents_and_labels")(inputs)
    x = _hidden(x, units, lambda name: layers.ReLU(name=name))
    x = layers.Dense(math.prod(output_shape), activation=output_activation, dtype=keras.config.floatx(), name="output")(
        x
    )
    return keras.Model(
        inputs, layers.Reshape(tuple(output_shape), dtype=keras.config.floatx(), name="reshape")(x), name=name
    )


def mlp_discriminator(
    input_shape: Sequence[int],
    units: Sequence[int] = (256, 128),
    *,
    num_classes: int | None = None,
    name: str = "mlp_discriminator",
) -> keras.Model:
    """Build a dense discriminator, as in the first GAN and the first conditional GAN.

    Goodfellow et al., 2014. With ``num_classes``, one-hot labels are appended to the image (Mirza and Osindero, 2014).
    Deviation: LeakyReLU of slope 0.2 instead of the papers' maxout and dropout.

    Reference:
        - Goodfellow et al. 2014, [Generative Adversarial Nets](https://arxiv.org/abs/1406.2661)
        - Mirza and Osindero 2014, [Conditional Generative Adversarial Nets](https://arxiv.org/abs/1411.1784)

    Args:
        input_shape: ``(height, width, channels)`` of images, ``(dim,)`` of points.
        units: widths of the hidden layers, each at least 1.
        num_classes: number of classes, or None for a discriminator without labels.
        name: the model's name.

    Returns:
        A model from ``(batch, *input_shape)``, or ``[images, one-hot labels (batch, num_classes)]``, to float32
        logits ``(batch, 1)``, high for real.

    Raises:
        ValueError: if a width is not at least 1.

    Example:
        >>> mlp_discriminator((28, 28, 1), units=(16, 8)).count_params() == 784 * 16 + 16 + 16 * 8 + 8 + 9
        True
    """
    require_channels_last()
    check_widths(num_classes=num_classes, input_shape=min(input_shape))
    images = inputs = keras.Input(tuple(input_shape), name="images")
    x = layers.Flatten(name="flatten")(images)
    if num_classes is not None:
        labels = keras.Input((num_classes,), name="labels")
        inputs = [images, labels]
        x = layers.Concatenate(name="images_and_labels")([x, labels])
    x = _hidden(x, units, lambda name: layers.LeakyReLU(0.2, name=name))
    return keras.Model(inputs, layers.Dense(1, dtype=keras.config.floatx(), name="logit")(x), name=name)
