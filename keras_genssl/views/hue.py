"""Hue, turned on the HSV hexagon."""

from collections.abc import Sequence
from typing import Any

from keras import ops


def turned(planes: Sequence[Any], turn: Any) -> list[Any]:
    """Colours of another hue, of the same saturation and value.

    Adding a constant to all three channels adds it to the result, so the range may be [0, 1] or [-1, 1].

    Args:
        planes: Red, green and blue, `(batch, h, w)` each.
        turn: `(batch, 1, 1)`, shares of the circle.

    Returns:
        Red, green and blue.
    """
    red, green, blue = planes
    most = ops.maximum(ops.maximum(red, green), blue)
    least = ops.minimum(ops.minimum(red, green), blue)
    chroma = most - least
    sixth = 1 / (6 * ops.maximum(chroma, 1e-12))  # of grey the hue is anything: it has no chroma
    # Sums of masked terms: selecting pixel by pixel is slower.
    in_red = ops.cast(red == most, red.dtype)
    in_green = ops.cast(green == most, red.dtype) * (1 - in_red)
    in_blue = 1 - in_red - in_green
    slope = in_red * (green - blue) + in_green * (blue - red) + in_blue * (red - green)
    hue = slope * sixth + (in_green * (1 / 3) + in_blue * (2 / 3) + turn)
    # Each channel climbs for a sixth of the circle, stays for two, falls for one and stays for two again.
    result = []
    for shift in (0.0, -1 / 3, 1 / 3):
        angle = hue + shift
        share = ops.clip(ops.abs(6 * (angle - ops.floor(angle)) - 3) - 1, 0.0, 1.0)
        result.append(least + chroma * share)
    return result
