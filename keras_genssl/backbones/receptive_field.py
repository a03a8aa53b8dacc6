"""The receptive field of a network."""

import keras

from keras_genssl.checks.data_format import require_channels_last
from keras_genssl.layers import BicubicUpsampling, PixelShuffle

# Layers whose output pixel depends only on the input pixel at the same place.
_POINTWISE = (
    keras.layers.Activation,
    keras.layers.Add,
    keras.layers.BatchNormalization,
    keras.layers.Concatenate,
    keras.layers.InputLayer,
    keras.layers.LeakyReLU,
    keras.layers.PReLU,
    keras.layers.ReLU,
    keras.layers.Rescaling,
    PixelShuffle,
)


def receptive_radius(network: keras.Model) -> int | None:
    """Returns how many input pixels away an output pixel of a convolutional network can look, at most.

    The sum over all convolutions, as if they stood in one row, in pixels of the input: an upper bound for
    networks with skips and for convolutions behind an up-sampling.

    Args:
        network: A built functional model of images.

    Returns:
        The radius in pixels; None if a layer looks at the whole image, has strides, or is of an unknown type.

    Example:
        >>> from keras_genssl.backbones import srcnn
        >>> receptive_radius(srcnn(kernels=(9, 1, 5)))
        6
    """
    require_channels_last()
    radius = 0
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            inner = receptive_radius(layer)
            if inner is None:
                return None
            radius += inner
        elif isinstance(layer, keras.layers.Conv2D) and set(layer.strides) == {1}:
            radius += max(size // 2 * rate for size, rate in zip(layer.kernel_size, layer.dilation_rate, strict=True))
        elif isinstance(layer, BicubicUpsampling):
            radius += 2
        elif not isinstance(layer, _POINTWISE):
            return None
    return radius
