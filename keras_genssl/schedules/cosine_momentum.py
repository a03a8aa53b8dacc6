"""A momentum that rises to 1."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_genssl")
class CosineMomentum(keras.optimizers.schedules.LearningRateSchedule):
    """The momentum of a target network, which rises to 1 along half a cosine.

    At update k of `steps` it is ``1 - (1 - initial) (cos(pi k / steps) + 1) / 2``, and afterwards 1; BYOL, Grill et
    al., 2020, Section 3.3. Call it like a learning-rate schedule.

    Reference:
        - Grill et al. 2020, [Bootstrap Your Own Latent](https://arxiv.org/abs/2006.07733)

    Args:
        initial: the momentum of the first update, in [0, 1].
        steps: number of updates until it is 1, at least 1; usually those of the whole training.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> momentum = CosineMomentum(0.9, steps=4)
        >>> [round(float(momentum(step)), 4) for step in (0, 2, 4, 9)]
        [0.9, 0.95, 1.0, 1.0]
    """

    def __init__(self, initial: float, steps: int) -> None:
        if not 0 <= initial <= 1:
            raise ValueError(f"`initial` must lie in [0, 1]. Received: initial={initial}")
        if steps < 1:
            raise ValueError(f"`steps` must be at least 1. Received: steps={steps}")
        self.initial = float(initial)
        self.steps = steps

    def __call__(self, step: Any) -> Any:
        """Returns the momentum of an update, counted from 0, a scalar."""
        done = ops.clip(ops.cast(step, keras.config.floatx()) / self.steps, 0.0, 1.0)
        return 1.0 - (1.0 - self.initial) * (ops.cos(math.pi * done) + 1.0) / 2.0

    def get_config(self) -> dict[str, Any]:
        return {"initial": self.initial, "steps": self.steps}
