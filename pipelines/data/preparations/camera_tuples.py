"""Tuples of frames from a camera that moves over an image."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.data.preparations.pretext import Pretext
from pipelines.section import Fraction


class CameraTuples(Pretext):
    """`frames` and `ordered`: three frames of a camera that moves over an image (`pretext.camera_tuple`).

    A share ``negatives`` of the tuples is out of order. The film has ``num_frames`` frames of ``crop`` pixels. The
    first and the last frame of a tuple are at most ``max_span`` apart; the frame that replaces the middle one is at
    least ``min_distance`` away from both. An image of a single colour cannot be prepared.
    """

    called: ClassVar[Mapping[str, str]] = {"size": "crop", 'example["frames"]': "num_frames"}

    preparation: Literal["camera_tuples"] = "camera_tuples"
    size: PositiveInt = 64
    channels: Literal[1, 3] = 3
    crop: PositiveInt = 48
    num_frames: Annotated[int, Field(ge=4)] = 32
    max_span: Annotated[int, Field(ge=2)] = 12
    min_distance: PositiveInt = 4
    negatives: Fraction = 0.75

    @property
    def features(self) -> dict[str, str]:
        return {"frames": self.stack, "ordered": "int"}

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        from keras_genssl.pretext.camera import camera_tuple

        return camera_tuple
