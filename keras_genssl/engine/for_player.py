"""Keras callbacks, which expect one optimizer and one loss, for models of several players."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras

from keras_genssl.engine.updates import counting

_HOOKS = [name for name in dir(keras.callbacks.Callback) if name.startswith("on_")]
_LOSSES = ("loss", "val_loss")


class ForPlayer(keras.callbacks.Callback):
    """Applies a callback to one player: its optimizer is the model's optimizer, its loss is `loss`.

    For an `engine.PlayersModel`. The callback sees the player's optimizer as `model.optimizer` and the rest of the
    model unchanged. The logs that it sees also hold `loss` and `val_loss`, those of the player. Values that it adds to
    the logs enter the history with the player's name as suffix: `learning_rate_critic`.

    Args:
        player: A name of `model.players()`.
        callback: A `keras.callbacks.Callback`.

    Raises:
        TypeError: If `callback` has another type.
        ValueError: In `fit`, before the first epoch, if the model has no such player.

    Example:

        halve = keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=3)
        gan.fit(images, epochs=50, callbacks=[kg.callbacks.ForPlayer("critic", halve)])
    """

    def __init__(self, player: str, callback: keras.callbacks.Callback) -> None:
        super().__init__()
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(f"`callback` must be a keras.callbacks.Callback. Received: callback={callback!r}")
        self.player = player
        self.callback = callback
        for hook in _HOOKS:
            # Only hooks that the callback has: Keras synchronises after every batch if a callback has a batch hook.
            own = getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook)
            if own or hook in vars(callback):
                setattr(self, hook, self._passing(hook))

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self.callback.set_params(params)

    def set_model(self, model: Any) -> None:
        players = list(model.players()) if hasattr(model, "optimizer_of") else []
        if self.player not in players:
            raise ValueError(
                f"`player` must be one of the players of the {type(model).__name__}, {players}. "
                f"Received: player={self.player!r}"
            )
        super().set_model(model)
        self.callback.set_model(_View(model, self.player))

    def _passing(self, hook: str) -> Callable[..., None]:
        def numbered(number: int, logs: dict[str, Any] | None = None) -> None:
            self._call(hook, (number,), logs)

        def plain(logs: dict[str, Any] | None = None) -> None:
            self._call(hook, (), logs)

        return numbered if "batch" in hook or "epoch" in hook else plain

    def _call(self, hook: str, arguments: tuple[int, ...], logs: dict[str, Any] | None) -> None:
        logs = {} if logs is None else logs
        own = {name: logs[loss] for name in _LOSSES if (loss := name.replace("loss", f"{self.player}_loss")) in logs}
        seen = {**logs, **own}
        known = set(seen)
        getattr(self.callback, hook)(*arguments, seen)
        logs.update({f"{name}_{self.player}": value for name, value in seen.items() if name not in known})


class _View:
    """A view of a model, with a player's optimizer as its optimizer."""

    def __init__(self, model: Any, player: str) -> None:
        vars(self).update(_model=model, optimizer=model.optimizer_of(player))

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["_model"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(vars(self)["_model"], name, value)  # `stop_training`


def for_players(callbacks: Any, optimizers: Mapping[str, keras.optimizers.Optimizer]) -> Any:
    """Adapts the callbacks of `fit` to several players.

    Callbacks that cannot work with several players are refused before the first epoch. `TerminateOnNaN`, which watches
    `loss`, is applied to each player. For callbacks that watch a player's loss, lower is better; Keras assumes this
    only for `loss`.

    Args:
        callbacks: The callbacks given to `fit`.
        optimizers: The optimizers, by player.

    Returns:
        The callbacks to pass to Keras.

    Raises:
        ValueError: If a callback uses averaged weights of the optimizer, watches a loss that several players do not
            have, or sets a learning rate that follows a schedule.
    """
    if callbacks is None or isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    return [each for callback in keras.tree.flatten(callbacks) for each in _for_players(callback, optimizers)]


def _for_players(callback: Any, optimizers: Mapping[str, keras.optimizers.Optimizer]) -> Iterator[Any]:
    players = list(optimizers)
    seen = callback.callback if isinstance(callback, ForPlayer) else callback
    name = type(seen).__name__
    if isinstance(seen, keras.callbacks.SwapEMAWeights):
        raise ValueError(
            "`callbacks` must not swap averaged weights in (`use_ema`), which the optimizers of several players do not "
            f"keep; hold an `engine.TargetNetwork`, as a GAN does with `ema=0.999`. Received: {name}"
        )
    if isinstance(seen, keras.callbacks.LearningRateScheduler | keras.callbacks.ReduceLROnPlateau):
        rates = {player: counting(optimizer).learning_rate for player, optimizer in optimizers.items()}
        scheduled = [player for player, rate in rates.items() if not isinstance(rate, keras.Variable)]
        meant = [callback.player] if isinstance(callback, ForPlayer) else players
        if not set(scheduled).isdisjoint(meant):
            raise ValueError(
                f"`callbacks` must not set a rate that follows a schedule, as that of {scheduled} does: compile it "
                f"with a number, or have `callbacks.ForPlayer(player, callback)` set another player's. Received: {name}"
            )
    if getattr(seen, "save_best_only", True):  # a ModelCheckpoint without it does not watch its `monitor`
        watched = getattr(seen, "monitor", None)
        losses = [f"{player}_loss" for player in players]
        if watched in _LOSSES and seen is callback:
            raise ValueError(
                f"`monitor` must be one of the losses {losses}, or those of the validation, `val_...`; a callback in "
                f"`callbacks.ForPlayer(player, callback)` sees the player's as {watched!r}. "
                f"Received: monitor={watched!r} in {name}"
            )
        if watched is not None and watched.removeprefix("val_") in losses and getattr(seen, "mode", None) == "auto":
            seen.mode = "min"
    if isinstance(callback, keras.callbacks.TerminateOnNaN):
        yield from (ForPlayer(player, callback) for player in players)
    else:
        yield callback
