"""An optimizer's step that moves nothing where it is not finite, and what follows it once per update."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from keras_genssl.engine import replicas
from keras_genssl.engine.finite import all_finite, require_finite


class Step(NamedTuple):
    """What became of a batch's gradients; each is True, or a bool scalar where only running the step tells.

    Attributes:
        first: Whether nothing waited for an update before: each batch is the first of its update, or with
            `gradient_accumulation_steps=n` one in n batches that are taken.
        taken: Whether the optimizer took them: not if they were not finite.
        moved: Whether the weights moved: at the last batch of an update.
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

    Returns:
        What became of the gradients, the same on all replicas.

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
        with tf.control_dependencies(checked):  # which the count of steps would not wait for
            optimizer.apply([None if gradient is None else next(rest) for gradient in gradients], variables)
    else:
        fine = _on_all_replicas(all_finite([losses, *given]))
        state = [*variables, *optimizer.variables]
        values = [tf.identity(variable.value) for variable in state]
        optimizer.apply(gradients, variables)
        for variable, value in zip(state, values, strict=True):
            variable.assign(tf.where(fine, variable.value, value))
    after = tf.identity(counted._iterations.value)
    taken = after > before if scaled or jit_compile else True
    each = counted.gradient_accumulation_steps
    if not each:
        return Step(True, taken, taken)
    return Step(before % each == 0, taken, tf.logical_and(taken, after % each == 0))


def counting(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """The optimizer that counts updates and accumulates gradients: what a `LossScaleOptimizer` wraps, or itself."""
    return optimizer.inner_optimizer if isinstance(optimizer, keras.optimizers.LossScaleOptimizer) else optimizer


def where(condition: Any, action: Callable[[], None]) -> None:
    """Does what assigns to Keras variables; the assignments take effect where the condition holds.

    No replica takes a branch: all compute the values, so that the action may gather over the replicas (which must not
    meet inside of a conditional), and each assigns the new value or the old one.

    Args:
        condition: True or a bool scalar, the same on all replicas.
        action: Assigns to `keras.Variable`s, not to TensorFlow's.
    """
    if condition is True:
        action()
        return
    with Assignments() as scope:
        action()
    for variable, value in scope.made():
        variable.assign(tf.where(condition, value, variable.value))


class Assignments(keras.StatelessScope):
    """Assignments to Keras variables inside of it are seen inside, and are not made.

    Args:
        values: Pairs of a variable and the value that it has inside.
    """

    def __init__(self, values: Sequence[tuple[keras.Variable, Any]] = ()) -> None:
        super().__init__(list(values), initialize_variables=False)
        self._variables: dict[int, keras.Variable] = {}

    def add_update(self, update: tuple[keras.Variable, Any]) -> None:
        """Keras' hook at each assignment."""
        super().add_update(update)
        self._variables[id(update[0])] = update[0]

    def made(self) -> list[tuple[keras.Variable, Any]]:
        """The variables that were assigned to, each with the last value."""
        return [(variable, self.get_current_value(variable)) for variable in self._variables.values()]


def _not_finite_on_all_replicas(gradients: Sequence[Any], given: Sequence[Any]) -> list[Any]:
    """The gradients; NaN where another replica's are not finite: Keras asks the first replica alone whether they are.

    Each replica then skips the step, or none.
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
    """Whether it is so on all replicas, which sum their gradients."""
    if replicas.count() == 1:
        return fine
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tf.cast(~fine, tf.float32)) == 0.0
