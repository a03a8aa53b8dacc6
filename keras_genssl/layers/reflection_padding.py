"""Padding that mirrors the image."""

from typing import Any

import keras
from keras import ops

from keras_genssl.layers.image_layer import ImageLayer


@keras.saving.register_keras_serializable(package="keras_genssl")
class ReflectionPadding2D(ImageLayer):
    """Pads images by mirroring them at their border pixels, which are not repeated: ``cb|abc|ba``.

    Translation and style networks pad so before a convolution: zeros would draw a frame (Johnson, Alahi and Fei-Fei,
    2016, supplement).

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
