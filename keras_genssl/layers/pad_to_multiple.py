"""Padding to sizes that a network can halve."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.layers.image_layer import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class PadToMultiple(ImageLayer):
    """Pads images by reflection until their height and width are multiples of a number.

    A network that halves its images k times returns images of the same size only if ``2 ** k`` divides the size.
    Between this layer and `CropToSize` it works for every size. Padding is equal on both sides; if the total is odd,
    the bottom or right side gets one pixel more. The image is mirrored at its border pixels, which are not repeated,
    and mirrored again as often as needed; an image of one pixel is repeated. The result equals
    ``numpy.pad(mode="reflect")``. Images that fit are not changed.

    Args:
        multiple: divisor of the padded height and width, an int of at least 1, or ``(vertical, horizontal)``.
        minimum: the smallest padded height and width, an int of at least 1, or ``(vertical, horizontal)``; rounded up
            to a multiple.

    Call: images ``(batch, h, w, c)`` of at least one pixel, sizes known or not; returns ``(batch, h', w', c)``.

    Raises:
        ValueError: if an argument is invalid.

    Example:
        >>> row = keras.ops.reshape(keras.ops.array([1.0, 2.0, 3.0]), (1, 1, 3, 1))
        >>> PadToMultiple((1, 8))(row)[0, 0, :, 0].numpy().tolist()
        [3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0, 2.0]
    """

    def __init__(self, multiple: int | tuple[int, int], minimum: int | tuple[int, int] = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_spec = keras.layers.InputSpec(ndim=4)
        self.multiple = _pair("multiple", multiple)
        self.minimum = _pair("minimum", minimum)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """``(batch, h', w', c)``; unknown sizes stay unknown."""
        batch, *sizes, channels = input_shape
        return (batch, *(None if size is None else self._padded(size, at) for at, size in enumerate(sizes)), channels)

    def call(self, inputs: Any) -> Any:
        """Pad images."""
        for at, size in enumerate(ops.shape(inputs)[1:3]):
            padded = self._padded(size, at)
            known = isinstance(size, int)
            if known and padded == size:
                continue
            before = (padded - size) // 2
            places = np.arange(padded) - before if known else ops.arange(padded, dtype="int32") - before
            inputs = ops.take(inputs, _reflected(places, size), axis=1 + at)
        return inputs

    def _padded(self, size: Any, at: int) -> Any:
        """Returns the padded size, by arithmetic for numbers and tensors."""
        multiple, minimum = self.multiple[at], self.minimum[at]
        least = -(-minimum // multiple) * multiple
        whole = -(-size // multiple) * multiple
        return max(whole, least) if isinstance(size, int) else ops.maximum(whole, least)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "multiple": self.multiple, "minimum": self.minimum}


def _reflected(places: Any, size: Any) -> Any:
    """Returns the pixels in 0 ... size - 1 at any integer places of an image that is mirrored endlessly."""
    period = 2 * (size - 1)
    if isinstance(size, int):
        places = places % max(period, 1)
        return np.minimum(places, period - places) if period else places
    places = ops.mod(places, ops.maximum(period, 1))  # with one pixel, all places are 0
    return ops.where(places < size, places, period - places)


def _pair(name: str, value: int | tuple[int, int]) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2 or not all(isinstance(each, int) and each >= 1 for each in pair):
        raise ValueError(f"`{name}` must be an int of at least 1 or two of such. Received: {name}={value!r}")
    return pair[0], pair[1]
