"""What the preparations of pretext tasks have in common: square images, copies, seeds."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from keras_genssl.pretext.crops import integers
from pipelines.beam.shards import hash64
from pipelines.data.preparations.images import Images


@dataclasses.dataclass(frozen=True)
class Drawn:
    """What is drawn from squares, as `Images` makes them, with the same seeds everywhere.

    Not a preparation itself.

    Class attributes:
        called: what the function calls an argument -> the parameter that it is, where the names differ.

    Attributes:
        size: as of `Images`.
        channels: as of `Images`.
        copies: how many examples are made of an image, or of a sequence of them, each drawn anew.
        seed: of all that is drawn.
    """

    called: ClassVar[Mapping[str, str]] = {}

    size: int = 28
    channels: int = 1
    copies: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        Images(self.size, self.channels)  # refuses what is no size
        for name, least in (("copies", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"`{name}` must be an integer of at least {least}. Received: {name}={value!r}")

    @property
    def keeps_label(self) -> bool:
        """No: the images make their own."""
        return False

    @property
    def picture(self) -> str:
        """The kind of an image, by the number of channels."""
        return "grey" if self.channels == 1 else "image"

    @property
    def stack(self) -> str:
        """The kind of a stack of images, by the number of channels."""
        return "grey_patches" if self.channels == 1 else "patches"

    @property
    def features(self) -> dict[str, str]:
        """Those of the task."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its examples hold")

    def check(self) -> None:
        """Refuses parameters that the function would refuse as something else."""

    def tried(self, *shape: int) -> None:
        """Makes an example of noise, so that the function refuses what it cannot work with, by a parameter's name."""
        try:
            self.example(self.noise(*shape), 0)
        except ValueError as error:
            words = {'example["image"]': "size", "image": "size", **self.called}
            raise ValueError(re.sub("`(.+?)`", lambda name: f"`{words.get(name[1], name[1])}`", str(error))) from error

    def example(self, source: np.ndarray, seed: int) -> dict[str, Any]:
        """One example of a square image, or of a sequence of them: a function of these two alone."""
        raise NotImplementedError(f"{type(self).__name__} does not make examples")

    def noise(self, *shape: int) -> np.ndarray:
        """Squares of no meaning, `(*shape, size, size, channels)`, on which parameters are tried."""
        square = (*shape, self.size, self.size, self.channels)
        return np.random.default_rng(0).integers(0, 256, square, dtype=np.uint8)

    def seeds(self, key: str) -> list[int]:
        """One for each copy, of the key of what they are drawn from."""
        return [hash64(f"{key}-{copy}", f"pretext-{self.seed}") for copy in range(self.copies)]


@dataclasses.dataclass(frozen=True)
class Pretext(Drawn):
    """Examples of a pretext task: the square that `Images` makes, given to a pure function `copies` times.

    Not a preparation itself: each task says in `example` which function that is.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check()
        self.tried()

    def examples(self, image: np.ndarray, key: str, split: str, images: int) -> Iterator[dict[str, Any]]:
        """`copies` examples."""
        for square in Images(self.size, self.channels).examples(image, key, split, images):
            for seed in self.seeds(key):
                yield self.example(square["image"], seed)


def check_crop(crop: int, size: int) -> None:
    """Refuses a crop of an image of ``size`` pixels that is none."""
    integers(1, crop=crop)
    if crop > size:
        raise ValueError(f"`crop` must be at most `size`. Received: crop={crop}, size={size}")
