"""A patch and one of its neighbours."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_genssl.pretext.relative_position import POSITIONS, relative_position
from pipelines.data.preparations.pretext import Pretext


@dataclasses.dataclass(frozen=True)
class RelativePosition(Pretext):
    """`patches` and `position`, as `pretext.relative_position` makes them.

    Attributes:
        patch_size, gap, jitter, colour, downsample, least_pixels: its parameters.
    """

    patch_size: int = 8
    gap: int = 1
    jitter: int = 1
    colour: str | None = "drop"
    downsample: float = 1 / 3
    least_pixels: int = 100

    @property
    def features(self) -> dict[str, str]:
        """`patches` and `position`."""
        return {"patches": self.stack, "position": "int"}

    def example(self, square: np.ndarray, seed: int) -> dict[str, Any]:
        """`pretext.relative_position`."""
        return relative_position(
            {"image": square},
            seed,
            self.patch_size,
            self.gap,
            self.jitter,
            self.colour,
            self.downsample,
            self.least_pixels,
        )

    def arrangements(self, example: Mapping[str, Any]) -> list[list[int | None]]:
        """The patch in the middle of nine places, and its neighbour where it lies."""
        down, right = POSITIONS[example["position"]]
        places: list[int | None] = [None] * 9
        places[4], places[4 + 3 * down + right] = 0, 1
        return [places]
