"""The photographs inside scikit-image and scikit-learn."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pipelines.data.sources.base import PAIRS, Files

Look = Literal["grey", "sunset", "drawing"]


class _Photographs(Files):
    """Photographs that everyone has. ``photographs`` names those to read; without it all are read."""

    photographs: Annotated[list[str], Field(min_length=2)] | None = None

    @property
    def where(self) -> str:
        """Returns the packages that contain the photographs."""
        return "photographs inside scikit-image and scikit-learn"

    @property
    def described(self) -> str:
        """Returns the packages that contain the photographs."""
        return f"the {self.where}"

    @property
    def license(self) -> str:
        """Returns the license of this project."""
        return "Apache-2.0"


class Embedded(_Photographs):
    """The photographs inside scikit-image and scikit-learn, which everyone has.

    ``look`` changes them, which gives a second domain for translation: ``grey``, ``sunset`` (a mixture of the channels,
    warm and dark) or ``drawing`` (of the edges).
    """

    example_gen: ClassVar[str] = "pipelines.data.example_gen.embedded"

    source: Literal["embedded"] = "embedded"
    look: Look | None = None

    @property
    def where(self) -> str:
        """Returns the packages that contain the photographs, and the look."""
        return f"{super().where}{f', {self.look}' if self.look else ''}"


class EmbeddedPairs(_Photographs):
    """The colour photographs inside scikit-image and scikit-learn: ``first`` as it is, ``second`` with a ``look``."""

    example_gen: ClassVar[str] = "pipelines.data.example_gen.embedded"
    gives: ClassVar[frozenset[str]] = frozenset({PAIRS})
    counted: ClassVar[str | None] = "pairs"

    source: Literal["embedded_pairs"]
    look: Look = "sunset"

    @property
    def where(self) -> str:
        """Returns the packages that contain the photographs, and the look."""
        return f"{super().where}, {self.look}"
