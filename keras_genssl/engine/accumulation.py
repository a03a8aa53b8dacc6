"""Gradient accumulation: one update from the gradients of several batches."""

import functools
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_genssl.engine import replicas
from keras_genssl.engine.updates import counting


def accumulate(optimizer: keras.optimizers.Optimizer) -> None:
    """Makes an optimizer with `gradient_accumulation_steps` equal one device with one large batch.

    This corrects two things in Keras 3.15. Keras evaluates its conditional on each replica, where branches of replicas
    cannot communicate, so MirroredStrategy refuses it; here it is evaluated once for all replicas. Keras moves its
    average of weights (`use_ema`) at each batch; here it moves at each update, as the weights do. The accumulators hold
    sums over all replicas, so a training that is saved between two updates continues on any number of replicas.
    Gradients of embeddings are accumulated as dense tensors.

    Args:
        optimizer: A method's optimizer, built or not; it is not changed if it does not accumulate.
    """
    optimizer = counting(optimizer)
    if optimizer.gradient_accumulation_steps:
        # The hook that Keras has for its backends; Keras still counts batches and applies constraints.
        optimizer._backend_apply_gradients = functools.partial(_apply, optimizer)


def _apply(optimizer: keras.optimizers.Optimizer, gradients: Sequence[Any], variables: Sequence[Any]) -> None:
    """Adds gradients to the accumulators, or updates the weights by the mean of all gradients of the update."""
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
        shares = [mean / replicas.count() for mean in means]  # Keras sums them over replicas
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
    """Updates Keras' average of the weights, and overwrites the weights with it when that is due."""
    optimizer._update_model_variables_moving_average(optimizer._trainable_variables)
    if optimizer.ema_overwrite_frequency:
        ops.cond(
            (optimizer.iterations + 1) % optimizer.ema_overwrite_frequency == 0,
            lambda: optimizer._overwrite_model_variables_with_average_value(optimizer._trainable_variables),
            lambda: None,
        )
