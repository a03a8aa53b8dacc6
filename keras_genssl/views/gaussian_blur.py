"""Random blur."""

import math
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from keras_genssl.views.base import Parameters, View, check_probability, check_range
from keras_genssl.views.resampling import separable


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
