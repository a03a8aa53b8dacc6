"""Turns one encoded example into the tensors of an element: decoding, transform, checked shapes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_genssl.data.sources import Source

Example = dict[str, Any]
Transform = Callable[[Example, int], Example]


def call(function: Callable, inputs: Sequence[tf.Tensor], dtypes: Sequence[tf.DType]) -> list[tf.Tensor]:
    """Calls, from a graph, a Python function that returns as many values as there are dtypes."""

    def values(*arguments: Any) -> list[np.ndarray]:
        return [
            np.asarray(value, object if dtype == tf.string else dtype.as_numpy_dtype)
            for value, dtype in zip(function(*arguments), dtypes, strict=True)
        ]

    # For a single value TensorFlow returns no list in eager mode, which tf.data's debug mode uses.
    return tf.nest.flatten(tf.numpy_function(values, list(inputs), list(dtypes)))


# Errors of reading, decoding or transforming that are the fault of the example.
_UNREADABLE = (ValueError, tf.errors.InvalidArgumentError, tf.errors.DataLossError, tf.errors.NotFoundError)


class TransformError(ValueError):
    """A transform failed. `refused` is true if it refused the example by a ValueError rather than broke."""

    def __init__(self, message: str, refused: bool) -> None:
        super().__init__(message)
        self.refused = refused


class Preparation:
    """The graph function (encoded, number, seed) -> (example, its number).

    The constructor prepares the first example, which gives the names and dtypes of all examples and, for batches,
    their shapes.

    Args:
        source: where examples come from.
        transform: see `load`.
        seed: the seed with which the first example is transformed.
        one_shape: whether all examples must have the shapes of the first.
        substitutes: (number, seed) -> numbers of the candidates to replace an example that cannot be read. The first
            readable candidate is taken, and `encoded` is ignored. With `None`, such an example is an error.

    Attributes:
        names: the names of the tensors of an example, sorted; nested names are joined by slashes.
        skipped: number -> why it was skipped, for the examples skipped so far.
    """

    def __init__(
        self,
        source: Source,
        transform: Transform | None,
        seed: int,
        one_shape: bool,
        substitutes: Callable[[int, int], Iterable[int]] | None = None,
    ) -> None:
        self._source = source
        self._transform = transform
        self._one_shape = one_shape
        self._substitutes = substitutes
        self.skipped: dict[int, str] = {}
        first = self._first(seed)
        self._structure = tf.nest.map_structure(lambda _: 0, first)
        self.names = list(_names(first))
        self._specs = [tf.type_spec_from_value(value) for value in tf.nest.flatten(first)]
        if substitutes is not None and not all(isinstance(spec, tf.TensorSpec) for spec in self._specs):
            raise ValueError('`on_error` must be "raise" where examples hold ragged or sparse tensors')

    def read(self, numbers: np.ndarray) -> list[bytes]:
        """Returns the argument `encoded` for these numbers: empty bytes if `substitutes` is given."""
        return self._source.read(numbers) if self._substitutes is None else [b""] * len(numbers)

    def __call__(self, encoded: tf.Tensor, number: tf.Tensor, seed: tf.Tensor) -> tuple[Example, tf.Tensor]:
        """Decodes and transforms one example in a graph."""
        dtypes = [spec.dtype for spec in self._specs]
        if self._substitutes is not None:
            number, *values = call(self._readable, [number, seed], [tf.int64, *dtypes])
            number = tf.ensure_shape(number, ())
        else:
            values = tf.nest.flatten(self._source.decode(encoded, number))
            if self._transform is not None:
                values = call(self._transform_values, [number, seed, *values], dtypes)
        shaped = [
            self._shaped(value, spec.shape, name, number) if isinstance(value, tf.Tensor) else value
            for value, spec, name in zip(values, self._specs, self.names, strict=True)
        ]
        return tf.nest.pack_sequence_as(self._structure, shaped), number

    def _first(self, seed: int) -> Example:
        """Returns the first example that can be read, as tensors."""
        for number in range(len(self._source)):
            made = self._attempt(number, seed)
            if not isinstance(made, str):
                return made if self._transform is None else tf.nest.map_structure(tf.convert_to_tensor, made)
        raise self._none_of(len(self._source), 0)

    def _readable(self, number: np.ndarray, seed: np.ndarray) -> list[Any]:
        """Returns the number and the values of an example, or of its first substitute that can be read."""
        assert self._substitutes is not None
        tried = 0
        for one in (int(number), *self._substitutes(int(number), int(seed))):
            made = self._attempt(one, int(seed))
            if not isinstance(made, str):
                return [one, *(_numpy(made) if self._transform is None else self._checked(made, one))]
            tried += 1
        raise self._none_of(tried, int(number))

    def _attempt(self, number: int, seed: int) -> Example | str:
        """Returns an example, made eagerly; or, if such examples are skipped, why it cannot be read."""
        try:
            decoded = self._decoded_eagerly(number)
            return decoded if self._transform is None else self._transformed(_numpy(decoded), number, seed)
        except _UNREADABLE as error:
            # A transform that refuses an example skips it. A transform that breaks is an error.
            if self._substitutes is None or (isinstance(error, TransformError) and not error.refused):
                raise
            self.skipped[number] = " ".join(str(error).split())
            return self.skipped[number]

    def _decoded_eagerly(self, number: int) -> Example:
        (encoded,) = self._source.read(np.array([number]))
        with tf.device("CPU:0"):
            example = self._source.decode(tf.constant(encoded), tf.constant(number, tf.int64))
        self._decoded = tf.nest.map_structure(lambda _: 0, example)
        return example

    def _none_of(self, count: int, number: int) -> ValueError:
        what = "examples" if count == len(self._source) else f"examples that may stand for {self._source.title(number)}"
        return ValueError(f"None of the {count} {what} can be read. The first: {self.skipped[number]}")

    def _transformed(self, values: Sequence[Any], number: int, seed: int) -> Example:
        values = [value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value for value in values]
        assert self._transform is not None
        try:
            example = self._transform(tf.nest.pack_sequence_as(self._decoded, values), seed)
        except Exception as error:  # whatever the transform raises, the message must name the example
            refused = isinstance(error, ValueError)
            reason = error if refused else f"{type(error).__name__}: {error}"
            raise TransformError(f"Cannot transform {self._source.title(number)}: {reason}", refused) from error
        if not isinstance(example, dict):
            message = f"`transform` must return a dict. Received: {type(example).__name__} for"
            raise TransformError(f"{message} {self._source.title(number)}", refused=False)
        return _arrays(example)

    def _transform_values(self, number: np.ndarray, seed: np.ndarray, *values: Any) -> list[np.ndarray]:
        return self._checked(self._transformed(values, int(number), int(seed)), int(number))

    def _checked(self, example: Example, number: int) -> list[np.ndarray]:
        """Returns the values of a transformed example, after a check that names and dtypes are those of the first."""
        names, values = list(_names(example)), tf.nest.flatten(example)
        if names != self.names:
            raise ValueError(
                f"`transform` must return the same names each time. Received: {names} for "
                f"{self._source.title(number)}, {self.names} for the first"
            )
        for name, value, spec in zip(names, values, self._specs, strict=True):
            if spec.dtype != tf.string and value.dtype != spec.dtype.as_numpy_dtype:
                raise ValueError(
                    f"`transform` must return the same dtypes each time. Received: `{name}` as {value.dtype} "
                    f"for {self._source.title(number)}, {spec.dtype.name} for the first"
                )
        return values

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


def _arrays(example: Example) -> Example:
    """Returns the output of a transform as arrays, sorted by name; dicts may be nested."""
    arrays = {name: _arrays(value) if isinstance(value, dict) else np.asarray(value) for name, value in example.items()}
    return dict(sorted(arrays.items()))


def _numpy(example: Example) -> list[Any]:
    """Returns the values of an example as NumPy values, in the order of `tf.nest.flatten`."""
    return [value.numpy() if isinstance(value, tf.Tensor) else value for value in tf.nest.flatten(example)]


def _names(structure: Any, path: str = "") -> Iterator[str]:
    """Yields the names of the leaves in the order of `tf.nest.flatten`, nested names joined by slashes."""
    if isinstance(structure, dict):
        for name in sorted(structure):
            yield from _names(structure[name], f"{path}/{name}" if path else name)
    else:
        yield path
