"""Whole images of one size, for methods that learn what images look like."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image


@dataclasses.dataclass(frozen=True)
class Images:
    """`image`: the square in the middle of each image, `size` pixels high and wide.

    Shrunk with Pillow's anti-aliased Lanczos filter where the square is larger, enlarged by the same where it is
    smaller, but no more than twice: what is smaller still cannot be prepared. An image that has the size stays as it
    is, to the bit.

    Attributes:
        size: of the result, in pixels.
        channels: 1 for grey (the luma of ITU-R 601-2), 3 for colour.
    """

    size: int = 28
    channels: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.size, bool) or not isinstance(self.size, int) or self.size < 1:
            raise ValueError(f"`size` must be a positive integer. Received: size={self.size!r}")
        if self.channels not in (1, 3):
            raise ValueError(f"`channels` must be 1 or 3. Received: channels={self.channels!r}")

    @property
    def keeps_label(self) -> bool:
        """Yes."""
        return True

    @property
    def features(self) -> dict[str, str]:
        """`image`."""
        return {"image": "grey" if self.channels == 1 else "image"}

    def examples(self, image: np.ndarray, key: str, split: str, images: int) -> Iterator[dict[str, Any]]:
        """One example."""
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
        yield {"image": np.asarray(square).reshape(self.size, self.size, self.channels)}
