"""Two folders of images that are matched by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pipelines.data.sources.base import PAIRS, Divided


class MatchedFolders(Divided):
    """Pairs of an image in the folder ``first`` and the image in the folder ``second`` with the same name.

    The name is the path below the folder without the extension. An image without a partner cannot be used. If
    sub-folders are named like splits, they are the splits, as ``train_split`` and ``eval_split`` say; otherwise about
    ``eval_fraction`` of the pairs are held out, and pairs that share an image stay together.
    """

    example_gen: ClassVar[str] = "pipelines.data.example_gen.matched_folders"
    place: ClassVar[tuple[str, ...]] = ("first", "second")
    needs: ClassVar[str] = "or `--data first=DIR --data second=DIR` on the command line"
    refuses: ClassVar[Mapping[str, str]] = {
        "held_out": "names images, and matched folders have pairs: use `eval_fraction`",
    }
    gives: ClassVar[frozenset[str]] = frozenset({PAIRS})
    counted: ClassVar[str | None] = "pairs"
    told: ClassVar[str] = "pairs of the user's, alike by name in two folders"

    source: Literal["matched_folders"]
    first: str
    second: str
    train_split: str = "train"
    eval_split: str = "test"

    @classmethod
    def takes(cls, paths: Mapping[str, Path]) -> bool:
        return set(paths) == set(cls.place) and all(path.expanduser().is_dir() for path in paths.values())
