"""Peak signal-to-noise ratio."""

from typing import Any

import keras
from keras import ops

from keras_genssl.metrics.channels import comparable
from keras_genssl.metrics.image_metric import ImageMetric


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
