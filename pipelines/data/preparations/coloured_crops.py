"""Crops of colour photographs."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_genssl.pretext.binned_colours import binned_colours
from keras_genssl.pretext.coloured_crop import coloured_crop
from keras_genssl.pretext.lab import lab_planes
from pipelines.data.preparations.pretext import Pretext, check_crop


@dataclasses.dataclass(frozen=True)
class ColouredCrops(Pretext):
    """`image`, as `pretext.coloured_crop` makes it; an image without colour cannot be prepared.

    Crops stay in RGB, which PNG keeps to the bit: methods compute CIE Lab on the accelerator, and its planes in 8 bits
    would be coarser. What they see and what they must tell stands in the picture alone.

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

    def illustrations(self, example: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What colorization sees of a crop, and what it must tell."""
        crop = example["image"]
        return {"its lightness": lab_planes(crop)[0], "its bins of colour at one lightness": binned_colours(crop)}
