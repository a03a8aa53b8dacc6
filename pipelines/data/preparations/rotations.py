"""Images rotated by quarter turns."""

from collections.abc import Callable
from typing import Any, Literal

from pipelines.data.preparations.pretext import Pretext


class Rotations(Pretext):
    """`image` and `rotation`: rotated images with their numbers of quarter turns (`pretext.rotated`)."""

    preparation: Literal["rotations"] = "rotations"

    @property
    def features(self) -> dict[str, str]:
        return {"image": self.picture, "rotation": "int"}

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        from keras_genssl.pretext.rotation import rotated

        return rotated
