"""Two crops that lie near each other, as two views of an image."""

import dataclasses
from typing import Any

import numpy as np

from keras_genssl.pretext.neighbouring_crops import neighbouring_crops
from pipelines.components.preparations.pretext import Pretext


@dataclasses.dataclass(frozen=True)
class NeighbouringCrops(Pretext):
    """`first` and `second`, as `pretext.neighbouring_crops` makes them.

    Attributes:
        crop: height and width of what is cut, at most `size`.
        min_distance: least pixels from the one to the other.
        max_distance: most pixels.
    """

    size: int = 64
    channels: int = 3
    crop: int = 24
    min_distance: int = 24
    max_distance: int = 40

    @property
    def features(self) -> dict[str, str]:
        """`first` and `second`."""
        return {"first": self.picture, "second": self.picture}

    def example(self, square: np.ndarray, seed: int) -> dict[str, Any]:
        """`pretext.neighbouring_crops`."""
        return neighbouring_crops({"image": square}, seed, self.crop, self.min_distance, self.max_distance)
