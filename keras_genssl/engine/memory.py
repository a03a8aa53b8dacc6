"""What batches leave behind for the losses of later updates."""

import types
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.engine.updates import Assignments, Step, where


class Memory(keras.layers.Layer):
    """A layer whose weights remember batches, and with which losses compare; not one by itself.

    A method writes to it in `remember`. Where gradients of several batches make one update
    (`gradient_accumulation_steps`), what they leave behind enters with the update: all of them are compared with what
    was there before it, as one batch of their size would be. Meanwhile it waits in copies of the weights, which are
    made when such an optimizer is compiled, and saved with the layer.

    Args:
        name: The layer's name.
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name, dtype=keras.config.floatx())
        self._copies = types.SimpleNamespace(waiting=[])  # a list Keras would take for weights

    @property
    def waiting(self) -> list[keras.Variable]:
        """Copies of the weights that hold what waits for the update; empty where each batch makes one."""
        return self._copies.waiting

    def wait(self, batches: int | None) -> None:
        """Makes room for what waits, in the scope of the strategy, where several batches make an update."""
        if not batches:
            self._copies.waiting = []
        else:
            self._copies.waiting = [
                keras.Variable(
                    keras.ops.copy(weight.value), dtype=weight.dtype, trainable=False, name=f"waiting_{weight.name}"
                )
                for weight in self.weights
            ]

    def save_own_variables(self, store: Any) -> None:
        """Stores the weights, and what waits."""
        super().save_own_variables(store)
        for number, variable in enumerate(self.waiting):
            store[f"{_WAITING}{number}"] = keras.ops.convert_to_numpy(variable)

    def load_own_variables(self, store: Any) -> None:
        """Restores what `save_own_variables` stored; nothing waits where it was saved without."""
        values = {key: store[key][...] for key in store.keys()}  # noqa: SIM118, no mapping
        super().load_own_variables({key: value for key, value in values.items() if not key.startswith(_WAITING)})
        for number, (variable, weight) in enumerate(
            zip(self.waiting, self.weights, strict=True) if self.waiting else ()
        ):
            variable.assign(values.get(f"{_WAITING}{number}", weight.value))


def remember(step: Step, memories: Sequence[Memory], action: Callable[[], None]) -> None:
    """Has memories take what a batch leaves behind: at once, or where it waits, with the update it belongs to.

    Args:
        step: What became of the batch's gradients; a batch that was not taken leaves nothing behind.
        memories: Those of the method.
        action: Assigns to Keras variables. Those of no memory take it at once.
    """
    pairs = [pair for memory in memories if memory.waiting for pair in zip(memory.weights, memory.waiting, strict=True)]
    if not pairs:
        where(step.taken, action)
        return
    copies = {id(weight): copy for weight, copy in pairs}
    # Copies count while something waits in them: in between, who sets the weights need not know of them.
    with Assignments([(weight, tf.where(step.first, weight.value, copy.value)) for weight, copy in pairs]) as scope:
        action()
    for variable, value in scope.made():
        copy = copies.get(id(variable))
        if copy is not None:
            copy.assign(tf.where(step.taken, value, copy.value))
        variable.assign(tf.where(step.taken if copy is None else step.moved, value, variable.value))


_WAITING = "waiting_"
