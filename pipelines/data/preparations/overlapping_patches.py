"""A grid of overlapping patches."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt

from pipelines.data.preparations.pretext import Pretext
from pipelines.section import Fraction


class OverlappingPatches(Pretext):
    """`patches`: a grid of patches, each changed independently (`pretext.overlapping_patches`).

    Patches are ``stride`` pixels apart (null: half a patch). ``flip`` is the share of mirrored images, ``grayscale``
    the share of grey patches. ``operations`` change each patch, of which a square of ``inner_size`` is kept (null: all
    of it).
    """

    preparation: Literal["overlapping_patches"] = "overlapping_patches"
    patch_size: PositiveInt = 8
    stride: PositiveInt | None = None
    rows: PositiveInt = 6
    columns: PositiveInt = 6
    flip: Fraction = 0.5
    grayscale: Fraction = 0.0
    inner_size: PositiveInt | None = None
    operations: Annotated[int, Field(ge=0)] = 0

    @property
    def features(self) -> dict[str, str]:
        return {"patches": self.stack}

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        from keras_genssl.pretext.overlapping_patches import overlapping_patches

        return overlapping_patches
