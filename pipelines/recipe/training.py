"""The section `train`: how long, how fast, with which optimizers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from pipelines.recipe.optimizers import Adam, AnyOptimizer
from pipelines.recipe.schedules import Rate
from pipelines.section import Section

if TYPE_CHECKING:
    import keras


class Updates(Section):
    """How weights are updated: by which optimizer, at which learning rate."""

    learning_rate: Rate
    optimizer: AnyOptimizer = Adam()

    @field_validator("optimizer", mode="before")
    @classmethod
    def _adam_by_default(cls, value: Any) -> Any:
        return {"kind": "adam", **value} if isinstance(value, dict) else value

    def optimizer_of(self, player: str | None, updates: int) -> keras.Optimizer:
        """A new optimizer.

        Args:
            player: whose weights it updates; None, all that there are.
            updates: how many it makes; its schedule is as long.
        """
        return self.optimizer.build(self.learning_rate.build(updates))


class Player(Section):
    """What is different for one player: its learning rate, its optimizer or both."""

    learning_rate: Rate | None = None
    optimizer: AnyOptimizer | None = None


class Train(Updates):
    """How long and how fast. Training ends at ``epochs`` or at ``steps``, whichever comes first.

    The optimizer is Adam unless ``optimizer`` names another. A method of several players has one for each, and
    ``players`` says what is different for a player (player -> `Player`). ``precision`` is that of the training's
    arithmetic; what is evaluated and exported is float32. ``auto`` is ``mixed_bfloat16`` where the device computes in
    bfloat16 (elsewhere it is many times slower) and ``float32`` where it does not; the run is named by what was taken.
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
        """The steps of the training.

        >>> rate = {"schedule": "constant", "initial": 1e-3}
        >>> Train(epochs=4, steps=25, learning_rate=rate).length(10)
        25
        >>> Train(epochs=2, steps=25, learning_rate=rate).length(10)
        20
        """
        limits = [self.steps, None if self.epochs is None else self.epochs * steps_per_epoch]
        return min(limit for limit in limits if limit is not None)

    def optimizer_of(self, player: str | None, updates: int) -> keras.Optimizer:
        """A new optimizer, as the player's section says where it has one."""
        own = Player() if player is None else self.players.get(player, Player())
        rate, optimizer = own.learning_rate or self.learning_rate, own.optimizer or self.optimizer
        return optimizer.build(rate.build(updates))
