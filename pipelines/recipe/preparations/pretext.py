"""The section `prepare` of pretext tasks: whole images, and what is done to them."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.data.sources.base import FILMS
from pipelines.recipe.preparations.images import Drawn
from pipelines.recipe.section import Fraction


class Rotations(Drawn):
    """Images that are turned already, with their turns."""

    preparation: Literal["rotations"]


class CenterMasked(Drawn):
    """Images whose centre is hidden, ``fraction`` of the side, and filled with a level of grey."""

    preparation: Literal["center_masked"]
    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.5
    fill: Annotated[int, Field(ge=0, le=255)] = 115


class BlockMasked(Drawn):
    """Images of which ``blocks`` are hidden, up to ``area`` of all pixels, and filled with a level of grey."""

    preparation: Literal["block_masked"]
    blocks: PositiveInt = 5
    area: Annotated[float, Field(gt=0, lt=1)] = 0.25
    fill: Annotated[int, Field(ge=0, le=255)] = 115


class Jigsaw(Drawn):
    """Patches of ``patch_size`` from the cells of a ``grid``, in one of ``num_permutations`` orders.

    ``grayscale`` is the share of grey images, ``channel_shift`` how far each channel of the others moves at most.
    """

    preparation: Literal["jigsaw"]
    num_permutations: Annotated[int, Field(ge=2)] = 64
    cell_size: PositiveInt = 9
    patch_size: PositiveInt = 7
    grid: Literal[2, 3] = 3
    grayscale: Fraction = 0.3
    channel_shift: Annotated[int, Field(ge=0)] = 2


class RelativePosition(Drawn):
    """A patch and one of its eight neighbours, ``gap`` pixels apart, the second moved by ``jitter`` at most.

    ``colour``: one channel of each patch is kept ("drop"), or green against magenta taken out ("project").
    ``downsample`` is the share of patches that lose resolution, to ``least_pixels`` at least.
    """

    preparation: Literal["relative_position"]
    patch_size: PositiveInt = 8
    gap: Annotated[int, Field(ge=0)] = 1
    jitter: Annotated[int, Field(ge=0)] = 1
    colour: Literal["drop", "project"] | None = "drop"
    downsample: Fraction = 1 / 3
    least_pixels: PositiveInt = 100


class OverlappingPatches(Drawn):
    """A grid of patches, ``stride`` pixels apart (null: half of a patch), each changed by itself.

    ``flip`` is the share of mirrored images, ``grayscale`` of grey patches; ``operations`` change each patch, and of
    each a square of ``inner_size`` is kept (null: all of it).
    """

    preparation: Literal["overlapping_patches"]
    patch_size: PositiveInt = 8
    stride: PositiveInt | None = None
    rows: PositiveInt = 6
    columns: PositiveInt = 6
    flip: Fraction = 0.5
    grayscale: Fraction = 0.0
    inner_size: PositiveInt | None = None
    operations: Annotated[int, Field(ge=0)] = 0


class NeighbouringCrops(Drawn):
    """Two crops of ``crop`` pixels, ``min_distance`` to ``max_distance`` pixels apart: the two views of an image.

    The distance is the larger of the steps down and right: from ``crop`` on, the two do not overlap.
    """

    preparation: Literal["neighbouring_crops"]
    size: PositiveInt = 64
    channels: Literal[1, 3] = 3
    crop: PositiveInt = 24
    min_distance: Annotated[int, Field(ge=0)] = 24
    max_distance: Annotated[int, Field(ge=0)] = 40


class ColouredCrops(Drawn):
    """Crops of ``crop`` pixels that have colour, half of them mirrored."""

    preparation: Literal["coloured_crops"]
    size: PositiveInt = 64
    channels: Literal[3] = 3
    crop: PositiveInt = 48


class CameraTuples(Drawn):
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


class FrameTuples(Drawn):
    """Three frames of a film (``data.source: frames``), in order or, ``negatives`` of them, not.

    ``copies`` are drawn of each film. A crop of ``crop`` pixels is cut at one place of all three. First and last of
    them are at most ``max_span`` apart; what replaces the middle one is at least ``min_distance`` away from them.
    """

    reads: ClassVar[frozenset[str]] = frozenset({FILMS})

    preparation: Literal["frame_tuples"]
    size: PositiveInt = 64
    channels: Literal[1, 3] = 3
    crop: PositiveInt = 48
    max_span: Annotated[int, Field(ge=2)] = 60
    min_distance: PositiveInt = 15
    negatives: Fraction = 0.75


AnyPretext = (
    Rotations
    | CenterMasked
    | BlockMasked
    | Jigsaw
    | RelativePosition
    | OverlappingPatches
    | NeighbouringCrops
    | ColouredCrops
    | CameraTuples
    | FrameTuples
)
