"""Several of one kind in an example."""

import dataclasses
from typing import Any

import tensorflow as tf

from keras_genssl.kinds.base import Kind, Shape


@dataclasses.dataclass(frozen=True)
class Stack(Kind):
    """Several of one kind: the patches of an image, the frames of a film, the captions of a picture.

    Args:
        kind: What each of them is, itself no stack.
        num: How many an example has; None: any number.
        required: Whether a batch to train on must hold it.

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
        """The shape of one of them behind how many there are."""
        return (self.num, *self.kind.example_shape)

    @property
    def element(self) -> Kind:
        """What each of them is."""
        return self.kind

    @property
    def count(self) -> int | None:
        """That of each."""
        return self.kind.count

    @property
    def carried(self) -> tf.TensorSpec:
        """As many as there are of what each is."""
        each = self.kind.carried
        return tf.TensorSpec((self.num, *each.shape), each.dtype)

    def converted(self, name: str, value: Any) -> Any:
        """Each as its kind has it."""
        return self.kind.converted(name, value)
