"""Crops of colour photographs."""

import dataclasses
from typing import Any

import numpy as np

from keras_genssl.pretext.coloured_crop import coloured_crop
from pipelines.components.preparations.pretext import Pretext, check_crop


@dataclasses.dataclass(frozen=True)
class ColouredCrops(Pretext):
    """`image`, as `pretext.coloured_crop` makes it; an image without colour cannot be prepared.

    Attributes:
        crop: height and width of what is cut, at most `size`.
    """

    size: int = 64
    channels: int = 3
    crop: int = 48

    def check(self) -> None:
        """There is colour, and a crop fits."""
        if self.channels != 3:
            raise ValueError(f"`channels` must be 3: a grey image has no colour. Received: channels={self.channels}")
        check_crop(self.crop, self.size)

    @property
    def features(self) -> dict[str, str]:
        """`image`."""
        return {"image": "image"}

    def example(self, square: np.ndarray, seed: int) -> dict[str, Any]:
        """`pretext.coloured_crop`."""
        return coloured_crop({"image": square}, seed, self.crop)
