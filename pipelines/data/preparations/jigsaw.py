"""Puzzles of patches."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from keras_genssl.pretext.jigsaw import jigsaw
from keras_genssl.pretext.permutations import permutation_set
from pipelines.data.preparations.pretext import Pretext


@dataclasses.dataclass(frozen=True)
class Jigsaw(Pretext):
    """`patches` and `permutation`, as `pretext.jigsaw` makes them.

    Attributes:
        num_permutations, cell_size, patch_size, grid, grayscale, channel_shift: its parameters.
    """

    called: ClassVar[Mapping[str, str]] = {"count": "num_permutations"}

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
        return jigsaw(
            {"image": square},
            seed,
            self.num_permutations,
            self.cell_size,
            self.patch_size,
            self.grid,
            self.grayscale,
            self.channel_shift,
        )

    def arrangements(self, example: Mapping[str, Any]) -> list[list[int | None]]:
        """The puzzle, and beside it the solution."""
        order = permutation_set(self.num_permutations, self.grid**2)[example["permutation"]]
        return [list(range(len(order))), np.argsort(order).tolist()]
