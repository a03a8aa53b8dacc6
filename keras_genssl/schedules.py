"""Schedules: the ones of the learning rate and of momentum that the field needs and Keras lacks."""

import math
from typing import Any

import keras
from keras import ops

__all__ = ["ConstantThenLinear", "CosineMomentum"]


@keras.saving.register_keras_serializable(package="keras_genssl")
class ConstantThenLinear(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that stays constant, then falls linearly.

    It is `initial` up to step `constant_steps`, falls to `final` within the next `decay_steps`, and then stays there.
    CycleGAN (Zhu et al., 2017) trains half of the steps with the constant rate and half with the falling one.

    Reference:
        - Zhu et al. 2017, [Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
          Networks](https://arxiv.org/abs/1703.10593)

    Args:
        initial: the learning rate at the start, positive.
        constant_steps: number of steps with the constant rate, at least 0.
        decay_steps: number of steps with the falling rate, at least 1.
        final: the learning rate at the end, at least 0.

    Raises:
        ValueError: if an argument is outside its range.

    Example:
        >>> rate = ConstantThenLinear(0.2, constant_steps=10, decay_steps=4)
        >>> [round(float(rate(step)), 3) for step in (0, 10, 11, 14, 20)]
        [0.2, 0.2, 0.15, 0.0, 0.0]
    """

    def __init__(self, initial: float, constant_steps: int, decay_steps: int, final: float = 0.0) -> None:
        for name, value, fits, rule in (
            ("initial", initial, initial > 0, "must be positive"),
            ("constant_steps", constant_steps, constant_steps >= 0, "must be at least 0"),
            ("decay_steps", decay_steps, decay_steps >= 1, "must be at least 1"),
            ("final", final, final >= 0, "must be at least 0"),
        ):
            if not fits:
                raise ValueError(f"`{name}` {rule}. Received: {name}={value}")
        self.initial = initial
        self.constant_steps = constant_steps
        self.decay_steps = decay_steps
        self.final = final

    def __call__(self, step: Any) -> Any:
        """Returns the learning rate of a step, a float32 scalar."""
        fallen = (ops.cast(step, "float32") - self.constant_steps) / self.decay_steps
        return self.initial + (self.final - self.initial) * ops.clip(fallen, 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {
            "initial": self.initial,
            "constant_steps": self.constant_steps,
            "decay_steps": self.decay_steps,
            "final": self.final,
        }


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
