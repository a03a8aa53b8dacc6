"""Losses and gradients that are not finite move no weight and no slot, with and without XLA; closed-form steps."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_genssl.engine import FeatureQueue, MemoryBank, Method, PlayersModel, Vector
from keras_genssl.engine.updates import require_finite

# Of |w x|, computed as a root: the slope is |x|, but NaN at 0, where the loss is finite; at -1 the loss is NaN.
FINE, BAD_GRADIENT, BAD_LOSS = (np.full((2, 1), x, "float32") for x in (1, 0, -1))


def root(product, x):
    return (ops.sqrt(ops.square(product)) + 0.0 * ops.log(1.0 + x))[:, 0]


def line() -> keras.Model:
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])


class Root(Method):
    def __init__(self):
        super().__init__()
        self.line = line()

    def inputs(self):
        return {"image": Vector(1)}

    def split_inputs(self, batch):
        return batch["image"], None

    def call(self, x, training=False):
        return self.line(x)

    def example_losses(self, x, y, y_pred):
        return root(y_pred, x)


class Players(PlayersModel):
    """Left has the root; right's loss is -w, whatever the batch."""

    def __init__(self):
        super().__init__()
        self.left, self.right = line(), line()

    def inputs(self):
        return {"image": Vector(1)}

    def players(self):
        return {"left": [self.left], "right": [self.right]}

    def player_losses(self, batch, players):
        x = batch["image"]
        return {"left": root(self.left(x), x), "right": -self.right(ops.ones_like(x))[:, 0]}


def weight(network):
    return float(network.weights[0].numpy()[0, 0])


def sgd():
    return keras.optimizers.SGD(0.1, momentum=0.9)


def test_a_method_under_xla_leaves_the_step_out() -> None:
    model = Root()
    model.compile(sgd(), jit_compile=True)
    assert model.train_on_batch(FINE) == 1.0
    assert weight(model.line) == pytest.approx(0.9)
    for batch, loss in ((BAD_GRADIENT, 0.0), (BAD_LOSS, np.nan)):
        before = [variable.numpy() for variable in model.trainable_variables + model.optimizer.variables]
        np.testing.assert_equal(np.float32(model.train_on_batch(batch)), np.float32(loss))
        for variable, value in zip(model.trainable_variables + model.optimizer.variables, before, strict=True):
            np.testing.assert_array_equal(variable, value)
    model.train_on_batch(FINE)
    assert weight(model.line) == pytest.approx(0.9 - (0.9 * 0.1 + 0.1))  # the momentum of one step before
    assert model.optimizer.iterations == 2


def test_without_xla_a_gradient_that_is_not_finite_raises() -> None:
    model = Root()
    model.compile(sgd(), jit_compile=False)
    model.train_on_batch(FINE)
    for batch, what in ((BAD_GRADIENT, "gradients"), (BAD_LOSS, "losses")):
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"All {what} of Root must be finite"):
            model.train_on_batch(batch)
    assert weight(model.line) == pytest.approx(0.9)
    assert float(model.optimizer.variables[-1].numpy()[0, 0]) == pytest.approx(-0.1)  # the momentum
    assert model.optimizer.iterations == 1


def test_players_under_xla_leave_their_own_updates_out() -> None:
    model = Players()
    model.compile({"left": sgd(), "right": keras.optimizers.SGD(0.1)}, jit_compile=True)
    for batch, left, right in ((FINE, 0.9, 1.1), (BAD_GRADIENT, 0.9, 1.2), (BAD_LOSS, 0.9, 1.3), (FINE, 0.71, 1.4)):
        logs = model.train_on_batch(batch, return_dict=True)
        assert np.isnan(logs["left_loss"]) == (batch is BAD_LOSS)
        assert (weight(model.left), weight(model.right)) == pytest.approx((left, right))
    assert model.left_optimizer.iterations == 2


def test_without_xla_a_players_gradient_raises() -> None:
    model = Players()
    model.compile({"left": sgd(), "right": sgd()}, run_eagerly=True)
    with pytest.raises(tf.errors.InvalidArgumentError, match="All gradients of 'left' in Players must be finite"):
        model.train_on_batch(BAD_GRADIENT)
    assert weight(model.left) == 1.0


def test_loss_scaling_is_left_to_its_optimizer() -> None:
    model = Root()
    model.compile(keras.optimizers.LossScaleOptimizer(sgd(), initial_scale=8.0), run_eagerly=True)
    model.train_on_batch(BAD_GRADIENT)
    assert weight(model.line) == 1.0
    assert model.optimizer.dynamic_scale == 4.0


def test_sparse_gradients_are_looked_at() -> None:
    def gradient(value):
        return tf.IndexedSlices(tf.constant([[value]]), tf.constant([3]), tf.constant([5, 1]))

    (same,) = require_finite([gradient(2.0)], "gradients")
    assert isinstance(same, tf.IndexedSlices)
    assert tf.convert_to_tensor(same).numpy().ravel().tolist() == [0, 0, 0, 2, 0]
    with pytest.raises(tf.errors.InvalidArgumentError, match="All gradients must be finite"):
        require_finite([gradient(np.inf)], "gradients")


def test_memories_take_in_nothing_that_is_not_finite() -> None:
    queue = FeatureQueue(size=3, dim=1)
    queue.vectors.assign([[-1.0], [-2.0], [-3.0]])
    queue.enqueue(tf.constant([[5.0], [np.nan]]))
    assert queue.vectors.numpy().ravel().tolist() == [5.0, -2.0, -3.0]
    assert queue.position == 2
    bank = MemoryBank(size=2, dim=2, momentum=0.0)
    bank.vectors.assign([[0.0, 1.0], [0.0, 1.0]])
    bank.update(tf.constant([0, 1]), tf.constant([[3.0, 4.0], [np.inf, 1.0]]))
    np.testing.assert_allclose(bank.vectors, [[0.6, 0.8], [0.0, 1.0]], rtol=1e-6)
