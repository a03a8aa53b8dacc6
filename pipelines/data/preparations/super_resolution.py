"""Pairs of a small and a large image, for super-resolution."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PIL import Image

from keras_genssl.pretext.patches import aligned_patches
from keras_genssl.pretext.resize import INTERPOLATIONS, low_high
from pipelines.beam.shards import hash64

_INTERPOLATIONS = (None, *INTERPOLATIONS)


@dataclasses.dataclass(frozen=True)
class SuperResolution:
    """`low` and `high`: aligned patches of the training images, and all other images whole.

    Attributes:
        scale: factor between the two.
        interpolation: None for a small `low` (ESPCN, EDSR), or how it is up-sampled again to the size of
            `high` (SRCNN).
        patch_size: of `high`, in pixels; a multiple of `scale`. Smaller images cannot be prepared.
        stride: distance of patches in `high`, in pixels; a multiple of `scale`.
        pyramid: a training image is used once for each factor, shrunk by it with an anti-aliased filter (1.0:
            as it is); a factor that makes it smaller than a patch is passed over.
        max_patches: how many patches to make of all training images together, at most: each image has the same
            share of them, at least one, and of its patches on all levels those with the least hash of key and
            number are taken. None: all.
    """

    scale: int = 2
    interpolation: str | None = None
    patch_size: int = 64
    stride: int = 64
    pyramid: tuple[float, ...] = (1.0,)
    max_patches: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "pyramid", tuple(self.pyramid))
        for name in ("scale", "patch_size", "stride"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1 or value % self.scale:
                rule = "integer" if name == "scale" else f"multiple of `scale`={self.scale}"
                raise ValueError(f"`{name}` must be a positive {rule}. Received: {name}={value!r}")
        if self.interpolation not in _INTERPOLATIONS:
            raise ValueError(f"`interpolation` must be one of {_INTERPOLATIONS}. Received: {self.interpolation!r}")
        if not self.pyramid or not all(0 < factor <= 1 for factor in self.pyramid):
            raise ValueError(f"`pyramid` must be factors in (0, 1]. Received: pyramid={self.pyramid}")
        most = self.max_patches
        if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
            raise ValueError(f"`max_patches` must be a positive integer or None. Received: max_patches={most!r}")

    @property
    def keeps_label(self) -> bool:
        """No."""
        return False

    @property
    def features(self) -> dict[str, str]:
        """`low` and `high`."""
        return {"low": "image", "high": "image"}

    def examples(self, image: np.ndarray, key: str, split: str, images: int) -> Iterator[dict[str, Any]]:
        """Patches of a training image, or one pair of the whole image."""
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
        if min(level.shape[:2]) < self.patch_size:
            return []
        pair = low_high(level, self.scale, self.interpolation)
        return aligned_patches(pair, self.patch_size, self.stride)


def _shrink(image: np.ndarray, factor: float) -> np.ndarray:
    if factor == 1:
        return image
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
