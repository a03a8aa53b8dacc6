"""The optimizers of several players, presented to Keras and its callbacks as one optimizer."""

import functools
from collections.abc import Mapping
from typing import Any

import keras


class PlayersOptimizers:
    """The players' optimizers together, as `model.optimizer`; it has no state of its own and is not saved.

    Keras' callbacks look for `optimizers` (its `MultiOptimizer` has them) and handle each: `LearningRateScheduler`
    calls its schedule for each rate, `ReduceLROnPlateau` multiplies each by its factor. Rates that differ between
    players therefore keep their ratio if a schedule multiplies them, and become equal if it returns a fixed rate. To
    apply a callback to a single player use `callbacks.ForPlayer`.

    Args:
        optimizers: The optimizers, by player.
    """

    built = True  # as soon as `compile` has made them

    def __init__(self, optimizers: Mapping[str, keras.optimizers.Optimizer]) -> None:
        self._optimizers = dict(optimizers)

    @property
    def optimizers(self) -> list["PlayersOptimizer"]:
        """The optimizers in the order of the players, each named after its player."""
        return [PlayersOptimizer(player, optimizer) for player, optimizer in self._optimizers.items()]

    @property
    def iterations(self) -> Any:
        """The smallest number of updates of any player."""
        return functools.reduce(keras.ops.minimum, [each.iterations for each in self._optimizers.values()])

    @property
    def variables(self) -> list[keras.Variable]:
        """The variables of all optimizers."""
        return [variable for optimizer in self._optimizers.values() for variable in optimizer.variables]

    def get_config(self) -> dict[str, dict[str, Any]]:
        """The config of each optimizer, by player, for experiment loggers."""
        return {player: optimizer.get_config() for player, optimizer in self._optimizers.items()}

    @property
    def learning_rate(self) -> Any:
        """The learning rate that all players share; setting it sets the rate of every player.

        Raises:
            ValueError: When read, if the players' rates differ.
        """
        rates = {
            player: float(keras.ops.convert_to_numpy(optimizer.learning_rate))
            for player, optimizer in self._optimizers.items()
        }
        if len(set(rates.values())) > 1:
            raise ValueError(
                "`optimizer.learning_rate` must be the same for all players to be read as one; read "
                f"`optimizer_of(player).learning_rate`, or use `callbacks.ForPlayer`. Received: {rates}"
            )
        return next(iter(self._optimizers.values())).learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        for optimizer in self._optimizers.values():
            optimizer.learning_rate = learning_rate


class PlayersOptimizer:
    """A player's optimizer, named after the player, so that Keras logs `learning_rate_<player>`.

    Args:
        name: The player's name.
        optimizer: The player's optimizer.
    """

    def __init__(self, name: str, optimizer: keras.optimizers.Optimizer) -> None:
        vars(self).update(name=name, _optimizer=optimizer)

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["_optimizer"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._optimizer, name, value)
