"""The batches of an order, as a `tf.data.Dataset`.

    numbers of the batch (Order) -> read, decode, transform: one call of Python -> batch
    numbers of the batch (Order) -> read: one call of Python -> decode, transform each in a graph -> batch    # records

All of it is deterministic, runs on any number of threads, and depends on no global random state.
"""

import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_genssl.data.order import Order
from keras_genssl.data.preparation import Example, Preparation, call

# Examples that one call of Python reads, if batches are smaller: arrays in memory, and records.
_ROWS, _RECORDS = 512, 32

# Batches are made on this many threads, and on fewer (but two) if the batches in the making would exceed these bytes.
_THREADS, _BYTES = min(max(os.cpu_count() or 1, 2), 16), 2**29

Merge = Callable[[Sequence[Example], Sequence[tf.Tensor]], Example]

plain = tf.autograph.experimental.do_not_convert  # for functions that need no rewriting


@dataclasses.dataclass(frozen=True)
class Part:
    """One contribution to each element of a dataset: examples, and their numbers in each batch.

    Args:
        prepare: reads, decodes and transforms examples.
        batch: (epoch, first step, number of steps) -> numbers of examples and seeds of their transforms, int64
            `(examples of these steps,)` each.
    """

    prepare: Preparation
    batch: Callable[[int, int, int], tuple[np.ndarray, np.ndarray]]


def ordered(order: Order, parts: Sequence[Part], merge: Merge) -> tf.data.Dataset:
    """Returns the batches of an `OrderedDataset`, with their tickets.

    Args:
        order: sets the number of batches, their size and where an iteration starts.
        parts: the contributions to each element.
        merge: (examples, their numbers), one of each part -> the element.
    """
    make = _made_in_python if all(part.prepare.in_python for part in parts) else _made_in_graphs
    return make(order, parts, merge)


def _made_in_python(order: Order, parts: Sequence[Part], merge: Merge) -> tf.data.Dataset:
    prepare = [part.prepare for part in parts]
    rows = _ROWS if all(one.by_batch for one in prepare) else 1
    at_once = max(1, rows // (order.batch_size or 1))
    number = tf.TensorSpec((), tf.int64)
    specs = [spec for one in prepare for spec in (number, *one.specs)]
    dtypes = [*(spec.dtype for spec in specs), tf.int64]
    size = [] if order.batch_size is None else [order.batch_size if order.drop_remainder else None]

    def draw(*place: np.ndarray) -> list[np.ndarray]:
        numbers, seeds, tickets = _drawn(order, parts, *place)
        made = map(Preparation.arrays, prepare, numbers, seeds)
        return [*(array for arrays in made for array in arrays), tickets]

    def element(*place: tf.Tensor) -> tuple[Example, tf.Tensor]:
        *values, tickets = call(draw, place, dtypes)
        if at_once > 1:
            count, each = place[-1], [-1 if it is None else it for it in size]
            values = [tf.reshape(it, [count, *each, *spec.shape]) for it, spec in zip(values, specs, strict=True)]
            tickets = tf.reshape(tickets, [count, -1])
        values = [
            tf.ensure_shape(it, [*([None] if at_once > 1 else []), *size, *spec.shape])
            for it, spec in zip(values, specs, strict=True)
        ]
        made, numbers = [], []
        for one in prepare:
            number, *own = values[: 1 + len(one.specs)]
            values = values[1 + len(one.specs) :]
            made.append(one.packed(own))
            numbers.append(number)
        return merge(made, numbers), tickets

    threads = 2 if at_once > 1 else _threads(specs, order.batch_size or 1)
    dataset = _places(order, parts, at_once, lambda places: places.map(plain(element), num_parallel_calls=threads))
    return dataset.unbatch() if at_once > 1 else dataset


def _made_in_graphs(order: Order, parts: Sequence[Part], merge: Merge) -> tf.data.Dataset:
    prepare = [part.prepare for part in parts]
    at_once = max(1, _RECORDS // (order.batch_size or 1))
    number = tf.TensorSpec((), tf.int64)
    specs = [*(spec for one in prepare for spec in (*one.stored, number, number)), number]

    def draw(*place: np.ndarray) -> list[np.ndarray]:
        numbers, seeds, tickets = _drawn(order, parts, *place)
        columns = zip(map(Preparation.read, prepare, numbers), numbers, seeds, strict=True)
        return [*(array for stored, *own in columns for array in (*stored, *own)), tickets]

    def read(*place: tf.Tensor) -> tuple[tf.Tensor, ...]:
        columns = call(draw, place, [spec.dtype for spec in specs])
        return tuple(tf.ensure_shape(it, [None, *spec.shape]) for it, spec in zip(columns, specs, strict=True))

    def element(*row: tf.Tensor) -> tuple[Example, tf.Tensor]:
        *columns, ticket = row
        made = []
        for one in prepare:
            stored, (number, seed) = columns[: len(one.stored)], columns[len(one.stored) :][:2]
            columns = columns[len(one.stored) + 2 :]
            made.append(one(stored, number, seed))
        return merge([example for example, _ in made], [number for _, number in made]), ticket

    dataset = _places(order, parts, at_once, lambda places: places.map(plain(read), num_parallel_calls=2))
    dataset = dataset.unbatch().map(plain(element), num_parallel_calls=_THREADS)
    if order.batch_size is None:
        return dataset
    return dataset.batch(order.batch_size, drop_remainder=order.drop_remainder)


def _places(
    order: Order, parts: Sequence[Part], at_once: int, make: Callable[[tf.data.Dataset], tf.data.Dataset]
) -> tf.data.Dataset:
    """Returns a dataset of one epoch, made from the places of its batches: (epoch, ticket, first step, steps)."""

    def plan() -> list[Any]:
        epoch, step, ticket = order.start()
        end = order.steps_per_epoch
        smaller = len(parts[0].batch(epoch, end - 1, 1)[0]) < (order.batch_size or 1)
        first = np.arange(step, end - smaller, at_once)
        count = np.minimum(at_once, end - smaller - first)
        if smaller:  # the last batch, which lies in no array with others
            first, count = np.append(first, end - 1), np.append(count, 1)
        return [epoch, ticket, first, count]

    def epoch(_: tf.Tensor) -> tf.data.Dataset:
        number, ticket, first, count = call(plan, [], [tf.int64] * 4)
        steps = tf.data.Dataset.from_tensor_slices(tuple(ranked(1, [first, count])))
        return make(steps.map(plain(lambda *steps: (*ranked(0, [number, ticket]), *steps))))

    return tf.data.Dataset.from_tensors(0).flat_map(plain(epoch))


def _drawn(
    order: Order, parts: Sequence[Part], epoch: Any, ticket: Any, first: Any, count: Any
) -> tuple[Sequence[np.ndarray], Sequence[np.ndarray], np.ndarray]:
    """Returns numbers and seeds of each part, and the tickets: `(examples of these steps,)` each."""
    numbers, seeds = zip(*(part.batch(int(epoch), int(first), int(count)) for part in parts), strict=True)
    tickets = np.full(len(numbers[0]), -1)
    if first + count == order.steps_per_epoch:
        tickets[-1] = ticket
    return numbers, seeds, tickets


def _threads(specs: Sequence[tf.TensorSpec], batch_size: int) -> int:
    sizes = [spec.dtype.size * (spec.shape.num_elements() or 0) for spec in specs]
    return max(2, min(_THREADS, _BYTES // (batch_size * sum(sizes))))


def ranked(rank: int, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Returns tensors whose rank is set."""
    return [tf.ensure_shape(tensor, [None] * rank) for tensor in tensors]
