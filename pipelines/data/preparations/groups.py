"""Pairs and triplets of images, for metric learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pipelines.data.preparations.pretext import Drawn
from pipelines.data.sources.base import IMAGES, PAIRS

if TYPE_CHECKING:
    import numpy as np


class Groups(Drawn):
    """Examples of several whole images, drawn by their labels: ``copies`` for each training image.

    Class attributes:
        members: the names of the images in an example.
    """

    keeps_label: ClassVar[bool] = True
    of_several: ClassVar[bool] = True
    members: ClassVar[tuple[str, ...]] = ()

    @property
    def features(self) -> dict[str, str]:
        return dict.fromkeys(self.members, self.picture)

    def component(self, gives: frozenset[str]) -> str:
        """Returns the component that draws groups from the labels of all examples."""
        return "prepare_groups"

    def draw(self, labels: np.ndarray, num: int) -> Any:
        """Draws ``num`` groups (`keras_genssl.data.Groups`) of examples with these labels, `(num_examples,)` integers.

        Raises:
            ValueError: no group can be drawn.
        """
        raise NotImplementedError(f"{type(self).__name__} does not draw")


class Pairs(Groups):
    """Pairs, alternately of one class and of two; a table of pairs (``data.source: pairs``) names them itself."""

    reads: ClassVar[frozenset[str]] = frozenset({IMAGES, PAIRS})
    members: ClassVar[tuple[str, ...]] = ("first", "second")

    preparation: Literal["pairs"] = "pairs"

    @property
    def features(self) -> dict[str, str]:
        """Returns both images, and whether they are of one class."""
        return {**super().features, "label": "label"}

    def component(self, gives: frozenset[str]) -> str:
        """Returns the component that keeps the pairs of a table as they are."""
        return "prepare_given_pairs" if PAIRS in gives else super().component(gives)

    def draw(self, labels: np.ndarray, num: int) -> Any:
        from keras_genssl import data

        return data.pairs(labels, num, self.seed)


class Triplets(Groups):
    """Triplets: an image, another of its class and one of another class."""

    members: ClassVar[tuple[str, ...]] = ("anchor", "positive", "negative")

    preparation: Literal["triplets"] = "triplets"

    def draw(self, labels: np.ndarray, num: int) -> Any:
        from keras_genssl import data

        return data.triplets(labels, num, self.seed)
