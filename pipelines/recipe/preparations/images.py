"""The section `prepare` of methods that learn from whole images of one size."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt

from pipelines.data.sources.base import IMAGES
from pipelines.recipe.section import Section


class Preparation(Section):
    """The section `prepare`: its keys but ``preparation`` are the parameters of the preparation of that name.

    Class attributes:
        later: keys that are none of them, and change nothing that is prepared.
        reads: of what examples it can be made.
    """

    later: ClassVar[frozenset[str]] = frozenset()
    reads: ClassVar[frozenset[str]] = frozenset({IMAGES})

    preparation: str

    @property
    def parameters(self) -> dict[str, Any]:
        """Those of the preparation."""
        return self.model_dump(exclude={"preparation", *self.later})

    def made(self, make: Callable[[str, Mapping[str, Any]], Any]) -> Any:
        """The preparation, by `preparations.make`, which refuses parameters that do not go together."""
        return make(self.preparation, self.parameters)


class Squares(Preparation):
    """Whole images: the square in their middle, shrunk to ``size`` pixels where it is larger.

    ``channels`` is 1 for grey, 3 for colour. Images that have size and channels already stay as they are.
    """

    size: PositiveInt = 28
    channels: Literal[1, 3] = 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        return self.size, self.size, self.channels


class Drawn(Squares):
    """`Squares`, from which examples are drawn by ``seed``: ``copies`` for each image."""

    copies: PositiveInt = 1
    seed: Annotated[int, Field(ge=0)] = 0


class Images(Squares):
    """`Squares`, with their labels where they have any."""

    preparation: Literal["images"] = "images"
