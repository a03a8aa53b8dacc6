"""What Keras and its callbacks see of several players as the one optimizer that they ask for."""

import functools
from collections.abc import Mapping
from typing import Any

import keras


class PlayersOptimizers:
    """The players' optimizers together, as `model.optimizer`; it owns nothing and is saved with nothing.

    Keras' callbacks know models of several optimizers by `optimizers` (its own `MultiOptimizer` has them), and treat
    each: `LearningRateScheduler` asks its schedule for each rate, `ReduceLROnPlateau` multiplies each by its factor.
    So rates that differ between players keep their ratio where a schedule multiplies, and become equal where it names
    a rate. For one player alone there is `callbacks.ForPlayer`.

    Args:
        optimizers: By player.
    """

    built = True  # as soon as `compile` has made them

    def __init__(self, optimizers: Mapping[str, keras.optimizers.Optimizer]) -> None:
        self._optimizers = dict(optimizers)

    @property
    def optimizers(self) -> list["PlayersOptimizer"]:
        """Each player's, in the order of the players, called as the player is."""
        return [PlayersOptimizer(player, optimizer) for player, optimizer in self._optimizers.items()]

    @property
    def iterations(self) -> Any:
        """The updates that every player has had: the fewest of a player's."""
        return functools.reduce(keras.ops.minimum, [each.iterations for each in self._optimizers.values()])

    @property
    def variables(self) -> list[keras.Variable]:
        """All that the optimizers keep."""
        return [variable for optimizer in self._optimizers.values() for variable in optimizer.variables]

    def get_config(self) -> dict[str, dict[str, Any]]:
        """Each player's, by player: loggers of experiments ask for it."""
        return {player: optimizer.get_config() for player, optimizer in self._optimizers.items()}

    @property
    def learning_rate(self) -> Any:
        """The rate that all players have; setting it sets every player's.

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
    """A player's optimizer under the player's name, which Keras' logs have then: `learning_rate_<player>`.

    Args:
        name: The player.
        optimizer: Its own.
    """

    def __init__(self, name: str, optimizer: keras.optimizers.Optimizer) -> None:
        vars(self).update(name=name, _optimizer=optimizer)

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["_optimizer"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._optimizer, name, value)
