"""A folder of films."""

from typing import ClassVar, Literal

from pipelines.data.sources.base import FILMS, IMAGES
from pipelines.data.sources.folder import InFolder


class Frames(InFolder):
    """Films in a ``folder``, each a folder of frames. Whole films are held out, not single frames."""

    example_gen: ClassVar[str] = "pipelines.data.example_gen.frames"
    gives: ClassVar[frozenset[str]] = frozenset({IMAGES, FILMS})
    counted: ClassVar[str | None] = "frames"
    told: ClassVar[str] = "films of the user's, folders of frames"

    source: Literal["frames"]
