"""Conversion of images to the values on which image metrics are computed."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks import image_tensors
from keras_genssl.checks.image_arrays import BOUND, RANGE
from keras_genssl.checks.known import asserted

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
    images = image_tensors.as_float(images, name, "float32")
    if max_value is None:
        low, high, rule = -BOUND, BOUND, RANGE
    else:
        slack = (BOUND - 1.0) / 2 * max_value
        low, high, rule = -slack, max_value + slack, f"Images must lie in [0, {max_value}], by `max_value`"
    if not clipped:
        images = image_tensors.guarded(images, low, high, name, rule)
    return (images + 1.0) * 127.5 if max_value is None else images * (255.0 / max_value)
