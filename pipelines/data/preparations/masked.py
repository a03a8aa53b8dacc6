"""Images with a part hidden, for context encoders."""

import dataclasses
from typing import Any

import numpy as np

from keras_genssl.pretext.masks import FILL, block_masked, center_masked
from pipelines.data.preparations.pretext import Pretext


@dataclasses.dataclass(frozen=True)
class CenterMasked(Pretext):
    """`masked`, `image` and `mask`, as `pretext.center_masked` makes them.

    Attributes:
        fraction: of the side that is hidden.
        fill: level of hidden pixels.
    """

    fraction: float = 0.5
    fill: int = FILL

    @property
    def features(self) -> dict[str, str]:
        """`masked`, `image` and `mask`."""
        return {"masked": self.picture, "image": self.picture, "mask": "grey"}

    def example(self, square: np.ndarray, seed: int) -> dict[str, Any]:
        """`pretext.center_masked`."""
        return center_masked({"image": square}, seed, self.fraction, self.fill)


@dataclasses.dataclass(frozen=True)
class BlockMasked(Pretext):
    """`masked`, `image` and `mask`, as `pretext.block_masked` makes them.

    Attributes:
        blocks: how many.
        area: the largest part of the image that they hide together.
        fill: level of hidden pixels.
    """

    blocks: int = 5
    area: float = 0.25
    fill: int = FILL

    @property
    def features(self) -> dict[str, str]:
        """`masked`, `image` and `mask`."""
        return {"masked": self.picture, "image": self.picture, "mask": "grey"}

    def example(self, square: np.ndarray, seed: int) -> dict[str, Any]:
        """`pretext.block_masked`."""
        return block_masked({"image": square}, seed, self.blocks, self.area, self.fill)
