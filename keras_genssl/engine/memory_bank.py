"""A memory bank: a vector for each example of the training set."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_genssl.engine import replicas
from keras_genssl.engine.feature_queue import random_unit_vectors
from keras_genssl.engine.memory import Memory
from keras_genssl.engine.shapes import require_rows
from keras_genssl.kinds.rules import require_all


@keras.saving.register_keras_serializable(package="keras_genssl")
class MemoryBank(Memory):
    """One unit vector for each training example, moved towards its newest features.

    Wu et al., 2018 (https://arxiv.org/abs/1805.01978), Section 3.1: ``v_i <- m v_i + (1 - m) f_i``, normalised. It
    starts with random unit vectors. The replicas' features are gathered in replica order, so all replicas hold the same
    bank as one device. If an example occurs more than once in a global batch, only the last one counts. If several
    batches make one update (`gradient_accumulation_steps`), their vectors move together at the update, as with one
    batch of their size; this needs a second copy of the bank (see `engine.memory.Memory`). The bank is saved and
    restored with the model that holds it.

    Args:
        size: The number of training examples, at least 1.
        dim: The length of a vector, at least 1.
        momentum: m, in [0, 1).
        name: The layer's name.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> bank = MemoryBank(size=10, dim=2, momentum=0.0)
        >>> bank.update(ops.convert_to_tensor([7]), ops.convert_to_tensor([[3.0, 4.0]]))
        >>> [round(float(value), 6) for value in bank.vectors[7]]
        [0.6, 0.8]
    """

    def __init__(self, size: int, dim: int, momentum: float = 0.5, name: str | None = None) -> None:
        super().__init__(name=name)
        for argument, value in (("size", size), ("dim", dim)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"`{argument}` must be an integer of at least 1. Received: {argument}={value!r}")
        if not 0 <= momentum < 1:
            raise ValueError(f"`momentum` must lie in [0, 1). Received: momentum={momentum}")
        self.size = size
        self.dim = dim
        self.momentum = momentum
        self.vectors = self.add_weight((size, dim), random_unit_vectors, trainable=False, name="vectors")
        self.built = True

    def checked(self, index: Any) -> Any:
        """Checks that example numbers are integers in [0, size); returns them as int32 `(batch,)`.

        Raises:
            ValueError: If they have another dtype or shape.
            RuleError: When run, if one lies outside. XLA drops this check.
        """
        index = tf.convert_to_tensor(index)
        if not index.dtype.is_integer or index.shape.rank not in (None, 1):
            raise ValueError(
                "`index` must hold integers of shape (batch,). "
                f"Received: {index.dtype.name} of shape {tuple(index.shape)}"
            )
        # Checked before the cast to int32, in which 2**32 would become 0.
        rule = f"`index` must lie in [0, {self.size}), the examples of the memory bank"
        wide = tf.cast(index, tf.int64)
        with tf.control_dependencies([require_all((wide >= 0) & (wide < self.size), rule, wide)]):
            return tf.cast(wide, tf.int32)

    def update(self, index: Any, features: Any) -> None:
        """Moves the vectors of the examples of all replicas' batches; ignores features that are not finite.

        Args:
            index: Integers `(batch,)` of this replica in [0, size).
            features: `(batch, dim)` of this replica, of any length, through which no gradient flows.

        Raises:
            ValueError: See `checked`; or if features have another length.
        """
        require_rows("features", features, (self.dim,))
        features = ops.cast(ops.stop_gradient(features), self.vectors.dtype)
        index, features = replicas.all_gather((self.checked(index), features))
        order = ops.arange(ops.shape(index)[0], dtype="int32")
        last = ops.max(ops.where(index[None, :] == index[:, None], order[None, :], -1), axis=1)
        features = ops.normalize(ops.take(features, last, axis=0), axis=-1)
        old = ops.take(self.vectors, index, axis=0)
        moved = ops.normalize(self.momentum * old + (1 - self.momentum) * features, axis=-1)
        moved = ops.where(ops.all(ops.isfinite(moved), axis=1, keepdims=True), moved, old)
        # Equal indices have equal rows now, so the order of writing does not matter.
        self.vectors.assign(ops.scatter_update(self.vectors, index[:, None], moved))

    def get_config(self) -> dict[str, Any]:
        return {"size": self.size, "dim": self.dim, "momentum": self.momentum, "name": self.name}
