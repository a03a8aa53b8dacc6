"""`OrderedDataset`: a `tf.data.Dataset` that knows its order and can continue from any step of it."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_genssl.data.batches import plain, ranked
from keras_genssl.data.groups import GroupSource
from keras_genssl.data.order import Order
from keras_genssl.data.preparation import Transform, call
from keras_genssl.data.sources import Source


@dataclasses.dataclass(frozen=True)
class Examples:
    """The examples of a dataset of `data.load`, without their order. `data.join` gives them another order.

    Args:
        source: where the examples are.
        transform: the function applied to each example; see `data.load`.
        skip: whether examples that cannot be read are skipped.
        identity: describes the examples in `Order.config`.
    """

    source: Source
    transform: Transform | None
    skip: bool
    identity: Mapping[str, Any]


class OrderedDataset(tf.data.Dataset):
    """A `tf.data.Dataset` of `data.load` or `data.join`.

    One iteration is one epoch. It starts at `order.position`. After its last batch is taken, the next iteration is the
    next epoch. An abandoned iteration changes nothing.

    Args:
        batches: a dataset of (batch, tickets). The last ticket of a batch is that of `order.start` if the batch is the
            last of an epoch, and -1 otherwise.
        order: the order, whose position moves when a batch is taken.
        class_names: the names of the classes.
        skipped: why examples were skipped.
        groups: the source, if its examples are groups.
        examples: the examples, if `data.join` may give them another order.

    Attributes:
        order: the `Order`.
        class_names: the names of the classes that `label` numbers, or `None` if the source does not name them; for a
            joined dataset, name of the dataset -> these names.
        skipped: number of an example -> why it cannot be read, for the examples skipped so far; for datasets joined
            without alignment, name of the dataset -> such a dict.
        groups: the `GroupSource`, or `None`.
    """

    def __init__(
        self,
        batches: tf.data.Dataset,
        order: Order,
        *,
        class_names: Any = None,
        skipped: Mapping[Any, Any] | None = None,
        groups: GroupSource | None = None,
        examples: Examples | None = None,
    ) -> None:
        self.order = order
        self.class_names = class_names
        self.skipped = {} if skipped is None else skipped
        self.groups = groups
        self.examples = examples
        self._batches = batches
        # The position must move when a batch is taken, not when it is prefetched, so this map comes last.
        self._taken = batches.prefetch(2).map(plain(_taking(order))).with_options(_options())
        super().__init__(self._taken._variant_tensor)

    def _inputs(self) -> list[tf.data.Dataset]:
        return [self._taken]

    @property
    def element_spec(self) -> Any:
        """The shapes and dtypes of an element."""
        return self._taken.element_spec

    def cardinality(self) -> tf.Tensor:
        """Returns the steps of an epoch, int64. An iteration that starts inside an epoch is shorter."""
        return tf.constant(self.order.steps_per_epoch, tf.int64)

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: int | None = None,
        deterministic: bool | None = None,
        name: str | None = None,
    ) -> "OrderedDataset":
        """Maps each element (a batch if the dataset is batched) by a TensorFlow function.

        The new dataset has the same `order` object, so both share its position, and the same length, class names,
        `skipped` and `groups`. `Order.config` does not include the function.

        Args:
            map_func: a function for `tf.data.Dataset.map`: of a dict, or of as many arguments as a tuple has values.
            num_parallel_calls: elements that are mapped at once; `None` for one after the other.
            deterministic: `True` or `None`; the order is kept.
            name: the name of the operation.

        Raises:
            ValueError: if `deterministic` is False.
        """
        if deterministic is False:
            raise ValueError("`deterministic` must be True or None: the order is kept. Received: deterministic=False")

        def function(batch: Any, tickets: tf.Tensor) -> tuple[Any, tf.Tensor]:
            # Like tf.data, spread tuples and take lists for tuples: tf.data itself maps datasets to share batches
            # among replicas.
            mapped = map_func(*batch) if type(batch) is tuple else map_func(batch)
            return (tuple(mapped) if isinstance(mapped, list) else mapped), tickets

        return OrderedDataset(
            self._batches.map(function, num_parallel_calls, deterministic, name=name),
            self.order,
            class_names=self.class_names,
            skipped=self.skipped,
            groups=self.groups,
        )


def _taking(order: Order) -> Callable[[Any, tf.Tensor], Any]:
    """Returns a graph function that moves the position after the last batch of an epoch."""

    def finish(ticket: np.ndarray) -> tuple[int]:
        order.finish(int(ticket))
        return (0,)

    def take(batch: Any, tickets: tf.Tensor) -> Any:
        ticket = tf.reshape(tickets, [-1])[-1]  # the ticket of the last example: -1 inside the epoch
        done = tf.cond(
            ticket < 0,
            lambda: tf.constant(0, tf.int64),
            lambda: ranked(0, call(finish, [ticket], [tf.int64]))[0],
        )
        with tf.control_dependencies([done]):
            return tf.nest.map_structure(tf.identity, batch)

    return take


def _options() -> tf.data.Options:
    options = tf.data.Options()
    options.deterministic = True
    options.autotune.enabled = False  # its thread can hold up the end of an iteration for up to a minute
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return options
