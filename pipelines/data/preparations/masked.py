"""Images with a hidden part, for context encoders."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt

from pipelines.data.preparations.pretext import Pretext

Share = Annotated[float, Field(gt=0, lt=1)]
Level = Annotated[int, Field(ge=0, le=255)]


class Masked(Pretext):
    """`masked`, `image` and `mask`: images with a hidden part, which is filled with the grey level ``fill``."""

    fill: Level = 115

    @property
    def features(self) -> dict[str, str]:
        return {"masked": self.picture, "image": self.picture, "mask": "grey"}


class CenterMasked(Masked):
    """Images with a hidden centre, ``fraction`` of the side (`pretext.center_masked`)."""

    preparation: Literal["center_masked"] = "center_masked"
    fraction: Share = 0.5

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        from keras_genssl.pretext.masks import center_masked

        return center_masked


class BlockMasked(Masked):
    """Images with ``blocks`` hidden blocks, up to ``area`` of all pixels (`pretext.block_masked`)."""

    preparation: Literal["block_masked"] = "block_masked"
    blocks: PositiveInt = 5
    area: Share = 0.25

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        from keras_genssl.pretext.masks import block_masked

        return block_masked
