"""Sparsity penalties for codes."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_genssl.losses.arguments import check_not_negative


def _own(codes: Any) -> Any:
    return codes


class Sparsity:
    """The penalty that a sparse autoencoder adds to its loss; one subclass per penalty.

    A subclass defines ``__call__(codes, gather)`` to ``(batch,)`` and ``get_config`` if it has arguments.

    Class attributes:
        needs_probabilities: whether codes must lie in [0, 1], as a sigmoid gives them.
    """

    needs_probabilities: bool = False

    def __call__(self, codes: Any, gather: Callable[[Any], Any] = _own) -> Any:
        """The penalty of each example, ``(batch,)``.

        Args:
            codes: float ``(batch, code_dim)``.
            gather: function that gathers the codes of all replicas, with gradients (`engine.replicas.all_gather`);
                by default there is one replica.
        """
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """All arguments of the constructor."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Sparsity":
        """Makes a penalty from the arguments of ``get_config``."""
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_genssl")
class L1Sparsity(Sparsity):
    """The absolute activations of each code: ``weight * sum_j |code_j|``.

    Reference:
        - Ng, CS294A lecture notes, Sparse autoencoder

    Args:
        weight: weight of the penalty, at least 0.

    Raises:
        ValueError: if ``weight`` is negative or not finite.

    Example:
        >>> [float(value) for value in L1Sparsity(0.5)(ops.convert_to_tensor([[1.0, -3.0], [0.0, 1.0]]))]
        [2.0, 0.5]
    """

    def __init__(self, weight: float = 1e-3) -> None:
        check_not_negative(weight=weight)
        self.weight = float(weight)

    def __call__(self, codes: Any, gather: Callable[[Any], Any] = _own) -> Any:
        """``weight * sum_j |code_j|``, ``(batch,)``."""
        return self.weight * ops.sum(ops.abs(codes), axis=1)

    def get_config(self) -> dict[str, Any]:
        return {"weight": self.weight}


@keras.saving.register_keras_serializable(package="keras_genssl")
class KLSparsity(Sparsity):
    """The divergence of each unit's mean activation from a small target.

    ``weight * sum_j rho log(rho / m_j) + (1 - rho) log((1 - rho) / (1 - m_j))`` with ``m_j`` the mean of unit j
    over the *global* batch; the value is the same for each example (A. Ng, CS294A lecture notes on sparse autoencoders;
    Lee et al., 2008, https://papers.nips.cc/paper/3313, square the difference instead).

    Reference:
        - Ng, CS294A lecture notes, Sparse autoencoder

    Args:
        rho: the target of the mean activation, inside (0, 1).
        weight: weight of the penalty, at least 0.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> float(KLSparsity(rho=0.5)(ops.convert_to_tensor([[0.2], [0.8]]))[0])
        0.0
    """

    needs_probabilities = True

    def __init__(self, rho: float = 0.05, weight: float = 1e-2) -> None:
        if not 0.0 < rho < 1.0:
            raise ValueError(f"`rho` must lie inside (0, 1). Received: rho={rho}")
        self.rho = float(rho)
        check_not_negative(weight=weight)
        self.weight = float(weight)

    def __call__(self, codes: Any, gather: Callable[[Any], Any] = _own) -> Any:
        """The divergence summed over units, repeated for each example, ``(batch,)``."""
        mean = ops.mean(gather(codes), axis=0)  # (code_dim,)
        # Clipped, so that the divergence is finite if a unit is 0, or 1, for all images.
        mean = ops.clip(mean, keras.config.epsilon(), 1.0 - keras.config.epsilon())
        rho = self.rho
        divergence = rho * ops.log(rho / mean) + (1.0 - rho) * ops.log((1.0 - rho) / (1.0 - mean))
        return self.weight * ops.sum(divergence) * ops.ones_like(codes[:, 0])

    def get_config(self) -> dict[str, Any]:
        return {"rho": self.rho, "weight": self.weight}
