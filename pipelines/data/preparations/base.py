"""The base class of all preparations: the section `prepare` of a recipe, which also makes examples from images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.data.sources.base import IMAGES
from pipelines.section import Section

if TYPE_CHECKING:
    import numpy as np


class Preparation(Section):
    """Turns images into the examples that a method trains on. Its fields are the keys of the section `prepare`.

    Recipes are read without NumPy, so a preparation imports what it computes with inside its methods.

    Class attributes:
        later: the fields that do not affect the prepared examples.
        reads: the kinds of source examples that it can prepare.
        made_from: the images of a record that an example is made from.
        keeps_label: whether an example keeps the label of its image, if there is one.
        of_several: whether an example is made from several images, so that the number of examples says nothing about
            the number of images.
    """

    later: ClassVar[frozenset[str]] = frozenset()
    reads: ClassVar[frozenset[str]] = frozenset({IMAGES})
    made_from: ClassVar[tuple[str, ...]] = ("image",)
    keeps_label: ClassVar[bool] = False
    of_several: ClassVar[bool] = False

    preparation: str

    @property
    def parameters(self) -> dict[str, Any]:
        """Returns the fields that the prepared examples depend on, as a JSON value."""
        return self.model_dump(mode="json", exclude=set(self.later))

    @property
    def features(self) -> dict[str, str]:
        """Returns what an example contains besides `key`, `name` and a kept label: name -> kind (`written.KINDS`)."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its examples hold")

    @property
    def jpeg(self) -> int | None:
        """Returns the quality of the JPEG files in which pictures are kept; `None` for PNG, which keeps every bit."""
        return None

    def component(self, gives: frozenset[str]) -> str:
        """Returns the module of `pipelines.data`, and the function in it, that prepare.

        Args:
            gives: the kind of examples that the source has.
        """
        return "prepare"

    def check(self) -> None:
        """Refuses fields that do not fit together, if it takes NumPy to find out.

        Raises:
            ValueError: the message begins with the field, in backticks.
        """

    def examples(self, image: np.ndarray, key: str, split: str, images: int) -> Iterator[dict[str, Any]]:
        """Yields the examples of one image, always in the same order.

        Args:
            image: uint8 (height, width, 3).
            key: the key of the record; it seeds all random draws.
            split: `"train"` or another split.
            images: the number of images in the split, for what they share.

        Raises:
            ValueError: the image cannot be prepared; it becomes a dead letter with the message.
        """
        raise NotImplementedError(f"{type(self).__name__} does not make examples of single images")

    def examples_of(
        self, record: Mapping[str, np.ndarray], key: str, split: str, images: int
    ) -> Iterator[dict[str, Any]]:
        """Yields the examples of one record: those of its image, unless an example is made from several images.

        Args:
            record: name -> image, uint8 (height, width, 3), for the images in `made_from`.
            key, split, images: as in `examples`.

        Raises:
            ValueError: as in `examples`.
        """
        return self.examples(record["image"], key, split, images)

    def arrangements(self, example: Mapping[str, Any]) -> list[list[int | None]]:
        """Returns the squares in which an example's patches are shown: rows of patch numbers, None for an empty place.

        If the list is empty, patches are shown in their order.
        """
        return []

    def illustrations(self, example: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns pictures of what a method sees of an example, if that differs from what is on disk.

        Args:
            example: name -> image on disk, uint8 (height, width, 3).

        Returns:
            Title -> picture, uint8 (height, width, 1 or 3), with the same titles for each example.
        """
        return {}
