"""The pulling-away term: a generator that makes the same image again pays for it."""

from typing import Any

from keras import ops

from keras_genssl.losses.contrastive.embeddings import directions


def pulling_away_term(codes: Any) -> Any:
    """The mean squared cosine of each code and the others of its batch: ``1/(N-1) sum_{j != i} cos²(S_i, S_j)``.

    Zhao et al., 2017, Section 2.4. The mean over the batch is the paper's ``f_PT``: 1 if all codes lie on one line
    through the origin, 0 if they are orthogonal. More codes than dimensions cannot all be orthogonal: the least value
    of N codes of dim numbers is then ``(N / dim - 1) / (N - 1)``. The lengths of codes do not matter, and a code
    shorter than 1e-6 has no direction: it counts as orthogonal to all others. A batch of one code gives 0. On several
    replicas the others must be those of the global batch:

        replicas.on_global_batch(pulling_away_term, codes)

    Reference:
        - Zhao et al. 2017, [Energy-based Generative Adversarial Network](https://arxiv.org/abs/1609.03126)

    Args:
        codes: float ``(batch, ...)``; all axes but the first are one code.

    Returns:
        Float32 at least, ``(batch,)``, in [0, 1].

    Example:
        >>> codes = ops.convert_to_tensor([[2.0, 0.0], [1.0, 0.0], [0.0, 3.0]])
        >>> [float(value) for value in pulling_away_term(codes)]
        [0.5, 0.5, 0.0]
    """
    codes = ops.convert_to_tensor(codes)
    unit = directions(ops.reshape(codes, (ops.shape(codes)[0], -1)))  # (N, dim)
    squares = ops.square(ops.matmul(unit, ops.transpose(unit)))  # (N, N)
    order = ops.arange(ops.shape(squares)[0])
    others = ops.where(order[:, None] == order[None, :], ops.zeros_like(squares), squares)
    return ops.sum(others, axis=1) / ops.cast(ops.maximum(ops.shape(squares)[0] - 1, 1), squares.dtype)
