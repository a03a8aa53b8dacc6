"""Images cut into patches, for the pretext tasks that ask how patches belong together."""

import dataclasses
from typing import Any

import numpy as np

from keras_genssl import pretext
from pipelines.components.preparations.pretext import Pretext


@dataclasses.dataclass(frozen=True)
class Patches(Pretext):
    """What these have in common: a stack of patches. Not a preparation itself."""

    @property
    def stack(self) -> str:
        """The kind of `patches`, by the number of channels."""
        return "grey_patches" if self.channels == 1 else "patches"


@dataclasses.dataclass(frozen=True)
class Jigsaw(Patches):
    """`patches` and `permutation`, as `pretext.jigsaw` makes them.

    Attributes:
        num_permutations, cell_size, patch_size, grid, grayscale, channel_shift: its parameters.
    """

    num_permutations: int = 64
    cell_size: int = 9
    patch_size: int = 7
    grid: int = 3
    grayscale: float = 0.3
    channel_shift: int = 2

    @property
    def features(self) -> dict[str, str]:
        """`patches` and `permutation`."""
        return {"patches": self.stack, "permutation": "int"}

    def example(self, square: np.ndarray, seed: int) -> dict[str, Any]:
        """`pretext.jigsaw`."""
        return pretext.jigsaw(
            {"image": square},
            seed,
            self.num_permutations,
            self.cell_size,
            self.patch_size,
            self.grid,
            self.grayscale,
            self.channel_shift,
        )


@dataclasses.dataclass(frozen=True)
class RelativePosition(Patches):
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
        return pretext.relative_position(
            {"image": square},
            seed,
            self.patch_size,
            self.gap,
            self.jitter,
            self.colour,
            self.downsample,
            self.least_pixels,
        )


@dataclasses.dataclass(frozen=True)
class OverlappingPatches(Patches):
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
        return pretext.overlapping_patches(
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
