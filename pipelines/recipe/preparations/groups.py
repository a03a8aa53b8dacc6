"""The section `prepare` of methods that learn from pairs and triplets of images."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

from pipelines.data.sources.base import IMAGES, PAIRS
from pipelines.recipe.preparations.images import Drawn


class Groups(Drawn):
    """Examples of several whole images, drawn from their labels: ``copies`` for each image to train on."""

    def made(self, make: Callable[[str, Mapping[str, Any]], Any]) -> Any:
        """What makes each of their images."""
        return make("images", {"size": self.size, "channels": self.channels})


class Pairs(Groups):
    """Pairs, of one class and of two by turns; of a table of pairs (``data.source: pairs``) those that it names."""

    reads: ClassVar[frozenset[str]] = frozenset({IMAGES, PAIRS})

    preparation: Literal["pairs"]


class Triplets(Groups):
    """Triplets: an image, another of its class and one of another class."""

    preparation: Literal["triplets"]


AnyGroups = Pairs | Triplets
