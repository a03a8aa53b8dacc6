"""The networks of CoGAN: two generators in one model, and two discriminators in another, that share layers."""

from typing import Any

import keras
from keras import layers

from keras_genssl.backbones.sizes import check_widths, halvings
from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import BatchNormalization, LeakyReLU

DOMAINS = ("first", "second")


def _normal(mean: float = 0.0) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(mean, 0.02)


def _norm(synchronized: bool, name: str) -> keras.layers.Layer:
    """DCGAN's batch normalisation; see `dcgan_generator`."""
    return BatchNormalization(
        momentum=0.9, epsilon=1.001e-5, gamma_initializer=_normal(1.0), synchronized=synchronized, name=name
    )


def _check(private: int, stages: int) -> None:
    if isinstance(private, bool) or not isinstance(private, int) or not 0 < private <= stages:
        raise ValueError(
            f"`private` must be an integer of at least 1, and at most {stages} for images of this size. "
            f"Received: private={private}"
        )


def coupled_generators(
    image_shape: tuple[int, int, int],
    latent_dim: int = 100,
    filters: int = 64,
    *,
    private: int = 1,
    synchronized: bool = True,
    name: str = "coupled_generators",
) -> keras.Model:
    """Build two of DCGAN's generators that share all but their last layers, as one model.

    Liu & Tuzel, 2016, Section 3: the first layers of a generator decide what is shown, the last ones how it looks, so
    generators of two domains share the first. Both make their images of the same latents: what is shared is computed
    once. The layers are those of `dcgan_generator`, with ``private`` stages of each domain's own: batch normalisation,
    ReLU and transposed convolution. Paper: the last layer alone, for digits and their edges.

    Reference:
        - Liu and Tuzel 2016, [Coupled Generative Adversarial Networks](https://arxiv.org/abs/1606.07536)

    Args:
        image_shape: ``(side, side, channels)`` of both domains; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        latent_dim: length of the latent vectors, at least 1.
        filters: channels of the last hidden layer, at least 1; doubled towards the latents.
        private: number of last stages that are not shared, at least 1; there is one for each doubling of the side.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from latents ``(batch, latent_dim)`` to ``[first, second]``, float32 images ``(batch, *image_shape)`` in
        [-1, 1] each. ``keras.Model(model.input, model.outputs[0])`` is the first generator alone.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> [output.shape for output in coupled_generators((28, 28, 1), latent_dim=16, filters=8).outputs]
        [(None, 28, 28, 1), (None, 28, 28, 1)]
    """
    require_channels_last()
    side, stages = halvings(image_shape)
    check_widths(latent_dim=latent_dim, filters=filters)
    _check(private, stages)
    width = filters * 2 ** (stages - 1)

    def stage(x: Any, number: int, of: str) -> Any:
        x = layers.ReLU(name=f"{of}relu{number}")(_norm(synchronized, f"{of}norm{number}")(x))
        last = number == stages - 1
        return layers.Conv2DTranspose(
            image_shape[-1] if last else width // 2 ** (number + 1),
            4,
            strides=2,
            padding="same",
            use_bias=last,
            kernel_initializer=_normal(),
            activation="tanh" if last else None,
            dtype=keras.config.floatx() if last else None,
            name=f"{of}images" if last else f"{of}up{number + 1}",
        )(x)

    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Dense(side * side * width, use_bias=False, kernel_initializer=_normal(), name="project")(latents)
    x = layers.Reshape((side, side, width), name="reshape")(x)
    for number in range(stages - private):
        x = stage(x, number, "")
    images = []
    for domain in DOMAINS:
        own = x
        for number in range(stages - private, stages):
            own = stage(own, number, f"{domain}_")
        images.append(own)
    return keras.Model(latents, images, name=name)


def coupled_discriminators(
    image_shape: tuple[int, int, int],
    filters: int = 64,
    *,
    private: int = 1,
    batch_norm: bool = True,
    synchronized: bool = True,
    name: str = "coupled_discriminators",
) -> keras.Model:
    """Build two of DCGAN's discriminators that share all but their first layers, as one model.

    Liu & Tuzel, 2016, Section 3: the last layers of a discriminator judge what is shown, so discriminators of two
    domains share them. The layers are those of `dcgan_discriminator`, with ``private`` convolutions of each domain's
    own. The shared layers are the same objects; they see each domain in a pass of its own, with batch statistics of its
    own.

    Reference:
        - Liu and Tuzel 2016, [Coupled Generative Adversarial Networks](https://arxiv.org/abs/1606.07536)

    Args:
        image_shape: ``(side, side, channels)`` of both domains; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        filters: channels of the first layer, at least 1; doubled at each halving.
        private: number of first convolutions that are not shared, at least 1; there is one for each halving of the
            side. The logit is always shared.
        batch_norm: whether there is batch normalisation, after all convolutions but the first.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from ``[first, second]``, images ``(batch, *image_shape)`` in [-1, 1] of the two domains, to float32
        logits ``[first, second]``, ``(batch, 1)`` each, high for real.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> [output.shape for output in coupled_discriminators((28, 28, 1), filters=8).outputs]
        [(None, 1), (None, 1)]
    """
    require_channels_last()
    _, stages = halvings(image_shape)
    check_widths(filters=filters)
    _check(private, stages)

    def stage(number: int, of: str) -> list[keras.layers.Layer]:
        normalised = batch_norm and number > 1
        convolution = layers.Conv2D(
            filters * 2 ** (number - 1),
            4,
            strides=2,
            padding="same",
            use_bias=not normalised,
            kernel_initializer=_normal(),
            name=f"{of}down{number}",
        )
        norm = [_norm(synchronized, f"{of}norm{number}")] if normalised else []
        return [convolution, *norm, LeakyReLU(0.2, name=f"{of}relu{number}")]

    shared = [layer for number in range(private + 1, stages + 1) for layer in stage(number, "")]
    shared.append(layers.Flatten(name="flatten"))
    shared.append(layers.Dense(1, kernel_initializer=_normal(), dtype=keras.config.floatx(), name="logit"))
    images, logits = [], []
    for domain in DOMAINS:
        images.append(keras.Input(tuple(image_shape), name=domain))
        x = images[-1]
        for layer in [own for number in range(1, private + 1) for own in stage(number, f"{domain}_")] + shared:
            x = layer(x)
        logits.append(x)
    return keras.Model(images, logits, name=name)
