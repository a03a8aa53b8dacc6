"""What the preparations for pretext tasks share: square images, copies, seeds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, PositiveInt

from pipelines.data.preparations.images import Squares

if TYPE_CHECKING:
    import numpy as np


class Drawn(Squares):
    """Examples drawn at random from squares by ``seed``: ``copies`` for each image, or for each sequence of images."""

    copies: PositiveInt = 1
    seed: Annotated[int, Field(ge=0)] = 0

    def seeds(self, key: str) -> list[int]:
        """Returns a seed for each copy, derived from the key of its image or sequence."""
        from pipelines.beam.shards import hash64

        return [hash64(f"{key}-{copy}", f"pretext-{self.seed}") for copy in range(self.copies)]


class Pretext(Drawn):
    """Examples of a pretext task: a pure function of `keras_genssl.pretext` makes them from squares.

    Class attributes:
        called: argument of the function -> field, if the names differ.
    """

    called: ClassVar[Mapping[str, str]] = {}

    @property
    def stack(self) -> str:
        """Returns the kind of a stack of images, by the number of channels."""
        return "grey_patches" if self.channels == 1 else "patches"

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        """Returns the pure function of an example, a seed, and the fields with the names of its arguments."""
        raise NotImplementedError("A preparation of a pretext task names its function")

    def check(self) -> None:
        """Makes an example from noise, so that the function refuses wrong fields and names them."""
        self.tried()

    def tried(self, *shape: int) -> None:
        """Makes an example from noise of shape `(*shape, size, size, channels)`."""
        import numpy as np

        crop = getattr(self, "crop", self.size)
        if crop > self.size:
            raise ValueError(f"`crop` must be at most `size`. Received: crop={crop}, size={self.size}")
        noise = np.random.default_rng(0).integers(0, 256, (*shape, *self.shape), dtype=np.uint8)
        try:
            self.example(noise, 0)
        except ValueError as error:
            words = {'example["image"]': "size", "image": "size", **self.called}
            raise ValueError(re.sub("`(.+?)`", lambda name: f"`{words.get(name[1], name[1])}`", str(error))) from error

    def example(self, square: np.ndarray, seed: int) -> dict[str, Any]:
        return self.made(self.function(), self.called, example={"image": square}, seed=seed)

    def examples(self, image: np.ndarray, key: str, split: str, images: int) -> Iterator[dict[str, Any]]:
        """Yields `copies` examples."""
        square = self.square(image)
        for seed in self.seeds(key):
            yield self.example(square, seed)
