"""Turned images, for rotation prediction from prepared examples."""

import dataclasses
from typing import Any

import numpy as np

from keras_genssl.pretext.rotation import rotated
from pipelines.data.preparations.pretext import Pretext


@dataclasses.dataclass(frozen=True)
class Rotations(Pretext):
    """`image` and `rotation`, as `pretext.rotated` makes them."""

    @property
    def features(self) -> dict[str, str]:
        """`image` and `rotation`."""
        return {"image": self.picture, "rotation": "int"}

    def example(self, square: np.ndarray, seed: int) -> dict[str, Any]:
        """`pretext.rotated`."""
        return rotated({"image": square}, seed)
