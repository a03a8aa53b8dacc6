"""Square crops of photographs of any size, for translation between two domains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.data.preparations.images import JPEGQuality, Squares
from pipelines.data.sources.base import PAIRS

if TYPE_CHECKING:
    import numpy as np


class Crops(Squares):
    """Crops of photographs of any size, made by `pretext.scene_crop`.

    The shorter side is resized to ``load_size`` pixels, or both sides without ``keep_ratio``; no image is too small.
    Squares of ``size`` pixels are cut at random places by ``seed``: equally many from each training image, at least
    one, until there are ``crops`` in all; with ``mirror`` half of them are mirrored. Each held-out image gives its
    central square, and then random squares until there are ``held_out_crops`` in all, not mirrored. ``channels`` is 1
    for grey, 3 for colour. ``source`` is the input that is translated, into the other.

    With ``jpeg_quality``, 1 to 100, crops are kept as JPEG, which loses detail and takes a fraction of PNG's disk.
    """

    later: ClassVar[frozenset[str]] = frozenset({"source"})
    size: PositiveInt = 64
    channels: Literal[1, 3] = 3
    load_size: PositiveInt = 72
    keep_ratio: bool = True
    mirror: bool = True
    crops: PositiveInt = 400
    held_out_crops: PositiveInt = 100
    seed: Annotated[int, Field(ge=0)] = 0
    source: Literal["first", "second"] = "first"
    jpeg_quality: JPEGQuality = None

    @property
    def jpeg(self) -> int | None:
        return self.jpeg_quality

    @property
    def target(self) -> str:
        """Returns what sources are translated into."""
        return {"first": "second", "second": "first"}[self.source]

    @property
    def features(self) -> dict[str, str]:
        """Returns the images of an example."""
        return dict.fromkeys(self.made_from, self.picture)

    def check(self) -> None:
        """Refuses crops that are larger than the image that they are cut from."""
        if self.load_size < self.size:
            raise ValueError(
                f"`load_size` must be at least `size`. Received: load_size={self.load_size}, size={self.size}"
            )

    def examples_of(
        self, record: Mapping[str, np.ndarray], key: str, split: str, images: int
    ) -> Iterator[dict[str, Any]]:
        """Yields crops; all images of an example are cut at the same place."""
        from keras_genssl.pretext.scene_crop import scene_crop
        from pipelines.beam.shards import hash64

        example = {name: self.coloured(image) for name, image in record.items()}
        training = split == "train"
        wanted = max(1, -(-(self.crops if training else self.held_out_crops) // images))
        seeds: list[int | None] = [hash64(f"{key}-{number}", f"pretext-{self.seed}") for number in range(wanted)]
        for seed in seeds if training else [None, *seeds[1:]]:
            yield scene_crop(example, seed, self.size, self.load_size, self.keep_ratio, self.mirror and training)

    def coloured(self, image: np.ndarray) -> np.ndarray:
        """Returns an image with as many channels as `channels` says."""
        import numpy as np
        from PIL import Image

        return image if self.channels == 3 else np.asarray(Image.fromarray(image).convert("L"))[..., None]


class Photographs(Crops):
    """`image`: crops of a photograph."""

    preparation: Literal["photographs"] = "photographs"


class PhotographPairs(Crops):
    """`first` and `second`: crops of both images of a pair, at the same place."""

    reads: ClassVar[frozenset[str]] = frozenset({PAIRS})
    made_from: ClassVar[tuple[str, ...]] = ("first", "second")

    preparation: Literal["photograph_pairs"] = "photograph_pairs"
