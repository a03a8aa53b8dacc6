"""A folder of images that each hold a pair side by side."""

from typing import ClassVar, Literal

from pipelines.data.sources.base import PAIRS
from pipelines.data.sources.folder import InFolder


class SideBySide(InFolder):
    """Images in a ``folder`` that each hold a pair: ``first`` is the left half and ``second`` the right half.

    The data sets of the authors of pix2pix have this form.
    """

    example_gen: ClassVar[str] = "pipelines.data.example_gen.side_by_side"
    gives: ClassVar[frozenset[str]] = frozenset({PAIRS})
    counted: ClassVar[str | None] = "pairs"
    told: ClassVar[str] = "pairs of the user's, side by side in one image each"

    source: Literal["side_by_side"]
