"""What the preparations of pretext tasks have in common: square images, copies, seeds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, PositiveInt

from pipelines.data.preparations.images import Squares

if TYPE_CHECKING:
    import numpy as np


class Drawn(Squares):
    """Examples that are drawn from squares by ``seed``: ``copies`` for each image, or for each sequence of them."""

    copies: PositiveInt = 1
    seed: Annotated[int, Field(ge=0)] = 0

    def seeds(self, key: str) -> list[int]:
        """One for each copy, of the key of what they are drawn from."""
        from pipelines.beam.shards import hash64

        return [hash64(f"{key}-{copy}", f"pretext-{self.seed}") for copy in range(self.copies)]


class Pretext(Drawn):
    """Examples of a pretext task: squares are given to a pure function of `keras_genssl.pretext`.

    Class attributes:
        called: what the function calls something, an argument say -> the field that it is, where the names differ.
    """

    called: ClassVar[Mapping[str, str]] = {}

    @property
    def stack(self) -> str:
        """The kind of a stack of images, by the number of channels."""
        return "grey_patches" if self.channels == 1 else "patches"

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        """The pure function: of an example, a seed, and the fields that are named as its arguments."""
        raise NotImplementedError("A preparation of a pretext task names its function")

    def check(self) -> None:
        """Makes an example of noise, so that the function refuses what it cannot work with, by a field's name."""
        self.tried()

    def tried(self, *shape: int) -> None:
        """Makes an example of noise, `(*shape, size, size, channels)`."""
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
        """What the function makes."""
        return self.made(self.function(), self.called, example={"image": square}, seed=seed)

    def examples(self, image: np.ndarray, key: str, split: str, images: int) -> Iterator[dict[str, Any]]:
        """`copies` examples."""
        square = self.square(image)
        for seed in self.seeds(key):
            yield self.example(square, seed)
