"""The section `train`: how long, how fast, with which optimizers."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, model_validator

from pipelines.section import PositiveFloat, Section

Beta = Annotated[float, Field(ge=0, lt=1)]


class Constant(Section):
    """One learning rate from first step to last."""

    schedule: Literal["constant"]
    initial: PositiveFloat


class Cosine(Section):
    """Linear warm-up to ``initial``, then half a cosine down to ``final`` (Loshchilov & Hutter 2017)."""

    schedule: Literal["cosine"]
    initial: PositiveFloat
    final: Annotated[float, Field(ge=0)] = 0.0
    warmup_steps: Annotated[int, Field(ge=0)] = 0


class Linear(Section):
    """``initial`` for the fraction ``constant`` of the training, then along a line to ``final`` at its end."""

    schedule: Literal["linear"]
    initial: PositiveFloat
    final: Annotated[float, Field(ge=0)] = 0.0
    constant: Annotated[float, Field(ge=0, lt=1)] = 0.5


class Piecewise(Section):
    """``initial`` times ``factor`` for each boundary passed; boundaries are fractions of the training."""

    schedule: Literal["piecewise"]
    initial: PositiveFloat
    factor: PositiveFloat = 0.5
    boundaries: list[Annotated[float, Field(gt=0, lt=1)]] = Field(min_length=1)

    @model_validator(mode="after")
    def _boundaries_rise(self) -> "Piecewise":
        if sorted(set(self.boundaries)) != self.boundaries:
            raise ValueError(f"`boundaries` must rise. Received: {self.boundaries}")
        return self


Rate = Annotated[Constant | Cosine | Linear | Piecewise, Field(discriminator="schedule")]


class Adam(Section):
    """What one player's Adam has different from that of the others."""

    learning_rate: Rate | None = None
    beta_1: Beta | None = None
    beta_2: Beta | None = None


class Train(Section):
    """How long and how fast. Training ends at ``epochs`` or at ``steps``, whichever comes first.

    The optimizer is Adam; a method of several players has one for each, and ``optimizers`` says in what a player's
    differs (player -> `Adam`). ``precision`` is that of the training's arithmetic; what is evaluated and exported is
    float32. ``auto`` is ``mixed_bfloat16`` where the device computes in bfloat16 (elsewhere it is many times slower)
    and ``float32`` where it does not; the run is named by what was taken.
    """

    epochs: PositiveInt | None = None
    steps: PositiveInt | None = None
    batch_size: PositiveInt = 16
    learning_rate: Rate
    beta_1: Beta = 0.9
    beta_2: Beta = 0.999
    optimizers: dict[str, Adam] = Field(default={})
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "float32"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    strategy: Literal["auto", "default", "mirrored", "tpu"] = "default"
    checkpoint_steps: PositiveInt = 200

    @model_validator(mode="after")
    def _it_ends(self) -> "Train":
        if self.epochs is None and self.steps is None:
            raise ValueError("give `epochs`, `steps` or both")
        return self

    def length(self, steps_per_epoch: int) -> int:
        """The steps of the training.

        >>> rate = Constant(schedule="constant", initial=1e-3)
        >>> Train(epochs=4, steps=25, learning_rate=rate).length(10)
        25
        >>> Train(epochs=2, steps=25, learning_rate=rate).length(10)
        20
        """
        limits = [self.steps, None if self.epochs is None else self.epochs * steps_per_epoch]
        return min(limit for limit in limits if limit is not None)
