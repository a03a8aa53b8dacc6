"""Layers that pad or crop images: by reflection, to a multiple of a size, to the size of another image."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.layers.preprocessing import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class ReflectionPadding2D(ImageLayer):
    """Pads images by mirroring them at their border pixels, which are not repeated: ``cb|abc|ba``.

    Translation and style networks pad images in this way before a convolution, because zeros would draw a frame
    (Johnson, Alahi and Fei-Fei, 2016, supplement).

    Reference:
        - Johnson et al. 2016, [Perceptual Losses for Real-Time Style Transfer and Super-Resolution,
          supplement](https://arxiv.org/abs/1603.08155)

    Args:
        padding: pixels at each side, an int of at least 0, or ``((top, bottom), (left, right))``. Images must be
            larger than the padding.

    Raises:
        ValueError: if ``padding`` is invalid, or an image is not larger than it.

    Example:
        >>> row = keras.ops.reshape(keras.ops.array([1.0, 2.0, 3.0]), (1, 1, 3, 1))
        >>> ReflectionPadding2D(((0, 0), (2, 1)))(row)[0, 0, :, 0].numpy().tolist()
        [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]
    """

    def __init__(self, padding: int | tuple[tuple[int, int], tuple[int, int]] = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_spec = keras.layers.InputSpec(ndim=4)
        sides = ((padding, padding), (padding, padding)) if isinstance(padding, int) else padding
        fits = len(sides) == 2 and all(len(pair) == 2 for pair in sides)
        if not fits or not all(isinstance(size, int) and size >= 0 for pair in sides for size in pair):
            raise ValueError(
                "`padding` must be an int of at least 0 or ((top, bottom), (left, right)) of such. "
                f"Received: padding={padding!r}"
            )
        self.padding = tuple(tuple(pair) for pair in sides)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """``(batch, h + top + bottom, w + left + right, c)``; unknown sizes stay unknown."""
        batch, *sizes, channels = input_shape
        for size, pair in zip(sizes, self.padding, strict=True):
            if size is not None and size <= max(pair):
                raise ValueError(
                    f"Images must be larger than `padding`. Received: padding={self.padding}, images of shape "
                    f"{(*sizes, channels)}"
                )
        grown = [None if size is None else size + sum(pair) for size, pair in zip(sizes, self.padding, strict=True)]
        return (batch, *grown, channels)

    def call(self, inputs: Any) -> Any:
        """Pad images ``(batch, h, w, c)``."""
        self.compute_output_shape(inputs.shape)  # refuses images that are too small
        return ops.pad(inputs, ((0, 0), *self.padding, (0, 0)), mode="reflect")

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "padding": self.padding}


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


@keras.saving.register_keras_serializable(package="keras_genssl")
class CropToSize(ImageLayer):
    """Crops the centre of images to the height and width of others. It undoes `PadToMultiple`.

    Call: ``[images, reference]``, ``(batch, h', w', c)`` and ``(batch, h, w, any)`` with h' >= h and w' >= w, sizes
    known or not; returns ``(batch, h, w, c)``.

    Raises:
        ValueError: if it is known that the images are smaller than the reference.

    Example:
        >>> row = keras.ops.reshape(keras.ops.array([3.0, 2.0, 1.0, 2.0]), (1, 1, 4, 1))
        >>> CropToSize()([row, keras.ops.ones((1, 1, 1, 3))]).numpy().ravel().tolist()
        [2.0]
    """

    def compute_output_shape(self, input_shape: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """The images' shape with the reference's height and width."""
        images, reference = (tuple(shape) for shape in input_shape)
        for large, small in zip(images[1:3], reference[1:3], strict=True):
            if large is not None and small is not None and large < small:
                raise ValueError(
                    "CropToSize takes images that are no smaller than the reference. "
                    f"Received: images of shape {images}, a reference of shape {reference}"
                )
        return (images[0], *reference[1:3], images[-1])

    def call(self, inputs: list[Any]) -> Any:
        """Crop the first of two inputs to the size of the second."""
        images, reference = inputs
        self.compute_output_shape([images.shape, reference.shape])  # refuses images that are too small
        _, height, width, _ = ops.shape(reference)
        _, large_height, large_width, _ = ops.shape(images)
        top, left = (large_height - height) // 2, (large_width - width) // 2
        return images[:, top : top + height, left : left + width]
