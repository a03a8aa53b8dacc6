"""Puzzles of patches."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.data.preparations.pretext import Pretext
from pipelines.section import Fraction


class Jigsaw(Pretext):
    """`patches` and `permutation`: patches of a grid in one of ``num_permutations`` orders (`pretext.jigsaw`).

    Patches of ``patch_size`` are cut from the cells of a ``grid``, each of ``cell_size``. ``grayscale`` is the share of
    grey images; ``channel_shift`` is the largest shift of each channel in the other images.
    """

    called: ClassVar[Mapping[str, str]] = {"count": "num_permutations"}

    preparation: Literal["jigsaw"] = "jigsaw"
    num_permutations: Annotated[int, Field(ge=2)] = 64
    cell_size: PositiveInt = 9
    patch_size: PositiveInt = 7
    grid: Literal[2, 3] = 3
    grayscale: Fraction = 0.3
    channel_shift: Annotated[int, Field(ge=0)] = 2

    @property
    def features(self) -> dict[str, str]:
        return {"patches": self.stack, "permutation": "int"}

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        from keras_genssl.pretext.jigsaw import jigsaw

        return jigsaw

    def arrangements(self, example: Mapping[str, Any]) -> list[list[int | None]]:
        """Returns the puzzle and, next to it, the solution."""
        import numpy as np

        from keras_genssl.pretext.jigsaw import permutation_set

        order = permutation_set(self.num_permutations, self.grid**2)[example["permutation"]]
        return [list(range(len(order))), np.argsort(order).tolist()]
