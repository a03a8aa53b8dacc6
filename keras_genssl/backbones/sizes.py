"""Sizes of images in networks: what goes in, what is seen, what comes out."""

import keras
from keras import layers

from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import BicubicUpsampling, PixelShuffle

_STAGES: dict[int, tuple[int, ...]] = {2: (2,), 3: (3,), 4: (2, 2)}


def check_scale(scale: int) -> None:
    """Raise ValueError unless ``scale`` is 2, 3 or 4."""
    if scale not in _STAGES:
        raise ValueError(f"`scale` must be 2, 3 or 4. Received: scale={scale}")


def stages(scale: int) -> tuple[int, ...]:
    """Returns the factors of the sub-pixel stages that reach ``scale``: one for 2 and 3, two factors of 2 for 4."""
    check_scale(scale)
    return _STAGES[scale]


_BASES = {28: 7, 32: 4, 64: 4, 128: 4}


def halvings(image_shape: tuple[int, int, int]) -> tuple[int, int]:
    """Returns the side of the smallest feature map, and how often the image's side is halved to reach it.

    Args:
        image_shape: ``(side, side, channels)``, side 28, 32, 64 or 128, channels 1 or 3.

    Raises:
        ValueError: if the shape is not supported.

    Example:
        >>> halvings((28, 28, 1)), halvings((64, 64, 3))
        ((7, 2), (4, 4))
    """
    shape = tuple(image_shape)
    if len(shape) != 3 or shape[0] != shape[1] or shape[0] not in _BASES or shape[2] not in (1, 3):
        raise ValueError(
            "`image_shape` must be (side, side, channels) with a side of 28, 32, 64 or 128 and 1 or 3 channels. "
            f"Received: image_shape={image_shape}"
        )
    base = _BASES[shape[0]]
    return base, (shape[0] // base).bit_length() - 1


def check_widths(**widths: int | None) -> None:
    """Raise ValueError for the first argument that is given and not at least 1."""
    for name, value in widths.items():
        if value is not None and value < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")


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


def receptive_radius(*layers: keras.layers.Layer) -> int | None:
    """Returns how many input pixels away an output pixel of a convolutional network can look, at most.

    The sum over all convolutions, as if they stood in one row, in pixels of the input: an upper bound for networks with
    skips and for convolutions behind an up-sampling. Where strides leave one output pixel of a square of input pixels,
    the distance is that from the square.

    Args:
        *layers: A built functional model of images; or several models and layers, one applied after the other.

    Returns:
        The radius in pixels; None if a layer looks at the whole image, gives less than the image (padding "valid"), or
        is of an unknown type.

    Example:
        >>> from keras_genssl.backbones import srcnn
        >>> receptive_radius(srcnn(kernels=(9, 1, 5)))
        6
    """
    require_channels_last()
    radius, pixel = 0, 1  # the side of a pixel that the layer takes, in pixels of the first input, at most
    for layer in layers:
        reach = _reach(layer)
        if reach is None:
            return None
        radius += reach * pixel
        pixel *= total_stride(layer)
    return radius


def _reach(layer: keras.layers.Layer) -> int | None:
    """How far a layer looks, in pixels of its own input."""
    if isinstance(layer, keras.Model):
        return receptive_radius(*layer.layers)
    if isinstance(layer, keras.layers.Conv2D) and (layer.padding == "same" or max(layer.kernel_size) == 1):
        return max(size // 2 * rate for size, rate in zip(layer.kernel_size, layer.dilation_rate, strict=True))
    if isinstance(layer, BicubicUpsampling):
        return 2
    return 0 if isinstance(layer, _POINTWISE) else None


def total_stride(*layers: keras.layers.Layer) -> int:
    """Returns the product of the strides of all convolutions in layers and models, 1 if there are none.

    Args:
        *layers: As `receptive_radius` takes them.

    Example:
        >>> from keras_genssl.backbones import small_feature_map
        >>> total_stride(small_feature_map())
        4
    """
    require_channels_last()
    stride = 1
    for layer in layers:
        if isinstance(layer, keras.Model):
            stride *= total_stride(*layer.layers)
        elif isinstance(layer, keras.layers.Conv2D):
            stride *= max(layer.strides)
    return stride


def penultimate(model: keras.Model, name: str = "penultimate") -> keras.Model:
    """Cut a classifier before its last dense layer: the features are the input of that layer.

    This is the baseline embedding of a supervised classifier. The encoder shares the classifier's weights.

    Args:
        model: a built functional or Sequential model with a `keras.layers.Dense` on the way to its output, such as a
            `keras.applications` network with its top, or an encoder of ours with a dense layer on it.
        name: the encoder's name.

    Returns:
        A model from ``model``'s input to float32 features ``(batch, dim)``.

    Raises:
        ValueError: if ``model`` is not built or not functional, or has no dense layer on features ``(batch, dim)``.

    Example:
        >>> from keras_genssl.backbones import fashion_classifier
        >>> penultimate(fashion_classifier()).output_shape
        (None, 128)
    """
    require_channels_last()
    functional = isinstance(model, keras.Sequential) or hasattr(model, "operations")
    if not functional or not model.built:
        raise ValueError(f"`model` must be a built functional or Sequential model. Received: model={model!r}")
    dense = [layer for layer in model.layers if isinstance(layer, layers.Dense)]
    if not dense or len(dense[-1].input.shape) != 2:
        raise ValueError(
            "`model` must have a last Dense layer that takes features (batch, dim). "
            f"Received: {model.name!r} with Dense layers {[layer.name for layer in dense]}"
        )
    features = dense[-1].input
    if keras.backend.standardize_dtype(features.dtype) != keras.config.floatx():
        features = layers.Activation("linear", dtype=keras.config.floatx(), name="features")(features)
    inputs = model.inputs if len(model.inputs) > 1 else model.inputs[0]
    return keras.Model(inputs, features, name=name)
