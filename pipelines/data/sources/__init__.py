"""Where images come from: the section `data` of a recipe, one class for each kind of source.

A class owns its keys and their rules, and says how its source is read (`pipelines.data.example_gen`), what it is
called, and which path of the command line means it. To add one, write it in a file of its own and name it in
`AnySource` and in `SOURCES`. Nothing here imports NumPy, Beam or TensorFlow.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from pipelines.data.sources.base import Reading, Source
from pipelines.data.sources.dataset import Dataset
from pipelines.data.sources.embedded import Embedded
from pipelines.data.sources.folder import Folder
from pipelines.data.sources.frames import Frames
from pipelines.data.sources.pairs import Pairs

AnySource = Annotated[Embedded | Folder | Frames | Dataset | Pairs, Field(discriminator="source")]

SOURCES: tuple[type[Source], ...] = (Embedded, Folder, Frames, Dataset, Pairs)


def meant_by(path: Path, preferred: type[Source] = Folder) -> type[Source] | None:
    """The kind of source that a path of the command line means.

    Args:
        path: of a folder or a file.
        preferred: the kind that the recipe reads, which several kinds that take the same path give way to.
    """
    return next((kind for kind in (preferred, *SOURCES) if kind.takes(path)), None)


__all__ = ["SOURCES", "AnySource", "Dataset", "Embedded", "Folder", "Frames", "Pairs", "Reading", "Source", "meant_by"]
