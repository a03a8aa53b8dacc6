"""Checks of the arguments of `compile`, and its choices of XLA and loss scaling."""

import inspect
from collections.abc import Collection
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.kinds import Anything


def require_no_loss(method: keras.Model, loss: Any) -> None:
    """Raises ValueError if `compile` is given a loss: a method's loss is set in its constructor."""
    if loss is None:
        return
    name = type(method).__name__
    arguments = [
        each
        for each in inspect.signature(type(method).__init__).parameters
        if each in ("loss", "likelihood") or each.endswith("_loss")
    ]
    where = f", set when it is made: {name}(..., {'=..., '.join(arguments)}=...)" if arguments else ""
    raise ValueError(
        f"`loss` must be left out of `compile`: what {name} minimises is its own{where}. Received: loss={loss!r}"
    )


def require_optimizers(players: Collection[str], optimizers: Any, optimizer: Any) -> None:
    """Raises ValueError unless there is one optimizer for each player, by name."""
    if optimizer is None and isinstance(optimizers, dict) and set(optimizers) == set(players):
        return
    example = ", ".join(f"{player!r}: 'adam'" for player in players)
    received = f"optimizers={optimizers!r}" if optimizer is None else f"optimizer={optimizer!r}"
    raise ValueError(
        f"`optimizers` must be a dict with one optimizer for each of the players {sorted(players)}, such as "
        f"compile(optimizers={{{example}}}). Received: {received}"
    )


def require_metrics(metrics: Any) -> list[keras.metrics.Metric]:
    """Returns the metrics as a list; raises TypeError if one is not a `Metric` object."""
    for metric in metrics or ():
        if not isinstance(metric, keras.metrics.Metric):
            raise TypeError(f"`metrics` must hold keras.metrics.Metric objects. Received: {metric!r} in metrics")
    return list(metrics or ())


def require_comparison(method: Any, metrics: Collection[keras.metrics.Metric]) -> None:
    """Raises ValueError if there are metrics, but `split_inputs` gives no target for the output."""
    if not metrics:
        return
    compared = []

    @tf.function(autograph=False)
    def look(batch: dict[str, Any]) -> None:
        compared.append(method.split_inputs(batch)[1])

    kinds = {name: kind for name, kind in method.inputs().items() if not isinstance(kind, Anything)}
    look.get_concrete_function(
        {
            name: tf.TensorSpec(
                (None, *kind.example_shape), "int32" if kind.element.dtype.is_integer else keras.config.floatx()
            )
            for name, kind in kinds.items()
        }
    )
    if compared[0] is None:
        raise ValueError(
            f"`metrics` must be left out of `compile`: {type(method).__name__} has nothing to compare its output with. "
            f"Received: metrics={metrics!r}"
        )


def require_built(method: keras.Model) -> None:
    """Raises ValueError if a network of the method is not built."""
    unbuilt = [layer.name for layer in method._flatten_layers(include_self=False) if not layer.built]
    if unbuilt:
        raise ValueError(
            "Networks must be built before `compile` (give them an input shape). "
            f"Received: {type(method).__name__} with unbuilt layers {unbuilt}"
        )


def uses_xla(strategy: tf.distribute.Strategy, jit_compile: bool | str, run_eagerly: bool) -> bool:
    """Whether a step is compiled with XLA; "auto" means on GPU or TPU, unless eager or under MirroredStrategy."""
    if jit_compile != "auto":
        return bool(jit_compile)
    accelerated = bool(tf.config.list_physical_devices("GPU") or tf.config.list_physical_devices("TPU"))
    return accelerated and not isinstance(strategy, tf.distribute.MirroredStrategy) and not run_eagerly


def scaling(method: keras.Model, optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """The optimizer, with loss scaling if a network of the method computes in float16."""
    policies = {layer.dtype_policy.name for layer in method._flatten_layers(include_self=False)}
    if "mixed_float16" in policies and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer
