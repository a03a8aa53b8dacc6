"""A folder of images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pipelines.data.sources.base import Divided


class InFolder(Divided):
    """What lies in a ``folder`` and the folders below.

    A folder whose sub-folders are called like splits, ``train`` and ``val`` or ``test``, is read by these, as
    ``train_split`` and ``eval_split`` say. ``class_names`` are the classes by number, instead of those that are there.
    """

    place: ClassVar[tuple[str, ...]] = ("folder",)
    needs: ClassVar[str] = "or `--data DIR` on the command line"

    folder: str
    train_split: str = "train"
    eval_split: str = "test"
    class_names: Annotated[list[str], Field(min_length=2)] | None = None

    @classmethod
    def takes(cls, paths: Mapping[str, Path]) -> bool:
        """Any directory."""
        return set(paths) == {""} and paths[""].expanduser().is_dir()

    @property
    def where(self) -> str:
        """The folder."""
        return str(Path(self.folder).expanduser().resolve())


class Folder(InFolder):
    """Images in a ``folder``."""

    example_gen: ClassVar[str] = "pipelines.data.example_gen.images"

    source: Literal["folder"]

    @property
    def described(self) -> str:
        """The folder's name."""
        return f"a folder of the user's: {Path(self.folder).name}"
