import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl.engine import PlayersModel, Vector, replicas
from tests import toys
from tests.contracts import CASES, images

RNG = np.random.default_rng(0)


class Tug(PlayersModel):
    """Two scalars pull at each other: closed-form updates."""

    def __init__(self, rounds=None, reuse_batch=False):
        super().__init__(reuse_batch=reuse_batch)
        self.left, self.right = (self._point(name) for name in ("left", "right"))
        self.order = rounds

    def inputs(self):
        return {"image": Vector(1)}

    @staticmethod
    def _point(name):
        point = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name=name)
        point.build((None, 1))
        return point

    def players(self):
        return {"left": [self.left], "right": [self.right]}

    def rounds(self):
        return self.order or super().rounds()

    def player_losses(self, batch, players):
        product = self.left(batch["image"]) * self.right(batch["image"])  # a * b * x^2
        return {"left": product[:, 0], "right": -product[:, 0]}

    def values(self):
        return [float(layer.kernel.numpy()[0, 0]) for layer in (self.left, self.right)]


def compiled(model, rate=0.1, **arguments):
    model.compile({player: keras.optimizers.SGD(rate) for player in model.players()}, **arguments)
    return model


def test_a_round_takes_all_gradients_at_the_old_weights() -> None:
    model = compiled(Tug())
    logs = model.train_on_batch(np.ones((4, 1), "float32"), return_dict=True)
    # d(ab)/da = b = 1, d(-ab)/db = -a = -1
    np.testing.assert_allclose(model.values(), [0.9, 1.1], rtol=1e-6)
    assert logs == pytest.approx({"left_loss": 1.0, "right_loss": -1.0})


def test_rounds_follow_each_other_on_shares_of_the_batch() -> None:
    model = compiled(Tug(rounds=[("left",), ("right",)]))
    x = np.array([[1.0], [2.0], [1.0], [2.0]], "float32")  # shares: ones to left, twos to right
    model.train_on_batch(x)
    np.testing.assert_allclose(model.values(), [0.9, 1 + 0.1 * 0.9 * 4], rtol=1e-6)


def test_reuse_batch_shows_every_round_the_whole_batch() -> None:
    model = compiled(Tug(rounds=[("left",), ("right",)], reuse_batch=True))
    x = np.array([[1.0], [2.0], [1.0], [2.0]], "float32")
    model.train_on_batch(x)
    np.testing.assert_allclose(model.values(), [0.75, 1 + 0.1 * 0.75 * 2.5], rtol=1e-6)


class Sharing(Tug):
    """Both players hold the network on the left, which normalises; only one holds that on the right."""

    def __init__(self):
        super().__init__(rounds=[("both",), ("left",)], reuse_batch=True)
        self.norm = keras.layers.BatchNormalization(momentum=0.5)
        self.norm.build((None, 1))

    def players(self):
        return {"both": [self.left, self.norm, self.right], "left": [self.left, self.norm]}

    def player_losses(self, batch, players):
        made = self.right(self.norm(self.left(batch["image"]), training=True))
        return dict.fromkeys(players, made[:, 0])


def test_a_network_of_two_players_keeps_the_batch_statistics_of_the_rounds_of_each() -> None:
    model = compiled(Sharing(), rate=0.0)
    model.train_on_batch(np.full((4, 1), 8.0, "float32"))
    # Two rounds move the mean half the way from 0 to 8 each; evaluation leaves it.
    assert model.norm.moving_mean.numpy() == pytest.approx([6.0])
    model.evaluate(np.full((4, 1), 8.0, "float32"), verbose=0)
    assert model.norm.moving_mean.numpy() == pytest.approx([6.0])


class Penalised(Tug):
    """`first` and `second` hold the network on the left, whose penalty is its weight's square; `second` another."""

    def __init__(self):
        super().__init__(rounds=[("first",), ("second",)], reuse_batch=True)
        for network in (self.left, self.right):
            network.kernel.regularizer = keras.regularizers.L2(1.0)

    def players(self):
        return {"first": [self.left], "second": [self.left, self.right]}

    def player_losses(self, batch, players):
        return dict.fromkeys(players, super().player_losses(batch, players)["left"])


def test_a_network_of_two_players_is_penalised_for_the_first_alone() -> None:
    model = compiled(Penalised())
    logs = model.evaluate(np.ones((4, 1), "float32"), verbose=0, return_dict=True)
    assert logs == pytest.approx({"first_loss": 1.0 + 1.0, "second_loss": 1.0 + 1.0})
    logs = model.train_on_batch(np.ones((4, 1), "float32"), return_dict=True)
    # first: a = 1 - 0.1 * d(ab + a^2)/da = 0.7. second: a = 0.7 - 0.1 * d(ab)/da = 0.6, and the penalty of b alone:
    # b = 1 - 0.1 * d(ab + b^2)/db = 1 - 0.1 * (0.7 + 2) = 0.73.
    np.testing.assert_allclose(model.values(), [0.6, 0.73], rtol=1e-6)
    assert logs == pytest.approx({"first_loss": 1.0 + 1.0, "second_loss": 0.7 + 1.0})


def test_a_batch_that_cannot_be_shared_out() -> None:
    model = compiled(Tug(rounds=[("left",), ("right",)]), run_eagerly=True)
    with pytest.raises(tf.errors.InvalidArgumentError, match="multiple of the 2 rounds"):
        model.train_on_batch(np.ones((3, 1), "float32"))


class Patient(Tug):
    """Left waits while its loss, a b x^2, is above 0.85 on average."""

    def player_losses(self, batch, players):
        losses = super().player_losses(batch, players)
        return {**losses, "seen": losses["left"]}

    def waits(self, losses):
        return {"left": replicas.mean_of_all(losses["seen"]) > 0.85}


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_player_that_waits_keeps_its_weights_and_its_optimizer(jit_compile) -> None:
    model = Patient()
    model.compile({"left": keras.optimizers.SGD(0.1, momentum=0.9), "right": "sgd"}, jit_compile=jit_compile)
    state = [*model.left_optimizer.variables, *model.left.weights]
    before = [variable.numpy() for variable in state]
    assert model.train_on_batch(np.ones((4, 1), "float32"), return_dict=True)["left_loss"] == 1.0
    for variable, value in zip(state, before, strict=True):
        np.testing.assert_array_equal(variable, value)
    np.testing.assert_allclose(model.values(), [1.0, 1.01], rtol=1e-6)
    model.train_on_batch(np.full((4, 1), 0.5, "float32"))  # a b x^2 is 0.2525 now: left moves, by its gradient alone
    np.testing.assert_allclose(model.values(), [1.0 - 0.1 * 1.01 / 4, 1.01 + 0.01 / 4], rtol=1e-6)
    assert (model.left_optimizer.iterations, model.right_optimizer.iterations) == (1, 2)


def test_a_loss_that_is_not_finite_does_not_move_its_player() -> None:
    class Rooted(Tug):
        def player_losses(self, batch, players):
            losses = super().player_losses(batch, players)
            return {**losses, "right": losses["right"] + keras.ops.log(-batch["image"][:, 0])}

    model = compiled(Rooted())
    with pytest.raises(tf.errors.InvalidArgumentError, match="All losses of Rooted must be finite"):
        model.train_on_batch(np.ones((4, 1), "float32"))
    assert model.values()[1] == 1.0


def test_scalar_losses_are_refused() -> None:
    class Scalar(Tug):
        def player_losses(self, batch, players):
            return {"left": keras.losses.MeanSquaredError()(self.left(batch["image"]), batch["image"])}

    model = compiled(Scalar(rounds=[("left",)]), run_eagerly=True)
    with pytest.raises(ValueError, match=r"must have shape \(batch,\)"):
        model.train_on_batch(np.ones((4, 1), "float32"))


@pytest.mark.parametrize(
    ("optimizers", "message"),
    [
        ({"left": "sgd"}, r"one optimizer for each of the players \['left', 'right'\]"),
        ("sgd", "one optimizer for each of the players"),
        ({"left": "sgd", "right": "sgd", "middle": "sgd"}, "one optimizer for each"),
        ({"left": keras.optimizers.SGD(use_ema=True), "right": "sgd"}, "`use_ema` must be off"),
        (
            {"left": keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(use_ema=True)), "right": "sgd"},
            "`use_ema` must be off",
        ),
    ],
)
def test_wrong_optimizers(optimizers, message) -> None:
    with pytest.raises(ValueError, match=message):
        Tug().compile(optimizers)


def test_a_shared_optimizer_is_refused() -> None:
    one = keras.optimizers.SGD()
    with pytest.raises(ValueError, match="must not share one optimizer"):
        Tug().compile({"left": one, "right": one})


def test_evaluate_moves_nothing() -> None:
    model = CASES["ToyGAN"].make()
    before = [weight.numpy() for weight in model.weights]
    logs = model.evaluate(images(RNG, 12)["image"], batch_size=12, verbose=0, return_dict=True)
    assert set(logs) == {"critic_loss", "generator_loss"}
    for weight, old in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)


def test_recompiling_does_not_double_the_logs() -> None:
    model = compiled(compiled(Tug()))
    assert [metric.name for metric in model.metrics] == ["left_loss", "right_loss"]


def test_float16_takes_the_step_of_float32_for_each_player() -> None:
    """A tenth of a loss scale too much or too little would show."""
    batch = images(RNG, 12)
    moved = {}
    for policy in ("float32", "mixed_float16"):
        keras.utils.set_random_seed(1)
        keras.config.set_dtype_policy(policy)
        try:
            model = toys.ToyGAN(toys.decoder(4), toys.encoder("critic", 1))
        finally:
            keras.config.set_dtype_policy("float32")
        rates = {"critic": 0.01, "generator": 0.02}
        if policy == "float32":
            optimizers = {player: keras.optimizers.SGD(rate) for player, rate in rates.items()}
        else:
            scales = {"critic": 64.0, "generator": 512.0}
            optimizers = {
                player: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(rate), initial_scale=scales[player])
                for player, rate in rates.items()
            }
        model.compile(optimizers)
        before = {player: [v.numpy() for v in model.variables_of(player)] for player in rates}
        model.train_on_batch(batch)
        moved[policy] = {
            player: np.concatenate(
                [(v.numpy() - old).ravel() for v, old in zip(model.variables_of(player), values, strict=True)]
            )
            for player, values in before.items()
        }
    for player, exact in moved["float32"].items():
        error = np.linalg.norm(moved["mixed_float16"][player] - exact) / np.linalg.norm(exact)
        assert error < 0.05, f"{player}: {error}"


def test_float16_gives_each_player_a_loss_scale_of_its_own_and_halves_it_on_overflow() -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = toys.ToyGAN(toys.decoder(4), toys.encoder("critic", 1))
    finally:
        keras.config.set_dtype_policy("float32")
    model.compile(
        {
            "critic": keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.01), initial_scale=2.0**30),
            "generator": keras.optimizers.SGD(0.01),
        }
    )
    critic, generator = (model.optimizer_of(player) for player in ("critic", "generator"))
    assert isinstance(generator, keras.optimizers.LossScaleOptimizer)
    before = [variable.numpy() for variable in model.variables_of("critic")]
    model.train_on_batch(images(RNG, 12))
    assert float(critic.dynamic_scale.numpy()) == 2.0**28  # both of its rounds overflowed
    for variable, old in zip(model.variables_of("critic"), before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), old)


class Compared(Tug):
    """Left's points are compared with targets."""

    def inputs(self):
        return {**super().inputs(), "target": Vector(1, required=False)}

    def split_inputs(self, batch):
        return batch["image"], batch.get("target")

    def call(self, x, training=False):
        return self.left(x)


def test_metrics_compare_the_output_at_the_weights_before_the_step() -> None:
    model = compiled(Compared(), metrics=[keras.metrics.MeanAbsoluteError(name="off")])
    batch = {"image": np.array([[1.0], [2.0]], "float32"), "target": np.array([[4.0], [4.0]], "float32")}
    logs = model.train_on_batch(batch, return_dict=True)
    assert set(logs) == {"left_loss", "right_loss", "off"}
    assert logs["off"] == pytest.approx((3 + 2) / 2)  # both weights are 1, and 1 - 0.1 * 2.5 after the step
    model.reset_metrics()
    assert model.test_on_batch(batch, return_dict=True)["off"] == pytest.approx((4 - 0.75 + 4 - 2 * 0.75) / 2)
    settings = model.get_compile_config()
    again = Compared()
    again.compile_from_config(settings)
    assert [metric.name for metric in again.metrics] == ["left_loss", "right_loss", "off"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"such as compile\(optimizers={'left': 'adam', 'right': 'adam'}\)\. Received: optimizers=None$"),
        (
            {"optimizers": {"left": "sgd"}},
            r"each of the players \['left', 'right'\].*Received: optimizers={'left': 'sgd'}",
        ),
        ({"optimizer": "adam"}, r"one optimizer for each of the players .* Received: optimizer='adam'$"),
        ({"optimizers": "adam"}, r"must be a dict .* Received: optimizers='adam'$"),
        (
            {"optimizers": dict.fromkeys(("left", "right"), "sgd"), "metrics": [keras.metrics.Mean()]},
            "`metrics` must be left out of `compile`: Tug has nothing to compare its output with",
        ),
    ],
)
def test_what_compile_is_told(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        Tug().compile(**arguments)
    with pytest.raises(TypeError, match=r"`metrics` must hold keras\.metrics\.Metric objects"):
        compiled(Compared(), metrics=["mae"])
