"""A grid of overlapping patches."""

import dataclasses
from typing import Any

import numpy as np

from keras_genssl.pretext.overlapping_patches import overlapping_patches
from pipelines.data.preparations.pretext import Pretext


@dataclasses.dataclass(frozen=True)
class OverlappingPatches(Pretext):
    """`patches`, as `pretext.overlapping_patches` makes them.

    Attributes:
        patch_size, stride, rows, columns, flip, grayscale, inner_size, operations: its parameters.
    """

    patch_size: int = 8
    stride: int | None = None
    rows: int = 6
    columns: int = 6
    flip: float = 0.5
    grayscale: float = 0.0
    inner_size: int | None = None
    operations: int = 0

    @property
    def features(self) -> dict[str, str]:
        """`patches`."""
        return {"patches": self.stack}

    def example(self, square: np.ndarray, seed: int) -> dict[str, Any]:
        """`pretext.overlapping_patches`."""
        return overlapping_patches(
            {"image": square},
            seed,
            self.patch_size,
            self.stride,
            self.rows,
            self.columns,
            self.flip,
            self.grayscale,
            self.inner_size,
            self.operations,
        )
