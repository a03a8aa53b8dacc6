"""Crops of colour photographs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import PositiveInt

from pipelines.data.preparations.pretext import Pretext

if TYPE_CHECKING:
    import numpy as np


class ColouredCrops(Pretext):
    """`image`: crops of ``crop`` pixels that have colour, half of them mirrored (`pretext.coloured_crop`).

    An image without colour cannot be prepared. Crops stay in RGB, which PNG keeps to the bit: methods compute CIE Lab
    on the accelerator, and its planes in 8 bits would be coarser. What they see and what they must tell stands in the
    picture alone.
    """

    called: ClassVar[Mapping[str, str]] = {"size": "crop"}

    preparation: Literal["coloured_crops"] = "coloured_crops"
    size: PositiveInt = 64
    channels: Literal[3] = 3
    crop: PositiveInt = 48

    @property
    def features(self) -> dict[str, str]:
        """`image`."""
        return {"image": "image"}

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        """`pretext.coloured_crop`."""
        from keras_genssl.pretext.coloured_crop import coloured_crop

        return coloured_crop

    def illustrations(self, example: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """What colorization sees of a crop, and what it must tell."""
        from keras_genssl.pretext.binned_colours import binned_colours
        from keras_genssl.pretext.lab import lab_planes

        crop = example["image"]
        return {"its lightness": lab_planes(crop)[0], "its bins of colour at one lightness": binned_colours(crop)}
