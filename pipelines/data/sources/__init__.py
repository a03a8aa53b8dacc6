"""Where images come from: the section `data` of a recipe, one class for each kind of source.

A class owns its keys and their rules, and says how its source is read (`pipelines.data.example_gen`), what it is
called, and which paths of the command line mean it. To add one, write it in a file of its own and name it in
`AnySource` and in `SOURCES`. Nothing here imports NumPy, Beam or TensorFlow.

The section is one source, or several by name: ``data: {first: {...}, second: {...}}``.
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
    """Whether a section `data` names several sources: all that it holds are sections, and none of them is a key."""
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
"""The section `data`; pydantic tells faults in it by these two tags, which are keys of no recipe."""


def meant_by(paths: Mapping[str, Path], preferred: type[Source] = Folder) -> type[Source] | None:
    """The kind of source that paths of the command line mean.

    Args:
        paths: name -> folder or file; the name of one that has none is the empty string.
        preferred: the kind that the recipe reads; of several that take the same paths it, or else one that gives the
            same, comes first.
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
