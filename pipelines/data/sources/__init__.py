"""The sources of images: the section `data` of a recipe, with one class for each kind of source.

A class defines its keys and their rules, how its source is read (`pipelines.data.example_gen`), what it is called,
and which paths of the command line mean it. To add a source, write its class in a file of its own and name it in
`AnySource` and in `SOURCES`. This package imports neither NumPy, Beam nor TensorFlow.

The section is one source, or several named ones: ``data: {first: {...}, second: {...}}``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag

from pipelines.data.sources.base import Reading, Source
from pipelines.data.sources.dataset import Dataset
from pipelines.data.sources.embedded import Embedded, EmbeddedPairs
from pipelines.data.sources.folder import Folder
from pipelines.data.sources.frames import Frames
from pipelines.data.sources.matched_folders import MatchedFolders
from pipelines.data.sources.pairs import Pairs
from pipelines.data.sources.side_by_side import SideBySide

SOURCES: tuple[type[Source], ...] = (
    Embedded,
    EmbeddedPairs,
    Folder,
    Frames,
    Dataset,
    Pairs,
    SideBySide,
    MatchedFolders,
)
_OfFiles = Folder | Frames | Pairs | SideBySide | MatchedFolders
_KEYS = frozenset(field.alias or name for kind in SOURCES for name, field in kind.model_fields.items())
_PLACES = frozenset(key for kind in SOURCES for key in kind.place)


def is_named(section: Any) -> bool:
    """Returns whether a section `data` names several sources: all its values are sections, and no name is a key."""
    if not isinstance(section, Mapping) or not section or "source" in section:
        return False
    return all(isinstance(one, Mapping | Source) for one in section.values()) and not set(section) & (_KEYS - _PLACES)


def _embedded_by_default(value: Any) -> Any:
    return {"source": "embedded", **value} if isinstance(value, dict) else value


AnySource = Annotated[
    Annotated[Embedded | EmbeddedPairs | Dataset | _OfFiles, Field(discriminator="source")],
    BeforeValidator(_embedded_by_default),
]

ONE, NAMED = "one source", "sources by name"
Inputs: TypeAlias = Annotated[
    Annotated[AnySource, Tag(ONE)] | Annotated[dict[str, AnySource], Tag(NAMED)],
    Discriminator(lambda section: NAMED if is_named(section) else ONE),
]
"""The section `data`. Pydantic reports faults in it with these two tags, which are not keys of any recipe."""


def meant_by(paths: Mapping[str, Path], preferred: type[Source] = Folder) -> type[Source] | None:
    """Returns the kind of source that the paths of the command line mean.

    Args:
        paths: name -> folder or file; an unnamed one has the empty string as its name.
        preferred: the kind that the recipe reads. If several kinds take the same paths, this one comes first, then one
            that gives the same examples.
    """
    kinds: list[type[Source]] = [preferred, Folder, *SOURCES]
    kinds.sort(key=lambda kind: kind.gives != preferred.gives)
    return next((kind for kind in kinds if kind.takes(paths)), None)


__all__ = [
    "NAMED",
    "ONE",
    "SOURCES",
    "AnySource",
    "Dataset",
    "Embedded",
    "EmbeddedPairs",
    "Folder",
    "Frames",
    "Inputs",
    "MatchedFolders",
    "Pairs",
    "Reading",
    "SideBySide",
    "Source",
    "is_named",
    "meant_by",
]
