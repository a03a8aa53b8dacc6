"""Structural similarity."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.metrics.channels import comparable
from keras_genssl.metrics.image_metric import ImageMetric

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
