"""Grey values."""

from typing import Any

_WEIGHTS = (0.299, 0.587, 0.114)


def luma(planes: Any) -> Any:
    """Returns ITU-R 601-2 luma, as Pillow and torchvision do: `(1 or 3, batch, h, w)` to `(1, batch, h, w)`.

    Raises:
        ValueError: If there are not one or three channels.
    """
    if planes.shape[0] == 1:
        return planes
    if planes.shape[0] != 3:
        raise ValueError(f"Colour views take images of 1 or 3 channels. Received: {planes.shape[0]} channels")
    red, green, blue = (planes[channel : channel + 1] for channel in range(3))
    return _WEIGHTS[0] * red + _WEIGHTS[1] * green + _WEIGHTS[2] * blue
