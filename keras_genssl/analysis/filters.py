"""Pictures of the filters of a network's first layer."""

from collections.abc import Iterator
from typing import Any

import numpy as np


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
