"""What the preparations of pretext tasks have in common: square images, copies, seeds."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from keras_genssl.pretext.crops import integers
from pipelines.beam.shards import hash64
from pipelines.components.preparations.images import Images


@dataclasses.dataclass(frozen=True)
class Pretext:
    """Examples of a pretext task: the square that `Images` makes, given to a pure function `copies` times.

    Not a preparation itself: each task says in `example` which function that is.

    Class attributes:
        called: what the function calls an argument -> the parameter that it is, where the names differ.

    Attributes:
        size: as of `Images`.
        channels: as of `Images`.
        copies: how many examples are made of an image, each drawn anew.
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
        self.check()
        noise = np.random.default_rng(0).integers(0, 256, (self.size, self.size, self.channels), dtype=np.uint8)
        try:
            self.example(noise, 0)
        except ValueError as error:
            words = {'example["image"]': "size", "image": "size", **self.called}
            raise ValueError(re.sub("`(.+?)`", lambda name: f"`{words.get(name[1], name[1])}`", str(error))) from error

    def check(self) -> None:
        """Refuses parameters that the function would refuse as something else."""

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

    def example(self, square: np.ndarray, seed: int) -> dict[str, Any]:
        """One example of a square image: a function of these two alone."""
        raise NotImplementedError(f"{type(self).__name__} does not make examples")

    def examples(self, image: np.ndarray, key: str, split: str, images: int) -> Iterator[dict[str, Any]]:
        """`copies` examples."""
        for square in Images(self.size, self.channels).examples(image, key, split, images):
            for copy in range(self.copies):
                yield self.example(square["image"], hash64(f"{key}-{copy}", f"pretext-{self.seed}"))


def check_crop(crop: int, size: int) -> None:
    """Refuses a crop of an image of ``size`` pixels that is none."""
    integers(1, crop=crop)
    if crop > size:
        raise ValueError(f"`crop` must be at most `size`. Received: crop={crop}, size={size}")
