"""Memories: layers that store vectors of batches for the losses of later updates."""

import types
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_genssl.engine.updates import Assignments, Step, where


class Memory(keras.layers.Layer):
    """Base class of layers whose weights store vectors of batches, with which losses compare later batches.

    A method writes to it in `remember`. If the gradients of several batches make one update
    (`gradient_accumulation_steps`), their vectors are stored together at the update, so that all of them are compared
    with the state before it, as one batch of their size would be. Until then the vectors wait in copies of the weights,
    which are made when such an optimizer is compiled, and are saved with the layer.

    Args:
        name: The layer's name.
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name, dtype=keras.config.floatx())
        self._copies = types.SimpleNamespace(waiting=[], batches=1)  # Keras would track a list as weights

    @property
    def waiting(self) -> list[keras.Variable]:
        """Copies of the weights with the values that wait for the update; empty if each batch is one update."""
        return self._copies.waiting

    @property
    def batches_of_update(self) -> int:
        """How many batches make an update."""
        return self._copies.batches

    def wait(self, batches: int | None) -> None:
        """Makes the copies of the weights, in the scope of the strategy, if several batches make an update."""
        self._copies.batches = batches or 1
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
        """Stores the weights and the waiting copies."""
        super().save_own_variables(store)
        for number, variable in enumerate(self.waiting):
            store[f"{_WAITING}{number}"] = keras.ops.convert_to_numpy(variable)

    def load_own_variables(self, store: Any) -> None:
        """Restores the weights and the waiting copies; copies that were not saved are set to the weights."""
        values = {key: store[key][...] for key in store.keys()}  # noqa: SIM118, no mapping
        super().load_own_variables({key: value for key, value in values.items() if not key.startswith(_WAITING)})
        for number, (variable, weight) in enumerate(
            zip(self.waiting, self.weights, strict=True) if self.waiting else ()
        ):
            variable.assign(values.get(f"{_WAITING}{number}", weight.value))


def remember(step: Step, memories: Sequence[Memory], action: Callable[[], None]) -> None:
    """Runs an action that stores a batch in memories: at once, or with the update that the batch belongs to.

    Args:
        step: What the optimizer did with the batch's gradients; if it did not take them, nothing is stored.
        memories: The memories of the method.
        action: Assigns to Keras variables. Variables outside of memories are assigned at once.
    """
    pairs = [pair for memory in memories if memory.waiting for pair in zip(memory.weights, memory.waiting, strict=True)]
    if not pairs:
        where(step.taken, action)
        return
    copies = {id(weight): copy for weight, copy in pairs}
    # Copies are used only while values wait in them; between updates the weights can be set without them.
    with Assignments([(weight, tf.where(step.first, weight.value, copy.value)) for weight, copy in pairs]) as scope:
        action()
    for variable, value in scope.made():
        copy = copies.get(id(variable))
        if copy is not None:
            copy.assign(tf.where(step.taken, value, copy.value))
        variable.assign(tf.where(step.taken if copy is None else step.moved, value, variable.value))


_WAITING = "waiting_"
