"""Images and thick drawings of their edges, for translation between the two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.data.preparations.images import Squares

if TYPE_CHECKING:
    import numpy as np


class EdgeDrawings(Squares):
    """`image`, the square of each image, and `drawing`, its `pretext.edge_drawing`.

    Lines are ``thickness`` pixels wide and drawn where the gradient is at least ``threshold`` 8-bit levels per pixel.
    The drawing is the truth that translations are compared with. ``source`` is what is translated, into the other. A
    method without pairs learns from the sources of the first half of the training images and the targets of the second
    half, so that it never sees both of one image.
    """

    later: ClassVar[frozenset[str]] = frozenset({"source"})

    preparation: Literal["edge_drawings"] = "edge_drawings"
    thickness: PositiveInt = 2
    threshold: Annotated[float, Field(gt=0)] = 48.0
    source: Literal["image", "drawing"] = "image"

    @property
    def target(self) -> str:
        """Returns what sources are translated into."""
        return {"image": "drawing", "drawing": "image"}[self.source]

    @property
    def features(self) -> dict[str, str]:
        return {"image": self.picture, "drawing": self.picture}

    def examples(self, image: np.ndarray, key: str, split: str, images: int) -> Iterator[dict[str, Any]]:
        """Yields one pair."""
        from keras_genssl.pretext.domains import edge_drawing

        square = self.square(image)
        yield {"image": square, "drawing": edge_drawing(square, self.thickness, self.threshold)}
