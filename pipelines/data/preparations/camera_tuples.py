"""Tuples of frames from a camera that moves over an image."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from keras_genssl.pretext.camera_path import camera_tuple
from pipelines.data.preparations.pretext import Pretext, check_crop


@dataclasses.dataclass(frozen=True)
class CameraTuples(Pretext):
    """`frames` and `ordered`, as `pretext.camera_tuple` makes them; an image of one colour cannot be prepared.

    Attributes:
        crop: height and width of a frame, at most `size`.
        num_frames: of the film.
        max_span: most frames from first to last.
        min_distance: least frames from these to what replaces the middle one.
        negatives: share of tuples that are not in order.
    """

    called: ClassVar[Mapping[str, str]] = {'example["frames"]': "num_frames"}

    size: int = 64
    channels: int = 3
    crop: int = 48
    num_frames: int = 32
    max_span: int = 12
    min_distance: int = 4
    negatives: float = 0.75

    def check(self) -> None:
        """A frame fits."""
        check_crop(self.crop, self.size)

    @property
    def features(self) -> dict[str, str]:
        """`frames` and `ordered`."""
        return {"frames": "grey_patches" if self.channels == 1 else "patches", "ordered": "int"}

    def example(self, square: np.ndarray, seed: int) -> dict[str, Any]:
        """`pretext.camera_tuple`."""
        settings = self.num_frames, self.crop, self.max_span, self.min_distance, self.negatives
        return camera_tuple({"image": square}, seed, *settings)
