"""How the codes of a vector quantizer are learnt from the vectors of batches."""

import math
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from keras_genssl.engine import replicas
from keras_genssl.engine.memory import Memory
from keras_genssl.kinds.rules import require


@keras.saving.register_keras_serializable(package="keras_genssl")
class Codebook(Memory):
    """Learns the codes of a `layers.VectorQuantizer` from moving averages over the batches of all replicas.

    With c_k vectors that chose code k in a batch, and s_k their sum (van den Oord et al., 2017, Appendix A.1):

        n_k <- decay n_k + (1 - decay) c_k
        m_k <- decay m_k + (1 - decay) s_k
        e_k <- e_k + (m_k - n_k e_k) / n'_k

    Both averages start at 0 and are corrected for it by `1 / (1 - decay^t)` after t updates, as Adam's are. n' are the
    counts smoothed (Laplace): `(n_k + epsilon) / (N + K epsilon) N` with `N = sum n_k`. Without smoothing, e_k is the
    mean `m_k / n_k`, as in the paper. The authors' code divides by smoothed counts, `m_k / n'_k`, which draws a code
    that is no longer chosen to the origin; here it stays where it is. The first update places all codes at vectors
    drawn from its batch; later ones so place the codes whose smoothed count is small (`from_data` and `restart_below`
    of the quantizer). If the quantizer learns by gradients, only this placing changes the codes.

    A method calls `observe` in `remember` and `update` in `after_update`. N replicas compute what one device does, and
    several batches that make one update what one batch of their size does, except that vectors to place codes at are
    drawn from the last.

    Args:
        quantizer: A `layers.VectorQuantizer`.
        name: The layer's name.

    Example:

        self.codebook = Codebook(quantizer)
        self.codebook.observe(vectors, indices, self.seed)  # in the method's `remember`
        self.codebook.update()                              # in the method's `after_update`
    """

    def __init__(self, quantizer: keras.layers.Layer, name: str | None = None) -> None:
        super().__init__(name=name)
        self.quantizer = quantizer
        codes, dim = quantizer.num_codes, quantizer.dim
        # The averages are kept already multiplied by `decay`, so that each batch of an update only adds to them.
        self.counts = self.add_weight((codes,), "zeros", trainable=False, name="counts")
        self.sums = self.add_weight((codes, dim), "zeros", trainable=False, name="sums")
        self.drawn = self.add_weight((codes, dim), "zeros", trainable=False, name="drawn")
        self.updates = self.add_weight((), "zeros", "int32", trainable=False, name="updates")
        self.restarts = self.add_weight((), "zeros", "int32", trainable=False, name="restarts")
        self.built = True

    def require_enough(self, vectors: Any) -> Any:
        """Returns vectors `(..., dim)` of a training batch if they are enough for the codes.

        Raises:
            RuleError: When run, before the first update: if the codes shall start at vectors, and the batches of all
                replicas hold fewer than there are codes; or if `restart_below` times the number of codes is more than
                a quarter of the number of vectors of an update, so that codes would be placed anew without end. XLA
                drops the checks; there several codes start at the same vector, or do not settle.
        """
        quantizer, codes, batches = self.quantizer, self.drawn.shape[0], self.batches_of_update
        rows = ops.reshape(ops.prod(ops.shape(vectors)[:-1]), (1,))
        count = ops.sum(replicas.all_gather(ops.cast(rows, "int32")))
        begun = self.updates > 0
        enough = ops.logical_or(begun, count >= (codes if quantizer.from_data else 0))
        rule = (
            f"`num_codes` must be at most the number of vectors in the first batch, at which the {codes} codes start; "
            "take larger batches or fewer codes. Received: a batch with this number of vectors:"
        )
        with tf.control_dependencies([require(enough, rule, count)]):
            count = tf.identity(count) * batches
        needed = min(math.ceil(quantizer.restart_below * codes / _RESTARTED), tf.int32.max)
        settles = ops.logical_or(begun, count >= needed)
        rule = (
            f"`restart_below` times `num_codes` must be at most {_RESTARTED} times the number of vectors of an update, "
            "or codes are placed anew without end; take larger batches, fewer codes or a smaller `restart_below`. "
            f"Received: restart_below={quantizer.restart_below:g}, num_codes={codes} and this number of vectors:"
        )
        with tf.control_dependencies([require(settles, rule, count)]):
            return tf.identity(vectors)

    def observe(self, vectors: Any, indices: Any, seed: keras.random.SeedGenerator) -> None:
        """Adds a batch to the averages, and draws vectors of it at which codes may be placed.

        Args:
            vectors: `(..., dim)` of this replica, through which no gradient flows.
            indices: The indices of their codes, `(...)`.
            seed: The seed of the draw, the same on all replicas.

        Raises:
            ValueError: If vectors have another length, or there are not as many indices.
        """
        codes, dim = self.drawn.shape
        if vectors.shape[-1] != dim or tuple(indices.shape) != tuple(vectors.shape[:-1]):
            raise ValueError(
                f"`vectors` must have shape (..., {dim}) and `indices` the same without the last axis. "
                f"Received: {tuple(vectors.shape)} and {tuple(indices.shape)}"
            )
        vectors = ops.reshape(ops.cast(ops.stop_gradient(vectors), self.drawn.dtype), (-1, dim))
        chosen = ops.reshape(indices, (-1,))
        counts, sums = (
            ops.segment_sum(values, chosen, num_segments=codes) for values in (ops.ones_like(vectors[:, 0]), vectors)
        )
        counts, sums = replicas.total((counts, sums))
        new = 1.0 - self.quantizer.decay
        self.counts.assign_add(new * counts)
        self.sums.assign_add(new * sums)
        self.drawn.assign(_drawn(vectors, codes, seed))

    def update(self) -> None:
        """Moves the codes; once per update of the weights."""
        quantizer = self.quantizer
        correction = 1.0 - quantizer.decay ** ops.cast(self.updates + 1, self.counts.dtype)
        counts, sums = self.counts / correction, self.sums / correction
        total = ops.sum(counts)
        smoothed = (counts + quantizer.epsilon) / (total + counts.shape[0] * quantizer.epsilon) * total
        first = ops.logical_and(self.updates == 0, quantizer.from_data)
        rare = smoothed < quantizer.restart_below
        placed = ops.logical_or(first, rare)
        present = ops.convert_to_tensor(quantizer.codebook)
        averages = present + (sums - counts[:, None] * present) / smoothed[:, None]
        kept = present if quantizer.by_gradient else averages
        quantizer.codebook.assign(ops.where(placed[:, None], self.drawn, kept))
        # A placed code starts with a count that does not make it rare at once.
        start = max(quantizer.restart_below, 1.0)
        weight = quantizer.decay * correction
        self.counts.assign(weight * ops.where(placed, start, counts))
        self.sums.assign(weight * ops.where(placed[:, None], start * self.drawn, sums))
        self.restarts.assign_add(ops.where(first, 0, ops.sum(ops.cast(rare, "int32"))))
        with tf.control_dependencies([total]):  # it would not wait for a check of the batch otherwise
            self.updates.assign_add(1)

    def get_config(self) -> dict[str, Any]:
        return {"quantizer": keras.saving.serialize_keras_object(self.quantizer), "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Codebook":
        """Rebuilds the layer with a new quantizer."""
        return cls(**{**config, "quantizer": keras.saving.deserialize_keras_object(config["quantizer"])})


def _drawn(vectors: Any, num: int, seed: keras.random.SeedGenerator) -> Any:
    """Draws `num` of the vectors of all replicas without replacement, `(num, dim)`; if there are fewer, in turn.

    Those with the largest random numbers are drawn: first of each replica, then of what these have drawn.
    """
    numbers = replicas.uniform((ops.shape(vectors)[0],), seed, dtype=vectors.dtype)
    if replicas.count() > 1:
        largest = _largest(numbers, num)
        numbers, vectors = replicas.all_gather((ops.take(numbers, largest), ops.take(vectors, largest, axis=0)))
    largest = _largest(numbers, num)
    return ops.take(vectors, ops.take(largest, ops.arange(num, dtype="int32") % ops.shape(largest)[0]), axis=0)


def _largest(numbers: Any, num: int) -> Any:
    """The positions of the `num` largest numbers, or of all if there are fewer; the largest first."""
    return ops.top_k(numbers, ops.minimum(num, ops.shape(numbers)[0]))[1]


_RESTARTED = 0.25  # of the mean number of choices of a code: the largest `restart_below` with which codes settle
