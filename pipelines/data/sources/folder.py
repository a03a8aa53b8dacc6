"""A folder of images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pipelines.data.sources.base import Files


class InFolder(Files):
    """Files in a ``folder`` and the folders below it.

    If sub-folders are named like splits, ``train`` and ``val`` or ``test``, they are the splits, as ``train_split`` and
    ``eval_split`` say. ``class_names`` lists the classes in the order of their numbers, instead of the classes found
    there.
    """

    place: ClassVar[tuple[str, ...]] = ("folder",)
    needs: ClassVar[str] = "or `--data DIR` on the command line"

    folder: str
    train_split: str = "train"
    eval_split: str = "test"
    class_names: Annotated[list[str], Field(min_length=2)] | None = None

    @classmethod
    def takes(cls, paths: Mapping[str, Path]) -> bool:
        return set(paths) == {""} and paths[""].expanduser().is_dir()


class Folder(InFolder):
    """Images in a ``folder``."""

    example_gen: ClassVar[str] = "pipelines.data.example_gen.images"
    told: ClassVar[str] = "a folder of the user's"

    source: Literal["folder"]
