"""What the augmentations of a discriminator's images share."""

import math
from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.layers.preprocessing import ImageLayer


class ImageAugmentation(ImageLayer):
    """Base class of layers that change each image at random in training, and do nothing in inference.

    A subclass defines the number of random numbers of an image (`num_chances`), the parameters that are made from them
    (`draw`), and the change (`apply`). The last two are deterministic; gradients of any order pass through `apply`.

    Args:
        seed: an int that makes the parameters reproducible; None for Keras' global seed.
        **kwargs: those of `keras.layers.Layer`.
    """

    num_chances: ClassVar[int]

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**{"dtype": keras.config.floatx(), **kwargs})  # half precision would move images to its levels
        self.seed = seed
        # On several replicas the engine folds the replica's number in, as it does for Dropout.
        self.seed_generator = keras.random.SeedGenerator(seed)

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> dict[str, Any]:
        """Returns the parameters made from random numbers.

        Args:
            chances: float `(batch, num_chances)`, uniform on [0, 1).
            image_shape: `(h, w, c)`.

        Returns:
            Tensors `(batch, ...)` by name.
        """
        raise NotImplementedError

    def apply(self, images: Any, parameters: dict[str, Any]) -> Any:
        """Returns images `(batch, h, w, c)` changed with given parameters, as `call` does with drawn ones."""
        raise NotImplementedError

    def call(self, images: Any, training: bool = False) -> Any:
        """Changes the images at random if ``training``."""
        self.compute_output_shape(images.shape)
        if not training:
            return images
        chances = keras.random.uniform(
            (ops.shape(images)[0], self.num_chances), dtype=self.compute_dtype, seed=self.seed_generator
        )
        return self.apply(images, self.draw(chances, tuple(images.shape[1:])))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns the input's shape; refuses images of unknown size."""
        if len(input_shape) != 4 or None in input_shape[1:] or input_shape[-1] not in (1, 3):
            raise ValueError(
                f"{type(self).__name__} takes images (batch, height, width, channels) of known size, of 1 or 3 "
                f"channels. Received: shape={tuple(input_shape)}"
            )
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}


def drawn_integers(chance: Any, least: int, most: int) -> Any:
    """Integers of [least, most], all as likely, from numbers uniform on [0, 1); int32 of the same shape."""
    steps = ops.floor(chance * (most - least + 1))
    return ops.minimum(ops.cast(steps, "int32") + least, most)  # a float just below 1 may round up


def drawn_normals(chance: Any) -> Any:
    """Standard normal numbers, at most 5.2 in magnitude, from numbers uniform on [0, 1); float of the same shape."""
    return math.sqrt(2.0) * ops.erfinv(ops.clip(2.0 * chance - 1.0, -_BELOW_1, _BELOW_1))


def sampled(images: Any, places: Any) -> Any:
    """The pixels at given places of each image.

    Args:
        images: `(batch, h, w, c)`.
        places: int `(batch, new h, new w)`, ``row * w + column``.

    Returns:
        `(batch, new h, new w, c)`.
    """
    size, height, width = ops.shape(places)
    pixels = ops.reshape(images, (-1, images.shape[1] * images.shape[2], images.shape[3]))
    taken = ops.take_along_axis(pixels, ops.reshape(places, (size, height * width, 1)), axis=1)
    return ops.reshape(taken, (size, height, width, images.shape[3]))


_BELOW_1 = 1.0 - 2.0**-22  # at 1 itself the inverse of the error function is infinite
