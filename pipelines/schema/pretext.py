"""The section `prepare` of pretext tasks: whole images, and what is done to them."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from pipelines.schema.images import Squares


class Pretext(Squares):
    """`Squares`, of each of which ``copies`` examples are made, drawn by ``seed``."""

    copies: PositiveInt = 1
    seed: Annotated[int, Field(ge=0)] = 0


class Rotations(Pretext):
    """Images that are turned already, with their turns."""

    preparation: Literal["rotations"]


class CenterMasked(Pretext):
    """Images whose centre is hidden, ``fraction`` of the side, and filled with a level of grey."""

    preparation: Literal["center_masked"]
    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.5
    fill: Annotated[int, Field(ge=0, le=255)] = 115


class BlockMasked(Pretext):
    """Images of which ``blocks`` are hidden, up to ``area`` of all pixels, and filled with a level of grey."""

    preparation: Literal["block_masked"]
    blocks: PositiveInt = 5
    area: Annotated[float, Field(gt=0, lt=1)] = 0.25
    fill: Annotated[int, Field(ge=0, le=255)] = 115


AnyPretext = Rotations | CenterMasked | BlockMasked
