"""Cropping to the size of other images."""

from typing import Any

import keras
from keras import ops

from keras_genssl.layers.image_layer import ImageLayer


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
        """Crop the first of two."""
        images, reference = inputs
        self.compute_output_shape([images.shape, reference.shape])  # refuses images that are too small
        _, height, width, _ = ops.shape(reference)
        _, large_height, large_width, _ = ops.shape(images)
        top, left = (large_height - height) // 2, (large_width - width) // 2
        return images[:, top : top + height, left : left + width]
