"""Two folders of images that belong together by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pipelines.data.sources.base import PAIRS, EvalFraction, Source


class MatchedFolders(Source):
    """Pairs of an image of the folder ``first`` and one of the folder ``second`` that are called alike.

    The name is the path below the folder without the extension. An image without a partner cannot be used. Folders
    whose sub-folders are called like splits are read by these, as ``train_split`` and ``eval_split`` say; otherwise
    about ``eval_fraction`` of the pairs are held out, pairs that share an image together.
    """

    example_gen: ClassVar[str] = "pipelines.data.example_gen.matched_folders"
    place: ClassVar[tuple[str, ...]] = ("first", "second")
    needs: ClassVar[str] = "or `--data first=DIR --data second=DIR` on the command line"
    refuses: ClassVar[Mapping[str, str]] = {
        "held_out": "names images, and matched folders have pairs: use `eval_fraction`",
    }
    gives: ClassVar[frozenset[str]] = frozenset({PAIRS})
    counted: ClassVar[str | None] = "pairs"

    source: Literal["matched_folders"]
    first: str
    second: str
    train_split: str = "train"
    eval_split: str = "test"
    eval_fraction: EvalFraction = 0.1

    @classmethod
    def takes(cls, paths: Mapping[str, Path]) -> bool:
        """Two folders by name."""
        return set(paths) == set(cls.place) and all(path.expanduser().is_dir() for path in paths.values())

    @property
    def where(self) -> str:
        """Both folders."""
        return " and ".join(str(Path(folder).expanduser().resolve()) for folder in (self.first, self.second))

    @property
    def described(self) -> str:
        """The folders' names."""
        names = " and ".join(Path(folder).name for folder in (self.first, self.second))
        return f"pairs of the user's, alike by name in two folders: {names}"
