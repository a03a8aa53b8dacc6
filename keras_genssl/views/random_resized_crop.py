"""Random crops, resized."""

import math
from typing import Any, ClassVar

import keras
from keras import ops

from keras_genssl.views.base import Parameters, View, check_range
from keras_genssl.views.resampling import KERNELS, resizing, separable

_ATTEMPTS = 10


@keras.saving.register_keras_serializable(package="keras_genssl")
class RandomResizedCrop(View):
    """Crops a random part of the image and resizes it: the most important view of contrastive learning.

    Szegedy et al., 2015; Chen et al., 2020, Appendix A. As in torchvision, the area is uniform in `scale`, and the
    logarithm of width / height is uniform in `ratio`. The first of ten such boxes that fits is taken, at a uniform
    position in whole pixels. If none fits, the largest central box within `ratio` is taken. Crop and resize equal
    Pillow's (anti-aliased where the crop shrinks), without its rounding to eight bits, and are computed as two batched
    matrix products.

    Reference:
        - Szegedy et al. 2015, [Going Deeper with Convolutions](https://arxiv.org/abs/1409.4842)
        - Chen et al. 2020, [A Simple Framework for Contrastive Learning of Visual
          Representations](https://arxiv.org/abs/2002.05709)

    Args:
        size: The side of the views, or `(height, width)`, positive.
        scale: `(low, high)`, the share of the image's area, in (0, 1].
        ratio: `(low, high)`, width / height, positive.
        interpolation: `"bicubic"` or `"bilinear"`.
        seed: See `View`.
        name: The layer's name.

    Raises:
        ValueError: If an argument is outside its range.

    Example:
        >>> RandomResizedCrop(24, seed=0)(ops.zeros((2, 32, 40, 3))).shape
        TensorShape([2, 24, 24, 3])
    """

    num_chances: ClassVar[int] = 2 * _ATTEMPTS + 2

    def __init__(
        self,
        size: int | tuple[int, int],
        scale: tuple[float, float] = (0.08, 1.0),
        ratio: tuple[float, float] = (3 / 4, 4 / 3),
        interpolation: str = "bicubic",
        seed: int | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(seed=seed, name=name)
        sides = (size, size) if isinstance(size, int) else tuple(size)
        if len(sides) != 2 or not all(isinstance(side, int) and side > 0 for side in sides):
            raise ValueError(f"`size` must be a positive integer, or two of them. Received: size={size!r}")
        if interpolation not in KERNELS:
            raise ValueError(
                f"`interpolation` must be one of {sorted(KERNELS)}. Received: interpolation={interpolation!r}"
            )
        self.size = sides
        self.scale = check_range("scale", scale, 0, 1)
        self.ratio = check_range("ratio", ratio, 0, math.inf)
        self.interpolation = interpolation

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> Parameters:
        """Returns `top`, `left`, `height` and `width` of each crop, whole numbers as floats `(batch,)`."""
        rows, columns, _ = image_shape
        areas, ratios, places = chances[:, :_ATTEMPTS], chances[:, _ATTEMPTS:-2], chances[:, -2:]
        area = rows * columns * (self.scale[0] + areas * (self.scale[1] - self.scale[0]))
        low, high = (math.log(limit) for limit in self.ratio)
        ratio = ops.exp(low + ratios * (high - low))
        widths, heights = ops.round(ops.sqrt(area * ratio)), ops.round(ops.sqrt(area / ratio))  # (batch, attempts)
        fits = (widths >= 1) & (widths <= columns) & (heights >= 1) & (heights <= rows)
        first = ops.cast(fits & (ops.cumsum(ops.cast(fits, "int32"), axis=1) == 1), widths.dtype)
        fitted = ops.any(fits, axis=1)
        central_height, central_width = self._central(rows, columns)
        height = ops.where(fitted, ops.sum(first * heights, axis=1), float(central_height))
        width = ops.where(fitted, ops.sum(first * widths, axis=1), float(central_width))
        spare = ops.stack([rows - height, columns - width], axis=1)
        corners = ops.minimum(ops.floor(places * (spare + 1)), spare)
        corners = ops.where(fitted[:, None], corners, ops.floor(spare / 2))
        return {"top": corners[:, 0], "left": corners[:, 1], "height": height, "width": width}

    def _central(self, rows: int, columns: int) -> tuple[int, int]:
        """Returns height and width of the largest box within `ratio`."""
        if columns < rows * self.ratio[0]:
            return max(1, round(columns / self.ratio[0])), columns
        if columns > rows * self.ratio[1]:
            return rows, max(1, round(rows * self.ratio[1]))
        return rows, columns

    def change(self, planes: Any, parameters: Parameters) -> Any:
        """Returns resized crops at given positions and of given sizes."""
        rows, columns = planes.shape[2:]
        vertical = resizing(parameters["top"], parameters["height"], rows, self.size[0], self.interpolation)
        horizontal = resizing(parameters["left"], parameters["width"], columns, self.size[1], self.interpolation)
        # Cubic interpolation overshoots.
        return ops.clip(separable(planes, vertical, horizontal), -1.0, 1.0)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Returns `(batch, height, width, c)`."""
        batch, _, _, channels = super().compute_output_shape(input_shape)
        return (batch, *self.size, channels)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "size": self.size,
            "scale": self.scale,
            "ratio": self.ratio,
            "interpolation": self.interpolation,
        }
