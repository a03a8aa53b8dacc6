"""Turns of the hue on the HSV hexagon."""

from typing import Any

import numpy as np
from keras import ops


def turned(planes: Any, turn: Any) -> Any:
    """Turns the hue of colours and keeps their saturation and value.

    Adding a constant to all three channels adds it to the result, so the range may be [0, 1] or [-1, 1].

    Args:
        planes: Float `(3, batch, h, w)`.
        turn: Float `(batch,)`, shares of the circle.

    Returns:
        Float `(3, batch, h, w)`.
    """
    red, green, blue = (planes[channel] for channel in range(3))
    most = ops.maximum(ops.maximum(red, green), blue)
    least = ops.minimum(ops.minimum(red, green), blue)
    chroma = most - least
    # Sums of masked terms are faster than selecting pixel by pixel.
    in_red = ops.cast(red == most, red.dtype)
    in_green = ops.cast(green == most, red.dtype) * (1 - in_red)
    in_blue = 1 - in_red - in_green
    slope = in_red * (green - blue) + in_green * (blue - red) + in_blue * (red - green)
    # A grey pixel has no chroma, so its hue does not matter.
    hue = slope / (6 * ops.maximum(chroma, 1e-12)) + (in_green * (1 / 3) + in_blue * (2 / 3) + turn[:, None, None])
    # A channel is full within a sixth of the circle around its own hue, and falls to zero within the next sixth.
    own = ops.convert_to_tensor(np.array([0, 1 / 3, 2 / 3]).reshape(3, 1, 1, 1), dtype=hue.dtype)
    away = hue - own
    away = ops.abs(away - ops.round(away))
    return least + chroma * ops.clip(2 - 6 * away, 0.0, 1.0)
