"""What every preparation is: the section `prepare` of a recipe, and what makes examples of images as it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.data.sources.base import IMAGES
from pipelines.section import Section

if TYPE_CHECKING:
    import numpy as np


class Preparation(Section):
    """Turns images into the examples that a method trains on. Its fields are the keys of the section `prepare`.

    Recipes are read without NumPy: a preparation imports what it computes with inside its methods.

    Class attributes:
        later: the fields that change nothing that is prepared.
        reads: of what examples it can be made, of those that sources give.
        made_from: the images of a record that an example is made of.
        keeps_label: whether the labels of images count, where they have any: an example has that of its image.
        of_several: whether an example is made of several images, so that counting examples counts no images.
    """

    later: ClassVar[frozenset[str]] = frozenset()
    reads: ClassVar[frozenset[str]] = frozenset({IMAGES})
    made_from: ClassVar[tuple[str, ...]] = ("image",)
    keeps_label: ClassVar[bool] = False
    of_several: ClassVar[bool] = False

    preparation: str

    @property
    def parameters(self) -> dict[str, Any]:
        """The fields that what is prepared depends on, as a JSON value."""
        return self.model_dump(mode="json", exclude=set(self.later))

    @property
    def features(self) -> dict[str, str]:
        """Name -> kind, one of `written.KINDS`, of what an example holds besides `key`, `name` and a kept label."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its examples hold")

    def component(self, gives: frozenset[str]) -> str:
        """The module of `pipelines.data`, and the function in it, that prepare.

        Args:
            gives: of the source of the examples.
        """
        return "prepare"

    def check(self) -> None:
        """Refuses fields that do not go together, where that takes NumPy to find out.

        Raises:
            ValueError: the message begins with the field, in backticks.
        """

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
        raise NotImplementedError(f"{type(self).__name__} does not make examples of single images")

    def examples_of(
        self, record: Mapping[str, np.ndarray], key: str, split: str, images: int
    ) -> Iterator[dict[str, Any]]:
        """The examples of one record: those of its image, unless an example is made of several.

        Args:
            record: the name of an image -> uint8 (height, width, 3), of those that it is made from.
            key, split, images: as of `examples`.

        Raises:
            ValueError: as of `examples`.
        """
        return self.examples(record["image"], key, split, images)

    def arrangements(self, example: Mapping[str, Any]) -> list[list[int | None]]:
        """The squares in which an example's patches are shown, by number and row by row; None for an empty place.

        Empty where they are shown as they come.
        """
        return []

    def illustrations(self, example: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What a method sees of an example otherwise than it is on disk, to be shown beside it.

        Args:
            example: name -> image, uint8 (height, width, 3), of those that are on disk.

        Returns:
            What it is -> the picture, uint8 (height, width, 1 or 3), the same names each time.
        """
        return {}
