"""A patch and one of its neighbours."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt

from pipelines.data.preparations.pretext import Pretext
from pipelines.section import Fraction


class RelativePosition(Pretext):
    """`patches` and `position`: a patch and one of its eight neighbours (`pretext.relative_position`).

    The neighbour is ``gap`` pixels away and shifted by at most ``jitter``. ``colour`` keeps one channel of each patch
    ("drop") or removes green against magenta ("project"). ``downsample`` is the share of patches that lose resolution,
    to no less than ``least_pixels``.
    """

    preparation: Literal["relative_position"] = "relative_position"
    patch_size: PositiveInt = 8
    gap: Annotated[int, Field(ge=0)] = 1
    jitter: Annotated[int, Field(ge=0)] = 1
    colour: Literal["drop", "project"] | None = "drop"
    downsample: Fraction = 1 / 3
    least_pixels: PositiveInt = 100

    @property
    def features(self) -> dict[str, str]:
        return {"patches": self.stack, "position": "int"}

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        from keras_genssl.pretext.patches import relative_position

        return relative_position

    def arrangements(self, example: Mapping[str, Any]) -> list[list[int | None]]:
        """Returns the patch in the middle of nine places, and the neighbour at its place."""
        from keras_genssl.pretext.patches import POSITIONS

        down, right = POSITIONS[example["position"]]
        places: list[int | None] = [None] * 9
        places[4], places[4 + 3 * down + right] = 0, 1
        return [places]
