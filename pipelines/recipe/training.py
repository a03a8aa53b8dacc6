"""The section `train`: the length of the training, the learning rate and the optimizers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from pipelines.recipe.optimizers import Adam, AnyOptimizer
from pipelines.recipe.schedules import Rate
from pipelines.section import Section

if TYPE_CHECKING:
    import keras


class Updates(Section):
    """How weights are updated: the optimizer and the learning rate."""

    learning_rate: Rate
    optimizer: AnyOptimizer = Adam()

    @field_validator("optimizer", mode="before")
    @classmethod
    def _adam_by_default(cls, value: Any) -> Any:
        return {"kind": "adam", **value} if isinstance(value, dict) else value

    def optimizer_of(self, player: str | None, updates: int) -> keras.Optimizer:
        """Makes a new optimizer.

        Args:
            player: the player whose weights it updates; None for all weights.
            updates: the number of updates, which is also the length of the schedule.
        """
        return self.optimizer.build(self.learning_rate.build(updates))


class Player(Section):
    """The settings of one player that differ: its learning rate, its optimizer or both."""

    learning_rate: Rate | None = None
    optimizer: AnyOptimizer | None = None


class Train(Updates):
    """The length and the speed of the training. It ends at ``epochs`` or at ``steps``, whichever comes first.

    The optimizer is Adam unless ``optimizer`` names another one. A method with several players has an optimizer for
    each; ``players`` (player -> `Player`) lists the differences. ``precision`` is that of the training; evaluation and
    export use float32. ``auto`` means ``mixed_bfloat16`` on devices that compute in bfloat16 and ``float32`` on others,
    where bfloat16 is many times slower. The chosen precision is part of the run's name.
    """

    epochs: PositiveInt | None = None
    steps: PositiveInt | None = None
    batch_size: PositiveInt = 16
    players: dict[str, Player] = Field(default={})
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "float32"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    strategy: Literal["auto", "default", "mirrored", "tpu"] = "default"
    checkpoint_steps: PositiveInt = 200

    @model_validator(mode="after")
    def _it_ends(self) -> Train:
        if self.epochs is None and self.steps is None:
            raise ValueError("give `epochs`, `steps` or both")
        return self

    def length(self, steps_per_epoch: int) -> int:
        """Returns the number of steps of the training.

        >>> rate = {"schedule": "constant", "initial": 1e-3}
        >>> Train(epochs=4, steps=25, learning_rate=rate).length(10)
        25
        >>> Train(epochs=2, steps=25, learning_rate=rate).length(10)
        20
        """
        limits = [self.steps, None if self.epochs is None else self.epochs * steps_per_epoch]
        return min(limit for limit in limits if limit is not None)

    def optimizer_of(self, player: str | None, updates: int) -> keras.Optimizer:
        """Makes a new optimizer, with the settings of the player's section if it has one."""
        own = Player() if player is None else self.players.get(player, Player())
        rate, optimizer = own.learning_rate or self.learning_rate, own.optimizer or self.optimizer
        return optimizer.build(rate.build(updates))
