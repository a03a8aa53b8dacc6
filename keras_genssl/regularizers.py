"""Regularizers: of images, or of codes, that are made by gradient ascent.

Guide: docs/gradient_ascent.md. What each of them changes: `benchmarks/gradient_ascent.py`.
"""

import math
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from keras import ops

from keras_genssl.checks import arrays
from keras_genssl.checks.numbers import finite, whole
from keras_genssl.views import GaussianBlur

__all__ = ["Blur", "Jitter", "L2Decay", "Regularizer", "TotalVariation"]


class Regularizer:
    """What is changed in gradient ascent so that the result looks more like an image.

    A subclass defines one of three places in a step: what the classifier sees (`seen`), what is subtracted from the
    objective (`penalty`), or what becomes of the points after the step (`changed`). The points are what moves: codes if
    they are decoded to images, otherwise the images themselves. All three are made of `keras.ops`. `analysis.ascend`
    runs them once before the first step, and refuses what has another shape than is said here.
    """

    num_chances: ClassVar[int] = 0
    """How many random numbers `seen` takes in each step."""

    def require(self, points: tuple[int, ...], images: tuple[int, ...], decoded: bool) -> None:
        """Raises ValueError if the points or images cannot be regularized.

        Args:
            points: The shape of a point.
            images: The shape of an image.
            decoded: Whether images are decoded from points.
        """

    def seen(self, images: Any, chances: Any) -> Any:
        """Returns the images that the classifier sees, in the shape of `images`.

        Args:
            images: Float `(batch, ...)`.
            chances: Float `(num_chances,)`, uniform on [0, 1), the same for the whole batch.
        """
        return images

    def penalty(self, points: Any, images: Any) -> Any:
        """Returns what is subtracted from the objective of each point, `(batch,)` or a scalar."""
        return 0.0

    def changed(self, points: Any, step: Any) -> Any:
        """Returns the points after a step, in their shape; `step` is an int32 scalar and counts from 0."""
        return points


class L2Decay(Regularizer):
    """Pulls points to a centre: subtracts `weight * |x - centre|²`.

    Of codes, a weight of 0.5 is the logarithm of the standard normal density. Its top lies at 0, far from where codes
    are drawn: codes of `dim` numbers have a length of about `sqrt(dim)`. Smaller weights keep them there.

    Reference:
        - Simonyan et al. 2013, [Deep Inside Convolutional Networks](https://arxiv.org/abs/1312.6034)

    Args:
        weight: Positive.
        centre: A number, or an array of the shape of a point, such as the mean image. For images it is uint8, which is
            scaled, or lies in [-1, 1], as they do.

    Raises:
        ValueError: If an argument is invalid.

    Example:
        >>> float(L2Decay(0.5).penalty(ops.array([[3.0, 4.0]]), None)[0])
        12.5
    """

    def __init__(self, weight: float, centre: npt.ArrayLike = 0.0) -> None:
        self.weight = finite("weight", weight, 0, above=True)
        given = np.asarray(centre)
        self.is_image = given.dtype == np.uint8
        if given.dtype.kind not in "iu" and not arrays.is_float(given.dtype):
            raise ValueError(f"`centre` must hold numbers. Received: {given.dtype}")
        self.centre = arrays.signed(given, "centre") if self.is_image else given.astype(np.float32)
        if not np.isfinite(self.centre).all():
            raise ValueError("`centre` must be finite. Received: a centre with NaN or infinity")

    def require(self, points: tuple[int, ...], images: tuple[int, ...], decoded: bool) -> None:
        if self.centre.shape not in ((), points):
            raise ValueError(
                f"`centre` must be a number, or of the shape {points} of a point. Received: shape {self.centre.shape}"
            )
        if not decoded and len(points) == 3:
            arrays.checked_images(self.centre, "centre")
        elif self.is_image:
            raise ValueError("`centre` must be float where points are not images. Received: uint8")

    def penalty(self, points: Any, images: Any) -> Any:
        """Returns `weight * |x - centre|²`, `(batch,)`."""
        return self.weight * _sums(ops.square(points - self.centre))


class TotalVariation(Regularizer):
    """Prefers images of even areas: subtracts `weight` times the sum of differences between neighbouring pixels.

    The sum is `Σ |x[i + 1, j] - x[i, j]| + Σ |x[i, j + 1] - x[i, j]|` over all channels, the value of
    `tf.image.total_variation`.

    Reference:
        - Mahendran and Vedaldi 2014, [Understanding Deep Image Representations by Inverting
          Them](https://arxiv.org/abs/1412.0035)

    Args:
        weight: Positive.

    Raises:
        ValueError: If `weight` is not positive.

    Example:
        >>> float(TotalVariation(0.5).penalty(None, ops.reshape(ops.array([0.0, 1.0, -1.0, 0.0]), (1, 2, 2, 1)))[0])
        2.0
    """

    def __init__(self, weight: float) -> None:
        self.weight = finite("weight", weight, 0, above=True)

    def require(self, points: tuple[int, ...], images: tuple[int, ...], decoded: bool) -> None:
        _require_images(self, images)

    def penalty(self, points: Any, images: Any) -> Any:
        """Returns `weight` times the total variation, `(batch,)`."""
        down = _sums(ops.abs(images[:, 1:] - images[:, :-1]))
        across = _sums(ops.abs(images[:, :, 1:] - images[:, :, :-1]))
        return self.weight * (down + across)


class Blur(Regularizer):
    """Blurs images with a Gaussian after every few steps, which removes fine patterns. Only for images, not for codes.

    The kernel is cut off at three standard deviations, and borders are mirrored.

    Reference:
        - Yosinski et al. 2015, [Understanding Neural Networks Through Deep
          Visualization](https://arxiv.org/abs/1506.06579)

    Args:
        sigma: The standard deviation in pixels, positive.
        every: Images are blurred after the steps `every`, `2 * every`, ...; positive.

    Raises:
        ValueError: If an argument is invalid.

    Example:
        >>> spot = np.zeros((1, 5, 5, 1), np.float32)
        >>> spot[0, 2, 2] = 1.0
        >>> blurred = Blur(sigma=0.5, every=4).changed(ops.array(spot), step=3)
        >>> [round(float(value), 3) for value in blurred[0, 2, :, 0]]
        [0.0, 0.084, 0.619, 0.084, 0.0]
    """

    def __init__(self, sigma: float = 0.5, every: int = 4) -> None:
        self.sigma = finite("sigma", sigma, 0, above=True)
        self.every = whole("every", every)
        self.reach = math.ceil(3 * sigma)
        self.view = GaussianBlur((sigma, sigma), probability=1.0, kernel_size=2 * self.reach + 1)

    def require(self, points: tuple[int, ...], images: tuple[int, ...], decoded: bool) -> None:
        if decoded:
            raise ValueError("`Blur` changes images, and cannot change codes. Received: Blur with `decode`")
        _require_images(self, images)
        if min(images[:2]) <= self.reach:
            raise ValueError(
                f"`sigma` must be smaller for images of {images[0]} x {images[1]} pixels, whose sides must exceed "
                f"three standard deviations. Received: sigma={self.sigma}"
            )

    def changed(self, points: Any, step: Any) -> Any:
        """Returns the images, blurred after each step that `every` divides."""
        sigmas = ops.full((ops.shape(points)[0],), self.sigma, dtype=points.dtype)
        due = ops.equal((step + 1) % self.every, 0)
        return ops.cond(due, lambda: self.view.apply(points, {"sigma": sigmas}), lambda: points)


class Jitter(Regularizer):
    """Shows the classifier images that are shifted at random, in another way in each step.

    The shift wraps around: what leaves the image at one side enters at the other. The gradient is that of the image
    before the shift. All images of a step are shifted alike.

    Reference:
        - Mordvintsev et al. 2015, [Inceptionism: Going Deeper into Neural
          Networks](https://research.google/blog/inceptionism-going-deeper-into-neural-networks/)

    Args:
        pixels: The largest shift, in each direction; positive, and smaller than the image.

    Raises:
        ValueError: If `pixels` is invalid.

    Example:
        >>> row = ops.reshape(ops.array([1.0, 2.0, 3.0]), (1, 1, 3, 1))
        >>> Jitter(1).seen(row, ops.array([0.5, 0.99])).numpy().ravel().tolist()
        [3.0, 1.0, 2.0]
    """

    num_chances: ClassVar[int] = 2

    def __init__(self, pixels: int) -> None:
        self.pixels = whole("pixels", pixels)

    def require(self, points: tuple[int, ...], images: tuple[int, ...], decoded: bool) -> None:
        _require_images(self, images)
        if self.pixels >= min(images[:2]):
            raise ValueError(
                f"`pixels` must be smaller than the images, {images[0]} x {images[1]}. Received: pixels={self.pixels}"
            )

    def seen(self, images: Any, chances: Any) -> Any:
        """Returns shifted images: down by the first chance and to the right by the second, `-pixels ... pixels`."""
        shifts = ops.cast(ops.floor(chances * (2 * self.pixels + 1)), "int32") - self.pixels
        return ops.roll(images, shifts, axis=(1, 2))


def _sums(values: Any) -> Any:
    """The sum over all axes but the first."""
    return ops.sum(values, axis=tuple(range(1, len(values.shape))))


def _require_images(regularizer: Regularizer, shape: tuple[int, ...]) -> None:
    if len(shape) != 3:
        raise ValueError(
            f"`{type(regularizer).__name__}` is for images (height, width, channels). Received: shape {shape}"
        )
