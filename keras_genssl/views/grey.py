"""Grey values."""

from collections.abc import Sequence
from typing import Any

_LUMA = (0.299, 0.587, 0.114)


def grey(planes: Sequence[Any]) -> Any:
    """ITU-R 601-2 luma, as Pillow's and torchvision's, of one channel (itself) or three: a plane like them."""
    if len(planes) == 1:
        return planes[0]
    red, green, blue = planes
    return _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue


def channels(images: Any) -> list[Any]:
    """The channels of `(batch, h, w, 1 or 3)`, each `(batch, h, w)`: colour is computed faster on planes.

    Raises:
        ValueError: If the images have neither one channel nor three.
    """
    if images.shape[-1] not in (1, 3):
        raise ValueError(f"Colour views take images of 1 or 3 channels. Received: shape={tuple(images.shape)}")
    return [images[..., channel] for channel in range(images.shape[-1])]
