"""Images and thick drawings of their edges, for translation between the two."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_genssl.pretext.edges import edge_drawing
from pipelines.data.preparations.images import Images


@dataclasses.dataclass(frozen=True)
class EdgeDrawings:
    """`image`, as `Images` makes it, and `drawing`, `pretext.edge_drawing` of it: the truth that a translation is
    measured by. Methods without pairs are given images of one half and drawings of the other.

    Attributes:
        size: as of `Images`.
        channels: as of `Images`.
        thickness: of the lines, in pixels.
        threshold: least gradient of an edge, in levels of 8 bits a pixel.
    """

    size: int = 28
    channels: int = 1
    thickness: int = 2
    threshold: float = 48.0

    def __post_init__(self) -> None:
        Images(self.size, self.channels)  # refuses what is no size
        edge_drawing(np.zeros((1, 1, 1), np.uint8), self.thickness, self.threshold)

    @property
    def keeps_label(self) -> bool:
        """No: nothing here looks at classes."""
        return False

    @property
    def features(self) -> dict[str, str]:
        """`image` and `drawing`."""
        kind = "grey" if self.channels == 1 else "image"
        return {"image": kind, "drawing": kind}

    def examples(self, image: np.ndarray, key: str, split: str, images: int) -> Iterator[dict[str, Any]]:
        """One pair."""
        for example in Images(self.size, self.channels).examples(image, key, split, images):
            drawing = edge_drawing(example["image"], self.thickness, self.threshold)
            yield {**example, "drawing": drawing}
