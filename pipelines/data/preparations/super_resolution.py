"""Pairs of a small and a large image, for super-resolution."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, PositiveInt, model_validator

from pipelines.data.preparations.base import Preparation

if TYPE_CHECKING:
    import numpy as np


class SuperResolution(Preparation):
    """`low` and `high`: aligned patches of the training photographs, and the other photographs whole.

    ``scale`` is the factor between the two. ``interpolation`` is null for a small `low` (ESPCN, EDSR), or the filter
    that enlarges it to the size of `high` (SRCNN). ``patch_size`` and ``stride``, the distance between patches, are in
    pixels of `high`; smaller photographs cannot be prepared. Each training photograph is used once for each factor of
    ``pyramid``, shrunk by it with an anti-aliased filter; a factor that makes it smaller than a patch is skipped.
    ``max_patches`` limits the number of patches of all photographs together; each photograph has an equal share of
    them, at least one, spread over its whole pyramid by a hash. Null makes all patches: for 500 photographs of 12
    million pixels that can be four million patches and 20 GB.
    """

    preparation: Literal["super_resolution"] = "super_resolution"
    scale: Literal[2, 3, 4] = 2
    patch_size: PositiveInt = 64
    stride: PositiveInt = 64
    interpolation: Literal["nearest", "bilinear", "bicubic"] | None = None
    pyramid: list[Annotated[float, Field(gt=0, le=1)]] = Field(default=[1.0], min_length=1)
    max_patches: PositiveInt | None = None

    @model_validator(mode="after")
    def _patches_are_aligned(self) -> SuperResolution:
        for name in ("patch_size", "stride"):
            value = getattr(self, name)
            if value % self.scale:
                raise ValueError(f"`{name}` must be a multiple of `scale`={self.scale}. Received: {value}")
        return self

    @property
    def features(self) -> dict[str, str]:
        return {"low": "image", "high": "image"}

    def examples(self, image: np.ndarray, key: str, split: str, images: int) -> Iterator[dict[str, Any]]:
        """Yields patches of a training image, or one pair of the whole image."""
        from keras_genssl.pretext.resize import low_high
        from pipelines.beam.shards import hash64

        height, width = image.shape[:2]
        if min(height, width) < self.patch_size:
            raise ValueError(f"{width} x {height} pixels are too small for a patch of {self.patch_size}")
        if split != "train":
            yield low_high(image, self.scale, self.interpolation)
            return
        patches = [patch for factor in self.pyramid for patch in self._patches(_shrink(image, factor))]
        if not patches:
            raise ValueError(
                f"{width} x {height} pixels are too small for a patch of {self.patch_size} at any `pyramid` factor"
            )
        numbers: Sequence[int] = range(len(patches))
        if self.max_patches is not None:
            by_hash = sorted(numbers, key=lambda number: hash64(f"{key}-{number}", "max_patches"))
            numbers = sorted(by_hash[: max(1, self.max_patches // images)])
        for number in numbers:
            yield patches[number]

    def _patches(self, level: np.ndarray) -> list[dict[str, np.ndarray]]:
        from keras_genssl.pretext.patches import aligned_patches
        from keras_genssl.pretext.resize import low_high

        if min(level.shape[:2]) < self.patch_size:
            return []
        pair = low_high(level, self.scale, self.interpolation)
        return aligned_patches(pair, self.patch_size, self.stride)


def _shrink(image: np.ndarray, factor: float) -> np.ndarray:
    import numpy as np
    from PIL import Image

    if factor == 1:
        return image
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
