"""Batch normalisation over groups of the batch, and shuffling of rows across replicas."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_genssl.engine import replicas
from keras_genssl.kinds.rules import require


def in_groups(function: Callable[[Any], Any], networks: Sequence[keras.layers.Layer], inputs: Any, groups: int) -> Any:
    """Applies a function whose batch normalisation sees one group of the global batch at a time.

    This computes what N devices without synchronised batch normalisation compute, with groups in place of devices. The
    global batch is split into `groups` equal parts, rows in order, and each part is normalised separately. The moving
    statistics are updated once, by the mean of the groups' statistics. The result does not depend on the number of
    replicas: each takes its share of the groups. `synchronized=True` has no effect here.

    Args:
        function: Maps rows to the same number of rows through the networks, in training mode.
        networks: The networks with the batch normalisation.
        inputs: The rows of this replica, `(batch, ...)`.
        groups: The number of groups of the global batch. With 1 the function is applied without groups.

    Returns:
        The function's rows, in order.

    Raises:
        ValueError: If `groups` is not a multiple of the number of replicas.
        RuleError: When run, if the batch cannot be split into equal groups.

    Example:

        queries = in_groups(lambda rows: encoder(rows, training=True), [encoder], images, groups=8)
    """
    if groups == 1:
        return function(inputs)
    if groups % replicas.count():
        raise ValueError(
            "`groups` must be 1 or a multiple of the number of replicas. "
            f"Received: groups={groups} for {replicas.count()} replicas"
        )
    own = groups // replicas.count()
    layers = [
        layer
        for network in networks
        for layer in network._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    statistics = [w for layer in layers for w in layer.weights if w is not layer.gamma and w is not layer.beta]
    before = [tf.identity(weight.value) for weight in statistics]
    outputs, after = [], []
    with _not_synchronized(layers):
        for rows in _parts(inputs, own, groups):
            _assign(statistics, before)
            outputs.append(function(rows))
            after.append([tf.identity(weight.value) for weight in statistics])
    means = [sum(values) / own for values in zip(*after, strict=True)]
    if replicas.count() > 1 and means:
        means = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, means)
    _assign(statistics, means)
    return ops.concatenate(outputs, axis=0)


def shuffled(function: Callable[[Any], Any], inputs: Any, seed: keras.random.SeedGenerator) -> Any:
    """Applies a function to the global batch in random order; returns the results in the order of the inputs.

    MoCo's shuffling (He et al., 2020, https://arxiv.org/abs/1911.05722, Section 3.3): the rows of all replicas are
    gathered, permuted by an order drawn once for the global batch, and distributed again. The function's results are
    gathered and put back in the original order.

    Args:
        function: Maps the rows of a replica to the same number of rows.
        inputs: The rows of this replica, `(batch, ...)`.
        seed: A generator whose state is the same on all replicas, held by the model.

    Returns:
        The rows of this replica, in the order of `inputs`.
    """
    rows = ops.shape(inputs)[0]
    everything = replicas.all_gather(inputs)
    order = ops.argsort(keras.random.uniform((ops.shape(everything)[0],), seed=seed))
    first = 0
    if replicas.count() > 1:
        first = ops.sum(replicas.all_gather(ops.reshape(ops.cast(rows, "int32"), (1,)))[: replicas.index()])
    results = replicas.all_gather(function(ops.take(everything, tf.slice(order, [first], [rows]), axis=0)))
    return ops.take(results, tf.slice(ops.argsort(order), [first], [rows]), axis=0)


def _parts(inputs: Any, own: int, groups: int) -> list[Any]:
    rule = (
        f"The global batch must be a multiple of the {groups} groups, each with the same number of examples; drop "
        "the remainder (`drop_remainder=True`)"
    )
    rows = inputs.shape[0]
    if rows is not None and rows % own:
        raise ValueError(f"{rule}. Received: {rows} examples for the {own} groups of a replica")
    size = tf.shape(inputs)[0]
    given = f"examples for the {own} groups of a replica"
    with tf.control_dependencies([require(size % own == 0, f"{rule}. Received:", size, given)]):
        return tf.split(tf.identity(inputs), own)


@contextlib.contextmanager
def _not_synchronized(layers: Sequence[keras.layers.BatchNormalization]) -> Iterator[None]:
    before = [layer.synchronized for layer in layers]
    for layer in layers:
        layer.synchronized = False
    try:
        yield
    finally:
        for layer, synchronized in zip(layers, before, strict=True):
            layer.synchronized = synchronized


def _assign(weights: Sequence[keras.Variable], values: Sequence[Any]) -> None:
    for weight, value in zip(weights, values, strict=True):
        weight.assign(value)
