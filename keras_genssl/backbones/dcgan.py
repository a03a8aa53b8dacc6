"""The networks of DCGAN and AC-GAN."""

from typing import Any

import keras
from keras import layers

from keras_genssl.backbones.attention import attended
from keras_genssl.backbones.residual_blocks import normalized, unchanged
from keras_genssl.backbones.sizes import check_widths, halvings
from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import BatchNormalization, ConditionalBatchNormalization, LeakyReLU

# PyTorch's value, in Keras' convention: after a few thousand steps the statistics are those of the last weights.
_MOMENTUM = 0.9
_EPSILON = 1.001e-5  # weights of 0.02 make activations whose variance the default of 1e-3 would swamp


def _normal(mean: float = 0.0) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(mean, 0.02)


def _norm(synchronized: bool, name: str) -> keras.layers.Layer:
    return BatchNormalization(
        momentum=_MOMENTUM,
        epsilon=_EPSILON,
        gamma_initializer=_normal(1.0),
        synchronized=synchronized,
        name=name,
    )


def _with_labels(x: Any, labels: Any, name: str) -> Any:
    """Adds a learnt bias for each class, which equals a convolution of ``x`` with additional constant label planes."""
    if labels is None:
        return x
    bias = layers.Dense(x.shape[-1], use_bias=False, kernel_initializer=_normal(), name=f"{name}_dense")(labels)
    bias = layers.Reshape((1, 1, x.shape[-1]), name=f"{name}_reshape")(bias)
    return layers.Add(name=f"{name}_add")([x, bias])


def dcgan_generator(
    image_shape: tuple[int, int, int],
    latent_dim: int = 100,
    filters: int = 64,
    *,
    num_classes: int | None = None,
    kernel_size: int = 4,
    synchronized: bool = True,
    name: str = "dcgan_generator",
) -> keras.Model:
    """Build DCGAN's generator: a projection, then transposed convolutions that double the side each.

    Radford et al., 2016: batch normalisation and ReLU, tanh at the end, no pooling, weights N(0, 0.02), gains N(1,
    0.02). The paper's network for 64 pixels has ``filters=128``. It starts at 4x4, at 7x7 for 28 pixels. Deviation:
    kernels are 4 instead of 5, a multiple of the stride, which avoids checkerboard artifacts (Odena et al., 2016,
    Deconvolution and Checkerboard Artifacts). Sides other than 64 continue the pattern.

    With ``num_classes`` it is conditional (Mirza and Osindero, 2014): one-hot labels go into every hidden layer, as in
    Radford's own conditional DCGAN of MNIST.

    Reference:
        - Radford et al. 2016, [Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
          Networks](https://arxiv.org/abs/1511.06434)
        - Mirza and Osindero 2014, [Conditional Generative Adversarial Nets](https://arxiv.org/abs/1411.1784)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        latent_dim: length of the latent vectors, at least 1.
        filters: channels of the last hidden layer, at least 1; doubled towards the latents.
        num_classes: number of classes, or None for a generator without labels.
        kernel_size: side of the transposed convolutions' kernels, at least 2.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from latents ``(batch, latent_dim)``, or ``[latents, one-hot labels (batch, num_classes)]``, to
        float32 images ``(batch, *image_shape)`` in [-1, 1].

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> dcgan_generator((28, 28, 1), latent_dim=16, filters=8).output_shape
        (None, 28, 28, 1)
    """
    require_channels_last()
    side, stages = halvings(image_shape)
    check_widths(latent_dim=latent_dim, filters=filters, num_classes=num_classes)
    if kernel_size < 2:
        raise ValueError(f"`kernel_size` must be at least 2. Received: kernel_size={kernel_size}")

    latents = x = keras.Input((latent_dim,), name="latents")
    labels = None if num_classes is None else keras.Input((num_classes,), name="labels")
    width = filters * 2 ** (stages - 1)
    x = layers.Dense(side * side * width, use_bias=False, kernel_initializer=_normal(), name="project")(x)
    x = layers.Reshape((side, side, width), name="reshape")(x)
    for stage in range(stages):
        x = _with_labels(x, labels, f"label{stage}")
        x = layers.ReLU(name=f"relu{stage}")(_norm(synchronized, f"norm{stage}")(x))
        last = stage == stages - 1
        x = layers.Conv2DTranspose(
            image_shape[-1] if last else width // 2 ** (stage + 1),
            kernel_size,
            strides=2,
            padding="same",
            use_bias=last,
            kernel_initializer=_normal(),
            activation="tanh" if last else None,
            dtype=keras.config.floatx() if last else None,
            name="images" if last else f"up{stage + 1}",
        )(x)
    return keras.Model(latents if labels is None else [latents, labels], x, name=name)


def class_conditional_generator(
    image_shape: tuple[int, int, int],
    num_classes: int,
    latent_dim: int = 100,
    filters: int = 64,
    *,
    spectral_normalization: bool = False,
    attention: bool = False,
    synchronized: bool = True,
    name: str = "class_conditional_generator",
) -> keras.Model:
    """Build DCGAN's generator with batch normalisation that has a gain and bias of each class.

    Miyato and Koyama, 2018, on the transposed convolutions of ``dcgan_generator``: several times faster a step than
    their residual ``sngan_generator``. With ``spectral_normalization`` and ``attention`` it is a small generator of
    SAGAN (Zhang et al., 2019): attention at 32 pixels a side or half the image's (14 of 28).

    Reference:
        - Radford et al. 2016, [Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
          Networks](https://arxiv.org/abs/1511.06434)
        - Miyato and Koyama 2018, [cGANs with Projection Discriminator](https://arxiv.org/abs/1802.05637)
        - Zhang et al. 2019, [Self-Attention Generative Adversarial Networks](https://arxiv.org/abs/1805.08318)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        num_classes: number of classes, at least 1.
        latent_dim: length of the latent vectors, at least 1.
        filters: channels of the last hidden layer, at least 1; doubled towards the latents.
        spectral_normalization: whether the kernels are normalised.
        attention: whether there is self-attention; the channels there must be a multiple of 8.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from ``[latents (batch, latent_dim), one-hot labels (batch, num_classes)]`` to float32 images
        ``(batch, *image_shape)`` in [-1, 1].

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> class_conditional_generator((28, 28, 1), num_classes=10, latent_dim=16, filters=8).output_shape
        (None, 28, 28, 1)
    """
    require_channels_last()
    side, stages = halvings(image_shape)
    check_widths(num_classes=num_classes, latent_dim=latent_dim, filters=filters)
    wrap = normalized if spectral_normalization else unchanged

    latents, labels = keras.Input((latent_dim,), name="latents"), keras.Input((num_classes,), name="labels")
    width = filters * 2 ** (stages - 1)
    dense = layers.Dense(side * side * width, use_bias=False, kernel_initializer=_normal(), name="project")
    x = layers.Reshape((side, side, width), name="reshape")(wrap(dense)(latents))
    for stage in range(stages):
        norm = ConditionalBatchNormalization(_MOMENTUM, _EPSILON, synchronized, _normal(1.0), name=f"norm{stage}")
        x = layers.ReLU(name=f"relu{stage}")(norm([x, labels]))
        x = attended(x, image_shape, spectral_normalization) if attention else x
        last = stage == stages - 1
        convolution = layers.Conv2DTranspose(
            image_shape[-1] if last else width // 2 ** (stage + 1),
            4,
            strides=2,
            padding="same",
            use_bias=last,
            kernel_initializer=_normal(),
            activation="tanh" if last else None,
            dtype=keras.config.floatx() if last else None,
            name="images" if last else f"up{stage + 1}",
        )
        x = wrap(convolution)(x)
    return keras.Model([latents, labels], x, name=name)


def dcgan_discriminator(
    image_shape: tuple[int, int, int],
    filters: int = 64,
    *,
    num_classes: int | None = None,
    kernel_size: int = 4,
    batch_norm: bool = True,
    synchronized: bool = True,
    name: str = "dcgan_discriminator",
) -> keras.Model:
    """Build DCGAN's discriminator: strided convolutions that halve the side and double the channels each.

    Radford et al., 2016: LeakyReLU of slope 0.2, batch normalisation except in the first layer, no pooling, weights
    N(0, 0.02), gains N(1, 0.02). Without batch normalisation it is a critic for gradient penalties, as in Gulrajani et
    al., 2017.

    With ``num_classes`` it is conditional (Mirza and Osindero, 2014): one-hot labels go into every hidden layer.

    Reference:
        - Radford et al. 2016, [Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
          Networks](https://arxiv.org/abs/1511.06434)
        - Gulrajani et al. 2017, [Improved Training of Wasserstein GANs](https://arxiv.org/abs/1704.00028)
        - Mirza and Osindero 2014, [Conditional Generative Adversarial Nets](https://arxiv.org/abs/1411.1784)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        filters: channels of the first layer, at least 1.
        num_classes: number of classes, or None for a discriminator without labels.
        kernel_size: side of the convolutions' kernels, at least 2.
        batch_norm: whether there is batch normalisation.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from images ``(batch, *image_shape)`` in [-1, 1], or ``[images, one-hot labels (batch,
        num_classes)]``, to float32 logits ``(batch, 1)``, high for real.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> dcgan_discriminator((32, 32, 3), filters=8).output_shape
        (None, 1)
    """
    require_channels_last()
    _, stages = halvings(image_shape)
    check_widths(filters=filters, num_classes=num_classes)
    if kernel_size < 2:
        raise ValueError(f"`kernel_size` must be at least 2. Received: kernel_size={kernel_size}")

    images = x = keras.Input(tuple(image_shape), name="images")
    labels = None if num_classes is None else keras.Input((num_classes,), name="labels")
    for stage in range(1, stages + 1):
        normalised = batch_norm and stage > 1
        x = layers.Conv2D(
            filters * 2 ** (stage - 1),
            kernel_size,
            strides=2,
            padding="same",
            use_bias=not normalised,
            kernel_initializer=_normal(),
            name=f"down{stage}",
        )(x)
        x = _with_labels(x, labels, f"label{stage}")
        if normalised:
            x = _norm(synchronized, f"norm{stage}")(x)
        x = LeakyReLU(0.2, name=f"relu{stage}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(1, kernel_initializer=_normal(), dtype=keras.config.floatx(), name="logit")(x)
    return keras.Model(images if labels is None else [images, labels], x, name=name)


def dcgan_encoder(
    code_dim: int,
    filters: int = 64,
    *,
    input_shape: tuple[int, int, int] = (28, 28, 1),
    synchronized: bool = True,
    name: str = "dcgan_encoder",
) -> keras.Model:
    """Build an encoder beside DCGAN's generator: the convolutions of its discriminator, and a linear code.

    Donahue et al., 2017, and Larsen et al., 2016: strided convolutions with batch normalisation and LeakyReLU of slope
    0.2. Codes of an untrained network already differ from image to image about as much as draws from N(0, 1), with
    which the discriminator of a BiGAN compares them.

    Reference:
        - Donahue et al. 2017, [Adversarial Feature Learning](https://arxiv.org/abs/1605.09782)
        - Radford et al. 2016, [Unsupervised Representation Learning with Deep Convolutional Generative Adversarial
          Networks](https://arxiv.org/abs/1511.06434)

    Args:
        code_dim: units of the code, at least 1; twice the latents for means and log-variances.
        filters: channels of the first layer, at least 1; doubled at each halving.
        input_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from images ``(batch, *input_shape)`` in [-1, 1] to float32 ``(batch, code_dim)``.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> dcgan_encoder(2 * 16, filters=4).output_shape
        (None, 32)
    """
    require_channels_last()
    _, stages = halvings(input_shape)
    check_widths(code_dim=code_dim, filters=filters)
    images = x = keras.Input(tuple(input_shape), name="images")
    for stage in range(1, stages + 1):
        convolution = layers.Conv2D(
            filters * 2 ** (stage - 1), 4, strides=2, padding="same", use_bias=False, name=f"down{stage}"
        )
        x = LeakyReLU(0.2, name=f"relu{stage}")(_norm(synchronized, f"norm{stage}")(convolution(x)))
    x = layers.Flatten(name="features")(x)
    codes = layers.Dense(code_dim, dtype=keras.config.floatx(), name="code")(x)
    return keras.Model(images, codes, name=name)


def acgan_discriminator(
    image_shape: tuple[int, int, int],
    num_classes: int,
    filters: int = 16,
    *,
    dropout: float = 0.5,
    synchronized: bool = True,
    name: str = "acgan_discriminator",
) -> keras.Model:
    """Build ACGAN's discriminator, which predicts real or fake, and the class.

    Odena et al., 2017, Tables 1 and 2: 3x3 convolutions, alternately of stride 2 and 1, each with twice the channels of
    the previous one; batch normalisation except in the first; LeakyReLU of slope 0.2; dropout after each; weights
    N(0, 0.02). There is a pair of convolutions for each halving, down to 4x4 (7x7 for 28 pixels), with at most 512
    channels for the paper's ``filters=16``: the paper's six layers for 32 pixels. Deviation: there are eight and ten
    layers at 64 and 128 pixels; the paper has six at 128 too, and stops at 16x16. The generator is
    ``dcgan_generator(image_shape, num_classes=...)``.

    Reference:
        - Odena et al. 2017, [Conditional Image Synthesis with Auxiliary Classifier
          GANs](https://arxiv.org/abs/1610.09585)

    Args:
        image_shape: ``(side, side, channels)``; 28, 32, 64 or 128 pixels, 1 or 3 channels.
        num_classes: number of classes, at least 1.
        filters: channels of the first convolution, at least 1.
        dropout: the share of activations dropped, in [0, 1).
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        name: the model's name.

    Returns:
        A model from images ``(batch, *image_shape)`` in [-1, 1] to float32 ``[logits (batch, 1), class logits
        (batch, num_classes)]``, logits high for real.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> [output.shape for output in acgan_discriminator((28, 28, 1), num_classes=10, filters=4).outputs]
        [(None, 1), (None, 10)]
    """
    require_channels_last()
    _, stages = halvings(image_shape)
    check_widths(num_classes=num_classes, filters=filters)
    if not 0.0 <= dropout < 1.0:
        raise ValueError(f"`dropout` must lie in [0, 1). Received: dropout={dropout}")
    initializer = keras.initializers.RandomNormal(0.0, 0.02)

    images = x = keras.Input(tuple(image_shape), name="images")
    for index in range(2 * stages):
        x = layers.Conv2D(
            filters * 2 ** min(index, 5),
            3,
            strides=2 - index % 2,
            padding="same",
            use_bias=index == 0,
            kernel_initializer=initializer,
            name=f"conv{index + 1}",
        )(x)
        if index:
            x = BatchNormalization(
                momentum=_MOMENTUM, epsilon=_EPSILON, synchronized=synchronized, name=f"norm{index + 1}"
            )(x)
        x = LeakyReLU(0.2, name=f"relu{index + 1}")(x)
        if dropout:
            x = layers.Dropout(dropout, name=f"dropout{index + 1}")(x)
    x = layers.Flatten(name="flatten")(x)
    logits = layers.Dense(1, kernel_initializer=initializer, dtype=keras.config.floatx(), name="logit")(x)
    classes = layers.Dense(num_classes, kernel_initializer=initializer, dtype=keras.config.floatx(), name="classes")(x)
    return keras.Model(images, [logits, classes], name=name)
