"""Stacks: several inputs of one kind in an example."""

import dataclasses
from typing import Any

import tensorflow as tf

from keras_genssl.kinds.base import Kind, Shape


@dataclasses.dataclass(frozen=True)
class Stack(Kind):
    """Several of one kind: the patches of an image, the frames of a film, the captions of a picture.

    Args:
        kind: The kind of each element; not a stack itself.
        num: The number of elements; None: any number.
        required: Whether a training batch must hold it.

    Raises:
        ValueError: If `kind` is a stack.
    """

    kind: Kind
    num: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.kind, Stack | type(None)):
            raise ValueError(f"`kind` must be a kind that is no Stack. Received: kind={self.kind!r}")

    @property
    def example_shape(self) -> Shape:
        """`(num, ...)`, with the example shape of the elements."""
        return (self.num, *self.kind.example_shape)

    @property
    def element(self) -> Kind:
        """The kind of the elements."""
        return self.kind

    @property
    def count(self) -> int | None:
        """The number of classes of the elements, if they have classes."""
        return self.kind.count

    @property
    def least(self) -> int:
        """The smallest integer that a class of an element may be."""
        return self.kind.least

    @property
    def carried(self) -> tf.TensorSpec:
        """The `carried` of the elements, with `num` as the first axis."""
        each = self.kind.carried
        return tf.TensorSpec((self.num, *each.shape), each.dtype)

    def converted(self, name: str, value: Any) -> Any:
        """Checks and converts the elements by their kind."""
        return self.kind.converted(name, value)
