"""Pictures of many images, and of filters."""

import math
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_genssl.checks import arrays


def image_grid(
    images: npt.ArrayLike, columns: int | None = None, padding: int = 2, background: int = 255
) -> np.ndarray:
    """Lay images out on one sheet, row by row.

    Args:
        images: `(num, height, width, 1 or 3)`, uint8 or float in [-1, 1].
        columns: images in a row; by default `ceil(sqrt(num))`, for a square sheet.
        padding: pixels between images and around the sheet, at least 0.
        background: value of the padding and of empty places, 0 ... 255.

    Returns:
        uint8 `(rows * (height + padding) + padding, columns * (width + padding) + padding, channels)`.

    Raises:
        ValueError: if an argument is invalid, or a float lies outside [-1, 1].

    Example:
        >>> sheet = image_grid(np.zeros((5, 28, 28, 1), np.uint8))
        >>> sheet.shape, int(sheet[0, 0, 0]), int(sheet[2, 2, 0])
        ((62, 92, 1), 255, 0)
    """
    images = to_uint8(images)
    num, height, width, channels = images.shape
    columns = math.ceil(math.sqrt(num)) if columns is None else columns
    if columns < 1:
        raise ValueError(f"`columns` must be at least 1, or None. Received: columns={columns}")
    if padding < 0:
        raise ValueError(f"`padding` must not be negative. Received: padding={padding}")
    if not 0 <= background <= 255:
        raise ValueError(f"`background` must lie in 0 ... 255. Received: background={background}")
    rows = math.ceil(num / columns)
    cells = np.full((rows * columns, height + padding, width + padding, channels), background, np.uint8)
    cells[:num, padding:, padding:] = images
    cells = cells.reshape(rows, columns, height + padding, width + padding, channels)
    sheet = cells.swapaxes(1, 2).reshape(rows * (height + padding), columns * (width + padding), channels)
    return np.pad(sheet, ((0, padding), (0, padding), (0, 0)), constant_values=background)


def save_image_grid(
    path: str | os.PathLike[str],
    images: npt.ArrayLike,
    columns: int | None = None,
    padding: int = 2,
    background: int = 255,
) -> None:
    """Writes `image_grid` of the same arguments as a PNG.

    Args:
        path: file to write.
        images: `(num, height, width, 1 or 3)`, uint8 or float in [-1, 1].
        columns: images in a row; by default those of a square sheet.
        padding: pixels between images and around the sheet, at least 0.
        background: value of the padding and of empty places, 0 ... 255.

    Raises:
        ValueError: if an argument is invalid.

    Example:

        kg.analysis.save_image_grid("out/samples.png", gan.sample(64, seed=0))
    """
    from PIL import Image

    sheet = image_grid(images, columns, padding, background)
    Image.fromarray(sheet[..., 0] if sheet.shape[-1] == 1 else sheet).save(path, "PNG", optimize=True)


def to_uint8(images: npt.ArrayLike) -> np.ndarray:
    """Returns a batch of images as uint8: floats in [-1, 1] are scaled and rounded, uint8 is unchanged.

    Args:
        images: `(num, height, width, 1 or 3)`, uint8 or float in [-1, 1].

    Returns:
        uint8 array of the same shape.

    Raises:
        ValueError: if the shape or the dtype is another, or a float lies outside [-1, 1].

    Example:
        >>> to_uint8(np.array([-1.0, 0.0, 1.0]).reshape(1, 3, 1, 1)).ravel().tolist()
        [0, 128, 255]
    """
    images = arrays.level_batch(images)
    if images.shape[-1] not in (1, 3) or not images.size:
        raise ValueError(f"`images` must be (num, height, width, 1 or 3). Received: shape {images.shape}")
    return images


def first_layer_filters(network: Any) -> np.ndarray:
    """Returns the weights of the first layer of a network, each filter as an image.

    Each filter is divided by its largest magnitude: mid-grey is 0, and white and black are equally strong.

    Args:
        network: a built `keras.Model`, an encoder or classifier, whose first layer with weights is a `Dense` on
            all pixels of an image or a `Conv2D`. Layers without weights (noise, dropout, flattening) may precede.

    Returns:
        float32 array in [-1, 1], `(units, height, width, channels)` of a dense layer, the size that of the network's
        input, and `(filters, kernel_height, kernel_width, channels)` of a convolution.

    Raises:
        ValueError: if there is no such layer, or the network's input is not an image's size.

    Example:

        filters = kg.analysis.first_layer_filters(autoencoder.encoder)
        kg.analysis.save_image_grid("out/filters.png", filters)
    """
    import keras

    if not getattr(network, "built", False):
        raise ValueError("`network` must be built: it has no weights yet.")
    layer = next((layer for layer in _layers(network) if layer.weights), None)
    if isinstance(layer, keras.layers.Dense):
        kernel = np.asarray(layer.kernel, np.float32)  # (pixels * channels, units)
        size = tuple(network.input_shape[1:])
        if len(size) != 3 or None in size or kernel.shape[0] != int(np.prod(size)):
            raise ValueError(
                "A dense first layer must see all pixels of an image (height, width, channels). "
                f"Received: an input of shape {size}, a kernel of shape {kernel.shape}"
            )
        filters = kernel.T.reshape(-1, *size)
    elif isinstance(layer, keras.layers.Conv2D):
        filters = np.asarray(layer.kernel, np.float32).transpose(3, 0, 1, 2)
    else:
        raise ValueError(f"The first layer with weights must be Dense or Conv2D. Received: {layer}")
    largest = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    return filters / np.where(largest > 0, largest, 1.0)


def _layers(network: Any) -> Iterator[Any]:
    """Yields all layers that are not containers, in order."""
    for layer in network.layers:
        if hasattr(layer, "layers"):
            yield from _layers(layer)
        else:
            yield layer
