"""A table of pairs of image files."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pipelines.data.sources.base import PAIRS, Divided


class Pairs(Divided):
    """A ``table``, a CSV file of pairs of image files, for ``prepare.preparation: pairs``.

    About ``eval_fraction`` of the pairs are held out, and pairs that share an image stay together; if the table has a
    column ``split``, this column decides.
    """

    example_gen: ClassVar[str] = "pipelines.data.example_gen.pairs"
    place: ClassVar[tuple[str, ...]] = ("table",)
    needs: ClassVar[str] = "or `--data TABLE.csv` on the command line"
    refuses: ClassVar[Mapping[str, str]] = {
        "held_out": "names images, and a table has pairs: give it a column `split`",
    }
    gives: ClassVar[frozenset[str]] = frozenset({PAIRS})
    counted: ClassVar[str | None] = "pairs"
    told: ClassVar[str] = "a table of pairs of the user's"

    source: Literal["pairs"]
    table: str

    @classmethod
    def takes(cls, paths: Mapping[str, Path]) -> bool:
        return set(paths) == {""} and paths[""].suffix.lower() == ".csv" and not paths[""].expanduser().is_dir()
