"""What a recipe may say of a learning rate, and the Keras schedule that it makes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipelines.section import PositiveFloat, Section


class Schedule(Section):
    """A learning rate over a training."""

    schedule: str
    initial: PositiveFloat

    def build(self, total: int) -> Any:
        """The Keras learning rate, a number or a schedule, for ``total`` updates."""
        raise NotImplementedError(f"{type(self).__name__} does not build a schedule")


class Constant(Schedule):
    """One learning rate from first step to last."""

    schedule: Literal["constant"]

    def build(self, total: int) -> float:
        """The number."""
        return self.initial


class Cosine(Schedule):
    """Linear warm-up to ``initial``, then half a cosine down to ``final`` (Loshchilov & Hutter 2017)."""

    schedule: Literal["cosine"]
    final: Annotated[float, Field(ge=0)] = 0.0
    warmup_steps: Annotated[int, Field(ge=0)] = 0

    def build(self, total: int) -> Any:
        """The schedule; a warm-up as long as the training leaves one step for the cosine."""
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
    """``initial`` for the fraction ``constant`` of the training, then along a line to ``final`` at its end."""

    schedule: Literal["linear"]
    final: Annotated[float, Field(ge=0)] = 0.0
    constant: Annotated[float, Field(ge=0, lt=1)] = 0.5

    def build(self, total: int) -> Any:
        """The schedule."""
        from keras_genssl.schedules import ConstantThenLinear

        first = min(round(self.constant * total), total - 1)
        return ConstantThenLinear(self.initial, first, total - first, self.final)


class Piecewise(Schedule):
    """``initial`` times ``factor`` for each boundary passed; boundaries are fractions of the training."""

    schedule: Literal["piecewise"]
    factor: PositiveFloat = 0.5
    boundaries: list[Annotated[float, Field(gt=0, lt=1)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _boundaries_rise(self) -> Piecewise:
        if sorted(set(self.boundaries)) != self.boundaries:
            raise ValueError(f"`boundaries` must rise. Received: {self.boundaries}")
        return self

    def build(self, total: int) -> Any:
        """The schedule."""
        from keras.optimizers import schedules

        values = [self.initial * self.factor**passed for passed in range(len(self.boundaries) + 1)]
        return schedules.PiecewiseConstantDecay([round(at * total) for at in self.boundaries], values)


Rate = Annotated[Constant | Cosine | Linear | Piecewise, Field(discriminator="schedule")]
