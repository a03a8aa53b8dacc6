"""Quantizers: layers that replace each vector by one of a finite number of codes."""

import math
import numbers
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.tensors import require_channels_last


class Quantizer(keras.layers.Layer):
    """Base class of layers that replace each vector by one of `num_codes` vectors, the codes.

    A code is known by its index, an integer in [0, num_codes). Rounding has no useful gradient, so gradients pass
    straight through: what reaches a code reaches the vector that it replaces (Bengio et al., 2013, arXiv:1308.3432). A
    subclass defines `indices` and `codes`.

    Args:
        num_codes: The number of codes.
        dim: The length of a vector.
        name: The layer's name.
    """

    def __init__(self, num_codes: int, dim: int, *, name: str | None = None) -> None:
        require_channels_last()
        super().__init__(name=name, dtype=keras.config.floatx())  # no half precision under a mixed policy
        self.num_codes = num_codes
        self.dim = dim
        self.built = True

    def indices(self, vectors: Any) -> Any:
        """The index of the code of each vector: float `(..., dim)` to int32 `(...)`."""
        raise NotImplementedError

    def codes(self, indices: Any) -> Any:
        """The codes of indices: integers `(...)` in [0, num_codes) to float `(..., dim)`."""
        raise NotImplementedError

    def penalties(self, vectors: Any, indices: Any) -> Any:
        """The loss of each example that keeps vectors and codes together, `(batch, ..., dim)` to `(batch,)`; zero here.

        Args:
            vectors: The quantized vectors.
            indices: Their `indices`, `(batch, ...)`.
        """
        return ops.zeros_like(vectors[(slice(None), *[0] * (len(vectors.shape) - 1))])

    def call(self, vectors: Any) -> tuple[Any, Any]:
        """Quantizes.

        Args:
            vectors: Float `(..., dim)`.

        Returns:
            The codes, float `(..., dim)`, whose gradients pass straight through to `vectors`, and their indices, int32
            `(...)`.

        Raises:
            ValueError: If the vectors have another length.
        """
        if vectors.shape[-1] != self.dim:
            raise ValueError(
                f"`vectors` must have {self.dim} values each for the quantizer {self.name!r}. "
                f"Received: vectors of shape {tuple(vectors.shape)}"
            )
        indices = self.indices(vectors)
        return self.passed_through(vectors, indices), indices

    def passed_through(self, vectors: Any, indices: Any) -> Any:
        """The codes of `indices`, with the gradient of the vectors that they replace."""
        return vectors + ops.stop_gradient(self.codes(indices) - vectors)


@keras.saving.register_keras_serializable(package="keras_genssl")
class VectorQuantizer(Quantizer):
    """Vector quantization: each vector is replaced by the nearest of K vectors, which are learnt.

    `|z - sg(e)|^2 commitment` keeps a vector z near its code e, with `sg` for the stopped gradient (van den Oord et
    al., 2017). The K codes are learnt in one of two ways. By default each is the moving average of the vectors that
    chose it, without a gradient; `engine.Codebook` computes it over all replicas, as `VQVAE` uses it. With
    `by_gradient`, `|sg(z) - e|^2` is added to the penalties, and the optimizer moves the codes.

    A code that no vector chooses learns nothing and stays where it is. So the first update places the codes at vectors
    of its batch, and a code that is chosen less than `restart_below` times in an update, on average, is placed anew at
    a random vector of the batch (Dhariwal et al., 2020).

    Reference:
        - van den Oord et al. 2017, [Neural Discrete Representation Learning](https://arxiv.org/abs/1711.00937)
        - restarts: Dhariwal et al. 2020, [Jukebox](https://arxiv.org/abs/2005.00341)

    Args:
        num_codes: K, at least 1.
        dim: The length of a vector, at least 1.
        commitment: The weight of the penalty on vectors, at least 0; in the paper results do not depend on it between
            0.1 and 2.
        by_gradient: Whether the optimizer learns the codes.
        decay: The share of the averages that is kept at each update, in [0, 1); also of the count of choices.
        epsilon: Added to each count of choices, for codes that are never chosen; positive.
        from_data: Whether the first update places the codes at vectors of its batch, which must hold at least K.
        restart_below: The number of choices in an update below which a code is placed anew, at least 0; 0 never does. K
            times this number must be at most a quarter of the number of vectors of an update (over all replicas), so
            that a code is placed anew only if it is chosen less than a quarter as often as the average. With half, the
            codes of clusters of unequal sizes did not settle; with three quarters, not those of normal vectors either.
        name: The layer's name.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> quantizer = VectorQuantizer(num_codes=2, dim=1)
        >>> quantizer.codebook.assign([[0.0], [1.0]])  # doctest: +ELLIPSIS
        <...>
        >>> codes, indices = quantizer(ops.convert_to_tensor([[0.1], [0.7], [3.0]]))
        >>> ops.convert_to_numpy(codes).ravel().tolist(), ops.convert_to_numpy(indices).tolist()
        ([0.0, 1.0, 1.0], [0, 1, 1])
    """

    def __init__(
        self,
        num_codes: int,
        dim: int,
        *,
        commitment: float = 0.25,
        by_gradient: bool = False,
        decay: float = 0.99,
        epsilon: float = 1e-5,
        from_data: bool = True,
        restart_below: float = 1.0,
        name: str | None = None,
    ) -> None:
        require_channels_last()
        for argument, size in (("num_codes", num_codes), ("dim", dim)):
            if not _is_integer(size) or size < 1:
                raise ValueError(f"`{argument}` must be an integer of at least 1. Received: {argument}={size!r}")
        num_codes, dim = int(num_codes), int(dim)
        for argument, value in (("commitment", commitment), ("restart_below", restart_below)):
            if not 0 <= value < math.inf:
                raise ValueError(f"`{argument}` must not be negative. Received: {argument}={value}")
        if not 0 <= decay < 1:
            raise ValueError(f"`decay` must lie in [0, 1). Received: decay={decay}")
        if not 0 < epsilon < math.inf:
            raise ValueError(f"`epsilon` must be positive. Received: epsilon={epsilon}")
        super().__init__(num_codes, dim, name=name)
        self.commitment = float(commitment)
        self.by_gradient = by_gradient
        self.decay = float(decay)
        self.epsilon = float(epsilon)
        self.from_data = from_data
        self.restart_below = float(restart_below)
        self.codebook = self.add_weight(
            (num_codes, dim),
            keras.initializers.VarianceScaling(distribution="uniform"),
            trainable=by_gradient,
            name="codebook",
        )

    def indices(self, vectors: Any) -> Any:
        """The index of the nearest code; of several that are equally near, the first."""
        codebook = ops.convert_to_tensor(self.codebook)
        centre = ops.mean(codebook, axis=0)  # far from the origin, rounding would hide the distances
        vectors, codebook = vectors - centre, codebook - centre
        # |z - e|^2 without |z|^2, which is the same for all codes.
        distances = ops.sum(ops.square(codebook), axis=1) - 2.0 * ops.matmul(vectors, ops.transpose(codebook))
        return ops.cast(ops.argmin(distances, axis=-1), "int32")

    def codes(self, indices: Any) -> Any:
        """Rows of the codebook."""
        return ops.take(ops.convert_to_tensor(self.codebook), indices, axis=0)

    def penalties(self, vectors: Any, indices: Any) -> Any:
        """`commitment |z - sg(e)|^2`, with `by_gradient` also `|sg(z) - e|^2`: means of each example, `(batch,)`."""
        codes = self.codes(indices)
        axes = tuple(range(1, len(vectors.shape)))
        penalties = self.commitment * ops.mean(ops.square(vectors - ops.stop_gradient(codes)), axis=axes)
        if self.by_gradient:
            penalties += ops.mean(ops.square(ops.stop_gradient(vectors) - codes), axis=axes)
        return penalties

    def get_config(self) -> dict[str, Any]:
        return {
            "num_codes": self.num_codes,
            "dim": self.dim,
            "commitment": self.commitment,
            "by_gradient": self.by_gradient,
            "decay": self.decay,
            "epsilon": self.epsilon,
            "from_data": self.from_data,
            "restart_below": self.restart_below,
            "name": self.name,
        }


@keras.saving.register_keras_serializable(package="keras_genssl")
class FiniteScalarQuantizer(Quantizer):
    """Finite scalar quantization: each value of a vector is rounded to one of a few levels.

    Value d is bounded by a tanh to an interval that holds `levels[d]` integers, and rounded. The codes are all
    combinations of levels, scaled to [-1, 1]: there is no codebook that must be learnt or could collapse, and no
    penalty. The gradient is that of the tanh.

    An even number of levels, of at least 4, shifts the tanh so that 0 becomes an integer. The authors' shift is a
    tangent of almost the same value. Of 2 levels the shift of either formula would put one of them where the tanh is
    flat, which few vectors reach and hardly a gradient leaves: they have none, and 0 is the threshold.

    Reference:
        - Mentzer et al. 2023, [Finite Scalar Quantization: VQ-VAE Made Simple](https://arxiv.org/abs/2309.15505)

    Args:
        levels: The number of levels of each value, integers of at least 2; their product is `num_codes`, which must be
            at most 2**31 - 1. The paper advises at least 5 and, for example, (8, 6, 5) for about 256 codes and
            (8, 5, 5, 5) for about 1,000.
        name: The layer's name.

    Raises:
        ValueError: If there are no levels, fewer than 2 of a value, or more combinations than int32 can number.

    Example:
        >>> quantizer = FiniteScalarQuantizer([3, 5])
        >>> quantizer.num_codes
        15
        >>> codes, _ = quantizer(ops.convert_to_tensor([[9.0, 0.6], [-9.0, 0.1]]))
        >>> ops.convert_to_numpy(codes).tolist()
        [[1.0, 0.5], [-1.0, 0.0]]
    """

    def __init__(self, levels: Sequence[int], *, name: str | None = None) -> None:
        require_channels_last()
        given = tuple(levels) if np.ndim(levels) else ()
        if not given or any(not _is_integer(n) or n < 2 for n in given):
            raise ValueError(f"`levels` must hold integers of at least 2. Received: levels={levels!r}")
        sizes = tuple(int(n) for n in given)
        num_codes = math.prod(sizes)
        if num_codes > _MOST_CODES:
            raise ValueError(
                f"`levels` must have a product of at most {_MOST_CODES}: indices of codes are int32. "
                f"Received: levels={levels!r} with the product {num_codes}"
            )
        super().__init__(num_codes, len(sizes), name=name)
        self.levels = sizes
        self._levels = np.array(sizes, "int32")
        self._strides = np.array([math.prod(sizes[:position]) for position in range(self.dim)], "int32")

    def bounded(self, vectors: Any) -> Any:
        """Bounds vectors so that rounding gives integers in [-(levels // 2), (levels - 1) // 2], `(..., dim)`."""
        # The bounds lie a little beyond the outermost integers; an even number of levels is not symmetric around 0.
        half = (self._levels - 1) * (1.0 + _MARGIN) / 2.0
        offset = np.where(self._levels % 2 == 0, 0.5, 0.0)
        shift = np.arctanh(np.where(self._levels == 2, 0.0, offset) / half)
        half, offset, shift = (ops.cast(values, self.compute_dtype) for values in (half, offset, shift))
        return ops.tanh(vectors + shift) * half - offset

    def indices(self, vectors: Any) -> Any:
        """The index of the combination of levels; the first value counts fastest."""
        levels = ops.cast(ops.round(self.bounded(vectors)), "int32") + self._levels // 2
        return ops.sum(levels * self._strides, axis=-1)

    def codes(self, indices: Any) -> Any:
        """The combinations of levels, each value a multiple of `1 / (levels // 2)` in [-1, 1]."""
        levels = ops.expand_dims(ops.cast(indices, "int32"), -1) // self._strides % self._levels
        return self._scaled(levels - self._levels // 2)

    def passed_through(self, vectors: Any, indices: Any) -> Any:
        bounded = self._scaled(self.bounded(vectors))
        return bounded + ops.stop_gradient(self.codes(indices) - bounded)

    def _scaled(self, values: Any) -> Any:
        return ops.cast(values, self.compute_dtype) / ops.cast(self._levels // 2, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {"levels": list(self.levels), "name": self.name}


def _is_integer(value: Any) -> bool:
    """Whether a value is a Python or NumPy integer, and no boolean."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


_MARGIN = 1e-3
_MOST_CODES = 2**31 - 1
