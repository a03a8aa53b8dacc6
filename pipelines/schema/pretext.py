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
