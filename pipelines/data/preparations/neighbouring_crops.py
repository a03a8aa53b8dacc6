"""Two crops that lie near each other, as two views of an image."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from keras_genssl.pretext.neighbouring_crops import neighbouring_crops
from pipelines.data.preparations.pretext import Pretext, check_crop


@dataclasses.dataclass(frozen=True)
class NeighbouringCrops(Pretext):
    """`first` and `second`, as `pretext.neighbouring_crops` makes them.

    Attributes:
        crop: height and width of what is cut, at most `size`.
        min_distance: least pixels from the one to the other.
        max_distance: most pixels.
    """

    called: ClassVar[Mapping[str, str]] = {"size": "crop", "size + min_distance": "crop + min_distance"}

    size: int = 64
    channels: int = 3
    crop: int = 24
    min_distance: int = 24
    max_distance: int = 40

    def check(self) -> None:
        """A square fits."""
        check_crop(self.crop, self.size)

    @property
    def features(self) -> dict[str, str]:
        """`first` and `second`."""
        return {"first": self.picture, "second": self.picture}

    def example(self, square: np.ndarray, seed: int) -> dict[str, Any]:
        """`pretext.neighbouring_crops`."""
        return neighbouring_crops({"image": square}, seed, self.crop, self.min_distance, self.max_distance)
