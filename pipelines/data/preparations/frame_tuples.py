"""Tuples of frames from films, which are folders of frames."""

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
    """`frames` and `ordered`: three frames of a film (``data.source: frames``), drawn by `pretext.frame_order`.

    A share ``negatives`` of the tuples is out of order. Each film gives ``copies`` tuples. The same crop of ``crop``
    pixels is cut from all three frames. The first and the last are at most ``max_span`` apart; the frame that replaces
    the middle one is at least ``min_distance`` away from both.
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
        return {"frames": self.stack, "ordered": "int"}

    def component(self, gives: frozenset[str]) -> str:
        """Returns the component that reads all frames of a film together."""
        return "prepare_sequences"

    @staticmethod
    def function() -> Callable[..., dict[str, Any]]:
        from keras_genssl.pretext.frame_order import frame_order

        return frame_order

    def check(self) -> None:
        """Draws from the shortest possible film of noise, so that wrong fields are refused."""
        self.tried(3 + self.min_distance)

    def example(self, frames: np.ndarray, seed: int, motion: np.ndarray | None = None) -> dict[str, Any]:
        """Makes one example from square frames, `(num, size, size, channels)`, and their motion if it is known."""
        film = {"frames": frames} if motion is None else {"frames": frames, "motion": motion}
        return self.made(self.function(), self.called, example=film, seed=seed)

    def tuples(self, frames: Iterable[np.ndarray], key: str) -> Iterator[dict[str, Any]]:
        """Yields `copies` examples of a sequence.

        Args:
            frames: the frames in order, each uint8 (height, width, 3); only the central square of each is kept.
            key: the key of the sequence; it seeds all random draws.

        Raises:
            ValueError: the sequence is too short or too small, or nothing moves in it.
        """
        import numpy as np

        from keras_genssl.pretext.frame_order import frame_motion

        squares = np.stack([self.square(frame) for frame in frames])
        motion = frame_motion(squares)
        for seed in self.seeds(key):
            yield self.example(squares, seed, motion)
