"""The section `prepare` of methods that learn from pairs and triplets of images."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from pipelines.schema.images import Squares


class Groups(Squares):
    """Examples of several whole images, drawn from their labels by ``seed``: ``copies`` for each image to train on."""

    copies: PositiveInt = 1
    seed: Annotated[int, Field(ge=0)] = 0


class Pairs(Groups):
    """Pairs, of one class and of two by turns; of a table of pairs (``data.source: pairs``) those that it names."""

    preparation: Literal["pairs"]


class Triplets(Groups):
    """Triplets: an image, another of its class and one of another class."""

    preparation: Literal["triplets"]


AnyGroups = Pairs | Triplets
