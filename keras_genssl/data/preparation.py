"""Turns one stored example into the tensors of an element: decoding, transform, checked shapes."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_genssl.data.sources import Source

_ALIGNMENT = 64  # bytes, of the arrays that TensorFlow does not copy

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
    """Makes examples: (numbers, seeds) -> their values in Python, or (stored, number, seed) -> example in a graph.

    The constructor prepares the first example, which gives the names and dtypes of all examples and, for batches,
    their shapes.

    Args:
        source: where examples come from.
        transform: see `load`.
        seed: the seed with which the first example is transformed.
        one_shape: whether all examples must have the shapes of the first.
        substitutes: (number, seed) -> numbers of the candidates to replace an example that cannot be read. The first
            readable candidate is taken, and nothing is stored. With `None`, such an example is an error.

    Attributes:
        names: the names of the tensors of an example, sorted; nested names are joined by slashes.
        specs: the shapes, as far as all examples share them, and the dtypes of these tensors.
        skipped: number -> why it was skipped, for the examples skipped so far.
        in_python: whether Python makes the examples, whole batches at once (`arrays`).
        by_batch: whether a batch needs no step for each example.
        stored: the shape and dtype of each array of `read`, without the batch's axis.
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
        self.in_python = source.decoded is not None or substitutes is not None
        self.by_batch = source.by_batch and one_shape and transform is None and substitutes is None
        self.stored = () if self.in_python else source.stored
        first = self._first(seed)
        self._structure = tf.nest.map_structure(lambda _: 0, first)
        self.names = list(_names(first))
        self.specs = [tf.type_spec_from_value(value) for value in tf.nest.flatten(first)]
        if substitutes is not None and not all(isinstance(spec, tf.TensorSpec) for spec in self.specs):
            raise ValueError('`on_error` must be "raise" where examples hold ragged or sparse tensors')
        if not one_shape and transform is None and source.decoded is not None:
            self.specs = tf.nest.flatten(source.decoded)
        elif not one_shape and (self.in_python or transform is not None):
            self.specs = [tf.TensorSpec(_loose(spec.shape), spec.dtype) for spec in self.specs]

    def arrays(self, numbers: np.ndarray, seeds: np.ndarray) -> list[np.ndarray]:
        """Makes examples in Python.

        Returns:
            The numbers of the examples, or of their substitutes, then the values of each name: `(num, ...)`; with
            `one_shape=False` those of the only example, `(...)`.
        """
        if self.by_batch:
            return [numbers, *tf.nest.flatten(self._source.decode(self._source.read(numbers)))]
        rows = [()] * len(numbers) if self._substitutes is not None else zip(*self._source.read(numbers), strict=True)
        examples = zip(rows, numbers.tolist(), seeds.tolist(), strict=True)
        if not self._one_shape:
            number, values = self._example(*next(examples))
            return [np.array(number), *values]
        taken = np.empty(len(numbers), np.int64)
        columns = [_column(len(numbers), spec) for spec in self.specs]
        for place, example in enumerate(examples):
            taken[place] = self._put(columns, place, *example)
        return [taken, *columns]

    def _put(self, columns: Sequence[np.ndarray], place: int, row: Sequence[Any], number: int, seed: int) -> int:
        """Makes an example at a place of a batch. Holds nothing of it: the decoder takes its memory for the next."""
        number, values = self._example(row, number, seed)
        for column, value, name in zip(columns, values, self.names, strict=True):
            if np.shape(value) != column.shape[1:]:
                found = f"of {self._source.title(number)} it is {list(np.shape(value))}"
                raise ValueError(f"{_unequal(name, column.shape[1:])} {found}: {_ONE_SIZE}")
            column[place] = value
        return number

    def _example(self, row: Sequence[Any], number: int, seed: int) -> tuple[int, list[Any]]:
        """Returns the number and the values of an example, made of what is stored of it, or of its substitute."""
        if self._substitutes is not None:
            return self._readable(number, seed)
        return number, self._values(self._source.decode(row), number, seed)

    def read(self, numbers: np.ndarray) -> list[np.ndarray]:
        """Returns the arrays of which the argument `stored` is a row: none if Python makes the examples."""
        return [] if self.in_python else self._source.read(numbers)

    def __call__(self, stored: Sequence[tf.Tensor], number: tf.Tensor, seed: tf.Tensor) -> tuple[Example, tf.Tensor]:
        """Makes one example in a graph. Returns it and its number, or that of its substitute."""
        dtypes = [spec.dtype for spec in self.specs]
        if self.in_python:
            taken, *values = call(self._alone, [number, seed], [tf.int64, *dtypes])
            shaped = [tf.ensure_shape(value, spec.shape) for value, spec in zip(values, self.specs, strict=True)]
            return self.packed(shaped), tf.ensure_shape(taken, ())
        values = tf.nest.flatten(self._source.decode(stored))
        if self._transform is not None:
            values = call(self._transform_values, [number, seed, *values], dtypes)
        shaped = [
            self._shaped(value, spec.shape, name, number) if isinstance(value, tf.Tensor) else value
            for value, spec, name in zip(values, self.specs, self.names, strict=True)
        ]
        return self.packed(shaped), number

    def packed(self, values: Sequence[tf.Tensor]) -> Example:
        """Returns an example, or a batch, by the names of its values."""
        return tf.nest.pack_sequence_as(self._structure, list(values))

    def _alone(self, number: np.ndarray, seed: np.ndarray) -> list[np.ndarray]:
        made = self.arrays(number.reshape(1), seed.reshape(1))
        return [value[0] for value in made] if self._one_shape else made

    def _first(self, seed: int) -> Example:
        """Returns the first example that can be read, as tensors."""
        for number in range(len(self._source)):
            made = self._attempt(number, seed)
            if not isinstance(made, str):
                return tf.nest.map_structure(_tensor, made)
        raise self._none_of(len(self._source), 0)

    def _readable(self, number: int, seed: int) -> tuple[int, list[np.ndarray]]:
        """Returns the number and the values of an example, or of its first substitute that can be read."""
        assert self._substitutes is not None
        tried = 0
        for one in (number, *self._substitutes(number, seed)):
            made = self._attempt(one, seed)
            if not isinstance(made, str):
                return one, tf.nest.flatten(made) if self._transform is None else self._checked(made, one)
            tried += 1
        raise self._none_of(tried, number)

    def _attempt(self, number: int, seed: int) -> Example | str:
        """Returns an example; or, if such examples are skipped, why it cannot be read."""
        try:
            row = [column[0] for column in self._source.read(np.array([number]))]
            decoded = self._source.decode(row) if self._source.decoded is not None else self._decoded_eagerly(row)
            return decoded if self._transform is None else self._transformed(decoded, number, seed)
        except _UNREADABLE as error:
            # A transform that refuses an example skips it. A transform that breaks is an error.
            if self._substitutes is None or (isinstance(error, TransformError) and not error.refused):
                raise
            self.skipped[number] = " ".join(str(error).split())
            return self.skipped[number]

    def _decoded_eagerly(self, row: Sequence[Any]) -> Example:
        with tf.device("CPU:0"):
            example = self._source.decode([tf.constant(value) for value in row])
        if self._transform is None and self._substitutes is None:
            return example  # its tensors may be ragged or sparse
        self._decoded = tf.nest.map_structure(lambda _: 0, example)
        return tf.nest.map_structure(lambda value: value.numpy(), example)

    def _none_of(self, count: int, number: int) -> ValueError:
        what = "examples" if count == len(self._source) else f"examples that may stand for {self._source.title(number)}"
        return ValueError(f"None of the {count} {what} can be read. The first: {self.skipped[number]}")

    def _values(self, decoded: Example, number: int, seed: int) -> list[Any]:
        if self._transform is None:
            return tf.nest.flatten(decoded)
        return self._checked(self._transformed(decoded, number, seed), number)

    def _transformed(self, decoded: Example, number: int, seed: int) -> Example:
        assert self._transform is not None
        try:
            example = self._transform(decoded, seed)
        except Exception as error:  # whatever the transform raises, the message must name the example
            refused = isinstance(error, ValueError)
            reason = error if refused else f"{type(error).__name__}: {error}"
            raise TransformError(f"Cannot transform {self._source.title(number)}: {reason}", refused) from error
        if not isinstance(example, dict):
            message = f"`transform` must return a dict. Received: {type(example).__name__} for"
            raise TransformError(f"{message} {self._source.title(number)}", refused=False)
        return _arrays(example)

    def _transform_values(self, number: np.ndarray, seed: np.ndarray, *values: Any) -> list[np.ndarray]:
        rows = [value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value for value in values]
        return self._values(tf.nest.pack_sequence_as(self._decoded, rows), int(number), int(seed))

    def _checked(self, example: Example, number: int) -> list[np.ndarray]:
        """Returns the values of a transformed example, after a check that names and dtypes are those of the first."""
        names, values = list(_names(example)), tf.nest.flatten(example)
        if names != self.names:
            raise ValueError(
                f"`transform` must return the same names each time. Received: {names} for "
                f"{self._source.title(number)}, {self.names} for the first"
            )
        for name, value, spec in zip(names, values, self.specs, strict=True):
            if spec.dtype != tf.string and value.dtype != spec.dtype.as_numpy_dtype:
                raise ValueError(
                    f"`transform` must return the same dtypes each time. Received: `{name}` as {value.dtype} "
                    f"for {self._source.title(number)}, {spec.dtype.name} for the first"
                )
        return values

    def _shaped(self, value: tf.Tensor, first: tf.TensorShape, name: str, number: tf.Tensor) -> tf.Tensor:
        if not self._one_shape:
            return value if self._transform is None else tf.ensure_shape(value, first)
        if value.shape.is_fully_defined() and value.shape == first:
            return value
        shape, wanted = tf.shape(value), tf.constant(first.as_list(), tf.int32)
        equal = tf.raw_ops.Equal(x=shape, y=wanted, incompatible_shape_error=False)
        same = tf.reduce_all(equal) & tf.equal(tf.rank(value), first.rank)
        message = [_unequal(name, tuple(first)), "of example", number, "it is", shape, ":", _ONE_SIZE]
        # `tf.debugging.Assert` would put the operation into a `tf.cond`, which costs more than all the rest.
        refusal = tf.raw_ops.Assert(condition=same, data=[tf.convert_to_tensor(part) for part in message], summarize=8)
        with tf.control_dependencies([refusal]):
            value = tf.identity(value)
        value.set_shape(first)
        return value


_ONE_SIZE = "pass a `transform` that cuts or resizes to one size, or batch_size=None."


def _unequal(name: str, first: Sequence[int]) -> str:
    return f"Examples of a batch must have equal shapes: `{name}` of the first is {list(first)},"


def _arrays(example: Example) -> Example:
    """Returns the output of a transform as arrays, sorted by name; dicts may be nested."""
    arrays = {name: _arrays(value) if isinstance(value, dict) else np.asarray(value) for name, value in example.items()}
    return dict(sorted(arrays.items()))


def _tensor(value: Any) -> Any:
    return tf.convert_to_tensor(value) if isinstance(value, np.ndarray | np.generic | bytes | str) else value


def _column(num: int, spec: tf.TensorSpec) -> np.ndarray:
    """Returns an array for the values of `num` examples, which TensorFlow takes over without a copy."""
    shape = (num, *spec.shape)
    if spec.dtype == tf.string:
        return np.empty(shape, object)
    size = math.prod(shape) * spec.dtype.size
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size].view(spec.dtype.as_numpy_dtype).reshape(shape)


def _loose(shape: tf.TensorShape) -> list[int | None]:
    """Returns a shape that leaves the sizes of an image open, but not its channels."""
    return [None] * shape.rank if shape.rank != 3 else [None, None, shape[-1]]


def _names(structure: Any, path: str = "") -> Iterator[str]:
    """Yields the names of the leaves in the order of `tf.nest.flatten`, nested names joined by slashes."""
    if isinstance(structure, dict):
        for name in sorted(structure):
            yield from _names(structure[name], f"{path}/{name}" if path else name)
    else:
        yield path
