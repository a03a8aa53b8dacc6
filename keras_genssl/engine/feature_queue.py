"""A queue of the newest keys, the negatives of momentum contrast."""

from typing import Any

import keras
from keras import ops

from keras_genssl.engine import replicas
from keras_genssl.engine.memory import Memory
from keras_genssl.engine.shapes import require_rows


@keras.saving.register_keras_serializable(package="keras_genssl")
class FeatureQueue(Memory):
    """A ring of the newest `size` vectors: each new vector replaces the oldest.

    It is the dictionary of MoCo (He et al., 2020, https://arxiv.org/abs/1911.05722, Section 3.1). As in the authors'
    code it starts full of random unit vectors, so a loss has `size` negatives from the first step on. Unlike there,
    the size need not be a multiple of the batch: the ring can wrap inside a batch, and it keeps the last vectors of a
    batch that is larger than itself.

    Each example's vector is added once. If several batches make one update (`gradient_accumulation_steps`), their
    vectors are added together at the update. All their losses therefore see the negatives from before it, as with one
    batch of their size (see `engine.memory.Memory`).

    The replicas' vectors are gathered in replica order, so all replicas hold the same queue as one device. It is saved
    and restored with the model that holds it.

    Args:
        size: The number of vectors, at least 1.
        dim: The length of a vector, at least 1.
        name: The layer's name.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> queue = FeatureQueue(size=3, dim=1)
        >>> queue.enqueue(ops.convert_to_tensor([[1.0], [2.0], [3.0], [4.0]]))
        >>> ops.convert_to_numpy(queue.vectors).ravel().tolist(), int(queue.position)
        ([4.0, 2.0, 3.0], 1)
    """

    def __init__(self, size: int, dim: int, name: str | None = None) -> None:
        super().__init__(name=name)
        for argument, value in (("size", size), ("dim", dim)):
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"`{argument}` must be an integer of at least 1. Received: {argument}={value!r}")
        self.size = size
        self.dim = dim
        self.vectors = self.add_weight((size, dim), random_unit_vectors, trainable=False, name="vectors")
        self.position = self.add_weight((), "zeros", "int32", trainable=False, name="position")
        self.built = True

    def enqueue(self, vectors: Any) -> None:
        """Replaces the oldest vectors by those of all replicas, except vectors that are not finite.

        Args:
            vectors: `(batch, dim)` of this replica, through which no gradient flows.

        Raises:
            ValueError: If vectors have another length.
        """
        require_rows("vectors", vectors, (self.dim,))
        vectors = replicas.all_gather(ops.cast(ops.stop_gradient(vectors), self.vectors.dtype))
        count = ops.shape(vectors)[0]
        # Vector j goes to place (position + j) % size; the first that comes to a place, and the last that stays.
        first = (ops.arange(self.size, dtype="int32") - self.position) % self.size
        last = first + (count - 1 - first) // self.size * self.size
        new = ops.take(vectors, ops.clip(last, 0, count - 1), axis=0)
        taken = ops.logical_and(first < count, ops.all(ops.isfinite(new), axis=1))
        self.vectors.assign(ops.where(taken[:, None], new, self.vectors))
        self.position.assign((self.position + count) % self.size)

    def get_config(self) -> dict[str, Any]:
        return {"size": self.size, "dim": self.dim, "name": self.name}


def random_unit_vectors(shape: tuple[int, int], dtype: str | None = None) -> Any:
    """An initializer: uniformly distributed unit vectors, from Keras' global seed."""
    return ops.normalize(keras.initializers.RandomNormal(stddev=1.0)(shape, dtype), axis=-1)
