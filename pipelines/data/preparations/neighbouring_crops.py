"""Two nearby crops, as two views of an image."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.data.preparations.pretext import Pretext


class NeighbouringCrops(Pretext):
    """`first` and `second`: two crops of ``crop`` pixels, the two views of an image (`pretext.neighbouring_crops`).

    They are ``min_distance`` to ``max_distance`` pixels apart. The distance is the larger of the steps down and right;
    from a distance of ``crop`` on, the crops do not overlap.
    """

    called: ClassVar[Mapping[str, str]] = {"size": "crop", "size + min_distance": "crop + min_distance"}

    preparation: Literal["neighbouring_crops"] = "neighbouring_crops"
    size: PositiveInt = 64
    channels: Literal[1, 3] = 3
    crop: PositiveInt = 24
    min_distance: Annotated[int, Field(ge=0)] = 24
    max_distance: Annotated[int, Field(ge=0)] = 40

    @property
    def features(self) -> dict[str, str]:
        return {"first": self.picture, "second": self.picture}

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        from keras_genssl.pretext.camera import neighbouring_crops

        return neighbouring_crops
