"""Optimizers: the ones that the field needs and Keras lacks."""

import re
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

__all__ = ["LARS"]


@keras.saving.register_keras_serializable(package="keras_genssl")
class LARS(keras.optimizers.Optimizer):
    """SGD with momentum whose step in each weight tensor is proportional to the norm of that tensor.

    You et al., 2017, in the form of SimCLR's authors (https://github.com/google-research/simclr, `lars_optimizer.py`):

        g <- g + weight_decay w
        v <- momentum v + learning_rate (trust |w| / |g|) g
        w <- w - v                                          (nesterov: w - momentum v - the last term)

    So the decay counts in the norm of g, and the learning rate is inside the momentum. If |w| or |g| is 0, the ratio
    is 1. Other ports add the decay afterwards, or multiply the momentum by the learning rate, and take other steps.
    Weights whose path matches `exclude` have neither decay nor ratio: they take a step of plain momentum.

    SimCLR: learning rate 0.3 x batch / 256, momentum 0.9, decay 1e-6, ten epochs of warm-up, then cosine decay.

    Reference:
        - You et al. 2017, [Large Batch Training of Convolutional Networks](https://arxiv.org/abs/1708.03888)

    Args:
        learning_rate: A float or a `keras.optimizers.schedules.LearningRateSchedule`.
        momentum: In [0, 1).
        weight_decay: At least 0. It is added to the gradient, unlike Keras' decoupled weight decay.
        trust: The trust coefficient (`eeta`), positive.
        nesterov: Whether the step looks ahead.
        exclude: Regular expressions. A variable is excluded if one of them is found in its `path`. By default these are
            biases and the scales and offsets of normalisation, whatever their layers are called. Add the name of a
            supervised head that is trained together with the encoder, as the authors do.
        gradient_accumulation_steps: None, or the number of batches, at least 2, whose mean gradient makes one update.
        name: The optimizer's name.

    Raises:
        ValueError: If an argument is out of range.

    Example:
        >>> weight = keras.Variable([3.0, 4.0])  # of length 5
        >>> LARS(0.1, momentum=0.0, trust=0.02).apply([ops.convert_to_tensor([0.0, 7.0])], [weight])
        >>> [round(float(value), 6) for value in ops.convert_to_numpy(weight)]  # a step of length 0.1 * 0.02 * 5
        [3.0, 3.99]
    """

    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 0.3,
        momentum: float = 0.9,
        weight_decay: float = 1e-6,
        trust: float = 0.001,
        nesterov: bool = False,
        exclude: Sequence[str] = ("bias$", "gamma$", "beta$"),
        gradient_accumulation_steps: int | None = None,
        name: str = "lars",
    ) -> None:
        for argument, value, fits, rule in (
            ("momentum", momentum, 0 <= momentum < 1, "must lie in [0, 1)"),
            ("weight_decay", weight_decay, weight_decay >= 0, "must be at least 0"),
            ("trust", trust, trust > 0, "must be positive"),
            ("exclude", exclude, not isinstance(exclude, str), "must be a sequence of regular expressions"),
        ):
            if not fits:
                raise ValueError(f"`{argument}` {rule}. Received: {argument}={value!r}")
        super().__init__(
            learning_rate=learning_rate, gradient_accumulation_steps=gradient_accumulation_steps, name=name
        )
        self.momentum = momentum
        self.coupled_weight_decay = weight_decay  # Keras would apply an attribute `weight_decay` by itself
        self.trust = trust
        self.nesterov = nesterov
        self.exclude = tuple(exclude)

    def build(self, variables: list[keras.Variable]) -> None:
        """Creates the momenta, and decides which variables are excluded."""
        if self.built:
            return
        super().build(variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum")
        self.excluded = [any(re.search(pattern, v.path) for pattern in self.exclude) for v in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates one variable."""
        index = self._get_variable_index(variable)
        gradient = ops.cast(gradient, variable.dtype)
        rate = ops.cast(learning_rate, variable.dtype)
        if not self.excluded[index]:
            gradient = gradient + self.coupled_weight_decay * variable
            lengths = [ops.sqrt(ops.sum(ops.square(tensor))) for tensor in (variable, gradient)]  # of any rank
            known = ops.logical_and(lengths[0] > 0, lengths[1] > 0)
            rate = rate * ops.where(known, self.trust * lengths[0] / ops.where(known, lengths[1], 1.0), 1.0)
        step = rate * gradient
        momentum = self.momentum * self.momentums[index] + step
        self.assign(self.momentums[index], momentum)
        self.assign_sub(variable, self.momentum * momentum + step if self.nesterov else momentum)

    def get_config(self) -> dict[str, Any]:
        base = super().get_config()
        return {
            "name": base["name"],
            "learning_rate": base["learning_rate"],
            "momentum": self.momentum,
            "weight_decay": self.coupled_weight_decay,
            "trust": self.trust,
            "nesterov": self.nesterov,
            "exclude": self.exclude,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }
