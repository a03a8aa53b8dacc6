"""Tuples of frames from films that lie as folders of frames."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from keras_genssl.pretext.crops import integers
from keras_genssl.pretext.frame_order import frame_motion, frame_order
from pipelines.data.preparations.images import Images
from pipelines.data.preparations.pretext import Drawn, check_crop


@dataclasses.dataclass(frozen=True)
class FrameTuples(Drawn):
    """`frames` and `ordered`, as `pretext.frame_order` makes them of a sequence of frames.

    Attributes:
        crop: height and width of what is cut from a frame, the same of all three, at most `size`.
        max_span: most frames from first to last.
        min_distance: least frames from these to what replaces the middle one.
        negatives: share of tuples that are not in order.
    """

    size: int = 64
    channels: int = 3
    crop: int = 48
    max_span: int = 60
    min_distance: int = 15
    negatives: float = 0.75

    def __post_init__(self) -> None:
        super().__post_init__()
        check_crop(self.crop, self.size)
        integers(1, min_distance=self.min_distance)
        self.tried(3 + self.min_distance)

    @property
    def features(self) -> dict[str, str]:
        """`frames` and `ordered`."""
        return {"frames": self.stack, "ordered": "int"}

    def example(self, frames: np.ndarray, seed: int, motion: np.ndarray | None = None) -> dict[str, Any]:
        """`pretext.frame_order` of square frames, and of their motion where it is known."""
        settings = self.max_span, self.min_distance, self.negatives, self.crop
        film = {"frames": frames} if motion is None else {"frames": frames, "motion": motion}
        return frame_order(film, seed, *settings)

    def examples(self, frames: Iterable[np.ndarray], key: str) -> Iterator[dict[str, Any]]:
        """`copies` tuples of a sequence.

        Args:
            frames: uint8 (height, width, 3) each, in order; of all only the square is kept.
            key: of the sequence; seeds whatever is drawn.

        Raises:
            ValueError: if the sequence is too short, too small, or nothing moves in it.
        """
        whole = Images(self.size, self.channels)
        squares = np.stack([made["image"] for frame in frames for made in whole.examples(frame, key, "", 1)])
        motion = frame_motion(squares)
        for seed in self.seeds(key):
            yield self.example(squares, seed, motion)
