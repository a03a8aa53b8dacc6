"""The balance k: its closed form, its bounds, and that it moves once per update of its player."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_genssl.engine import Balance, PlayersModel, Vector


def dense() -> keras.Model:
    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])


class Weighed(PlayersModel):
    """The loss of the right player depends on k, which moves by what the left one loses."""

    def __init__(self, rate: float = 0.1):
        super().__init__()
        self.left, self.right, self.balance = dense(), dense(), Balance(rate)

    def inputs(self):
        return {"point": Vector(2)}

    def players(self):
        return {"left": [self.left], "right": [self.right, self.balance]}

    def player_losses(self, batch, players):
        left, right = self.left(batch["point"])[:, 0], self.right(batch["point"])[:, 0]
        return {"left": ops.square(left - 1.0), "right": ops.square(right - self.balance.k), "error": ops.abs(left)}

    def remember(self, player, losses):
        if player == "right":
            self.balance.observe(losses["error"])

    def after_update(self, player):
        if player == "right":
            self.balance.update()


def compiled(batches: int | None = None, **arguments) -> Weighed:
    keras.utils.set_random_seed(0)
    model = Weighed(0.3)
    optimizers = {p: keras.optimizers.SGD(0.1, gradient_accumulation_steps=batches) for p in model.players()}
    model.compile(optimizers, **arguments)
    return model


POINTS = np.random.default_rng(0).normal(size=(24, 2)).astype("float32")


def values(model: Weighed) -> list[np.ndarray]:
    return [weight.numpy() for weight in (*model.left.weights, *model.right.weights, *model.balance.weights)]


def test_k_follows_the_mean_error_and_is_clipped() -> None:
    balance = Balance(0.25)
    expected = 0.0
    for error in (1.0, 2.0, 3.0, -1.5, -9.0, 0.5):
        balance.observe(tf.constant([error - 1.0, error, error + 1.0]))
        balance.update()
        expected = float(np.clip(expected + 0.25 * error, 0.0, 1.0))
        assert float(balance.k) == pytest.approx(expected)
    assert expected == 0.125


def test_batches_of_an_update_move_k_as_one_of_their_size() -> None:
    one, many = compiled(run_eagerly=True), compiled(3, run_eagerly=True)
    for update in np.split(POINTS, 2):
        before = float(many.balance.k)
        for number, batch in enumerate(np.split(update, 3)):
            assert float(many.balance.k) == before, number
            many.train_on_batch(batch)
        one.train_on_batch(update)
        for expected, found in zip(values(one), values(many), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert 0 < float(one.balance.k) < 1  # not at a bound, where any sum would be right


def test_a_training_saved_between_the_batches_of_an_update_goes_on_as_it_would(tmp_path) -> None:
    whole, parted = compiled(2, run_eagerly=True), compiled(2, run_eagerly=True)
    for model in (whole, parted):
        model.train_on_batch(POINTS[:8])
    parted.save_weights(tmp_path / "w.weights.h5")
    again = compiled(2, run_eagerly=True)
    again.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(again.balance.waiting[0], whole.balance.waiting[0])
    assert float(again.balance.waiting[0]) != 0


def test_k_moves_with_its_player_and_no_other_and_not_in_evaluation() -> None:
    model = compiled(run_eagerly=True)
    batch = model.batch(tf.constant(POINTS))
    model._play(batch, ("left",))
    model.evaluate(POINTS, verbose=0)
    assert float(model.balance.k) == 0
    error = float(np.mean(np.abs(model.left(POINTS))))
    model._play(batch, ("right",))
    assert float(model.balance.k) == pytest.approx(0.3 * error, rel=1e-5)
    assert 0 < float(model.balance.k) < 1


def test_errors_name_argument_rule_and_value() -> None:
    with pytest.raises(ValueError, match=r"`rate` must be at least 0 and finite\. Received: rate=-1"):
        Balance(-1)
