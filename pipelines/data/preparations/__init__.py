"""Preparations: the sections `prepare` of recipes, which turn images into the examples that a method trains on.

To add one, write a `Preparation` in a file of its own and name it in the recipe class of its task. A preparation for
representation learning is named in `AnyPreparation` here.
"""

from typing import Annotated

from pydantic import Field

from pipelines.data.preparations.camera_tuples import CameraTuples
from pipelines.data.preparations.coloured_crops import ColouredCrops
from pipelines.data.preparations.frame_tuples import FrameTuples
from pipelines.data.preparations.groups import Pairs, Triplets
from pipelines.data.preparations.images import Images
from pipelines.data.preparations.jigsaw import Jigsaw
from pipelines.data.preparations.masked import BlockMasked, CenterMasked
from pipelines.data.preparations.neighbouring_crops import NeighbouringCrops
from pipelines.data.preparations.overlapping_patches import OverlappingPatches
from pipelines.data.preparations.relative_position import RelativePosition
from pipelines.data.preparations.rotations import Rotations

_Patches = Jigsaw | RelativePosition | OverlappingPatches
_Pictures = Rotations | CenterMasked | BlockMasked | NeighbouringCrops | ColouredCrops
_Frames = CameraTuples | FrameTuples

AnyPreparation = Annotated[
    Images | _Pictures | _Patches | _Frames | Pairs | Triplets, Field(discriminator="preparation")
]
