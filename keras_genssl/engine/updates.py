"""An optimizer's step that moves nothing where it is not finite."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.engine import replicas
from keras_genssl.engine.finite import all_finite, require_finite


def update(
    name: str,
    optimizer: keras.optimizers.Optimizer,
    gradients: Sequence[Any],
    variables: Sequence[keras.Variable],
    losses: Any,
    jit_compile: bool,
) -> None:
    """One step of an optimizer, unless the losses or a gradient hold NaN or infinity.

    A loss may be finite where its gradient is not (a root at 0, an overflow in what mining passed over). Such a step
    raises, as one with a loss that is not finite has done before. XLA drops what raises: there the optimizer steps,
    and its variables and the weights are put back (XLA makes a choice between two values of it, in the kernel that
    writes the weight). A `LossScaleOptimizer` skips steps by itself, and lowers its scale.

    Args:
        name: Whose gradients they are, for the message.
        optimizer: Built.
        gradients: One for each variable; None where the loss does not depend on it.
        variables: The weights.
        losses: Of this replica's examples, `(batch,)`.
        jit_compile: Whether the step is compiled with XLA.

    Raises:
        InvalidArgumentError: When run, without XLA, if a gradient is not finite.
    """
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer.apply(gradients, variables)
        return
    given = [gradient for gradient in gradients if gradient is not None]
    if not jit_compile:
        checked = require_finite(given, f"gradients of {name}")
        rest = iter(checked)
        with tf.control_dependencies(checked):  # which the count of steps would not wait for
            optimizer.apply([None if gradient is None else next(rest) for gradient in gradients], variables)
        return
    fine = _on_all_replicas(all_finite([losses, *given]))
    state = [*variables, *optimizer.variables]
    before = [tf.identity(variable.value) for variable in state]
    optimizer.apply(gradients, variables)
    for variable, value in zip(state, before, strict=True):
        variable.assign(tf.where(fine, variable.value, value))


def _on_all_replicas(fine: Any) -> Any:
    """Whether it is so on all replicas, which sum their gradients."""
    if replicas.count() == 1:
        return fine
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.cast(~fine, tf.float32)) == 0.0
