"""The small Fashion-MNIST classifier behind the Fashion-FID."""

from typing import Any

import keras
from keras import layers

from keras_genssl.checks.data_format import require_channels_last
from keras_genssl.layers import BatchNormalization


def fashion_classifier(
    filters: tuple[int, int, int, int] = (32, 64, 96, 128),
    num_classes: int = 10,
    *,
    seed: int | None = None,
    name: str = "fashion_classifier",
) -> keras.Model:
    """Build a convolutional classifier of 28x28 grey images that returns its features too.

    Five 3x3 convolutions with batch normalisation and ReLU, two max poolings (28, 14 and 7 pixels), and the
    mean over positions, which is the feature vector. Like Inception's "pool3", it is not negative and one linear layer
    before the logits. `metrics.fashion_features` is this network with the weights of the package.

    Args:
        filters: channels at 28, 14, 7 and again 7 pixels; the last is the size of the features.
        num_classes: the number of logits, positive.
        seed: seed of the random weights, at least 0; None to use Keras' global seed.
        name: the model's name.

    Returns:
        A model from float ``(batch, 28, 28, 1)`` in [-1, 1] to ``[features, logits]``, float32
        ``(batch, filters[-1])`` and ``(batch, num_classes)``.

    Raises:
        ValueError: if ``filters`` are not four positive numbers, or ``num_classes`` is not positive.

    Example:
        >>> [output.shape for output in fashion_classifier().outputs]
        [(None, 128), (None, 10)]
    """
    require_channels_last()
    if len(filters) != 4 or min(filters) < 1:
        raise ValueError(f"`filters` must hold four positive numbers. Received: filters={filters}")
    if num_classes < 1:
        raise ValueError(f"`num_classes` must be positive. Received: num_classes={num_classes}")

    def convolve(x: Any, number: int, width: int) -> Any:
        initializer = keras.initializers.HeNormal(None if seed is None else 8 * seed + number)
        x = layers.Conv2D(
            width, 3, padding="same", use_bias=False, kernel_initializer=initializer, name=f"conv{number}"
        )(x)
        return layers.ReLU(name=f"relu{number}")(BatchNormalization(momentum=0.95, name=f"norm{number}")(x))

    images = keras.Input((28, 28, 1), name="images")
    x = layers.MaxPooling2D(2, name="pool1")(convolve(images, 1, filters[0]))
    x = convolve(convolve(x, 2, filters[1]), 3, filters[1])
    x = layers.MaxPooling2D(2, name="pool2")(x)
    x = convolve(convolve(x, 4, filters[2]), 5, filters[3])
    features = layers.GlobalAveragePooling2D(dtype=keras.config.floatx(), name="features")(x)
    initializer = keras.initializers.GlorotUniform(None if seed is None else 8 * seed + 6)
    logits = layers.Dense(num_classes, kernel_initializer=initializer, dtype=keras.config.floatx(), name="logits")(
        features
    )
    return keras.Model(images, [features, logits], name=name)
