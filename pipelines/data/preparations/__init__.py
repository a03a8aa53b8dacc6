"""Preparations: what turns one image into the examples that a method trains on.

A preparation is a frozen dataclass whose fields are its parameters. To add one, write it in a file of its own
and name it in `PREPARATIONS`.
"""

import dataclasses
import difflib
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from pipelines.data.preparations.camera_tuples import CameraTuples
from pipelines.data.preparations.coloured_crops import ColouredCrops
from pipelines.data.preparations.edge_drawings import EdgeDrawings
from pipelines.data.preparations.frame_tuples import FrameTuples
from pipelines.data.preparations.images import Images
from pipelines.data.preparations.jigsaw import Jigsaw
from pipelines.data.preparations.masked import BlockMasked, CenterMasked
from pipelines.data.preparations.neighbouring_crops import NeighbouringCrops
from pipelines.data.preparations.overlapping_patches import OverlappingPatches
from pipelines.data.preparations.relative_position import RelativePosition
from pipelines.data.preparations.rotations import Rotations
from pipelines.data.preparations.super_resolution import SuperResolution
from pipelines.errors import UserError

T = TypeVar("T")


class Preparation(Protocol):
    """What `Prepare` asks of a preparation."""

    @property
    def features(self) -> dict[str, str]:
        """Name -> kind, one of `dataset.KINDS`, of what an example holds besides `key`, `name` and `label`."""
        ...

    @property
    def keeps_label(self) -> bool:
        """Whether an example has the label of its image, where that has one."""
        ...

    def examples(self, image: np.ndarray, key: str, split: str, images: int) -> Iterator[dict[str, Any]]:
        """The examples of one image, always in the same order.

        Args:
            image: uint8 (height, width, 3).
            key: of the record; seeds whatever is drawn.
            split: `"train"` or another.
            images: how many images the split has, for what they share.

        Raises:
            ValueError: if the image cannot be prepared; it becomes a dead letter with the message.
        """
        ...


@runtime_checkable
class Arranged(Protocol):
    """A preparation whose patches are not shown as they come."""

    def arrangements(self, example: Mapping[str, Any]) -> list[list[int | None]]:
        """The squares in which an example's patches are shown, by number and row by row; None for an empty place."""
        ...


@runtime_checkable
class Illustrated(Protocol):
    """A preparation whose examples a method sees otherwise than they are on disk, which is shown beside them."""

    def illustrations(self, example: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What it is -> the picture, uint8 (height, width, 1 or 3), the same names each time.

        Args:
            example: name -> image, uint8 (height, width, 3), of those that are on disk.
        """
        ...


PREPARATIONS: dict[str, type] = {
    "block_masked": BlockMasked,
    "camera_tuples": CameraTuples,
    "center_masked": CenterMasked,
    "coloured_crops": ColouredCrops,
    "edge_drawings": EdgeDrawings,
    "images": Images,
    "jigsaw": Jigsaw,
    "neighbouring_crops": NeighbouringCrops,
    "overlapping_patches": OverlappingPatches,
    "relative_position": RelativePosition,
    "rotations": Rotations,
    "super_resolution": SuperResolution,
}


def make(name: str, parameters: Mapping[str, Any]) -> Preparation:
    """A preparation by name.

    Raises:
        UserError: if the name or a parameter is unknown, or a parameter breaks its rule.
    """
    if name not in PREPARATIONS:
        raise UserError(f"`preparation` must be one of {sorted(PREPARATIONS)}. Received: {name!r}")
    return _made(PREPARATIONS[name], name, parameters)


def make_any(name: str, parameters: Mapping[str, Any]) -> Any:
    """As `make`, and of films too, whose preparations are not of single images.

    Raises:
        UserError: as of `make`.
    """
    return _made(FrameTuples, name, parameters) if name == "frame_tuples" else make(name, parameters)


def _made(kind: type[T], name: str, parameters: Mapping[str, Any]) -> T:
    known = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    for parameter in parameters:
        if parameter not in known:
            near = difflib.get_close_matches(parameter, known, n=1) or known
            raise UserError(f"{name} has no parameter {parameter!r}. The nearest: {', '.join(near)}")
    try:
        return kind(**parameters)
    except ValueError as error:
        raise UserError(str(error)) from error
