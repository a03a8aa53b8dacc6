"""The learning rates that a recipe can describe, and the Keras schedule that each makes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipelines.section import PositiveFloat, Section


class Schedule(Section):
    """The learning rate during a training."""

    schedule: str
    initial: PositiveFloat

    def build(self, total: int) -> Any:
        """Makes the Keras learning rate, a number or a schedule, for ``total`` updates."""
        raise NotImplementedError(f"{type(self).__name__} does not build a schedule")


class Constant(Schedule):
    """A constant learning rate."""

    schedule: Literal["constant"]

    def build(self, total: int) -> float:
        return self.initial


class Cosine(Schedule):
    """Linear warm-up to ``initial``, then half a cosine down to ``final`` (Loshchilov & Hutter 2017)."""

    schedule: Literal["cosine"]
    final: Annotated[float, Field(ge=0)] = 0.0
    warmup_steps: Annotated[int, Field(ge=0)] = 0

    def build(self, total: int) -> Any:
        """Makes the schedule. If the warm-up is as long as the training, one step is left for the cosine."""
        from keras.optimizers import schedules

        warmup = min(self.warmup_steps, total - 1)
        return schedules.CosineDecay(
            initial_learning_rate=self.initial / (warmup + 1) if warmup else self.initial,
            decay_steps=total - warmup,
            alpha=self.final / self.initial,
            warmup_target=self.initial if warmup else None,
            warmup_steps=warmup,
        )


class Linear(Schedule):
    """``initial`` for the fraction ``constant`` of the training, then a linear change to ``final`` at its end."""

    schedule: Literal["linear"]
    final: Annotated[float, Field(ge=0)] = 0.0
    constant: Annotated[float, Field(ge=0, lt=1)] = 0.5

    def build(self, total: int) -> Any:
        from keras_genssl.schedules import ConstantThenLinear

        first = min(round(self.constant * total), total - 1)
        return ConstantThenLinear(self.initial, first, total - first, self.final)


class Piecewise(Schedule):
    """``initial``, multiplied by ``factor`` at each boundary; boundaries are fractions of the training."""

    schedule: Literal["piecewise"]
    factor: PositiveFloat = 0.5
    boundaries: list[Annotated[float, Field(gt=0, lt=1)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _boundaries_rise(self) -> Piecewise:
        if sorted(set(self.boundaries)) != self.boundaries:
            raise ValueError(f"`boundaries` must rise. Received: {self.boundaries}")
        return self

    def build(self, total: int) -> Any:
        from keras.optimizers import schedules

        values = [self.initial * self.factor**passed for passed in range(len(self.boundaries) + 1)]
        return schedules.PiecewiseConstantDecay([round(at * total) for at in self.boundaries], values)


Rate = Annotated[Constant | Cosine | Linear | Piecewise, Field(discriminator="schedule")]
