"""A number in [0, 1] that balances two players by proportional control."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.engine import replicas
from keras_genssl.engine.memory import Memory


@keras.saving.register_keras_serializable(package="keras_genssl")
class Balance(Memory):
    """A number k that moves with the mean error of each update: `k <- clip(k + rate * E error, 0, 1)`, from k = 0.

    It is the proportional control of BEGAN (Berthelot et al., 2017, https://arxiv.org/abs/1703.10717, Section 3.3). The
    mean is that of the global batch; if several batches make one update (`gradient_accumulation_steps`), it is that of
    all of them. k is the same on all replicas, and is saved with the model that holds it. List it among the networks
    of a player: it moves with the updates of this player, and of no other.

    Args:
        rate: How far k moves for an error of 1, at least 0.
        name: The layer's name.

    Raises:
        ValueError: If the rate is negative or not finite.

    Example:
        >>> balance = Balance(rate=0.5)
        >>> for errors in ([0.5, 1.5], [2.0, 0.0], [-1.0, -2.0]):
        ...     balance.observe(ops.convert_to_tensor(errors))  # in the method's `remember`
        ...     balance.update()                                # in the method's `after_update`
        ...     print(float(balance.k))
        0.5
        1.0
        0.25
    """

    def __init__(self, rate: float, name: str | None = None) -> None:
        super().__init__(name=name)
        self.rate = finite("rate", rate, 0)
        self.k = self.add_weight((), "zeros", trainable=False, name="k")
        self.built = True

    def observe(self, errors: Any) -> None:
        """Adds the errors of a batch, `(batch,)` of this replica, through which no gradient flows."""
        mean = replicas.mean_of_all(ops.cast(errors, self.k.dtype))
        self.k.assign_add(self.rate / self.batches_of_update * mean)

    def update(self) -> None:
        """Clips k to [0, 1]; once per update of the weights."""
        self.k.assign(ops.clip(self.k, 0.0, 1.0))

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "name": self.name}
