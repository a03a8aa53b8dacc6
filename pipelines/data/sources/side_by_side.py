"""A folder of images that hold two each."""

from pathlib import Path
from typing import ClassVar, Literal

from pipelines.data.sources.base import PAIRS
from pipelines.data.sources.folder import InFolder


class SideBySide(InFolder):
    """Images in a ``folder`` of which each holds a pair: ``first`` is its left half and ``second`` its right half.

    The data sets of the authors of pix2pix are so.
    """

    example_gen: ClassVar[str] = "pipelines.data.example_gen.side_by_side"
    gives: ClassVar[frozenset[str]] = frozenset({PAIRS})
    counted: ClassVar[str | None] = "pairs"

    source: Literal["side_by_side"]

    @property
    def described(self) -> str:
        """The folder's name."""
        return f"pairs of the user's, side by side in one image each: {Path(self.folder).name}"
