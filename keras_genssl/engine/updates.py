"""Optimizer steps that change no weight if a value is not finite, and actions that run once per update."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from keras_genssl.engine import replicas
from keras_genssl.engine.finite import all_finite, require_finite


class Step(NamedTuple):
    """What an optimizer did with a batch's gradients; each field is True, or a bool scalar known when the step runs.

    Attributes:
        first: Whether the batch is the first of its update: always, or with `gradient_accumulation_steps=n` for one in
            n batches that are taken.
        taken: Whether the optimizer took the gradients; it does not if they are not finite.
        moved: Whether the weights changed, which they do at the last batch of an update.
    """

    first: Any
    taken: Any
    moved: Any


def update(
    name: str,
    optimizer: keras.optimizers.Optimizer,
    gradients: Sequence[Any],
    variables: Sequence[keras.Variable],
    losses: Any,
    jit_compile: bool,
) -> Step:
    """Applies one step of an optimizer, unless the losses or a gradient hold NaN or infinity.

    A gradient may be infinite or NaN although the loss is finite (a square root at 0, an overflow in a term that mining
    ignores). Such a step raises; a loss that is not finite has already raised before. XLA drops such checks: there the
    optimizer steps, and then its variables and the weights are restored (XLA compiles this into a choice between two
    values in the kernel that writes the weight). A `LossScaleOptimizer` skips such steps by itself and lowers its
    scale.

    Args:
        name: The owner of the gradients, for the message.
        optimizer: A built optimizer.
        gradients: One for each variable; None if the loss does not depend on it.
        variables: The weights.
        losses: The losses of this replica's examples, `(batch,)`.
        jit_compile: Whether the step is compiled with XLA.

    Returns:
        What the optimizer did with the gradients; the same on all replicas.

    Raises:
        InvalidArgumentError: When run, without XLA, if a gradient is not finite.
    """
    counted = counting(optimizer)
    before = tf.identity(counted._iterations.value)
    scaled = counted is not optimizer
    given = [gradient for gradient in gradients if gradient is not None]
    if scaled:
        optimizer.apply(_not_finite_on_all_replicas(gradients, given), variables)
    elif not jit_compile:
        checked = require_finite(given, f"gradients of {name}")
        rest = iter(checked)
        with tf.control_dependencies(checked):  # otherwise the step counter would not wait for the check
            optimizer.apply([None if gradient is None else next(rest) for gradient in gradients], variables)
    else:
        fine = _on_all_replicas(all_finite([losses, *given]))
        with unless(~fine, [*variables, *optimizer.variables]):
            optimizer.apply(gradients, variables)
    after = tf.identity(counted._iterations.value)
    taken = after > before if scaled or jit_compile else True
    each = counted.gradient_accumulation_steps
    if not each:
        return Step(True, taken, taken)
    return Step(before % each == 0, taken, tf.logical_and(taken, after % each == 0))


def counting(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """The optimizer that counts updates and accumulates gradients: the one inside a `LossScaleOptimizer`, or itself."""
    return optimizer.inner_optimizer if isinstance(optimizer, keras.optimizers.LossScaleOptimizer) else optimizer


def where(condition: Any, action: Callable[[], None]) -> None:
    """Runs an action; its assignments to Keras variables take effect only if the condition holds.

    There is no branch: all replicas compute the values and then assign the new value or the old one. The action may
    therefore gather over replicas, which is not possible inside a conditional.

    Args:
        condition: True or a bool scalar, the same on all replicas.
        action: A function that assigns to `keras.Variable`s, not to TensorFlow's variables.
    """
    if condition is True:
        action()
        return
    with Assignments() as scope:
        action()
    for variable, value in scope.made():
        variable.assign(tf.where(condition, value, variable.value))


@contextlib.contextmanager
def unless(condition: Any, state: Sequence[keras.Variable]) -> Iterator[None]:
    """A context after which variables have their old values again if a condition holds.

    There is no branch, as in `where`; what runs inside, such as an optimizer, may also assign to TensorFlow's
    variables. Only the given variables are restored.

    Args:
        condition: A bool scalar, the same on all replicas.
        state: The variables that are assigned inside.
    """
    before = [tf.identity(variable.value) for variable in state]
    yield
    for variable, value in zip(state, before, strict=True):
        variable.assign(tf.where(condition, value, variable.value))


class Assignments(keras.StatelessScope):
    """A scope that records assignments to Keras variables; they are visible inside it, but are not made.

    Args:
        values: Pairs of a variable and its value inside the scope.
    """

    def __init__(self, values: Sequence[tuple[keras.Variable, Any]] = ()) -> None:
        super().__init__(list(values), initialize_variables=False)
        self._variables: dict[int, keras.Variable] = {}

    def add_update(self, update: tuple[keras.Variable, Any]) -> None:
        """Records one assignment; Keras calls it."""
        super().add_update(update)
        self._variables[id(update[0])] = update[0]

    def made(self) -> list[tuple[keras.Variable, Any]]:
        """The variables that were assigned, each with its last value."""
        return [(variable, self.get_current_value(variable)) for variable in self._variables.values()]


def _not_finite_on_all_replicas(gradients: Sequence[Any], given: Sequence[Any]) -> list[Any]:
    """The gradients, all NaN if they are not finite on some replica.

    Keras checks the gradients of the first replica only; this makes all replicas skip the step, or none.
    """
    if replicas.count() == 1:
        return list(gradients)
    fine = _on_all_replicas(all_finite(given))
    factor = tf.where(fine, 1.0, float("nan"))
    return [
        None if gradient is None else tf.math.scalar_mul(tf.cast(factor, gradient.dtype), gradient)
        for gradient in gradients
    ]


def _on_all_replicas(fine: Any) -> Any:
    """Whether the condition `fine` holds on all replicas."""
    if replicas.count() == 1:
        return fine
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.cast(~fine, tf.float32)) == 0.0
