"""DiffAugment: random changes of the images that a discriminator sees, through which gradients pass.

Guide: docs/small_data.md.
"""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.layers.image_augmentation import ImageAugmentation, drawn_integers, sampled


@keras.saving.register_keras_serializable(package="keras_genssl")
class DiffAugment(ImageAugmentation):
    """Random colours, translation and cutout of every image that a discriminator sees, real or generated.

    Zhao et al., 2020: with few images a discriminator learns them by heart. If it sees real images changed at random,
    it needs many more updates for that; if it sees generated images changed in the same way, and gradients pass through
    the change, the generator still learns the images as they are. Put in front of a discriminator by
    `backbones.augmented`. Each image gets parameters of its own, in this order:

    - colour: ``x + b`` with b uniform on [-1/2, 1/2); then saturation, ``m + s (x - m)`` with s uniform on [0, 2) and
      m the mean over the channels of each pixel; then contrast, ``m + c (x - m)`` with c uniform on [1/2, 3/2) and m
      the mean of the image. Saturation does nothing to images of one channel. Values may leave [-1, 1].
    - translation by whole pixels, up to an eighth of each side in both directions; what enters is 0, mid-grey.
    - cutout: a rectangle of half of each side is 0. Its centre is uniform in the image, so that it may lie half
      outside.

    Only with ``training=True``; otherwise images are returned unchanged. On several replicas, each draws its own
    parameters, as with Dropout: a method may show real and generated images together or one after the other, so the
    layer cannot know which row of one device's batch an image would be.

    Reference:
        - Zhao et al. 2020, [Differentiable Augmentation for Data-Efficient GAN
          Training](https://arxiv.org/abs/2006.10738)

    Args:
        colour: whether colours are changed.
        translation: the largest translation as a share of the side, in [0, 1]; 0 for none.
        cutout: the side of the rectangle as a share of the image's, in [0, 1]; 0 for none.
        seed: an int that makes the parameters reproducible; None for Keras' global seed.

    Call: images float ``(batch, h, w, c)``, h, w and c known; returns the same shape in `keras.config.floatx()`.

    Raises:
        ValueError: if an argument is outside its range, or the size of the images is not known.

    Example:
        >>> images = ops.ones((2, 8, 8, 1))
        >>> bool(ops.all(DiffAugment()(images, training=False) == images))
        True
        >>> cut = DiffAugment(colour=False, translation=0.0, seed=1)(images, training=True)
        >>> set(ops.convert_to_numpy(cut).ravel().tolist())
        {0.0, 1.0}
    """

    num_chances = 7

    def __init__(
        self,
        colour: bool = True,
        translation: float = 0.125,
        cutout: float = 0.5,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.colour = bool(colour)
        self.translation = finite("translation", translation, 0, 1)
        self.cutout = finite("cutout", cutout, 0, 1)

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> dict[str, Any]:
        """Returns `brightness`, `saturation` and `contrast`, `(batch,)`, and `shift` and `centre`, int32 `(batch, 2)`.

        `shift` is by how many pixels the image moves down and right, `centre` the row and column of the cutout's.
        """
        sides = image_shape[:2]
        most = [int(side * self.translation + 0.5) for side in sides]
        # A rectangle of an odd side has a pixel in its middle; one of an even side may be centred on any edge.
        places = [side + 1 - self._cut(side) % 2 for side in sides]
        shift = [drawn_integers(chances[:, 3 + axis], -most[axis], most[axis]) for axis in range(2)]
        centre = [drawn_integers(chances[:, 5 + axis], 0, places[axis] - 1) for axis in range(2)]
        return {
            "brightness": chances[:, 0] - 0.5,
            "saturation": chances[:, 1] * 2.0,
            "contrast": chances[:, 2] + 0.5,
            "shift": ops.stack(shift, axis=1),
            "centre": ops.stack(centre, axis=1),
        }

    def _cut(self, side: int) -> int:
        return int(side * self.cutout + 0.5)

    def apply(self, images: Any, parameters: dict[str, Any]) -> Any:
        """Returns images `(batch, h, w, c)` changed with given parameters, as `call` does with drawn ones."""
        if self.colour:
            images = self._coloured(images, parameters)
        if self.translation:
            images = _shifted(images, parameters["shift"])
        if self.cutout:
            images = images * self._kept(images, parameters["centre"])
        return images

    def _coloured(self, images: Any, parameters: dict[str, Any]) -> Any:
        brightness, saturation, contrast = (
            ops.reshape(parameters[name], (-1, 1, 1, 1)) for name in ("brightness", "saturation", "contrast")
        )
        images = images + brightness
        if images.shape[-1] > 1:
            grey = ops.mean(images, axis=-1, keepdims=True)
            images = grey + saturation * (images - grey)
        mean = ops.mean(images, axis=(1, 2, 3), keepdims=True)
        return mean + contrast * (images - mean)

    def _kept(self, images: Any, centre: Any) -> Any:
        """1 outside of the rectangle and 0 inside, `(batch, h, w, 1)`."""
        inside = []
        for axis, side in enumerate(images.shape[1:3]):
            first = ops.reshape(centre[:, axis], (-1, 1)) - self._cut(side) // 2
            places = ops.reshape(ops.arange(side, dtype="int32"), (1, -1))
            inside.append(ops.logical_and(places >= first, places < first + self._cut(side)))  # (batch, side)
        rows, columns = inside
        cut = ops.logical_and(ops.expand_dims(rows, 2), ops.expand_dims(columns, 1))  # (batch, h, w)
        return 1.0 - ops.cast(ops.expand_dims(cut, 3), images.dtype)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "colour": self.colour,
            "translation": self.translation,
            "cutout": self.cutout,
        }


def _shifted(images: Any, shift: Any) -> Any:
    """Moves images by whole pixels, int32 `(batch, 2)`, down and right; 0 enters."""
    height, width = images.shape[1:3]
    down, right = (ops.reshape(shift[:, axis], (-1, 1, 1)) for axis in range(2))
    rows = ops.reshape(ops.arange(height, dtype="int32"), (1, -1, 1)) - down  # (batch, h, 1): where a pixel comes from
    columns = ops.reshape(ops.arange(width, dtype="int32"), (1, 1, -1)) - right  # (batch, 1, w)
    known = ops.logical_and(
        ops.logical_and(rows >= 0, rows < height), ops.logical_and(columns >= 0, columns < width)
    )  # (batch, h, w)
    moved = sampled(images, ops.clip(rows, 0, height - 1) * width + ops.clip(columns, 0, width - 1))
    return moved * ops.cast(ops.expand_dims(known, 3), images.dtype)
