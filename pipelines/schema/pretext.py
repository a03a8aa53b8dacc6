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


class ColouredCrops(Pretext):
    """Crops of ``crop`` pixels that have colour, half of them mirrored."""

    preparation: Literal["coloured_crops"]
    size: PositiveInt = 64
    channels: Literal[3] = 3
    crop: PositiveInt = 48


class CameraTuples(Pretext):
    """Three frames of a camera that moves over an image, in order or, ``negatives`` of them, not.

    The film has ``num_frames`` of ``crop`` pixels. First and last of the three are at most ``max_span`` apart; what
    replaces the middle one is at least ``min_distance`` away from them.
    """

    preparation: Literal["camera_tuples"]
    size: PositiveInt = 64
    channels: Literal[1, 3] = 3
    crop: PositiveInt = 48
    num_frames: Annotated[int, Field(ge=4)] = 32
    max_span: Annotated[int, Field(ge=2)] = 12
    min_distance: PositiveInt = 4
    negatives: Annotated[float, Field(ge=0, le=1)] = 0.75


AnyPretext = Rotations | CenterMasked | BlockMasked | ColouredCrops | CameraTuples
