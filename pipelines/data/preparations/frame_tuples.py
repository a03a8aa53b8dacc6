"""Tuples of frames from films that lie as folders of frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.data.preparations.pretext import Pretext
from pipelines.data.sources.base import FILMS
from pipelines.section import Fraction

if TYPE_CHECKING:
    import numpy as np


class FrameTuples(Pretext):
    """`frames` and `ordered`: three frames of a film (``data.source: frames``), as `pretext.frame_order` draws them.

    They are in order or, ``negatives`` of them, not. ``copies`` are drawn of each film. A crop of ``crop`` pixels is
    cut at one place of all three. First and last of them are at most ``max_span`` apart; what replaces the middle one
    is at least ``min_distance`` away from them.
    """

    reads: ClassVar[frozenset[str]] = frozenset({FILMS})
    of_several: ClassVar[bool] = True
    called: ClassVar[Mapping[str, str]] = {"size": "crop"}

    preparation: Literal["frame_tuples"] = "frame_tuples"
    size: PositiveInt = 64
    channels: Literal[1, 3] = 3
    crop: PositiveInt = 48
    max_span: Annotated[int, Field(ge=2)] = 60
    min_distance: PositiveInt = 15
    negatives: Fraction = 0.75

    @property
    def features(self) -> dict[str, str]:
        """`frames` and `ordered`."""
        return {"frames": self.stack, "ordered": "int"}

    def component(self, gives: frozenset[str]) -> str:
        """All frames of a film are read together."""
        return "prepare_sequences"

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        """`pretext.frame_order`."""
        from keras_genssl.pretext.frame_order import frame_order

        return frame_order

    def check(self) -> None:
        """Draws of a film of noise, as short as can be."""
        self.tried(3 + self.min_distance)

    def example(self, frames: np.ndarray, seed: int, motion: np.ndarray | None = None) -> dict[str, Any]:
        """One example of square frames, `(num, size, size, channels)`, and of their motion where it is known."""
        film = {"frames": frames} if motion is None else {"frames": frames, "motion": motion}
        return self.made(self.function(), self.called, example=film, seed=seed)

    def tuples(self, frames: Iterable[np.ndarray], key: str) -> Iterator[dict[str, Any]]:
        """`copies` examples of a sequence.

        Args:
            frames: uint8 (height, width, 3) each, in order; of all only the square is kept.
            key: of the sequence; seeds whatever is drawn.

        Raises:
            ValueError: if the sequence is too short, too small, or nothing moves in it.
        """
        import numpy as np

        from keras_genssl.pretext.frame_order import frame_motion

        squares = np.stack([self.square(frame) for frame in frames])
        motion = frame_motion(squares)
        for seed in self.seeds(key):
            yield self.example(squares, seed, motion)
