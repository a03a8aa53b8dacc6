"""From one encoded example to the tensors of an element: decoding, the transform, and their shapes."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_genssl.data.sources import Source

Example = dict[str, Any]
Transform = Callable[[Example, int], Example]


def call(function: Callable, inputs: Sequence[tf.Tensor], dtypes: Sequence[tf.DType]) -> list[tf.Tensor]:
    """Call a Python function that returns as many values as there are dtypes, from a graph."""

    def values(*arguments: Any) -> list[np.ndarray]:
        return [
            np.asarray(value, object if dtype == tf.string else dtype.as_numpy_dtype)
            for value, dtype in zip(function(*arguments), dtypes, strict=True)
        ]

    return list(tf.numpy_function(values, list(inputs), list(dtypes)))


class Preparation:
    """The graph function (encoded, number, seed) -> example.

    The first example is made at once: it shows the names and dtypes of all and, for batches, their shapes.

    Args:
        source: where examples come from.
        transform: see `load`.
        seed: the seed with which the first example is transformed.
        one_shape: whether all examples must have the shapes of the first.

    Attributes:
        names: of the tensors of an example, sorted, nested ones joined by slashes.
    """

    def __init__(self, source: Source, transform: Transform | None, seed: int, one_shape: bool):
        self._source = source
        self._transform = transform
        self._one_shape = one_shape
        encoded = source.read(np.zeros(1, np.int64))[0]
        with tf.device("CPU:0"):
            first = source.decode(tf.constant(encoded), tf.constant(0, tf.int64))
            self._decoded = tf.nest.map_structure(lambda _: 0, first)
            if transform is not None:
                first = self._transformed([value.numpy() for value in tf.nest.flatten(first)], 0, seed)
                first = {name: tf.convert_to_tensor(value) for name, value in first.items()}
        self._structure = tf.nest.map_structure(lambda _: 0, first)
        self.names = list(_names(first))
        self._specs = [tf.type_spec_from_value(value) for value in tf.nest.flatten(first)]

    def __call__(self, encoded: tf.Tensor, number: tf.Tensor, seed: tf.Tensor) -> Example:
        """Decode and transform one example in a graph."""
        values = tf.nest.flatten(self._source.decode(encoded, number))
        if self._transform is not None:
            dtypes = [spec.dtype for spec in self._specs]
            values = call(self._transform_values, [number, seed, *values], dtypes)
        shaped = [
            self._shaped(value, spec.shape, name, number) if isinstance(value, tf.Tensor) else value
            for value, spec, name in zip(values, self._specs, self.names, strict=True)
        ]
        return tf.nest.pack_sequence_as(self._structure, shaped)

    def _transformed(self, values: Sequence[Any], number: int, seed: int) -> dict[str, np.ndarray]:
        values = [value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value for value in values]
        assert self._transform is not None
        try:
            example = self._transform(tf.nest.pack_sequence_as(self._decoded, values), seed)
        except Exception as error:  # whatever a transform makes of an example, the reader wants its name
            reason = error if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            raise ValueError(f"Cannot transform {self._source.title(number)}: {reason}") from error
        if not isinstance(example, dict):
            raise ValueError(
                f"`transform` must return a dict. Received: {type(example).__name__} for {self._source.title(number)}"
            )
        return {name: np.asarray(example[name]) for name in sorted(example)}

    def _transform_values(self, number: np.ndarray, seed: np.ndarray, *values: Any) -> list[np.ndarray]:
        example = self._transformed(values, int(number), int(seed))
        if list(example) != self.names:
            raise ValueError(
                f"`transform` must return the same names each time. Received: {list(example)} for "
                f"{self._source.title(int(number))}, {self.names} for the first"
            )
        for (name, value), spec in zip(example.items(), self._specs, strict=True):
            if spec.dtype != tf.string and value.dtype != spec.dtype.as_numpy_dtype:
                raise ValueError(
                    f"`transform` must return the same dtypes each time. Received: `{name}` as {value.dtype} "
                    f"for {self._source.title(int(number))}, {spec.dtype.name} for the first"
                )
        return list(example.values())

    def _shaped(self, value: tf.Tensor, first: tf.TensorShape, name: str, number: tf.Tensor) -> tf.Tensor:
        if not self._one_shape:
            if self._transform is None:
                return value
            channels = [first[-1]] if first.rank == 3 else []
            return tf.ensure_shape(value, [None] * (first.rank - len(channels)) + channels)
        shape = tf.shape(value)
        same = tf.constant(False)
        if value.shape.rank in (None, first.rank):
            same = tf.cond(
                tf.equal(tf.rank(value), first.rank),
                lambda: tf.reduce_all(tf.equal(shape, first.as_list())),
                lambda: tf.constant(False),
            )
        message = [
            f"Examples of a batch must have equal shapes: `{name}` of the first is {first.as_list()},",
            "of example",
            number,
            "it is",
            shape,
            ": pass a `transform` that cuts or resizes to one size, or batch_size=None.",
        ]
        with tf.control_dependencies([tf.debugging.Assert(same, message, summarize=8)]):
            value = tf.identity(value)
        value.set_shape(first)
        return value


def _names(structure: Any, path: str = "") -> Iterator[str]:
    """Names of the leaves in the order of `tf.nest.flatten`, nested ones joined by slashes."""
    if isinstance(structure, dict):
        for name in sorted(structure):
            yield from _names(structure[name], f"{path}/{name}" if path else name)
    else:
        yield path
