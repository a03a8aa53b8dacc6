"""Gradients of several batches that make one update."""

import functools
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_genssl.engine import replicas
from keras_genssl.engine.updates import counting


def accumulate(optimizer: keras.optimizers.Optimizer) -> None:
    """Has an optimizer with `gradient_accumulation_steps` accumulate as one device with one large batch would.

    What Keras 3.15 does is right on one device, but for two things. Its conditional is taken on each replica, where
    the branches of replicas may not meet: MirroredStrategy refuses it. Here it is taken once for all replicas. And its
    average of weights (`use_ema`) moves at each batch, though the weights do not; here it moves at each update. The
    accumulators hold sums over the replicas, which all of them share: what is saved between two updates goes on with
    any number of replicas. Gradients of embeddings are added up as dense ones.

    Args:
        optimizer: Of a method, not built yet or built; one that does not accumulate is left as it is.
    """
    optimizer = counting(optimizer)
    if optimizer.gradient_accumulation_steps:
        # Keras' own seam for what backends do differently; the count of batches, and constraints, stay Keras'.
        optimizer._backend_apply_gradients = functools.partial(_apply, optimizer)


def _apply(optimizer: keras.optimizers.Optimizer, gradients: Sequence[Any], variables: Sequence[Any]) -> None:
    """Adds gradients to the accumulators, or moves the weights by the mean of them and these."""
    steps = optimizer.gradient_accumulation_steps
    sums = [optimizer._accumulated_gradients[optimizer._get_variable_index(variable)] for variable in variables]
    context = tf.distribute.get_replica_context()
    gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
    if replicas.count() > 1:
        gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)

    def add(gradients: Sequence[Any]) -> None:
        for accumulated, gradient in zip(sums, gradients, strict=True):
            accumulated.assign(accumulated + gradient)

    def move(gradients: Sequence[Any]) -> None:
        means = [(total.value + gradient) / steps for total, gradient in zip(sums, gradients, strict=True)]
        means = optimizer._clip_gradients(means)
        optimizer._apply_weight_decay(variables)
        shares = [mean / replicas.count() for mean in means]  # of which Keras takes the sum
        optimizer._backend_update_step(shares, variables, optimizer.learning_rate)
        for accumulated in sums:
            accumulated.assign(ops.zeros_like(accumulated))
        if optimizer.use_ema:
            _average(optimizer)

    def across(strategy: tf.distribute.Strategy, gradients: Sequence[Any]) -> None:
        each = strategy.extended.call_for_each_replica
        due = (optimizer._iterations + 1) % steps == 0
        ops.cond(due, lambda: each(move, args=(gradients,)), lambda: each(add, args=(gradients,)))

    context.merge_call(across, args=(gradients,))


def _average(optimizer: keras.optimizers.Optimizer) -> None:
    """Keras' average of the weights, and their overwriting with it, at an update."""
    optimizer._update_model_variables_moving_average(optimizer._trainable_variables)
    if optimizer.ema_overwrite_frequency:
        ops.cond(
            (optimizer.iterations + 1) % optimizer.ema_overwrite_frequency == 0,
            lambda: optimizer._overwrite_model_variables_with_average_value(optimizer._trainable_variables),
            lambda: None,
        )
