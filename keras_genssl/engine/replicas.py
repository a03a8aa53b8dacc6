"""Steps on several replicas: noise, gathering and the scale of the loss.

Every function here may be called inside `strategy.run`, in a Keras `train_step` or eagerly. With one replica they
change nothing.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.kinds.rules import require


def count() -> int:
    """The number of replicas that step together."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def index() -> Any:
    """This replica's number, 0 to `count() - 1`, as an int or an int32 scalar."""
    context = tf.distribute.get_replica_context()
    return 0 if context is None else context.replica_id_in_sync_group


def all_gather(values: Any) -> Any:
    """Gathers the rows of all replicas, in replica order, with exact gradients.

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

    def gather(value: Any) -> Any:
        # Between workers all_gather refuses tensors that are on no device, such as data, and loses the static shape.
        return tf.ensure_shape(context.all_gather(tf.identity(value), axis=0), (None, *value.shape[1:]))

    return keras.tree.map_structure(gather, values)


def total(values: Any) -> Any:
    """Sums each tensor of a nested structure over all replicas; the result is the same on each, without gradients."""
    if count() == 1:
        return values
    context = tf.distribute.get_replica_context()
    return keras.tree.map_structure(lambda value: context.all_reduce(tf.distribute.ReduceOp.SUM, value), values)


def offset(rows: Any) -> Any:
    """The position of this replica's first row among the gathered rows; replicas may have different numbers of rows.

    Args:
        rows: The number of rows of this replica, an int or an int32 scalar.

    Returns:
        An int32 scalar, the number of rows on the replicas before this one.
    """
    before = tf.range(count()) < index()
    return tf.reduce_sum(tf.where(before, _sizes(rows), 0))


def on_global_batch(function: Callable[..., Any], *values: Any) -> Any:
    """Applies a function to the whole global batch; returns this replica's rows of the result.

    For losses that compare an image with the others of its batch (`losses.RelativisticAverageGANLoss`,
    `losses.FeatureMatchingLoss`): N replicas compute the same as one device, gradients included, even if they have
    different numbers of rows.

    Args:
        function: Maps tensors of the global batch to a tensor with the same number of rows.
        *values: Tensors `(batch, ...)` of this replica; replicas may have different numbers of rows.

    Returns:
        This replica's rows of the function's result.
    """
    if count() == 1:
        return function(*values)
    rows = keras.ops.shape(values[0])[0]
    return _rows(function(*all_gather(values)), offset(rows), rows)


def share_of_mean(losses: Any) -> Any:
    """This replica's share of the mean loss over the global batch.

    Optimizers sum gradients over replicas, and the shares sum to the mean, so N replicas take the same step as one
    device, even if they have different numbers of examples. Apply it exactly once: `keras.losses.Loss.__call__` already
    divides by the number of replicas.

    Args:
        losses: The losses of this replica's examples, `(batch,)`.

    Returns:
        A scalar, `sum(losses)` over the number of examples on all replicas.
    """
    examples = keras.ops.cast(keras.ops.shape(losses)[0], losses.dtype)
    if count() > 1:
        examples = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, examples)
    return keras.ops.sum(losses) / examples


def mean_of_all(losses: Any) -> Any:
    """The mean of losses over the global batch, a scalar that is the same on all replicas.

    It is for decisions and for logs: what is minimised is `share_of_mean`, whose gradients are summed.

    Args:
        losses: The losses of this replica's examples, `(batch,)`.
    """
    share = keras.ops.stop_gradient(share_of_mean(losses))
    if count() == 1:
        return share
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, share)


def normal(shape: tuple[Any, ...], seed: keras.random.SeedGenerator, dtype: str | None = None) -> Any:
    """Standard normal noise that does not depend on the number of replicas.

    The noise of the whole global batch is drawn from one seed, and each replica keeps its own rows, so N replicas
    together see the same noise as one device.

    Args:
        shape: `(batch, ...)` of *this replica*. If the batch size is a tensor, as in `fit`, it may differ between
            replicas; if it is an int (static shapes, as XLA needs them), it must be the same on all replicas.
        seed: A generator whose state is the same on all replicas.
        dtype: A floating-point dtype; by default `keras.config.floatx()`.

    Returns:
        A tensor of shape `shape`.

    Raises:
        RuleError: If a batch size that is an int differs between replicas (XLA drops the check).
    """
    return _own(lambda of_all: keras.random.normal(of_all, dtype=dtype, seed=seed), shape)


def uniform(
    shape: tuple[Any, ...],
    seed: keras.random.SeedGenerator,
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: str | None = None,
) -> Any:
    """Uniform noise on [minval, maxval), drawn in the same way as by `normal`."""
    return _own(lambda of_all: keras.random.uniform(of_all, minval, maxval, dtype=dtype, seed=seed), shape)


def _own(draw: Callable[[tuple[Any, ...]], Any], shape: tuple[Any, ...]) -> Any:
    """Draws noise for all replicas; returns this replica's rows."""
    if count() == 1:
        return draw(shape)
    rows = shape[0]
    if tf.distribute.in_cross_replica_context():
        return draw((rows * count(), *shape[1:]))[:rows]
    if isinstance(rows, int):
        rule = "Noise of a batch size known at tracing needs batches of one size on all replicas"
        sizes = _sizes(rows)
        with tf.control_dependencies([require(tf.reduce_all(sizes == rows), f"{rule}. Received:", sizes)]):
            return tf.identity(_rows(draw((rows * count(), *shape[1:])), index() * rows, rows))
    return _rows(draw((tf.reduce_sum(_sizes(rows)), *shape[1:])), offset(rows), rows)


def _sizes(rows: Any) -> Any:
    """The number of rows of each replica."""
    return all_gather(keras.ops.reshape(keras.ops.cast(rows, "int32"), (1,)))


def _rows(values: Any, first: Any, rows: Any) -> Any:
    """`values[first : first + rows]`, in a form that XLA compiles even if `first` is not known."""
    return tf.slice(values, [first] + [0] * (len(values.shape) - 1), [rows, *[-1] * (len(values.shape) - 1)])


@keras.saving.register_keras_serializable(package="keras_genssl")
class ReplicaSeedGenerator(keras.random.SeedGenerator):
    """A seed generator that gives each replica its own numbers.

    Keras' generators draw the same numbers on every replica, and so do Dropout and random preprocessing layers. Here
    the state is equal on all replicas, and the replica's number is folded into each seed that is drawn. With one
    replica it equals Keras' generator.
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


def seeds_by_owner(model: keras.layers.Layer) -> dict[str, list[keras.random.SeedGenerator]]:
    """Every seed generator, by the model's attribute that holds it, in a stable order; `""` is the model itself."""
    found: dict[str, list[keras.random.SeedGenerator]] = {}
    seen: set[int] = set()
    for owner, value in (*sorted(vars(model).items()), ("", model)):
        if owner.startswith("_"):  # Keras' own lists of all layers; generators found only there belong to the model
            continue
        for held in keras.tree.flatten(value):
            generators = [held] if isinstance(held, keras.random.SeedGenerator) else []
            if isinstance(held, keras.layers.Layer):
                generators = seed_generators(held)
            for generator in generators:
                if id(generator) not in seen:
                    seen.add(id(generator))
                    found.setdefault(owner, []).append(generator)
    return found


def separate_noise(network: keras.layers.Layer, kept: type[keras.layers.Layer] | tuple[()] = ()) -> None:
    """Makes every Dropout-like layer of a network draw different numbers on each replica; changes it in place.

    A `SharedSeedGenerator` is not changed.

    Args:
        network: The network.
        kept: The class of layers that draw for the global batch themselves: what they hold is changed, they are not.
    """
    for layer in network._flatten_layers():
        for generator in () if isinstance(layer, kept) else layer._seed_generators:
            if type(generator) is keras.random.SeedGenerator:
                generator.__class__ = ReplicaSeedGenerator
