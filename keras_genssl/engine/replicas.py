"""What changes when a step runs on several replicas: noise, gathering and the loss's scale.

Every function here may be called inside `strategy.run`, in a Keras `train_step` or eagerly; with
one replica each is the identity it should be.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


def count() -> int:
    """The number of replicas that step together."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def index() -> Any:
    """This replica's number, 0 to `count() - 1`, as an int or an int32 scalar."""
    context = tf.distribute.get_replica_context()
    return 0 if context is None else context.replica_id_in_sync_group


def all_gather(values: Any) -> Any:
    """Rows of all replicas, in replica order, with exact gradients.

    The gradient of a gathered row is summed over all replicas that used it, so a loss over
    gathered rows, averaged as `share_of_mean` does, has the gradient of one device on the global batch.

    Args:
        values: A tensor `(batch, ...)`, or a nested structure of such.

    Returns:
        The same structure with shape `(replicas * batch, ...)`.
    """
    if count() == 1:
        return values
    context = tf.distribute.get_replica_context()

    def gather(value: Any) -> Any:  # between workers all_gather forgets the static shape
        return tf.ensure_shape(context.all_gather(value, axis=0), (None, *value.shape[1:]))

    return keras.tree.map_structure(gather, values)


def on_global_batch(function: Callable[..., Any], *values: Any) -> Any:
    """A function of the whole global batch, of which each replica keeps its own rows.

    For losses in which an image meets the others of its batch (`losses.RelativisticAverageGANLoss`,
    `losses.FeatureMatchingLoss`): N replicas compute what one device computes, gradients included, with a
    remainder shared out unevenly too.

    Args:
        function: Maps tensors of the global batch to one of as many rows.
        *values: Tensors `(batch, ...)` of this replica.

    Returns:
        This replica's rows of the function's result.
    """
    if count() == 1:
        return function(*values)
    rows = keras.ops.shape(values[0])[0]
    start = index() * rows
    if not isinstance(rows, int):  # where shapes are not static, replicas may have different numbers of rows
        start = tf.reduce_sum(all_gather(tf.reshape(rows, (1,)))[: index()])
    return function(*all_gather(values))[start : start + rows]


def share_of_mean(losses: Any) -> Any:
    """This replica's share of the mean loss over the global batch.

    Optimizers sum gradients over replicas, and the shares sum to the mean: N replicas take the step of
    one device, with a remainder shared out unevenly too. Apply it exactly once:
    `keras.losses.Loss.__call__` has a division of its own.

    Args:
        losses: The losses of this replica's examples, `(batch,)`.

    Returns:
        A scalar, `sum(losses)` over the number of examples on all replicas.
    """
    examples = keras.ops.cast(keras.ops.shape(losses)[0], losses.dtype)
    if count() > 1:
        examples = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, examples)
    return keras.ops.sum(losses) / examples


def normal(shape: tuple[Any, ...], seed: keras.random.SeedGenerator, dtype: str | None = None) -> Any:
    """Standard normal noise that does not depend on the number of replicas.

    The noise of the whole global batch is drawn from the one seed, and each replica keeps its own
    rows: N replicas together see what one device would.

    Args:
        shape: `(batch, ...)` of *this replica*; batches are equal on all replicas.
        seed: A generator whose state is the same on all replicas.
        dtype: A floating-point dtype; by default `keras.config.floatx()`.

    Returns:
        A tensor of shape `shape`.
    """
    return _own_rows(keras.random.normal(_global(shape), dtype=dtype, seed=seed), shape[0])


def uniform(
    shape: tuple[Any, ...],
    seed: keras.random.SeedGenerator,
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: str | None = None,
) -> Any:
    """Uniform noise on [minval, maxval), drawn as `normal` draws its own."""
    drawn = keras.random.uniform(_global(shape), minval, maxval, dtype=dtype, seed=seed)
    return _own_rows(drawn, shape[0])


def _global(shape: tuple[Any, ...]) -> tuple[Any, ...]:
    return (shape[0] * count(), *shape[1:])


def _own_rows(values: Any, batch: Any) -> Any:
    return values if count() == 1 else values[index() * batch : (index() + 1) * batch]


class ReplicaSeedGenerator(keras.random.SeedGenerator):
    """A seed generator that gives each replica its own numbers.

    Stock generators draw the same numbers on every replica, and so do Dropout and the random
    preprocessing layers on top of them. The state stays equal on all replicas; the replica's number
    is folded into what is drawn from it. With one replica it is the stock generator.
    """

    def next(self, ordered: bool = True) -> Any:
        """The next seed, an int tensor `(2,)`."""
        seed = super().next(ordered)
        if count() == 1:
            return seed
        return tf.random.experimental.stateless_fold_in(seed, tf.cast(index(), seed.dtype))


@keras.saving.register_keras_serializable(package="keras_genssl")
class SharedSeedGenerator(keras.random.SeedGenerator):
    """A seed generator whose numbers are meant for the global batch: the same on every replica."""


def seed_generators(model: keras.layers.Layer) -> list[keras.random.SeedGenerator]:
    """Every seed generator in a model and its layers, in a stable order."""
    found: dict[int, keras.random.SeedGenerator] = {}
    for layer in model._flatten_layers():
        for generator in layer._seed_generators:
            found.setdefault(id(generator), generator)
    return list(found.values())


def separate_noise(network: keras.layers.Layer) -> None:
    """Gives every Dropout-like layer of a network its own numbers on each replica, in place.

    A `SharedSeedGenerator` is left as it is.
    """
    for generator in seed_generators(network):
        if type(generator) is keras.random.SeedGenerator:
            generator.__class__ = ReplicaSeedGenerator
