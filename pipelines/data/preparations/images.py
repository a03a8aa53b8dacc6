"""Whole images of one size, for methods that learn what images look like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import Field, PositiveInt

from pipelines.data.preparations.base import Preparation

if TYPE_CHECKING:
    import numpy as np


class Squares(Preparation):
    """Prepares the central square of each image, ``size`` pixels high and wide.

    ``channels`` is 1 for grey (the luma of ITU-R 601-2) or 3 for colour. A larger square is shrunk with Pillow's
    anti-aliased Lanczos filter. A smaller one is enlarged with it, at most twice; if it is still too small, it cannot
    be prepared. An image that already has the size and the channels stays bit-identical.
    """

    size: PositiveInt = 28
    channels: Literal[1, 3] = 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Returns height, width and channels."""
        return self.size, self.size, self.channels

    @property
    def picture(self) -> str:
        """Returns the kind of an image, by the number of channels."""
        return "grey" if self.channels == 1 else "image"

    def square(self, image: np.ndarray) -> np.ndarray:
        """Returns the central square of an image.

        Args:
            image: uint8 (height, width, 3).

        Returns:
            uint8 (size, size, channels).

        Raises:
            ValueError: the image is too small.
        """
        import numpy as np
        from PIL import Image

        height, width = image.shape[:2]
        side = min(height, width)
        if 2 * side < self.size:
            raise ValueError(f"{width} x {height} pixels would be enlarged more than twice for a size of {self.size}")
        top, left = (height - side) // 2, (width - side) // 2
        square = Image.fromarray(image[top : top + side, left : left + side])
        if self.channels == 1:
            square = square.convert("L")
        if side != self.size:
            square = square.resize((self.size, self.size), Image.Resampling.LANCZOS)
        return np.asarray(square).reshape(self.shape)

    def example(self, square: np.ndarray, seed: int) -> dict[str, Any]:
        """Makes an example from a square image and a seed; the result depends on nothing else."""
        return {"image": square}


JPEGQuality: TypeAlias = Annotated[int, Field(ge=1, le=100)] | None


class Images(Squares):
    """`image`: the central square of each image, with its label if it has one.

    With ``jpeg_quality``, 1 to 100, images are kept as JPEG, which loses detail and takes a fraction of PNG's disk.
    """

    keeps_label: ClassVar[bool] = True

    preparation: Literal["images"] = "images"
    jpeg_quality: JPEGQuality = None

    @property
    def jpeg(self) -> int | None:
        return self.jpeg_quality

    @property
    def features(self) -> dict[str, str]:
        return {"image": self.picture}

    def examples(self, image: np.ndarray, key: str, split: str, images: int) -> Iterator[dict[str, Any]]:
        """Yields one example."""
        yield self.example(self.square(image), 0)
