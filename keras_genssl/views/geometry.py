"""Views that move or resample pixels: crops, flips, blur."""

import math
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from keras_genssl.views.base import Parameters, View, check_probability, check_range, chosen


def _triangle(x: Any) -> Any:
    return ops.relu(1 - x)


def _cubic(x: Any) -> Any:
    # Both pieces are 0 where they meet, at 1, so they can be added. A choice pixel by pixel would be slower.
    near, far = ops.minimum(x, 1.0), ops.clip(2 - x, 0.0, 1.0)
    return near * near * (1.5 * near - 2.5) + (far * far * (0.5 * far - 0.5) + 1)


KERNELS = {"bilinear": _triangle, "bicubic": _cubic}


def resizing(start: Any, length: Any, full: int, size: int, interpolation: str) -> Any:
    """Returns matrices that cut intervals out of `full` samples and resize them to `size`, as Pillow does.

    An output sample is the weighted mean of the input samples under the kernel. If the interval shrinks, the kernel is
    stretched accordingly (anti-aliasing). Samples outside the interval do not count.

    Args:
        start: Float `(batch,)`, the first sample of each interval.
        length: Float `(batch,)`, at least 1, the samples in each.
        full: The number of samples.
        size: The number of output samples.
        interpolation: A name in `KERNELS`; cubic is Keys' with a = -0.5.

    Returns:
        Float `(batch, size, full)`; rows sum to one.
    """
    start, length = start[:, None, None], length[:, None, None]
    step = length / size
    unit = 1 / ops.maximum(step, 1.0)  # unit of the kernel, in samples
    centres = start + (ops.arange(size, dtype=start.dtype)[None, :, None] + 0.5) * step
    samples = ops.arange(full, dtype=start.dtype)[None, None, :] + 0.5
    inside = ops.cast(ops.abs(samples - (start + length / 2)) < length / 2, start.dtype)  # (batch, 1, full)
    weights = KERNELS[interpolation](ops.abs(samples * unit - centres * unit)) * inside
    return weights / ops.sum(weights, axis=-1, keepdims=True)


def separable(planes: Any, rows: Any, columns: Any) -> Any:
    """Applies a matrix to the rows and a matrix to the columns of each image.

    Args:
        planes: Float `(c, batch, h, w)`.
        rows: Float `(batch, new h, h)`.
        columns: Float `(batch, new w, w)`.

    Returns:
        Float `(c, batch, new h, new w)`.
    """
    return ops.matmul(ops.matmul(rows, planes), ops.transpose(columns, (0, 2, 1)))


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


@keras.saving.register_keras_serializable(package="keras_genssl")
class RandomFlip(View):
    """Mirrors the image left to right, with a probability.

    Args:
        probability: In [0, 1].
        seed: See `View`.
        name: The layer's name.

    Raises:
        ValueError: If `probability` is outside its range.

    Example:
        >>> row = ops.reshape(ops.array([-1.0, 0.0, 1.0]), (1, 1, 3, 1))
        >>> RandomFlip(probability=1.0)(row)[0, 0, :, 0].numpy().tolist()
        [1.0, 0.0, -1.0]
    """

    num_chances: ClassVar[int] = 1

    def __init__(self, probability: float = 0.5, seed: int | None = None, name: str | None = None) -> None:
        super().__init__(seed=seed, name=name)
        self.probability = check_probability(probability)

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> Parameters:
        """Returns `flip`, bool `(batch,)`."""
        return {"flip": chances[:, 0] < self.probability}

    def change(self, planes: Any, parameters: Parameters) -> Any:
        """Returns the images, some of them flipped."""
        return chosen(parameters["flip"], ops.flip(planes, axis=3), planes)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "probability": self.probability}


@keras.saving.register_keras_serializable(package="keras_genssl")
class GaussianBlur(View):
    """Blurs the image with a Gaussian of random width, with a probability.

    SimCLR, Appendix A: the standard deviation is uniform in `sigma`, and the kernel is a tenth of the image's height.
    The Gaussian is cut off there and sums to one, and borders are mirrored, as in torchvision. (SimCLR's own code
    darkens borders with zeros.)

    Reference:
        - Chen et al. 2020, [A Simple Framework for Contrastive Learning of Visual Representations, Appendix
          A](https://arxiv.org/abs/2002.05709)

    Args:
        sigma: `(low, high)` in pixels, positive.
        probability: In [0, 1].
        kernel_size: Side of the kernel in pixels, odd; None for SimCLR's ``2 * (height // 10 // 2) + 1``, at least 3.
        seed: See `View`.
        name: The layer's name.

    Raises:
        ValueError: If an argument is outside its range, or an image is not larger than half the kernel.

    Example:
        >>> GaussianBlur(sigma=(0.1, 2.0), probability=0.5)(ops.zeros((2, 32, 32, 3))).shape
        TensorShape([2, 32, 32, 3])
    """

    num_chances: ClassVar[int] = 2

    def __init__(
        self,
        sigma: tuple[float, float] = (0.1, 2.0),
        probability: float = 0.5,
        kernel_size: int | None = None,
        seed: int | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(seed=seed, name=name)
        if kernel_size is not None and (not isinstance(kernel_size, int) or kernel_size < 1 or kernel_size % 2 == 0):
            raise ValueError(f"`kernel_size` must be a positive odd integer. Received: kernel_size={kernel_size}")
        self.sigma = check_range("sigma", sigma, 0, math.inf)
        self.probability = check_probability(probability)
        self.kernel_size = kernel_size

    def draw(self, chances: Any, image_shape: tuple[int, int, int]) -> Parameters:
        """Returns `sigma`, `(batch,)`; it is 0 for unchanged images."""
        low, high = self.sigma
        return {"sigma": ops.where(chances[:, 0] < self.probability, low + chances[:, 1] * (high - low), 0.0)}

    def change(self, planes: Any, parameters: Parameters) -> Any:
        """Returns the images, some of them blurred."""
        rows, columns = planes.shape[2:]
        size = self.kernel_size or max(3, 2 * (rows // 10 // 2) + 1)
        radius = size // 2
        if min(rows, columns) <= radius:
            raise ValueError(
                "Images must be larger than half the kernel. "
                f"Received: kernel_size={size}, images of {rows} x {columns} pixels"
            )
        sigma = parameters["sigma"][:, None]
        squares = ops.convert_to_tensor(np.arange(-radius, radius + 1) ** 2, dtype=sigma.dtype)
        # The smallest width that gives finite weights. For 0 the kernel is 1 in the middle, and the image is unchanged.
        kernel = ops.exp(-squares / (2 * ops.square(ops.maximum(sigma, 1e-2))))
        kernel = kernel / ops.sum(kernel, axis=1, keepdims=True)  # (batch, size)
        return ops.clip(separable(planes, _matrices(kernel, rows), _matrices(kernel, columns)), -1.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "sigma": self.sigma,
            "probability": self.probability,
            "kernel_size": self.kernel_size,
        }


def _matrices(kernel: Any, length: int) -> Any:
    """Returns convolutions with kernels `(batch, size)` as matrices `(batch, length, length)`, borders mirrored."""
    size = kernel.shape[1]
    sources = np.arange(length)[:, None] + np.arange(size) - size // 2  # (length, size)
    sources = np.abs(sources)
    sources = length - 1 - np.abs(length - 1 - sources)
    taps = (sources[:, :, None] == np.arange(length)).transpose(1, 0, 2)  # (size, length, length)
    taps = ops.convert_to_tensor(taps.reshape(size, -1), dtype=kernel.dtype)
    return ops.reshape(ops.matmul(kernel, taps), (-1, length, length))
