"""Methods in which several networks, the players, are trained by one optimizer each."""

import functools
import itertools
import types
from typing import Any, TypeAlias

import keras
import tensorflow as tf

from keras_genssl.engine import adaptation, compiling, replicas
from keras_genssl.engine.accumulation import accumulate
from keras_genssl.engine.arguments import named
from keras_genssl.engine.finite import finite_losses
from keras_genssl.engine.for_player import for_players
from keras_genssl.engine.memory import Memory, remember
from keras_genssl.engine.method import Method, regularization
from keras_genssl.engine.players_optimizers import PlayersOptimizers
from keras_genssl.engine.updates import Step, counting, unless, update, where
from keras_genssl.kinds.rules import require

Optimizer: TypeAlias = keras.optimizers.Optimizer


class PlayersModel(Method):
    """Base class of methods with several players, each with its own optimizer.

    A subclass names its players, divides a step into rounds, and computes the players' losses from one forward pass:

        class WGANGP(PlayersModel):
            def players(self):
                return {"critic": [self.critic], "generator": [self.generator]}

            def rounds(self):
                return [("critic",)] * self.critic_steps + [("generator",)]

            def player_losses(self, batch, players):
                ...
                return {"critic": critic_losses, "generator": generator_losses}   # each (batch,)

    A round updates a set of players from one forward pass: all gradients are computed at the old weights, then applied.
    Players of different rounds may hold the same network; each has an optimizer of its own for it. The network's
    penalties on weights are part of the loss of the first of these players, in the order of `players()`, and of no
    other: they count once a step.
    If a step has several rounds, each gets its own share of the batch, so that no two updates see the same images. A
    round does not change the weights *or* the batch statistics of the players that do not take part. A player whose
    losses or gradients are not finite is not updated: the step raises, or under XLA continues.

    Optimizers are attributes, `<player>_optimizer`, saved and restored with the model. Logs hold `<player>_loss`,
    averaged over the global batches of an epoch, and `augment_p`, the probability of `layers.AdaptiveAugment`, if a
    network holds it. Keras' callbacks see all optimizers together as `optimizer`;
    `callbacks.ForPlayer` shows a callback a single player.

    `after_update` is called after each player's update. What a player remembers of its rounds stands in a `Memory`
    among its networks, to which `remember` writes. With `gradient_accumulation_steps=n` in its optimizer, a player is
    updated once in n of *its rounds*, by the mean of their gradients; another player may be updated in between. If all
    players have one round and the same n, n steps equal one step on a batch n times as large.

    Args:
        reuse_batch: Whether every round sees the whole batch, as in the lecture's pseudo-code, and not its own share.
        name: The model's name.
    """

    def __init__(self, *, reuse_batch: bool = False, name: str | None = None) -> None:
        super().__init__(name=name)
        self.reuse_batch = reuse_batch
        self.player_trackers: dict[str, keras.metrics.Mean] = {}

    # What a method says of itself ---------------------------------------------------------------

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The networks of each player, by the player's name."""
        raise NotImplementedError(f"{type(self).__name__} does not name its players")

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        """Runs one forward pass; returns the losses of at least the given players, each `(batch,)`.

        The engine takes the mean over the *global* batch. Call a Keras loss as `loss.call(y, y_pred)`.
        `loss(y, y_pred)` is refused: it is a scalar that Keras has already divided by the number of replicas.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what its players minimise")

    def rounds(self) -> list[tuple[str, ...]]:
        """The rounds of a step, each a tuple of players; by default one round of all players."""
        return [tuple(self.players())]

    def waits(self, losses: dict[str, Any]) -> dict[str, Any]:
        """The players whose update in this round has a condition, each with whether it waits; by default none has.

        A player that waits keeps its weights and its optimizer as they are, and has no `after_update`. Its batch
        statistics move: it was run in training mode.

        Args:
            losses: What `player_losses` has returned; it may return more than the losses of players.

        Returns:
            Player -> a bool scalar, the same on all replicas: decide by `replicas.mean_of_all(losses[...])`.
        """
        return {}

    def remember(self, player: str, losses: dict[str, Any]) -> None:  # type: ignore[override]
        """Stores parts of a round of a player for later updates, as `Method.remember` does.

        Args:
            player: A player of the round.
            losses: What `player_losses` has returned; it may return more than the losses of players.
        """

    def after_update(self, player: str) -> None:  # type: ignore[override]
        """Runs after each update of a player's weights, as `Method.after_update` does."""

    # Compiling ----------------------------------------------------------------------------------

    def compile(  # type: ignore[override]
        self,
        optimizers: dict[str, str | Optimizer] | None = None,
        loss: None = None,
        *,
        metrics: list[keras.metrics.Metric] | None = None,
        optimizer: None = None,
        jit_compile: bool | str = "auto",
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
    ) -> None:
        """Chooses each player's optimizer.

        Args:
            optimizers: Player -> a Keras optimizer, its name or its config; each player needs its own object. Under the
                `mixed_float16` policy each is wrapped in its own `LossScaleOptimizer`.
            loss: Must be None, as in `Method.compile`.
            metrics: `keras.metrics.Metric` objects, updated with the `y` of `split_inputs` and with the method's output
                for x in inference mode; in training, at the weights before the step.
            optimizer: Must be None: each player has its own.
            jit_compile: As in `Method.compile`.
            run_eagerly: Runs each step op by op, for debugging.
            steps_per_execution: Steps per call of the compiled function.

        Raises:
            ValueError: If a player has no optimizer or an optimizer no player, two players share an optimizer, an
                optimizer averages weights (`use_ema`; use a `TargetNetwork` instead), `loss` is given, there are
                metrics but no target for the output, or a network is not built.
            TypeError: If `metrics` holds anything but `Metric` objects.
        """
        players = self.players()
        compiling.require_no_loss(self, loss)
        compiling.require_optimizers(players, optimizers, optimizer)
        adaptation.require_one(self, players)
        assert optimizers is not None  # `require_optimizers` has checked it
        metrics = compiling.require_metrics(metrics)
        compiling.require_comparison(self, metrics)
        self.configure(jit_compile, run_eagerly, steps_per_execution)
        with self.distribute_strategy.scope():
            made = {player: self._make_optimizer(player, optimizers[player]) for player in players}
            if len({id(own) for own in made.values()}) < len(made):
                raise ValueError(
                    "`optimizers` must not share one optimizer between players: its momenta belong to one "
                    f"player's variables. Received: optimizers={optimizers!r}"
                )
            keras.Model.compile(
                self,
                optimizer=None,
                jit_compile=self.jit_compile,
                run_eagerly=run_eagerly,
                steps_per_execution=steps_per_execution,
                auto_scale_loss=False,
            )
            for player, own in made.items():
                accumulate(own)
                own.build(self.variables_of(player))
                for memory in self._memories(player):
                    memory.wait(counting(own).gradient_accumulation_steps)
                setattr(self, f"{player}_optimizer", own)
                if player not in self.player_trackers:
                    self.player_trackers[player] = keras.metrics.Mean(name=f"{player}_loss")
        self._loss_tracker = None  # Keras' tracker of a single loss, which players do not have
        self.settings = types.SimpleNamespace(
            metrics=metrics,
            optimizers=made,
            jit_compile=jit_compile,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
        )

    def _make_optimizer(self, player: str, optimizer: str | Optimizer) -> Optimizer:
        optimizer = keras.optimizers.get(optimizer)
        if getattr(counting(optimizer), "use_ema", False):
            raise ValueError(
                "`use_ema` must be off in the optimizers of several players; hold a TargetNetwork instead. "
                f"Received: use_ema=True for {player!r}"
            )
        return compiling.scaling(self, optimizer)

    def optimizer_of(self, player: str) -> Optimizer:
        """A player's optimizer."""
        return getattr(self, f"{player}_optimizer")

    @property
    def optimizer(self) -> PlayersOptimizers | None:
        """All players' optimizers, in the form that Keras' callbacks expect; None before `compile`."""
        made = getattr(self.settings, "optimizers", None)
        return made and PlayersOptimizers(made)

    @optimizer.setter
    def optimizer(self, optimizer: None) -> None:
        if optimizer is not None:  # Keras' `compile` sets None
            raise AttributeError(
                "`optimizer` must not be set on a model of several players: give `compile` their optimizers. "
                f"Received: {optimizer!r}"
            )

    @functools.wraps(keras.Model.fit, assigned=())
    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Trains as Keras' `fit` does, with the same arguments; refuses callbacks that several players cannot have.

        Raises:
            ValueError: Before the first epoch, if a callback watches `loss`, swaps averaged weights in, or sets a
                learning rate that follows a schedule.
        """
        arguments = named(keras.Model.fit, *args, **kwargs)
        if self.compiled:  # otherwise Keras raises its own error
            arguments["callbacks"] = for_players(arguments.get("callbacks"), self.settings.optimizers)
        return super().fit(**arguments)

    def variables_of(self, player: str) -> list[keras.Variable]:
        """A player's trainable variables, in a stable order; once each, if its networks share layers."""
        variables = (variable for network in self.players()[player] for variable in network.trainable_variables)
        return list({id(variable): variable for variable in variables}.values())

    def _memories(self, player: str) -> list[Memory]:
        return [network for network in self.players()[player] if isinstance(network, Memory)]

    # A step -------------------------------------------------------------------------------------

    def train_step(self, data: Any) -> dict[str, Any]:
        """Runs all rounds of one step; returns the logs."""
        batch = self.batch(data)
        self._compare(batch)
        rounds = self.rounds()
        for number, players in enumerate(rounds):
            self._play(self._share(batch, number, len(rounds)), players)
        networks = [network for player in self.players().values() for network in player]
        return self.logs(self.get_metrics_result() | adaptation.logs(networks))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluates the players' losses on a batch; changes no weights and no batch statistics."""
        batch = self.batch(data)
        self._compare(batch)
        statistics = self._statistics()
        for players in dict.fromkeys(self.rounds()):
            losses, penalties, _, _ = self._forward(batch, players)
            self._track(losses, penalties)
        _restore(statistics)
        return self.logs(self.get_metrics_result())

    def _compare(self, batch: dict[str, Any]) -> None:
        """Updates the metrics of `compile`, if there are any."""
        if self.settings.metrics:
            x, y = self.split_inputs(batch)
            y_pred = self(x, training=False)
            self.compute_metrics(x, self.matched(y, y_pred), y_pred)

    def _play(self, batch: dict[str, Any], players: tuple[str, ...]) -> None:
        """Runs one round: one forward pass, all gradients at the old weights, then all updates."""
        statistics = self._statistics(besides=players)
        # Not always persistent: for a persistent tape TensorFlow builds every `cond` for gradients of any order, which
        # is slow to trace.
        with tf.GradientTape(persistent=len(players) > 1) as tape, adaptation.noting() as real_logits:
            losses, penalties, waiting, given = self._forward(batch, players)
            scaled = {
                player: self.optimizer_of(player).scale_loss(
                    replicas.share_of_mean(losses[player]) + penalties[player] / replicas.count()
                )
                for player in players
            }
        variables = {player: self.variables_of(player) for player in players}
        gradients = {player: tape.gradient(scaled[player], variables[player]) for player in players}
        steps = {}
        for player in players:
            if all(gradient is None for gradient in gradients[player]):
                raise ValueError(
                    f"The loss of player {player!r} must depend on its networks. "
                    f"Received: no gradient for any of its {len(variables[player])} variables"
                )
            taken = gradients[player], variables[player], losses[player]
            steps[player] = self._update(player, *taken, waiting.get(player))
        _restore(statistics)
        for player, step in steps.items():
            remember(step, self._memories(player), functools.partial(self.remember, player, given))
            where(step.moved, functools.partial(self.after_update, player))
            adaptation.follow(type(self).__name__, step, self.players()[player], real_logits)
        self._track(losses, penalties)

    def _update(
        self, player: str, gradients: list[Any], variables: list[keras.Variable], losses: Any, waiting: Any
    ) -> Step:
        """Updates a player, unless it waits; None is for a player without a condition."""
        name, optimizer = f"{player!r} in {type(self).__name__}", self.optimizer_of(player)
        given = name, optimizer, gradients, variables, losses, self.jit_compile
        if waiting is None:
            return update(*given)
        with unless(waiting, [*variables, *optimizer.variables]):
            step = update(*given)
        return Step(*(tf.logical_and(done, tf.logical_not(waiting)) for done in step))

    def _forward(
        self, batch: dict[str, Any], players: tuple[str, ...]
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
        """By player: losses of examples, regularisation losses of networks, who waits; and all that was returned."""
        given, method = self.player_losses(batch, players), type(self).__name__
        losses = finite_losses([given[player] for player in players], method)
        penalties = {player: regularization(self._penalized(player)) for player in players}
        return dict(zip(players, losses, strict=True)), penalties, self.waits(given), given

    def _penalized(self, player: str) -> list[keras.layers.Layer]:
        """The networks of a player that no player before it holds."""
        networks = self.players()
        before = itertools.takewhile(lambda other: other != player, networks)
        held = {id(network) for other in before for network in networks[other]}
        return [network for network in networks[player] if id(network) not in held]

    def _track(self, losses: dict[str, Any], penalties: dict[str, Any]) -> None:
        for player, values in losses.items():
            value = keras.ops.mean(values) + penalties[player]
            self.player_trackers[player].update_state(value, sample_weight=keras.ops.shape(values)[0])

    def _statistics(self, besides: tuple[str, ...] = ()) -> list[tuple[keras.Variable, Any]]:
        """Copies of the non-trainable weights that a forward pass may change, without those of some players."""
        networks = self.players()
        kept = {id(weight) for player in besides for network in networks[player] for weight in network.weights}
        weights = {
            id(weight): weight for player in networks for network in networks[player] for weight in network.weights
        }
        return [
            (weight, tf.identity(weight.value))
            for key, weight in weights.items()
            if not weight.trainable and key not in kept
        ]

    def _share(self, batch: dict[str, Any], number: int, rounds: int) -> dict[str, Any]:
        """Every `rounds`-th example of a batch, starting at `number`.

        The share is strided, not a block: the shares on N replicas then add up to the share of the global batch, and N
        replicas equal one device.
        """
        if rounds == 1 or self.reuse_batch:
            return batch
        size = tf.shape(batch[next(iter(self.inputs()))])[0]
        rule = (
            f"The batch size on each replica must be a multiple of the {rounds} rounds of a step, which take a share "
            "each (or set `reuse_batch`)"
        )
        with tf.control_dependencies([require(size % rounds == 0, f"{rule}. Received:", size, "examples")]):
            batch = {key: tf.identity(value) for key, value in batch.items()}
        return {key: value[number::rounds] for key, value in batch.items()}


def _restore(statistics: list[tuple[keras.Variable, Any]]) -> None:
    for variable, value in statistics:
        variable.assign(value)
