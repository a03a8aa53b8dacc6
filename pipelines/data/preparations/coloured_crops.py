"""Crops of colour photographs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import PositiveInt

from pipelines.data.preparations.pretext import Pretext

if TYPE_CHECKING:
    import numpy as np


class ColouredCrops(Pretext):
    """`image`: crops of ``crop`` pixels that contain colour, half of them mirrored (`pretext.coloured_crop`).

    An image without colour cannot be prepared. Crops stay in RGB, which PNG stores exactly: methods compute CIE Lab on
    the accelerator, and Lab planes in 8 bits would be coarser. Only the picture shows what methods see and must
    predict.
    """

    called: ClassVar[Mapping[str, str]] = {"size": "crop"}

    preparation: Literal["coloured_crops"] = "coloured_crops"
    size: PositiveInt = 64
    channels: Literal[3] = 3
    crop: PositiveInt = 48

    @property
    def features(self) -> dict[str, str]:
        return {"image": "image"}

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        from keras_genssl.pretext.colours import coloured_crop

        return coloured_crop

    def illustrations(self, example: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns what colorization sees of a crop, and what it must predict."""
        from keras_genssl.pretext.colours import binned_colours, lab_planes

        crop = example["image"]
        return {"its lightness": lab_planes(crop)[0], "its bins of colour at one lightness": binned_colours(crop)}
