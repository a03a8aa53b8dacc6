"""Images turned by quarters."""

from collections.abc import Callable
from typing import Any, Literal

from pipelines.data.preparations.pretext import Pretext


class Rotations(Pretext):
    """`image` and `rotation`: images that are turned already, with their turns (`pretext.rotated`)."""

    preparation: Literal["rotations"] = "rotations"

    @property
    def features(self) -> dict[str, str]:
        """`image` and `rotation`."""
        return {"image": self.picture, "rotation": "int"}

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        """`pretext.rotated`."""
        from keras_genssl.pretext.rotation import rotated

        return rotated
