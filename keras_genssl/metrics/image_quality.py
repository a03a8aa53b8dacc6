"""The similarity of images to the true ones: PSNR and SSIM."""

from collections.abc import Callable
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from keras_genssl.checks import tensors
from keras_genssl.checks.arrays import BOUND, RANGE
from keras_genssl.checks.tensors import asserted

# ITU-R BT.601, studio range, as MATLAB's rgb2ycbcr: for R, G, B in [0, 1], Y is 16 for black and 235 for white.
_LUMA = (65.481, 128.553, 24.966)
_LUMA_OFFSET = 16.0


def comparable(
    y_true: Any, y_pred: Any, channel: str, border: int, max_value: float | None, quantise: bool
) -> tuple[Any, Any]:
    """Returns both images as metrics compare them: float32 ``(batch, h, w, 1 or 3)`` in 0 ... 255, border cropped."""
    if channel not in ("y", "rgb"):
        raise ValueError(f"`channel` must be 'y' or 'rgb'. Received: channel={channel!r}")
    if border < 0:
        raise ValueError(f"`border` must be at least 0. Received: border={border}")
    if max_value is not None and max_value <= 0:
        raise ValueError(f"`max_value` must be positive, or None for [-1, 1]. Received: max_value={max_value}")
    # The output of a network may leave the range if `quantise` clips it. The truth may not.
    y_true = _in_range(y_true, "y_true", max_value, False)
    y_pred = _in_range(y_pred, "y_pred", max_value, quantise)
    rule = "`y_true` and `y_pred` must be RGB of one shape, (batch, h, w, 3)"
    if any(getattr(images.shape, "rank", 4) is None for images in (y_true, y_pred)):
        raise ValueError(f"{rule}. Received: one of unknown rank; `tf.ensure_shape` tells it")
    shapes = tuple(y_true.shape), tuple(y_pred.shape)
    sizes_differ = any(None not in pair and pair[0] != pair[1] for pair in zip(*shapes, strict=False))
    if sizes_differ or any(len(shape) != 4 or shape[-1] not in (3, None) for shape in shapes):
        raise ValueError(f"{rule}. Received: shapes {shapes[0]} and {shapes[1]}")
    if None in (*shapes[0], *shapes[1]):  # in a graph, where they would be broadcast
        pairs = zip(ops.shape(y_true), ops.shape(y_pred), strict=True)
        y_pred = asserted(y_pred, ops.all(ops.stack([ops.equal(*pair) for pair in pairs])), rule)
    if any(size is not None and size <= 2 * border for size in shapes[0][1:3]):
        raise ValueError(f"`border` leaves nothing. Received: border={border}, images of shape {shapes[0]}")

    def convert(images: Any) -> Any:
        if quantise:
            images = ops.clip(ops.round(images), 0.0, 255.0)
        if border:
            images = images[:, border:-border, border:-border]
        if channel == "y":
            weights = ops.convert_to_tensor([value / 255.0 for value in _LUMA], dtype="float32")
            images = ops.sum(images * weights, axis=-1, keepdims=True) + _LUMA_OFFSET
        return images

    return convert(y_true), convert(y_pred)


def _in_range(images: Any, name: str, max_value: float | None, clipped: bool) -> Any:
    """Returns images as float32 in 0 ... 255, after a check of their range unless they are clipped later."""
    images = images if hasattr(images, "dtype") else ops.convert_to_tensor(images)
    dtype = keras.backend.standardize_dtype(images.dtype)
    if dtype == "uint8" and max_value not in (None, 255):
        raise ValueError(
            f"`max_value` must be 255, or None, for images of uint8. Received: max_value={max_value}, `{name}` of uint8"
        )
    if dtype == "uint8":
        return ops.cast(images, "float32")
    images = tensors.as_float(images, name, "float32")
    if max_value is None:
        low, high, rule = -BOUND, BOUND, RANGE
    else:
        slack = (BOUND - 1.0) / 2 * max_value
        low, high, rule = -slack, max_value + slack, f"Images must lie in [0, {max_value}], by `max_value`"
    if not clipped:
        images = tensors.guarded(images, low, high, name, rule)
    return (images + 1.0) * 127.5 if max_value is None else images * (255.0 / max_value)


class ImageMetric(keras.metrics.MeanMetricWrapper):
    """The mean over images of a function of two batches; a subclass names the function.

    Args:
        channel, border, max_value, quantise: arguments of the function.
        name: the metric's name; by default that of the class in lower case.
        dtype: as in `keras.metrics.Metric`.
    """

    function: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        channel: str = "y",
        border: int = 0,
        max_value: float | None = None,
        quantise: bool = False,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self._arguments = {"channel": channel, "border": border, "max_value": max_value, "quantise": quantise}
        kind = type(self)
        super().__init__(kind.function, name=name or kind.__name__.lower(), dtype=dtype, **self._arguments)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype, **self._arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ImageMetric":
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_genssl")
def psnr(
    y_true: Any,
    y_pred: Any,
    *,
    channel: str = "y",
    border: int = 0,
    max_value: float | None = None,
    quantise: bool = False,
) -> Any:
    """Compute the peak signal-to-noise ratio of each image, ``10 log10(255² / mean squared error)``, in dB.

    Super-resolution's convention is ``channel="y", border=scale``. Y is BT.601 luma in studio range, 16 to
    235, as MATLAB's ``rgb2ycbcr`` computes it (without rounding); the peak stays 255. RGB reads about 1.3 to
    2 dB lower.

    Args:
        y_true: RGB images, ``(batch, h, w, 3)``: uint8, or float in [-1, 1] unless ``max_value`` is given.
        y_pred: the same; one may be uint8 and the other float.
        channel: "y" or "rgb" (one error over all three channels).
        border: pixels cropped from each side, at least 0.
        max_value: None for floats in [-1, 1]; otherwise floats lie in [0, max_value], such as 255 or 1.
        quantise: clip and round both images to eight bits first, as a PNG would hold them. ``y_pred`` may then leave
            its range, since outputs of networks do.

    Returns:
        float32 ``(batch,)``; infinite for equal images.

    Raises:
        ValueError: if an argument is outside its range, or the images are not RGB, of different shapes, smaller than
            the border, neither uint8 nor float, or leave their range.
        InvalidArgumentError: in a TensorFlow graph, if floats leave their range; under XLA the result is NaN.

    Example:
        >>> black, grey = ops.zeros((1, 8, 8, 3)), 25.5 * ops.ones((1, 8, 8, 3))
        >>> round(float(psnr(black, grey, channel="rgb", max_value=255)[0]), 3)
        20.0
    """
    y_true, y_pred = comparable(y_true, y_pred, channel, border, max_value, quantise)
    error = ops.mean(ops.square((y_true - y_pred) / 255.0), axis=(1, 2, 3))
    return -10.0 * ops.log10(error)


@keras.saving.register_keras_serializable(package="keras_genssl")
class PSNR(ImageMetric):
    """Mean of `psnr` over images.

    Args: those of `psnr`, and ``name``, ``dtype`` as in `keras.metrics.Metric`.

    Example:
        >>> metric = PSNR(channel="rgb")
        >>> metric.update_state(ops.zeros((1, 8, 8, 3)), 0.2 * ops.ones((1, 8, 8, 3)))
        >>> round(float(metric.result()), 3)
        20.0
    """

    function = staticmethod(psnr)


_WINDOW = 11
_SIGMA = 1.5
_K1, _K2 = 0.01, 0.03


def _local_means(images: Any) -> Any:
    """Returns Gaussian means over the windows inside ``(batch, h, w, c)``."""
    taps = np.exp(-((np.arange(_WINDOW) - _WINDOW // 2) ** 2) / (2 * _SIGMA**2))
    taps = np.tile((taps / taps.sum())[:, None], (1, images.shape[-1]))
    for kernel in (taps[:, None, :, None], taps[None, :, :, None]):
        kernel = ops.convert_to_tensor(kernel, dtype=images.dtype)
        images = ops.depthwise_conv(images, kernel, padding="valid", data_format="channels_last")
    return images


@keras.saving.register_keras_serializable(package="keras_genssl")
def ssim(
    y_true: Any,
    y_pred: Any,
    *,
    channel: str = "y",
    border: int = 0,
    max_value: float | None = None,
    quantise: bool = False,
) -> Any:
    """Compute the structural similarity of each image, averaged over windows (and over channels for "rgb").

    Wang et al., 2004: Gaussian windows of 11x11 with sigma 1.5, only those inside the image, K1 = 0.01, K2 = 0.03,
    range 255: scikit-image's ``structural_similarity`` with
    ``gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255``. Super-resolution's convention is
    ``channel="y", border=scale``, with Y in studio range as in `psnr`.

    Reference:
        - Wang et al. 2004, [Image Quality Assessment](https://doi.org/10.1109/TIP.2003.819861)

    Args:
        y_true: RGB images, ``(batch, h, w, 3)``: uint8, or float in [-1, 1] unless ``max_value`` is given.
        y_pred: the same; one may be uint8 and the other float.
        channel: "y" or "rgb".
        border: pixels cropped from each side, at least 0.
        max_value: None for floats in [-1, 1]; otherwise floats lie in [0, max_value], such as 255 or 1.
        quantise: clip and round both images to eight bits first, as a PNG would hold them. ``y_pred`` may then leave
            its range, since outputs of networks do.

    Returns:
        float32 ``(batch,)``, at most 1.

    Raises:
        ValueError: if an argument is outside its range, or the images are not RGB, of different shapes, smaller than
            the window, neither uint8 nor float, or leave their range.
        InvalidArgumentError: in a TensorFlow graph, if floats leave their range; under XLA the result is NaN.

    Example:
        >>> images = ops.ones((1, 16, 16, 3))
        >>> round(float(ssim(images, images)[0]), 4)
        1.0
    """
    y_true, y_pred = comparable(y_true, y_pred, channel, border, max_value, quantise)
    # In units of the range and around its middle, variances lose few of float32's digits.
    a, b = y_true / 255.0 - 0.5, y_pred / 255.0 - 0.5
    for size in a.shape[1:3]:
        if size is not None and size < _WINDOW:
            raise ValueError(
                f"Images must be at least {_WINDOW} pixels high and wide after `border` is cropped. "
                f"Received: shape {tuple(a.shape)} after border={border}"
            )
    mean_a, mean_b = _local_means(a), _local_means(b)
    variances = _local_means(a * a) - mean_a * mean_a + _local_means(b * b) - mean_b * mean_b
    covariance = _local_means(a * b) - mean_a * mean_b
    mean_a, mean_b = mean_a + 0.5, mean_b + 0.5
    luminance = (2 * mean_a * mean_b + _K1**2) / (mean_a * mean_a + mean_b * mean_b + _K1**2)
    structure = (2 * covariance + _K2**2) / (variances + _K2**2)
    return ops.mean(luminance * structure, axis=(1, 2, 3))


@keras.saving.register_keras_serializable(package="keras_genssl")
class SSIM(ImageMetric):
    """Mean of `ssim` over images.

    Args: those of `ssim`, and ``name``, ``dtype`` as in `keras.metrics.Metric`.

    Reference:
        - Wang et al. 2004, [Image Quality Assessment](https://doi.org/10.1109/TIP.2003.819861)

    Example:
        >>> metric = SSIM()
        >>> metric.update_state(ops.zeros((1, 16, 16, 3)), ops.zeros((1, 16, 16, 3)))
        >>> round(float(metric.result()), 4)
        1.0
    """

    function = staticmethod(ssim)
